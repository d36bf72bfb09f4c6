//! Edges.

mod list;

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Edges: what serves flags to applications
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Edge {
    List(list::List),
}

impl Edge {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
        }
    }
}
