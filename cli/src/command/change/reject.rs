//! `fgctl change reject`

use fluxgate_client::Decision;
use fluxgate_client::change::{self, VoteInput};

use super::super::propose::follow;
use super::super::shared::Rehearsal;
use super::super::wait::Waiting;
use super::number;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::shell::Shell;

/// Reject a change, which ends it
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl change reject 12 --reason \"wait for INC-2291\"\n  fgctl change reject 12 --reason \"not on a Friday\" -o json"
)]
pub(crate) struct Reject {
    /// The change's number
    #[arg(value_parser = number)]
    number: i64,

    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Reject {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let input = VoteInput {
            team: team.clone(),
            number: self.number,
            decision: Decision::Reject,
            comment: Some(self.reason),
        };
        let change = change::vote(&api, input).await?;
        let view = follow((shell, &api, &team), change, &Waiting::default()).await?;
        // It was asked for, so it is no failure.
        Ok(view.exit(Exit::Ok))
    }
}
