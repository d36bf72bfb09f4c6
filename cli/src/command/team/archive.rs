//! `fgctl team archive`

use fluxgate_client::team::{self, ArchiveTeamInput, Team};

use super::super::propose::{moderate, reason};
use super::super::shared::Rehearsal;
use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// Put a team away of which nothing is served; for system administrators
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl team archive payments\n  fgctl team archive payments --yes --reason \"merged into billing\"\n\nIts features have to be archived first, and its clients disabled.\nIt can be read as before, and nothing of it can be changed."
)]
pub(crate) struct Archive {
    /// The team's key
    key: String,

    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Answer the question with yes
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Archive {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let api = self.rehearsal.api(shell)?;
        let team = team::get(&api, &self.key).await?.team;
        if team.archived_at.is_some() {
            return Ok(row(&team, "already archived"));
        }
        let question = format!("Archive team {}? It is remembered, and can be brought back.", self.key);
        moderate(&shell.ui, self.yes, &question)?;
        let input = ArchiveTeamInput { team: self.key, reason: reason(self.reason.as_deref()) };
        let team = team::archive(&api, input).await?;
        Ok(row(&team, "archived").next(format!("fgctl team unarchive {}", team.key)))
    }
}

fn row(team: &Team, word: &str) -> View {
    View::of(team)
        .named(format!("team/{}", team.key))
        .row(vec![Cell::text(&team.key), Cell::State(Tone::Dim, word.to_owned())])
}
