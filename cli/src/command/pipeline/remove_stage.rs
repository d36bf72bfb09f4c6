//! `fgctl pipeline remove-stage`

use fluxgate_client::pipeline::{self, RemovePipelineStageInput};

use super::super::shared::{Rehearsal, Yes, on_conflict};
use super::shown;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Take out a stage that nothing follows, while no feature is there or on its way there
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl pipeline remove-stage standard dr\n  fgctl pipeline remove-stage standard dr --yes"
)]
pub(crate) struct RemoveStage {
    /// The pipeline's key
    pipeline: String,

    /// The environment to take out
    #[arg(value_name = "ENV")]
    environment: String,

    #[command(flatten)]
    yes: Yes,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl RemoveStage {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let Self { pipeline, environment, yes, .. } = self;
        yes.ask(shell, &format!("Take {environment} out of {pipeline}?"))?;
        let hint = format!("fgctl pipeline view {pipeline}; fgctl feature withdraw KEY -e {environment}");
        let input = RemovePipelineStageInput { team, pipeline, environment };
        Ok(shown(shell, &pipeline::remove_stage(&api, input).await.map_err(on_conflict(hint))?))
    }
}
