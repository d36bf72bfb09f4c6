//! What all commands that propose a change share: their flags, the question before, and what they show after.

mod agree;
mod confirm;
mod finish;
mod preview;
mod reason;
mod show;

use chrono::{DateTime, Utc};
use fluxgate_client::change::{Change, EditStageInput, Proposal};
use fluxgate_client::feature::{Feature, Stage};
use fluxgate_client::{Api, ChangeKind, change, feature};
use fluxgate_engine::FlagConfig;

pub(crate) use agree::{Asking, agree};
pub(crate) use confirm::{moderate, severe};
pub(crate) use finish::{already, finish, follow, joining};
pub(crate) use fluxgate_wording::change::{by, diff_lines, lines, path_text, progress, progress_of_pending};
pub(crate) use reason::reason;

use super::wait::{Goal, Waiting};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::shell::Shell;
use crate::time;

/// Flags of every command that proposes a change.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Proposing {
    /// Why: for those who approve, and for the audit log; in CI, which run it is, when not given
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,

    /// Check everything on the server and show what would change
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Answer the question about a protected environment with yes
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Flags of those commands whose change may wait for its time.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Planned {
    #[command(flatten)]
    pub(crate) flags: Proposing,

    /// Apply it not before then, such as 2026-11-30T07:00Z or 2h from now
    #[arg(long, value_name = "TIME", value_parser = time::parse_moment)]
    pub(crate) apply_at: Option<DateTime<Utc>>,
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

    /// Proposes a new document for the stage, asking first when its environment is protected.
    pub(crate) async fn edit(
        &self,
        stage: &Stage,
        config: &FlagConfig,
        planned: &Planned,
        waiting: &Waiting,
    ) -> Result<View, CliError> {
        if let Err(invalid) = config.validate() {
            return Err(CliError::usage(format!("{} would not be valid then", self.feature))
                .details(invalid.0.iter().map(ToString::to_string)));
        }
        let input = |reason: Option<String>, dry_run: bool| EditStageInput {
            team: self.team.to_owned(),
            feature: self.feature.to_owned(),
            environment: self.env.to_owned(),
            config: config.to_value(),
            base_version: stage.live.as_ref().map(|live| live.number),
            reason,
            apply_at: planned.apply_at,
            dry_run: dry_run.then_some(true),
        };
        let flags = &planned.flags;
        let trial = async || change::edit_stage(self.api, input(None, true)).await;
        let reason = self.agree(stage, planned, ChangeKind::Edit, trial).await?;
        let proposal = change::edit_stage(self.api, input(reason, flags.dry_run)).await?;
        self.finish(&proposal, waiting).await
    }

    /// Asks before a change of what a protected environment serves, and returns the reason to send with it.
    pub(crate) async fn agree(
        &self,
        stage: &Stage,
        planned: &Planned,
        kind: ChangeKind,
        trial: impl AsyncFnOnce() -> Result<Proposal, fluxgate_client::Error>,
    ) -> Result<Option<String>, CliError> {
        let place = &stage.environment;
        let verb = match &kind {
            ChangeKind::Rollback => "Roll it back",
            ChangeKind::Withdraw => "Withdraw it",
            _ => "Change it",
        };
        let asking = Asking {
            shell: self.shell,
            api: self.api,
            team: self.team,
            flags: &planned.flags,
            verb,
            protected: Some(self.shell.is_protected(&place.key, &place.type_)?),
            same: Some((kind, planned.apply_at)),
        };
        agree(&asking, trial).await
    }

    /// Shows what became of a proposal, after waiting for it as far as was asked.
    pub(crate) async fn finish(&self, proposal: &Proposal, waiting: &Waiting) -> Result<View, CliError> {
        finish((self.shell, self.api, self.team), proposal, waiting).await
    }
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
