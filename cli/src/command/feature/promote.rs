//! `fgctl feature promote`, in short `fgctl promote`

use fluxgate_client::change::{self, BatchPromotion, PromoteInput, Proposal, ProposeBatchInput};
use fluxgate_client::{Api, ChangeKind, Error};

use super::super::propose::{Asking, Planned, agree, finish};
use super::super::wait::Waiting;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Take what is live in one environment to the next one of the pipeline
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl promote checkout --to staging\n  fgctl promote checkout express-pay --to prod --wait=edges --timeout 30m --yes --reason \"release 47\"\n\nSeveral features go in one change: all of them or none; features that need each other may travel together.\nEnds with 8 while it waits for approval, 9 when a gate is closed, 10 when it was rejected."
)]
pub(crate) struct Promote {
    /// The features' keys
    #[arg(required = true, value_name = "KEY")]
    keys: Vec<String>,

    /// Where to; with --from it may be left out where the pipeline does not branch
    #[arg(long, value_name = "ENV", required_unless_present = "from")]
    to: Option<String>,

    /// Where from: the environment before, when not given
    #[arg(long, value_name = "ENV")]
    from: Option<String>,

    #[command(flatten)]
    planned: Planned,

    #[command(flatten)]
    waiting: Waiting,
}

impl Promote {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let flags = &self.planned.flags;
        let trial = async || self.propose((&api, &team), None, true).await;
        let asking = Asking {
            shell,
            api: &api,
            team: &team,
            flags,
            verb: "Promote",
            protected: None,
            same: Some((ChangeKind::Promote, self.planned.apply_at)),
        };
        let reason = agree(&asking, trial).await.map_err(|error| self.explained(error))?;
        let proposal = self.propose((&api, &team), reason, flags.dry_run).await;
        let proposal = proposal.map_err(|error| self.explained(error.into()))?;
        finish((shell, &api, &team), &proposal, &self.waiting).await
    }

    /// Says how something comes to the first stage, where nothing is promoted to.
    fn explained(&self, error: CliError) -> CliError {
        let first = "is the first stage of the pipeline";
        let gates = error.gates.iter().map(|gate| gate.message.as_str());
        let mut told = gates.chain(error.details.iter().map(String::as_str)).chain([error.message.as_str()]);
        let is_first = told.any(|text| text.contains(first));
        drop(told);
        match (&self.to, self.keys.first(), is_first) {
            (Some(to), Some(key), true) => {
                let hint =
                    format!("what is live there is changed there: `fgctl feature enable {key} -e {to}`");
                error.hint(hint)
            }
            _ => error,
        }
    }

    async fn propose(
        &self,
        (api, team): (&Api, &str),
        reason: Option<String>,
        dry_run: bool,
    ) -> Result<Proposal, Error> {
        let (team, apply_at) = (team.to_owned(), self.planned.apply_at);
        let dry_run = dry_run.then_some(true);
        let (from, to) = (self.from.clone(), self.to.clone());
        if let [feature] = self.keys.as_slice() {
            let feature = feature.clone();
            let input = PromoteInput { team, feature, from, to, reason, apply_at, dry_run };
            return change::promote(api, input).await;
        }
        let promotion =
            |key: &String| BatchPromotion { feature: key.clone(), from: from.clone(), to: to.clone() };
        let input = ProposeBatchInput {
            team,
            promotions: self.keys.iter().map(promotion).collect(),
            edits: Vec::new(),
            rollbacks: Vec::new(),
            withdrawals: Vec::new(),
            reason,
            apply_at,
            dry_run,
        };
        change::propose_batch(api, input).await
    }
}
