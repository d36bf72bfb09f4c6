//! A throwaway PostgreSQL for one command, as test suites want it.

use crate::dev::throwaway::with_database;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;

/// Run a command with DATABASE_URL set to a PostgreSQL that is deleted when the command has ended
#[derive(clap::Args, Debug)]
#[command(
    hide = true,
    after_help = "Examples:\n  fgctl dev cluster -- cargo test --workspace\n  fgctl dev cluster -- psql --version"
)]
pub(super) struct Cluster {
    /// The command and its arguments
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

impl Cluster {
    pub(super) async fn run(self) -> Result<View, CliError> {
        let status = with_database(&self.command).await?;
        Ok(View::nothing().exit(if status.success() { Exit::Ok } else { Exit::Failed }))
    }
}
