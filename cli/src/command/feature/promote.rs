//! `fgctl feature promote`, in short `fgctl promote`

use fluxgate_client::change::{self, PromoteInput, Proposal};
use fluxgate_client::feature;
use fluxgate_client::{Api, EnvironmentType, ProposalOutcome};

use super::super::propose::{self, Proposing, Target, diff_lines, moderate};
use super::super::wait::Waiting;
use crate::error::CliError;
use crate::output::{Line, Tone, View};
use crate::shell::Shell;

/// Take what is live in one environment to the next one of the pipeline
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl promote checkout --to staging\n  fgctl promote checkout --to prod --wait=edges --timeout 30m --yes --reason \"release 47\"\n\nEnds with 8 while it waits for approval, 9 when a gate is closed, 10 when it was rejected."
)]
pub(crate) struct Promote {
    /// The feature's key
    key: String,

    /// Where to; with --from it may be left out where the pipeline does not branch
    #[arg(long, value_name = "ENV", required_unless_present = "from")]
    to: Option<String>,

    /// Where from: the environment before, when not given
    #[arg(long, value_name = "ENV")]
    from: Option<String>,

    #[command(flatten)]
    flags: Proposing,

    #[command(flatten)]
    waiting: Waiting,
}

impl Promote {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        if !self.flags.dry_run && !self.flags.yes {
            self.ask(shell, &api, &team).await?;
        }
        let proposal = change::promote(&api, self.input(&team, self.flags.dry_run)).await?;
        let env = match proposal.items.first() {
            Some(item) => item.environment.key.clone(),
            None => self.to.clone().unwrap_or_default(),
        };
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        target.finish(&proposal, &self.waiting).await
    }

    /// Asks when it is about production, after showing what would change.
    async fn ask(&self, shell: &Shell, api: &Api, team: &str) -> Result<(), CliError> {
        if let Some(to) = &self.to {
            let feature = feature::get(api, team, &self.key).await?;
            let stage = propose::stage(&feature, to)?;
            if stage.environment.type_ != EnvironmentType::Production {
                return Ok(());
            }
            if !shell.ui.may_ask() {
                return moderate(&shell.ui, false, "");
            }
        }
        let trial = change::promote(api, self.input(team, true)).await?;
        if trial.outcome == ProposalOutcome::Unchanged || !reaches_production(&trial) {
            return Ok(());
        }
        if shell.ui.may_ask() {
            for item in &trial.items {
                let head = Line::default()
                    .and(Tone::Strong, &self.key)
                    .and(Tone::Plain, format!("  → {}", item.environment.key));
                shell.ui.note(head);
                for line in diff_lines(item) {
                    shell.ui.note(line);
                }
            }
        }
        let question = match trial.policies.is_empty() {
            true => "Promote to production now?",
            false => "Ask for this promotion to production?",
        };
        moderate(&shell.ui, false, question)
    }

    fn input(&self, team: &str, dry_run: bool) -> PromoteInput {
        PromoteInput {
            team: team.to_owned(),
            feature: self.key.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            reason: self.flags.reason.clone(),
            apply_at: None,
            dry_run: dry_run.then_some(true),
        }
    }
}

fn reaches_production(proposal: &Proposal) -> bool {
    proposal.items.iter().any(|item| item.environment.type_ == EnvironmentType::Production)
}
