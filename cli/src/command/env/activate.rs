//! `fgctl env activate`

use fluxgate_client::environment::{self, SetEnvironmentActiveInput};

use super::super::shared::Rehearsal;
use super::{already, shown};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Let an environment take changes again
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl env activate qa\n  fgctl env activate qa -o json")]
pub(crate) struct Activate {
    /// The environment's key
    key: String,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Activate {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let before = environment::get(&api, &team, &self.key).await?;
        if before.active {
            return Ok(already(&before));
        }
        let input = SetEnvironmentActiveInput { team, key: self.key, active: true };
        Ok(shown(&environment::set_active(&api, input).await?))
    }
}
