//! `fgctl member remove`

use fluxgate_client::team::{self, RemoveMemberInput};

use super::super::shared::{Rehearsal, Yes};
use super::shown;
use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Take a user out of the team; their votes on open changes count no more
#[derive(clap::Args, Debug)]
#[command(visible_alias = "rm")]
#[command(
    after_help = "Examples:\n  fgctl member remove dev\n  fgctl member remove dev --team payments --yes"
)]
pub(crate) struct Remove {
    /// The user's name
    username: String,

    #[command(flatten)]
    yes: Yes,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Remove {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let question =
            format!("Take {} out of {team}? Their votes on open changes count no more.", self.username);
        self.yes.ask(shell, &question)?;
        let input = RemoveMemberInput { team: team.clone(), username: self.username };
        let member = team::remove_member(&api, input).await?;
        let gone = vec![Cell::text(&member.user.username), Cell::text(&team), Cell::text("removed")];
        Ok(View { parts: Vec::new(), ..shown(&team, &member) }.row(gone))
    }
}
