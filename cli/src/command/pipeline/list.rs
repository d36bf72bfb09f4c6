//! `fgctl pipeline list`

use fluxgate_client::pipeline::{self, Pipeline};

use super::super::shared::{Limit, list};
use super::flow;
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::Shell;

/// List the team's pipelines
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  fgctl pipeline list\n  fgctl pipeline list -o json")]
pub(crate) struct List {
    #[command(flatten)]
    limit: Limit,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let pipelines = pipeline::first(&api, &team, self.limit.limit).await?;
        let columns = [
            Column::new("KEY", |pipeline: &Pipeline| Cell::text(&pipeline.key)),
            Column::new("NAME", |pipeline: &Pipeline| Cell::text(&pipeline.name)).stays(Stays::Short),
            Column::prose("STAGES", |pipeline: &Pipeline| Cell::text(flow(&pipeline.stages))),
        ];
        let none = ("no pipelines yet", "fgctl pipeline create KEY --stages ENV,ENV");
        Ok(list(&pipelines, &columns, |pipeline| format!("pipeline/{}", pipeline.key), none))
    }
}
