//! Pipelines.

mod add_stage;
mod create;
mod delete;
mod edit;
mod list;
mod remove_stage;
mod stages;
mod view;

use fluxgate_client::pipeline;

use stages::flow;

use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Pipelines: the ways of features from environment to environment
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Pipeline {
    List(list::List),
    View(view::ViewPipeline),
    Create(create::Create),
    Edit(edit::Edit),
    AddStage(add_stage::AddStage),
    RemoveStage(remove_stage::RemoveStage),
    Delete(delete::Delete),
}

impl Pipeline {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::View(command) => command.run(shell).await,
            Self::Create(command) => command.run(shell).await,
            Self::Edit(command) => command.run(shell).await,
            Self::AddStage(command) => command.run(shell).await,
            Self::RemoveStage(command) => command.run(shell).await,
            Self::Delete(command) => command.run(shell).await,
        }
    }
}

/// Shows what a pipeline is now.
fn shown(shell: &Shell, found: &pipeline::Pipeline) -> View {
    let mut row = vec![Cell::text(&found.key), Cell::text(&found.name)];
    // After a try its stages are those that it had before.
    if !shell.ui.is_rehearsal() {
        row.push(Cell::text(flow(&found.stages)));
    }
    View::of(found).named(format!("pipeline/{}", found.key)).row(row)
}
