//! The audit log.

mod list;

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// The audit log: who did what, when and why
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Audit {
    List(list::List),
}

impl Audit {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
        }
    }
}
