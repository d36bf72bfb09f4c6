//! `fgctl client enable`

use fluxgate_client::client::{self, SetClientEnabledInput};

use super::super::shared::Rehearsal;
use super::{already, shown};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Let a client in again
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl client enable web\n  fgctl client enable web -o json")]
pub(crate) struct Enable {
    /// The client's name
    name: String,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Enable {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let before = client::get(&api, &team, &self.name).await?;
        if before.enabled {
            return Ok(already(&before));
        }
        let input = SetClientEnabledInput { team, name: self.name, enabled: true };
        Ok(shown(&client::set_enabled(&api, input).await?))
    }
}
