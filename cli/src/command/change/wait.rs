//! `fgctl change wait`

use fluxgate_client::change;

use super::super::propose::follow;
use super::super::wait::{Until, Waiting};
use super::number;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Wait until a change is decided, and, with --wait=edges, served
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl change wait 12 --timeout 30m\n  fgctl change wait 12 --wait=edges\n\nEnds with 0 when it is applied, 8 when it still waits, 10 when it was rejected, cancelled or is stale.\nCtrl-C and SIGTERM end the wait, with 130 and 143, and not the change."
)]
pub(crate) struct WaitFor {
    /// The change's number
    #[arg(value_parser = number)]
    number: i64,

    #[command(flatten)]
    waiting: Waiting,
}

impl WaitFor {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let change = change::get(&api, &team, self.number).await?;
        let waiting = Waiting { wait: self.waiting.wait.or(Some(Until::Applied)) };
        follow((shell, &api, &team), change, &waiting).await
    }
}
