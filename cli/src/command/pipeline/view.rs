//! `fgctl pipeline view`

use fluxgate_client::pipeline::{self, PipelineStage};

use super::super::shared::facts;
use super::flow;
use crate::error::CliError;
use crate::files::{self, Noun};
use crate::output::{Cell, Column, View};
use crate::shell::Shell;

/// Show a pipeline and its stages, in their order
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl pipeline view standard\n  fgctl pipeline view standard -o yaml > standard.yaml"
)]
pub(crate) struct ViewPipeline {
    /// The pipeline's key
    key: String,
}

impl ViewPipeline {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        if shell.ui.wants_file()
            && let Some(file) = files::one(&api, &team, Noun::Pipeline, &self.key).await?
        {
            return Ok(file);
        }
        let pipeline = pipeline::get(&api, &team, &self.key).await?;
        let columns = [
            Column::new("STAGE", |stage: &PipelineStage| Cell::text(&stage.environment.key)),
            Column::new("AFTER", |stage: &PipelineStage| {
                Cell::text(stage.after.as_deref().unwrap_or_default())
            }),
        ];
        Ok(facts(
            View::of(&pipeline).named(format!("pipeline/{}", pipeline.key)),
            [
                ("pipeline", Cell::text(&pipeline.key)),
                ("name", Cell::text(&pipeline.name)),
                ("way", Cell::text(flow(&pipeline.stages))),
            ],
        )
        .line("")
        .table(&pipeline.stages, &columns))
    }
}
