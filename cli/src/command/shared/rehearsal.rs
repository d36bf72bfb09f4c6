//! `--dry-run` of commands that change something at once: the server does all of it, checks it, and takes it back.

use fluxgate_client::Api;

use crate::error::CliError;
use crate::shell::Shell;

/// Whether it is only tried.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub(crate) struct Rehearsal {
    /// Have the server check everything, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Rehearsal {
    /// Connects to the server in force, for good or for a try.
    pub(crate) fn api(self, shell: &Shell) -> Result<Api, CliError> {
        let api = shell.api()?;
        match self.dry_run {
            true => {
                shell.ui.rehearses();
                Ok(api.rehearsing())
            }
            false => Ok(api),
        }
    }
}
