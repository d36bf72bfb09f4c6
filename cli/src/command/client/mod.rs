//! Clients: programs with keys of their own.

mod create;
mod list;

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Clients: programs with keys of their own, to evaluate flags or to be an edge
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Client {
    List(list::List),
    Create(create::Create),
}

impl Client {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::Create(command) => command.run(shell).await,
        }
    }
}
