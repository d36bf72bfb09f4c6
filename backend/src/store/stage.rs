//! Stages: a feature in an environment, what is live there, and its kill switch.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::word_enum;

word_enum!(
    /// What a stage is doing.
    StageStatus {
        /// The edge does not know the feature there.
        NotDeployed,
        /// A version is live.
        Deployed,
        /// A change waits for it.
        DeploymentRequested,
        /// A rollback waits for it.
        RollbackRequested,
        /// Its last change was a rollback.
        RolledBack,
    }
);

/// A feature in an environment.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Stage {
    pub id: Uuid,
    pub feature_id: Uuid,
    pub environment_id: Uuid,
    pub live_version: Option<i32>,
    pub rolled_back: bool,
    pub changed_at: Option<DateTime<Utc>>,
    pub killed_at: Option<DateTime<Utc>>,
    pub killed_by: Option<String>,
    pub kill_reason: Option<String>,
}

/// A stage with its names and its live document, locked for a change.
#[derive(Clone, Debug, FromRow)]
pub struct LockedStage {
    pub id: Uuid,
    pub environment_id: Uuid,
    pub environment_key: String,
    pub live_version: Option<i32>,
    pub config: Option<serde_json::Value>,
    pub killed: bool,
}

/// The stages of features, in their pipelines' order.
pub async fn of_features(conn: &mut PgConnection, features: &[Uuid]) -> sqlx::Result<Vec<Stage>> {
    query_as(
        "SELECT s.id, s.feature_id, s.environment_id, s.live_version, s.rolled_back, s.changed_at, s.killed_at,
                u.username AS killed_by, s.kill_reason
         FROM stage s JOIN feature f ON f.id = s.feature_id
         JOIN pipeline_stage p ON p.pipeline_id = f.pipeline_id AND p.environment_id = s.environment_id
         LEFT JOIN app_user u ON u.id = s.killed_by
         WHERE s.feature_id = ANY ($1) ORDER BY s.feature_id, p.position",
    )
    .bind(features)
    .fetch_all(conn)
    .await
}

/// Locks all stages of a feature until the transaction ends, in an order that all writers share.
pub async fn lock_of_feature(conn: &mut PgConnection, feature: Uuid) -> sqlx::Result<Vec<LockedStage>> {
    // Read only once they are locked: after a wait, a locking statement sees the newest stage beside the version that
    // was live before.
    query("SELECT FROM stage WHERE feature_id = $1 ORDER BY id FOR UPDATE")
        .bind(feature)
        .execute(&mut *conn)
        .await?;
    query_as(
        "SELECT s.id, s.environment_id, e.key AS environment_key, s.live_version, v.config,
                s.killed_at IS NOT NULL AS killed
         FROM stage s JOIN environment e ON e.id = s.environment_id
         LEFT JOIN version v ON v.stage_id = s.id AND v.number = s.live_version
         WHERE s.feature_id = $1 ORDER BY e.position, s.id",
    )
    .bind(feature)
    .fetch_all(conn)
    .await
}

/// Puts a version live, or none.
pub async fn set_live(
    conn: &mut PgConnection,
    stage: Uuid,
    version: Option<i32>,
    rolled_back: bool,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    query("UPDATE stage SET live_version = $2, rolled_back = $3, changed_at = $4 WHERE id = $1")
        .bind(stage)
        .bind(version)
        .bind(rolled_back)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Turns kill switches on; those that were on already stay as they are. Gives the stages that changed.
pub async fn kill(
    conn: &mut PgConnection,
    stages: &[Uuid],
    (by, reason): (Uuid, &str),
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Uuid>> {
    query_scalar(
        "UPDATE stage SET killed_at = $4, killed_by = $2, kill_reason = $3
         WHERE id = ANY ($1) AND killed_at IS NULL RETURNING id",
    )
    .bind(stages)
    .bind(by)
    .bind(reason)
    .bind(now)
    .fetch_all(conn)
    .await
}

/// Turns kill switches off. Gives the stages that changed.
pub async fn restore(conn: &mut PgConnection, stages: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    query_scalar(
        "UPDATE stage SET killed_at = NULL, killed_by = NULL, kill_reason = NULL
         WHERE id = ANY ($1) AND killed_at IS NOT NULL RETURNING id",
    )
    .bind(stages)
    .fetch_all(conn)
    .await
}

/// What one feature serves in one environment, for evaluating.
#[derive(FromRow)]
pub struct Live {
    pub feature: String,
    pub version: i32,
    pub config: serde_json::Value,
    pub killed: bool,
}

/// Everything that an environment serves.
pub async fn live_in(conn: &mut PgConnection, environment: Uuid) -> sqlx::Result<Vec<Live>> {
    query_as(
        "SELECT f.key AS feature, v.number AS version, v.config, s.killed_at IS NOT NULL AS killed
         FROM stage s JOIN feature f ON f.id = s.feature_id
         JOIN version v ON v.stage_id = s.id AND v.number = s.live_version
         WHERE s.environment_id = $1",
    )
    .bind(environment)
    .fetch_all(conn)
    .await
}

/// Feature keys that a feature depends on, live in an environment: what a cycle is looked for in.
pub async fn dependencies_in(
    conn: &mut PgConnection,
    environment: Uuid,
) -> sqlx::Result<Vec<(String, serde_json::Value)>> {
    query_as(
        "SELECT f.key, coalesce(v.config -> 'dependsOn', '[]') FROM stage s JOIN feature f ON f.id = s.feature_id
         JOIN version v ON v.stage_id = s.id AND v.number = s.live_version WHERE s.environment_id = $1",
    )
    .bind(environment)
    .fetch_all(conn)
    .await
}
