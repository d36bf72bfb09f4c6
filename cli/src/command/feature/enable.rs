//! `fgctl feature enable`

use super::switch::{Direction, Switch};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Turn a feature on in an environment: its rules and default decide
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl feature enable checkout -e dev\n  fgctl feature enable checkout -e prod --yes --wait=edges --reason \"release 47\""
)]
pub(crate) struct Enable {
    #[command(flatten)]
    switch: Switch,
}

impl Enable {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        self.switch.turn(shell, Direction::On).await
    }
}
