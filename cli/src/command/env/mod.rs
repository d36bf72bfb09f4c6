//! Environments.

mod list;

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Environments: where features are live
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Env {
    List(list::List),
}

impl Env {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
        }
    }
}
