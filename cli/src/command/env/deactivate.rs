//! `fgctl env deactivate`

use fluxgate_client::environment::{self, SetEnvironmentActiveInput};

use super::super::shared::{Rehearsal, on_conflict};
use super::{already, shown};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Let an environment take no changes any more; refused while something is deployed there
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl env deactivate qa\n  fgctl env deactivate qa -o json")]
pub(crate) struct Deactivate {
    /// The environment's key
    key: String,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Deactivate {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let before = environment::get(&api, &team, &self.key).await?;
        if !before.active {
            return Ok(already(&before));
        }
        let hint = format!("fgctl feature withdraw KEY -e {}; fgctl change list", self.key);
        let input = SetEnvironmentActiveInput { team, key: self.key, active: false };
        Ok(shown(&environment::set_active(&api, input).await.map_err(on_conflict(hint))?))
    }
}
