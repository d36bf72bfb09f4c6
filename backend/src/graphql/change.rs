//! Changes, their items and votes, and deciding on them.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use fluxgate_engine::FlagConfig;
use futures_util::future::try_join3;

use super::{
    app, caller,
    loader::{
        ActiveIn, CommentsOn, EnvironmentById, FeatureById, ItemsOf, RequirementsOf, VotesOn, document, load,
        must,
    },
    page::several,
};
use crate::{
    error::Error,
    service::{
        self,
        change::approval::{self, Standing},
    },
    store::{
        change::{Change, ChangeItem, ChangeKind, ChangeStatus},
        comment::Comment,
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
    /// When time satisfies it, if nobody rejects the change before.
    auto_approve_at: Option<DateTime<Utc>>,
    /// Whether a TEAM_ADMIN may let the change through.
    override_allowed: bool,
    satisfied: bool,
}

/// A TEAM_ADMIN let a change through.
#[derive(SimpleObject)]
pub struct Override {
    by: String,
    /// The token that acted for them; none: in person.
    token: Option<String>,
    reason: String,
}

impl From<approval::Progress> for PolicyProgress {
    fn from(progress: approval::Progress) -> PolicyProgress {
        PolicyProgress {
            satisfied: progress.satisfied,
            auto_approve_at: progress.auto_approve_at,
            override_allowed: progress.override_allowed,
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

    /// The token that proposed it for the author; none: the author in person.
    async fn token(&self) -> Option<&str> {
        self.token.as_deref()
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

    /// Not applied before; none: as soon as it is approved.
    async fn apply_at(&self) -> Option<DateTime<Utc>> {
        self.apply_at
    }

    /// Who let it through without the approvals, where its policies allow that.
    #[graphql(name = "override")]
    async fn overridden(&self) -> Option<Override> {
        let token = self.override_token.as_ref().map(|token| token.name.clone());
        Some(Override { by: self.overrider.clone()?, token, reason: self.override_reason.clone()? })
    }

    #[graphql(complexity = "several(child_complexity)")]
    async fn items(&self, ctx: &Context<'_>) -> Result<Vec<Item>> {
        let items = load(ctx, ItemsOf(self.id)).await?.unwrap_or_default();
        Ok(items.into_iter().map(|item| Item { item, feature: None }).collect())
    }

    #[graphql(complexity = "several(child_complexity)")]
    async fn votes(&self, ctx: &Context<'_>) -> Result<Vec<Vote>> {
        Ok(load(ctx, VotesOn(self.id)).await?.unwrap_or_default())
    }

    /// The oldest first.
    #[graphql(complexity = "several(child_complexity)")]
    async fn comments(&self, ctx: &Context<'_>) -> Result<Vec<Comment>> {
        Ok(load(ctx, CommentsOn(self.id)).await?.unwrap_or_default())
    }

    /// The number of the stale change that this one proposes again.
    async fn rebased_from(&self) -> Option<i32> {
        self.rebased_from_number
    }

    /// What it needs: the stricter of the policies when it was proposed and of those now.
    async fn policies(&self, ctx: &Context<'_>) -> Result<Vec<PolicyProgress>> {
        let now = caller(ctx)?.request.now;
        let (votes, requirements, members) = try_join3(
            load(ctx, VotesOn(self.id)),
            load(ctx, RequirementsOf(self.id)),
            load(ctx, ActiveIn(self.team_id)),
        )
        .await?;
        let (requirements, votes) = (requirements.unwrap_or_default(), votes.unwrap_or_default());
        let progress =
            approval::decide(&requirements, &votes, &members.unwrap_or_default(), Standing::of(self, now));
        Ok(progress.into_iter().map(PolicyProgress::from).collect())
    }

    /// Whether the caller may vote on it now; `policies` say whose approval counts.
    async fn viewer_may_vote(&self, ctx: &Context<'_>) -> Result<bool> {
        let caller = caller(ctx)?;
        if self.status != ChangeStatus::Pending || self.authors.contains(&caller.user.id) {
            return Ok(false);
        }
        if caller.limited().is_some() {
            let items = load(ctx, ItemsOf(self.id)).await?.unwrap_or_default();
            if !items.iter().all(|item| caller.reaches(item.environment_id)) {
                return Ok(false);
            }
        }
        let requirements = load(ctx, RequirementsOf(self.id)).await?.unwrap_or_default();
        Ok(service::change::may_vote(caller, self.team_id, &requirements))
    }
}

/// One stage of a change.
pub struct Item {
    pub item: ChangeItem,
    /// Of a proposal, whose feature may not be in the database.
    pub feature: Option<Feature>,
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

    async fn before(&self, ctx: &Context<'_>) -> Result<Option<&serde_json::Value>> {
        self.item.before.as_ref().map(|before| document(ctx, before)).transpose()
    }

    /// The whole new document; none withdraws.
    async fn after(&self, ctx: &Context<'_>) -> Result<Option<&serde_json::Value>> {
        self.item.config.as_ref().map(|after| document(ctx, after)).transpose()
    }

    /// What differs, in words.
    async fn diff(&self) -> Result<Vec<DiffEntry>> {
        let read = |config: &Option<serde_json::Value>| -> Result<Option<FlagConfig>, Error> {
            config.as_ref().map(FlagConfig::from_value).transpose().map_err(Error::from)
        };
        let entries = match (read(&self.item.before)?, read(&self.item.config)?) {
            (before, Some(after)) => fluxgate_engine::diff(before.as_ref(), &after),
            (Some(before), None) => fluxgate_engine::removed(&before),
            (None, None) => Vec::new(),
        };
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

#[derive(InputObject)]
pub struct VoteInput {
    team: String,
    number: i32,
    decision: Decision,
    comment: Option<String>,
}

#[derive(InputObject)]
pub struct CommentChangeInput {
    team: String,
    number: i32,
    text: String,
}

#[derive(InputObject)]
pub struct OverrideChangeInput {
    team: String,
    number: i32,
    /// Kept with the change.
    reason: String,
}

#[derive(InputObject)]
pub struct CancelChangeInput {
    team: String,
    number: i32,
}

/// Deciding.
#[derive(Default)]
pub struct ChangeMutation;

#[Object]
impl ChangeMutation {
    /// Approves or rejects somebody else's change. The last approval needed applies it, one rejection ends it.
    async fn vote(&self, ctx: &Context<'_>, input: VoteInput) -> Result<Change> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let which = (input.team.as_str(), input.number);
        let result = service::change::vote(&mut tx, caller, which, input.decision, input.comment).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Says something about a change.
    async fn comment_change(&self, ctx: &Context<'_>, input: CommentChangeInput) -> Result<Change> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let which = (input.team.as_str(), input.number);
        let result = service::change::comment(&mut tx, caller, which, input.text).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Lets a change through without the approvals, where its policies allow a TEAM_ADMIN to.
    async fn override_change(&self, ctx: &Context<'_>, input: OverrideChangeInput) -> Result<Change> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let which = (input.team.as_str(), input.number);
        let result = service::change::force(&mut tx, caller, which, input.reason).await;
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
