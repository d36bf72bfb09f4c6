//! Changes, their items and votes, and proposals.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use fluxgate_engine::FlagConfig;

use super::{
    app, caller,
    loader::{EnvironmentById, FeatureById, ItemsOf, VotesOn, load, must},
};
use crate::{
    error::{Error, Gate},
    service::{
        self,
        change::{Intent, ProposalOutcome, approval},
    },
    store::{
        self,
        change::{Change, ChangeItem, ChangeKind, ChangeStatus},
        environment::Environment,
        feature::Feature,
        member::Role,
        vote::{Decision, Vote},
    },
};

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "fluxgate_engine::DiffKind")]
pub enum DiffKind {
    Added,
    Removed,
    Changed,
    Moved,
}

/// One difference between two documents.
#[derive(SimpleObject)]
pub struct DiffEntry {
    kind: DiffKind,
    path: String,
    before: Option<String>,
    after: Option<String>,
    /// The percentage of the units that a criterion matches which get another variant, where it can be told. It is that
    /// of all changes to the criterion, told once: of its split when that changed, else its rollout, else its serve.
    movement: Option<f64>,
    /// Whether units fall into other buckets, so that who gets what is drawn anew.
    reshuffles: bool,
}

/// How far a policy is satisfied.
#[derive(SimpleObject)]
pub struct PolicyProgress {
    name: String,
    approvals: usize,
    required: i32,
    roles: Vec<Role>,
    approvers: Vec<String>,
    satisfied: bool,
}

impl From<approval::Progress> for PolicyProgress {
    fn from(progress: approval::Progress) -> PolicyProgress {
        PolicyProgress {
            satisfied: progress.satisfied(),
            approvals: progress.approvers.len(),
            name: progress.name,
            required: progress.required,
            roles: progress.roles,
            approvers: progress.approvers,
        }
    }
}

#[Object]
impl Change {
    async fn number(&self) -> i32 {
        self.number
    }

    async fn kind(&self) -> ChangeKind {
        self.kind
    }

    async fn status(&self) -> ChangeStatus {
        self.status
    }

    async fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    async fn author(&self) -> &str {
        &self.author
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }

    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.decided_at
    }

    async fn applied_at(&self) -> Option<DateTime<Utc>> {
        self.applied_at
    }

    /// The delivery revision at which it went live.
    async fn revision(&self) -> Option<i64> {
        self.revision
    }

    /// Why it was not applied.
    async fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    async fn items(&self, ctx: &Context<'_>) -> Result<Vec<Item>> {
        let items = load(ctx, ItemsOf(self.id)).await?.unwrap_or_default();
        Ok(items.into_iter().map(|item| Item { item, feature: None }).collect())
    }

    async fn votes(&self, ctx: &Context<'_>) -> Result<Vec<Vote>> {
        Ok(load(ctx, VotesOn(self.id)).await?.unwrap_or_default())
    }

    /// What it needs: the stricter of the policies when it was proposed and of those now.
    async fn policies(&self, ctx: &Context<'_>) -> Result<Vec<PolicyProgress>> {
        let votes = load(ctx, VotesOn(self.id)).await?.unwrap_or_default();
        let mut conn = app(ctx)?.read().await?;
        let requirements = service::change::requirements(&mut conn, self).await?;
        let members = store::member::active(&mut conn, self.team_id).await.map_err(Error::from)?;
        let progress = approval::decide(&requirements, &votes, &members, self.author_id);
        Ok(progress.into_iter().map(PolicyProgress::from).collect())
    }

    /// Whether the caller's vote would count now.
    async fn viewer_may_vote(&self, ctx: &Context<'_>) -> Result<bool> {
        let caller = caller(ctx)?;
        if self.status != ChangeStatus::Pending || self.author_id == caller.user.id {
            return Ok(false);
        }
        let mut conn = app(ctx)?.read().await?;
        let requirements = service::change::requirements(&mut conn, self).await?;
        let roles = caller.roles(self.team_id).unwrap_or_default();
        Ok(requirements.iter().any(|requirement| approval::listed(requirement, roles)))
    }
}

/// One stage of a change.
pub struct Item {
    item: ChangeItem,
    /// Of a proposal, whose feature may not be in the database.
    feature: Option<Feature>,
}

#[Object(name = "ChangeItem")]
impl Item {
    async fn feature(&self, ctx: &Context<'_>) -> Result<Feature> {
        match &self.feature {
            Some(feature) => Ok(feature.clone()),
            None => must(ctx, FeatureById(self.item.feature_id)).await,
        }
    }

    async fn environment(&self, ctx: &Context<'_>) -> Result<Environment> {
        must(ctx, EnvironmentById(self.item.environment_id)).await
    }

    /// Of a promotion: where the document comes from.
    async fn source(&self, ctx: &Context<'_>) -> Result<Option<Environment>> {
        match self.item.source_environment_id {
            Some(id) => Ok(Some(must(ctx, EnvironmentById(id)).await?)),
            None => Ok(None),
        }
    }

    /// The version that it replaces.
    async fn base_version(&self) -> Option<i32> {
        self.item.base_version
    }

    /// The version that it became.
    async fn version(&self) -> Option<i32> {
        self.item.version
    }

    async fn before(&self) -> Option<&serde_json::Value> {
        self.item.before.as_ref()
    }

    /// The whole new document; none withdraws.
    async fn after(&self) -> Option<&serde_json::Value> {
        self.item.config.as_ref()
    }

    /// What differs, in words.
    async fn diff(&self) -> Result<Vec<DiffEntry>> {
        let read = |config: &Option<serde_json::Value>| -> Result<Option<FlagConfig>, Error> {
            config.as_ref().map(FlagConfig::from_value).transpose().map_err(Error::from)
        };
        let Some(after) = read(&self.item.config)? else { return Ok(Vec::new()) };
        let entries = fluxgate_engine::diff(read(&self.item.before)?.as_ref(), &after);
        let shown = entries.into_iter().map(|entry| DiffEntry {
            kind: entry.kind.into(),
            path: entry.path,
            before: entry.before,
            after: entry.after,
            movement: entry.movement,
            reshuffles: entry.reshuffles,
        });
        Ok(shown.collect())
    }
}

/// What became of a proposal.
pub struct Proposal(pub service::change::Proposal);

#[Object]
impl Proposal {
    async fn outcome(&self) -> ProposalOutcome {
        self.0.outcome
    }

    /// The change, unless there was nothing to do or it was only looked at.
    async fn change(&self) -> Option<&Change> {
        self.0.change.as_ref()
    }

    async fn items(&self) -> Vec<Item> {
        let feature = Some(self.0.feature.clone());
        self.0.items.iter().map(|item| Item { item: item.clone(), feature: feature.clone() }).collect()
    }

    /// The policies in scope.
    async fn policies(&self) -> Vec<PolicyProgress> {
        self.0.policies.iter().cloned().map(PolicyProgress::from).collect()
    }

    /// What was checked.
    async fn gates(&self) -> &[Gate] {
        &self.0.gates
    }
}

#[derive(InputObject)]
pub struct EditStageInput {
    team: String,
    feature: String,
    environment: String,
    /// The whole new document.
    config: serde_json::Value,
    /// The version that it was made from, to notice the changes of others.
    base_version: Option<i32>,
    reason: Option<String>,
    dry_run: Option<bool>,
}

#[derive(InputObject)]
pub struct PromoteInput {
    team: String,
    feature: String,
    from: Option<String>,
    to: Option<String>,
    reason: Option<String>,
    dry_run: Option<bool>,
}

#[derive(InputObject)]
pub struct RollbackInput {
    team: String,
    feature: String,
    environment: String,
    /// The one before the live one when absent.
    version: Option<i32>,
    reason: Option<String>,
    dry_run: Option<bool>,
}

#[derive(InputObject)]
pub struct WithdrawInput {
    team: String,
    feature: String,
    environment: String,
    reason: Option<String>,
    dry_run: Option<bool>,
}

#[derive(InputObject)]
pub struct VoteInput {
    team: String,
    number: i32,
    decision: Decision,
    comment: Option<String>,
}

#[derive(InputObject)]
pub struct CancelChangeInput {
    team: String,
    number: i32,
}

/// Proposing and deciding.
#[derive(Default)]
pub struct ChangeMutation;

#[Object]
impl ChangeMutation {
    /// Proposes a document for a stage.
    async fn edit_stage(&self, ctx: &Context<'_>, input: EditStageInput) -> Result<Proposal> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let EditStageInput { team, feature, environment, config, base_version, reason, dry_run } = input;
        let intent = Intent { team, feature, reason, dry_run: dry_run.unwrap_or(false) };
        let mut tx = app.begin().await?;
        let document = (&config, base_version);
        let result = service::change::edit(&mut tx, caller, intent, &environment, document).await;
        Ok(Proposal(app.finish(tx, caller, result).await?))
    }

    /// Proposes a stage's live document for the next stage.
    async fn promote(&self, ctx: &Context<'_>, input: PromoteInput) -> Result<Proposal> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let PromoteInput { team, feature, from, to, reason, dry_run } = input;
        let intent = Intent { team, feature, reason, dry_run: dry_run.unwrap_or(false) };
        let mut tx = app.begin().await?;
        let result = service::change::promote(&mut tx, caller, intent, from.as_deref(), to.as_deref()).await;
        Ok(Proposal(app.finish(tx, caller, result).await?))
    }

    /// Proposes an earlier version of a stage.
    async fn rollback(&self, ctx: &Context<'_>, input: RollbackInput) -> Result<Proposal> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let RollbackInput { team, feature, environment, version, reason, dry_run } = input;
        let intent = Intent { team, feature, reason, dry_run: dry_run.unwrap_or(false) };
        let mut tx = app.begin().await?;
        let result = service::change::rollback(&mut tx, caller, intent, &environment, version).await;
        Ok(Proposal(app.finish(tx, caller, result).await?))
    }

    /// Proposes that a stage serves nothing any more.
    async fn withdraw(&self, ctx: &Context<'_>, input: WithdrawInput) -> Result<Proposal> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let WithdrawInput { team, feature, environment, reason, dry_run } = input;
        let intent = Intent { team, feature, reason, dry_run: dry_run.unwrap_or(false) };
        let mut tx = app.begin().await?;
        let result = service::change::withdraw(&mut tx, caller, intent, &environment).await;
        Ok(Proposal(app.finish(tx, caller, result).await?))
    }

    /// Approves or rejects somebody else's change. The last approval needed applies it, one rejection ends it.
    async fn vote(&self, ctx: &Context<'_>, input: VoteInput) -> Result<Change> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let which = (input.team.as_str(), input.number);
        let result = service::change::vote(&mut tx, caller, which, input.decision, input.comment).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Takes a change back.
    async fn cancel_change(&self, ctx: &Context<'_>, input: CancelChangeInput) -> Result<Change> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let result = service::change::cancel(&mut tx, caller, &input.team, input.number).await;
        Ok(app.finish(tx, caller, result).await?)
    }
}
