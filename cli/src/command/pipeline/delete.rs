//! `fgctl pipeline delete`

use fluxgate_client::pipeline::{self, DeletePipelineInput};

use super::super::shared::{Rehearsal, Yes, on_conflict};
use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Delete a pipeline that no feature uses
#[derive(clap::Args, Debug)]
#[command(visible_alias = "rm")]
#[command(after_help = "Examples:\n  fgctl pipeline delete old\n  fgctl pipeline delete old --yes -o json")]
pub(crate) struct Delete {
    /// The pipeline's key
    key: String,

    #[command(flatten)]
    yes: Yes,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Delete {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        self.yes.ask(shell, &format!("Delete the pipeline {}?", self.key))?;
        let gone = pipeline::delete(&api, DeletePipelineInput { team, key: self.key })
            .await
            .map_err(on_conflict("fgctl feature list".to_owned()))?;
        Ok(View::of(&gone)
            .named(format!("pipeline/{}", gone.key))
            .row(vec![Cell::text(&gone.key), Cell::text("deleted")]))
    }
}
