//! `fgctl pipeline edit`

use fluxgate_client::pipeline::{self, EditPipelineInput};

use super::super::shared::Rehearsal;
use super::shown;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Give a pipeline another name
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl pipeline edit standard --name \"The usual way\"\n  fgctl pipeline edit standard --name \"\"\n\nStages come and go with: fgctl pipeline add-stage, fgctl pipeline remove-stage"
)]
pub(crate) struct Edit {
    /// The pipeline's key
    key: String,

    /// What people call it; its key when empty
    #[arg(long, value_name = "TEXT")]
    name: String,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Edit {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let input = EditPipelineInput { team, key: self.key, name: Some(self.name) };
        Ok(shown(shell, &pipeline::edit(&api, input).await?))
    }
}
