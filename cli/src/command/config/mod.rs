//! Settings: what is in force, and where it comes from.

mod get;
mod list;
mod setting;

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Settings: what is in force, and where it comes from
#[derive(clap::Subcommand, Debug)]
#[command(
    after_help = "Settings are kept in contexts: `fgctl context set NAME` changes what one holds, with --unset takes it out."
)]
pub(crate) enum Config {
    List(list::List),
    Get(get::Get),
}

impl Config {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::Get(command) => command.run(shell).await,
        }
    }
}
