//! Dependencies: which other features a feature needs.

mod add;
mod list;
mod remove;

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Dependencies: which other features a feature needs to be on
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Dependency {
    List(list::List),
    Add(add::Add),
    Remove(remove::Remove),
}

impl Dependency {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::Add(command) => command.run(shell).await,
            Self::Remove(command) => command.run(shell).await,
        }
    }
}
