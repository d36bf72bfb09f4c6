//! `fgctl change cancel`

use fluxgate_client::change::{self, CancelChangeInput};

use super::super::propose::follow;
use super::super::shared::Rehearsal;
use super::super::wait::Waiting;
use super::number;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::shell::Shell;

/// Take back a change that is not decided yet
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl change cancel 12\n  fgctl change cancel 12 -o json")]
pub(crate) struct Cancel {
    /// The change's number
    #[arg(value_parser = number)]
    number: i64,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Cancel {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let input = CancelChangeInput { team: team.clone(), number: self.number };
        let change = change::cancel(&api, input).await?;
        let view = follow((shell, &api, &team), change, &Waiting::default()).await?;
        // It was asked for, so it is no failure.
        Ok(view.exit(Exit::Ok))
    }
}
