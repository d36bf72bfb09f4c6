//! `fgctl change rebase`

use fluxgate_client::change::{self, RebaseChangeInput};

use super::super::propose::{Asking, Proposing, agree, finish};
use super::super::wait::Waiting;
use super::number;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Propose a stale change again, on what is live now; it is a new change, with no votes
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl change rebase 12 --dry-run\n  fgctl change rebase 12 --yes --wait=edges\n\nIts reason stays. Ends with 7 when both changed the same: look at both, and propose it anew."
)]
pub(crate) struct Rebase {
    /// The stale change's number
    #[arg(value_parser = number)]
    number: i64,

    /// Check everything on the server and show what would change
    #[arg(long)]
    dry_run: bool,

    /// Answer the question about a protected environment with yes
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    waiting: Waiting,
}

impl Rebase {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let input = |dry_run: bool| RebaseChangeInput {
            team: team.clone(),
            number: self.number,
            dry_run: dry_run.then_some(true),
        };
        // The reason is that of the change, so none is asked for.
        let flags = Proposing { reason: Some(String::new()), dry_run: self.dry_run, yes: self.yes };
        let (verb, flags) = ("Propose it again", &flags);
        let asking = Asking { shell, api: &api, team: &team, flags, verb, protected: None, same: None };
        agree(&asking, async || change::rebase(&api, input(true)).await).await?;
        let proposal = change::rebase(&api, input(self.dry_run)).await?;
        finish((shell, &api, &team), &proposal, &self.waiting).await
    }
}
