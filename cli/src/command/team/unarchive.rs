//! `fgctl team unarchive`

use fluxgate_client::team::{self, UnarchiveTeamInput};

use super::super::propose::reason;
use super::super::shared::Rehearsal;
use super::shown;
use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// Bring an archived team back; for system administrators
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl team unarchive payments\n  fgctl team unarchive payments --reason \"needed again\""
)]
pub(crate) struct Unarchive {
    /// The team's key
    key: String,

    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Unarchive {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let api = self.rehearsal.api(shell)?;
        let before = team::get(&api, &self.key).await?.team;
        if before.archived_at.is_none() {
            return Ok(View::of(&before)
                .named(format!("team/{}", before.key))
                .row(vec![Cell::text(&before.key), Cell::State(Tone::Plain, "not archived".into())]));
        }
        let input = UnarchiveTeamInput { team: self.key, reason: reason(self.reason.as_deref()) };
        let team = team::unarchive(&api, input).await?;
        Ok(shown(&team).next(format!("fgctl team view {}", team.key)))
    }
}
