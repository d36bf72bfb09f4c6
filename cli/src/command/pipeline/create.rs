//! `fgctl pipeline create`

use fluxgate_client::pipeline::{self, CreatePipelineInput};

use super::super::shared::{Rehearsal, on_conflict};
use super::shown;
use super::stages::stages;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Create a pipeline: a line of environments, and what branches off it
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl pipeline create standard --stages dev,staging,prod\n  fgctl pipeline create global --stages dev,qa --after qa prod-us,prod-eu --after prod-eu dr"
)]
pub(crate) struct Create {
    /// The pipeline's key, which stays
    key: String,

    /// The environments in a line, the first one first
    #[arg(long, value_name = "ENV,ENV", value_delimiter = ',', required = true)]
    stages: Vec<String>,

    /// Environments that follow another one, any number of times
    #[arg(long, num_args = 2, value_names = ["ENV", "ENV,ENV"], action = clap::ArgAction::Append)]
    after: Vec<String>,

    /// What people call it
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Create {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let stages = stages(&self.stages, &self.after)?;
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let hint = format!("fgctl pipeline view {}", self.key);
        let input = CreatePipelineInput { team, key: self.key, name: self.name, stages };
        Ok(shown(shell, &pipeline::create(&api, input).await.map_err(on_conflict(hint))?)
            .next("fgctl feature create KEY --type simple"))
    }
}
