//! `fgctl client disable`

use fluxgate_client::client::{self, SetClientEnabledInput};

use super::super::shared::{Rehearsal, Yes};
use super::{already, shown};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Let a client in no longer: edges answer it no more within moments
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl client disable web\n  fgctl client disable web --yes")]
pub(crate) struct Disable {
    /// The client's name
    name: String,

    #[command(flatten)]
    yes: Yes,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Disable {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let before = client::get(&api, &team, &self.name).await?;
        if !before.enabled {
            return Ok(already(&before));
        }
        self.yes.ask(shell, &format!("Disable {}? It is answered no more.", self.name))?;
        let input = SetClientEnabledInput { team, name: self.name, enabled: false };
        Ok(shown(&client::set_enabled(&api, input).await?))
    }
}
