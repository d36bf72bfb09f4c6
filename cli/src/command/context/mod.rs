//! Contexts: saved connections.

mod list;
mod switch;

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Contexts: saved connections, each to a server and a team
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Context {
    List(list::List),
    Use(switch::Use),
}

impl Context {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::Use(command) => command.run(shell).await,
        }
    }
}
