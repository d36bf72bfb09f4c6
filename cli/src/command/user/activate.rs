//! `fgctl user activate`

use fluxgate_client::user::{self, SetUserActiveInput};

use super::super::shared::Rehearsal;
use super::shown;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Let a user sign in again
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl user activate dev\n  fgctl user activate dev -o json")]
pub(crate) struct Activate {
    /// The user's name
    username: String,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Activate {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let input = SetUserActiveInput { username: self.username, active: true };
        Ok(shown(&user::set_active(&self.rehearsal.api(shell)?, input).await?))
    }
}
