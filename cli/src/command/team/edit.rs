//! `fgctl team edit`

use fluxgate_client::team::{self, EditTeamInput};

use super::super::shared::Rehearsal;
use super::shown;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Change what a team is called and said to be for; for system administrators
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl team edit payments --name \"Payments and refunds\"\n  fgctl team edit payments --description \"\""
)]
pub(crate) struct Edit {
    /// The team's key
    key: String,

    #[command(flatten)]
    to: To,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

/// What it is to be.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = true)]
struct To {
    /// What people call it; its key when empty
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// What it is for; an empty one removes it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl Edit {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let input = EditTeamInput { team: self.key, name: self.to.name, description: self.to.description };
        Ok(shown(&team::edit(&self.rehearsal.api(shell)?, input).await?))
    }
}
