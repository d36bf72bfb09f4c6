//! Stages: a feature in an environment.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::loader::{EnvironmentById, PendingOn, VersionByNumber, load, must};
use crate::store::{
    change::{Change, ChangeKind},
    environment::Environment,
    stage::{Stage, StageStatus},
    version::Version,
};

/// A kill switch that is on.
#[derive(SimpleObject)]
pub struct Kill {
    reason: String,
    by: String,
    since: DateTime<Utc>,
}

#[Object]
impl Stage {
    async fn environment(&self, ctx: &Context<'_>) -> Result<Environment> {
        must(ctx, EnvironmentById(self.environment_id)).await
    }

    /// A change that waits decides it; what is live stays live meanwhile.
    async fn status(&self, ctx: &Context<'_>) -> Result<StageStatus> {
        let pending = load(ctx, PendingOn(self.id)).await?.unwrap_or_default();
        Ok(match pending.last() {
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
        Some(Kill { reason: self.kill_reason.clone()?, by: self.killed_by.clone()?, since: self.killed_at? })
    }

    /// Open changes, the oldest first.
    async fn pending(&self, ctx: &Context<'_>) -> Result<Vec<Change>> {
        Ok(load(ctx, PendingOn(self.id)).await?.unwrap_or_default())
    }

    async fn changed_at(&self) -> Option<DateTime<Utc>> {
        self.changed_at
    }
}
