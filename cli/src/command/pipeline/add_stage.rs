//! `fgctl pipeline add-stage`

use fluxgate_client::pipeline::{self, AddPipelineStageInput};

use super::super::shared::{Rehearsal, on_conflict};
use super::shown;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Add a stage behind another; the pipeline's features are not deployed there yet
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl pipeline add-stage standard prod-eu --after staging\n  fgctl pipeline add-stage standard dr --after prod -o json"
)]
pub(crate) struct AddStage {
    /// The pipeline's key
    pipeline: String,

    /// The environment to add
    #[arg(value_name = "ENV")]
    environment: String,

    /// The environment before it
    #[arg(long, value_name = "ENV")]
    after: String,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl AddStage {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let Self { pipeline, environment, after, .. } = self;
        let hint = format!("fgctl pipeline remove-stage {pipeline} {environment}");
        let input = AddPipelineStageInput { team, pipeline, environment, after };
        Ok(shown(shell, &pipeline::add_stage(&api, input).await.map_err(on_conflict(hint))?))
    }
}
