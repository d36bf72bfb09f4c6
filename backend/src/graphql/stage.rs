//! Stages: a feature in an environment.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    loader::{EnvironmentById, FeatureById, PendingOn, SeenOf, VersionByNumber, load, must},
    page::several,
};
use crate::{
    error::Error,
    store::{
        change::{Change, ChangeKind, ChangeStatus},
        environment::Environment,
        feature::Feature,
        stage::{Stage, StageStatus},
        version::Version,
    },
};

/// A kill switch that is on.
#[derive(SimpleObject)]
pub struct Kill {
    reason: String,
    by: String,
    /// The token that acted for them; none: in person.
    token: Option<String>,
    since: DateTime<Utc>,
    /// When it goes off by itself; none: by hand only.
    restore_at: Option<DateTime<Utc>>,
}

impl Kill {
    fn of(stage: &Stage) -> Option<Kill> {
        let (reason, by) = (stage.kill_reason.clone()?, stage.killed_by.clone()?);
        Some(Kill {
            reason,
            by,
            token: stage.killed_by_token.clone(),
            since: stage.killed_at?,
            restore_at: stage.kill_restore_at,
        })
    }
}

/// A feature that is killed in an environment.
pub struct KilledStage(pub Stage);

#[Object]
impl KilledStage {
    async fn feature(&self, ctx: &Context<'_>) -> Result<Feature> {
        must(ctx, FeatureById(self.0.feature_id)).await
    }

    async fn environment(&self, ctx: &Context<'_>) -> Result<Environment> {
        must(ctx, EnvironmentById(self.0.environment_id)).await
    }

    async fn kill(&self) -> Result<Kill> {
        let alive = || Error::Internal(anyhow::anyhow!("a stage among the killed ones is not killed"));
        Ok(Kill::of(&self.0).ok_or_else(alive)?)
    }
}

#[Object]
impl Stage {
    async fn environment(&self, ctx: &Context<'_>) -> Result<Environment> {
        must(ctx, EnvironmentById(self.environment_id)).await
    }

    /// A change that is PENDING decides it, the newest of several: ROLLBACK_REQUESTED by a rollback, DEPLOYMENT_REQUESTED
    /// by any other, a withdrawal too. One that is APPROVED and waits for its time changes nothing until then.
    async fn status(&self, ctx: &Context<'_>) -> Result<StageStatus> {
        let pending = load(ctx, PendingOn(self.id)).await?.unwrap_or_default();
        Ok(match pending.iter().rfind(|change| change.status == ChangeStatus::Pending) {
            Some(change) if change.kind == ChangeKind::Rollback => StageStatus::RollbackRequested,
            Some(_) => StageStatus::DeploymentRequested,
            None if self.live_version.is_none() => StageStatus::NotDeployed,
            None if self.rolled_back => StageStatus::RolledBack,
            None => StageStatus::Deployed,
        })
    }

    async fn live(&self, ctx: &Context<'_>) -> Result<Option<Version>> {
        match self.live_version {
            Some(number) => load(ctx, VersionByNumber(self.id, number)).await,
            None => Ok(None),
        }
    }

    async fn kill(&self) -> Option<Kill> {
        Kill::of(self)
    }

    /// Open changes, the oldest first: PENDING, or APPROVED and waiting for their time.
    #[graphql(complexity = "several(child_complexity)")]
    async fn pending(&self, ctx: &Context<'_>) -> Result<Vec<Change>> {
        Ok(load(ctx, PendingOn(self.id)).await?.unwrap_or_default())
    }

    /// When it was evaluated last, as far as edges have told; to the minute.
    async fn last_seen(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        let seen = load(ctx, SeenOf(self.feature_id)).await?.unwrap_or_default();
        Ok(seen.iter().find(|seen| seen.environment_id == self.environment_id).map(|seen| seen.last_at))
    }

    async fn changed_at(&self) -> Option<DateTime<Utc>> {
        self.changed_at
    }
}
