//! What all commands that propose a change share: their flags, the question before, and what they show after.

mod confirm;
mod show;

use fluxgate_client::change::{Change, EditStageInput, Proposal};
use fluxgate_client::feature::{Feature, Stage};
use fluxgate_client::{Api, EnvironmentType, ProposalOutcome, change, feature};
use fluxgate_engine::FlagConfig;
use serde_json::json;

pub(crate) use confirm::{moderate, severe};
pub(crate) use show::{diff_lines, difference, lines, progress, progress_of_pending};

use super::wait::{EdgeReport, Goal, Wait, Waiting};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, Line, Tone, View};
use crate::shell::Shell;

/// Flags of every command that proposes a change.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Proposing {
    /// Why: for those who approve, and for the audit log
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,

    /// Check everything on the server and show what would change
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Answer the question about production with yes
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Where a proposal is to be sent, and for what.
pub(crate) struct Target<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) api: &'a Api,
    pub(crate) team: &'a str,
    pub(crate) feature: &'a str,
    pub(crate) env: &'a str,
}

impl Target<'_> {
    /// Reads the feature and makes sure that its pipeline goes to the environment.
    pub(crate) async fn feature(&self) -> Result<Feature, CliError> {
        let feature = feature::get(self.api, self.team, self.feature).await?;
        stage(&feature, self.env)?;
        Ok(feature)
    }

    /// Proposes a new document for the stage, asking first when it is in production.
    pub(crate) async fn edit(
        &self,
        stage: &Stage,
        config: &FlagConfig,
        flags: &Proposing,
        waiting: &Waiting,
    ) -> Result<View, CliError> {
        self.ask(stage, flags, "Change")?;
        let input = EditStageInput {
            team: self.team.to_owned(),
            feature: self.feature.to_owned(),
            environment: self.env.to_owned(),
            config: config.to_value(),
            base_version: stage.live.as_ref().map(|live| live.number),
            reason: flags.reason.clone(),
            apply_at: None,
            dry_run: flags.dry_run.then_some(true),
        };
        let proposal = change::edit_stage(self.api, input).await?;
        self.finish(&proposal, waiting).await
    }

    /// Asks before a change of what is served in production.
    pub(crate) fn ask(&self, stage: &Stage, flags: &Proposing, verb: &str) -> Result<(), CliError> {
        if flags.dry_run || stage.environment.type_ != EnvironmentType::Production {
            return Ok(());
        }
        let question = format!("{verb} {} in {} (production)?", self.feature, self.env);
        moderate(&self.shell.ui, flags.yes, &question)
    }

    /// Shows what became of a proposal, after waiting for it as far as was asked.
    pub(crate) async fn finish(&self, proposal: &Proposal, waiting: &Waiting) -> Result<View, CliError> {
        let Some(change) = &proposal.change else {
            return Ok(match proposal.outcome {
                ProposalOutcome::DryRun => dry_run(proposal),
                _ => self.unchanged(proposal),
            });
        };
        if proposal.outcome == ProposalOutcome::Joined {
            let text = format!("joined #{}, opened by {}", change.number, change.author);
            self.shell.ui.step(text);
        }
        let Some(until) = waiting.wait else {
            return Ok(self.settled(proposal, change, None));
        };
        let wait = Wait::new(self.shell, self.api, self.team);
        let (change, edges) = wait.follow(change, until).await?;
        Ok(self.settled(proposal, &change, edges.as_ref()))
    }

    fn unchanged(&self, proposal: &Proposal) -> View {
        View::of(proposal).named(format!("feature/{}", self.feature)).row(vec![
            Cell::text(self.feature),
            Cell::text(self.env),
            Cell::State(Tone::Plain, "already so".into()),
        ])
    }

    fn settled(&self, proposal: &Proposal, change: &Change, edges: Option<&EdgeReport>) -> View {
        let value = json!({
            "outcome": proposal.outcome,
            "change": change,
            "items": change.items,
            "policies": change.policies,
            "gates": proposal.gates,
        });
        show::of_change(change, value, edges).named(format!("change/{}", change.number))
    }
}

/// Shows a change as it is now, after waiting for it as far as was asked.
pub(crate) async fn follow(
    (shell, api, team): (&Shell, &Api, &str),
    change: Change,
    waiting: &Waiting,
) -> Result<View, CliError> {
    let (change, edges) = match waiting.wait {
        Some(until) => {
            let wait = Wait::new(shell, api, team);
            wait.follow(&change, until).await?
        }
        None => (change, None),
    };
    let value = serde_json::to_value(&change).unwrap_or_default();
    Ok(show::of_change(&change, value, edges.as_ref()).named(format!("change/{}", change.number)))
}

/// Returns the goal of waiting for the edges, once a change is applied.
pub(crate) fn goal(change: &Change) -> Option<Goal> {
    change.revision.map(Goal::Revision)
}

/// Returns a feature's stage, or the environments that there are.
pub(crate) fn stage<'f>(feature: &'f Feature, env: &str) -> Result<&'f Stage, CliError> {
    feature.stage(env).ok_or_else(|| {
        let envs: Vec<String> = feature.stages.iter().map(|stage| stage.environment.key.clone()).collect();
        CliError::not_found("environment", env, &envs).hint("fgctl env list")
    })
}

/// Reads a stage's live document.
pub(crate) fn document(feature: &Feature, stage: &Stage) -> Result<FlagConfig, CliError> {
    let env = &stage.environment.key;
    let Some(live) = &stage.live else {
        let message = format!("{} is not deployed in {env}", feature.key);
        return Err(
            CliError::new(Exit::Blocked, message).hint(format!("fgctl promote {} --to {env}", feature.key))
        );
    };
    serde_json::from_value(live.config.clone()).map_err(|error| {
        let message = format!("this fgctl does not understand {} in {env}: {error}", feature.key);
        CliError::new(Exit::Failed, message).hint("is it older than the backend?")
    })
}

fn dry_run(proposal: &Proposal) -> View {
    let mut view = View::of(proposal);
    for item in &proposal.items {
        let from = match &item.source {
            Some(source) => format!("{} → ", source.key),
            None => String::new(),
        };
        view = view
            .line(
                Line::default()
                    .and(Tone::Strong, &item.feature.key)
                    .and(Tone::Plain, format!("  {from}{}", item.environment.key))
                    .and(Tone::Dim, "  (dry run)"),
            )
            .named(format!("feature/{}", item.feature.key));
        for line in diff_lines(item) {
            view = view.line(line);
        }
    }
    for gate in &proposal.gates {
        let (tone, sign) = match gate.passed {
            true => (Tone::Good, "✓"),
            false => (Tone::Bad, "✗"),
        };
        view = view.line(
            Line::default()
                .and(tone, format!("  {sign} "))
                .and(Tone::Plain, format!("{}: {}", gate.gate, gate.message)),
        );
    }
    for policy in &proposal.policies {
        view = view.line(format!(
            "  ◐ policy {:?} needs {} of {}",
            policy.name,
            show::approvals(policy.required),
            show::roles(&policy.roles),
        ));
    }
    match proposal.gates.iter().all(|gate| gate.passed) {
        true => view,
        false => view.exit(Exit::Blocked),
    }
}
