//! `fgctl change override`

use fluxgate_client::change::{self, OverrideChangeInput};

use super::super::propose::{follow, moderate};
use super::super::shared::Rehearsal;
use super::super::wait::Waiting;
use super::number;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Let a change through without the approvals, where its policies allow a team's admin to
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl change override 12 --reason \"INC-2291, nobody else is awake\"\n  fgctl change override 12 --yes --reason \"$PAGE_ID\" --wait=edges\n\nThe reason is kept with the change, for others to look at later."
)]
pub(crate) struct Override {
    /// The change's number
    #[arg(value_parser = number)]
    number: i64,

    /// Why it cannot wait for the approvals
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Answer the question with yes
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    waiting: Waiting,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Override {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let question = format!("Let #{} through without the approvals that it needs?", self.number);
        moderate(&shell.ui, self.yes, &question)?;
        let input = OverrideChangeInput { team: team.clone(), number: self.number, reason: self.reason };
        let change = change::let_through(&api, input).await?;
        follow((shell, &api, &team), change, &self.waiting).await
    }
}
