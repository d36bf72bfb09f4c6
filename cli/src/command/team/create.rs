//! `fgctl team create`

use fluxgate_client::team::{self, CreateTeamInput};

use super::super::shared::{Rehearsal, on_conflict};
use super::shown;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Create a team; for system administrators
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl team create payments\n  fgctl team create growth --name Growth --description \"sign-up and onboarding\""
)]
pub(crate) struct Create {
    /// The team's key, which stays
    key: String,

    /// What people call it
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Create {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let hint = format!("fgctl team view {}", self.key);
        let input = CreateTeamInput { key: self.key, name: self.name, description: self.description };
        let team = team::create(&self.rehearsal.api(shell)?, input).await.map_err(on_conflict(hint))?;
        Ok(shown(&team)
            .next(format!("fgctl member add USERNAME --role team-admin --team {}", team.key))
            .next(format!("fgctl env create KEY --type development --team {}", team.key)))
    }
}
