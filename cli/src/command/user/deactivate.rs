//! `fgctl user deactivate`

use fluxgate_client::user::{self, SetUserActiveInput};

use super::super::shared::{Rehearsal, Yes, on_conflict};
use super::shown;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Let a user sign in no longer: their sessions end, and their tokens are let in no more
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl user deactivate dev\n  fgctl user deactivate dev --yes -o json\n\nUsers are never deleted: the audit log names them."
)]
pub(crate) struct Deactivate {
    /// The user's name
    username: String,

    #[command(flatten)]
    yes: Yes,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Deactivate {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let api = self.rehearsal.api(shell)?;
        let question = format!("Deactivate {}? Their sessions end at once.", self.username);
        self.yes.ask(shell, &question)?;
        let hint = "fgctl user list --active shows who there is".to_owned();
        let input = SetUserActiveInput { username: self.username, active: false };
        Ok(shown(&user::set_active(&api, input).await.map_err(on_conflict(hint))?))
    }
}
