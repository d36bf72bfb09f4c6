//! Contexts: saved connections.

mod delete;
mod list;
mod set;
mod switch;

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Contexts: saved connections, each to a server and a team
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Context {
    List(list::List),
    Use(switch::Use),
    Set(set::Set),
    Delete(delete::Delete),
}

impl Context {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::Use(command) => command.run(shell).await,
            Self::Set(command) => command.run(shell).await,
            Self::Delete(command) => command.run(shell).await,
        }
    }
}
