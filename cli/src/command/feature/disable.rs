//! `fgctl feature disable`

use super::switch::{Direction, Switch};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Turn a feature off in an environment: everyone gets its off variant
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl feature disable checkout -e dev\n  fgctl feature disable checkout -e prod --yes --wait=edges --reason \"release 47\""
)]
pub(crate) struct Disable {
    #[command(flatten)]
    switch: Switch,
}

impl Disable {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        self.switch.turn(shell, Direction::Off).await
    }
}
