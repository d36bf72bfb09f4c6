//! Stages: a feature in an environment, what is live there, and its kill switch.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    page::{Page, PageRequest},
    word_enum,
};
use crate::{auth::By, error::Result};

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
    pub killed_by_token: Option<String>,
    pub kill_reason: Option<String>,
    pub kill_restore_at: Option<DateTime<Utc>>,
}

/// A stage with its names and its live document, locked for a change, or looked at for a dry run.
#[derive(Clone, Debug, FromRow)]
pub struct LockedStage {
    pub id: Uuid,
    pub feature_id: Uuid,
    pub environment_id: Uuid,
    pub environment_key: String,
    pub live_version: Option<i32>,
    pub config: Option<serde_json::Value>,
    pub killed: bool,
    pub kill_restore_at: Option<DateTime<Utc>>,
    /// The environment before it in the pipeline; none is before the first.
    pub follows: Option<Uuid>,
}

impl LockedStage {
    /// The environment, with its key.
    pub fn place(&self) -> (Uuid, &str) {
        (self.environment_id, &self.environment_key)
    }
}

/// The stages of features, in their pipelines' order.
pub async fn of_features(conn: &mut PgConnection, features: &[Uuid]) -> sqlx::Result<Vec<Stage>> {
    query_as(
        "SELECT s.id, s.feature_id, s.environment_id, s.live_version, s.rolled_back, s.changed_at, s.killed_at,
                u.username AS killed_by, k.name AS killed_by_token, s.kill_reason, s.kill_restore_at
         FROM stage s JOIN feature f ON f.id = s.feature_id
         JOIN pipeline_stage p ON p.pipeline_id = f.pipeline_id AND p.environment_id = s.environment_id
         LEFT JOIN app_user u ON u.id = s.killed_by LEFT JOIN token k ON k.id = s.killed_by_token
         WHERE s.feature_id = ANY ($1) ORDER BY s.feature_id, p.position",
    )
    .bind(features)
    .fetch_all(conn)
    .await
}

/// Locks all stages of features until the transaction ends, in an order that all writers share.
pub async fn lock_of_features(conn: &mut PgConnection, features: &[Uuid]) -> sqlx::Result<Vec<LockedStage>> {
    query("SELECT FROM stage WHERE feature_id = ANY ($1) ORDER BY id FOR UPDATE")
        .bind(features)
        .execute(&mut *conn)
        .await?;
    locked(conn, features).await
}

/// The stages of a feature that this transaction made: nobody else knows them yet.
pub async fn of_new_feature(conn: &mut PgConnection, feature: Uuid) -> sqlx::Result<Vec<LockedStage>> {
    locked(conn, &[feature]).await
}

/// Locks all stages of a team's features by key in the same order; those that do not exist have no stages.
pub async fn lock_of_keys(
    conn: &mut PgConnection,
    team: Uuid,
    keys: &[&str],
) -> sqlx::Result<Vec<LockedStage>> {
    let features: Vec<Uuid> = query_scalar(
        "SELECT s.feature_id FROM stage s JOIN feature f ON f.id = s.feature_id
         WHERE f.team_id = $1 AND f.key = ANY ($2) ORDER BY s.id FOR UPDATE OF s",
    )
    .bind(team)
    .bind(keys)
    .fetch_all(&mut *conn)
    .await?;
    locked(conn, &features).await
}

/// The stages of a team's features by key, as they are and locked by nobody.
pub async fn of_keys(conn: &mut PgConnection, team: Uuid, keys: &[&str]) -> sqlx::Result<Vec<LockedStage>> {
    let features: Vec<Uuid> = query_scalar("SELECT id FROM feature WHERE team_id = $1 AND key = ANY ($2)")
        .bind(team)
        .bind(keys)
        .fetch_all(&mut *conn)
        .await?;
    locked(conn, &features).await
}

/// Stages that are locked. They are read only then: after a wait, a locking statement sees the newest stage beside the
/// version that was live before. One whose environment has left the pipeline is there no more.
async fn locked(conn: &mut PgConnection, features: &[Uuid]) -> sqlx::Result<Vec<LockedStage>> {
    query_as(
        "SELECT s.id, s.feature_id, s.environment_id, e.key AS environment_key, s.live_version, v.config,
                s.killed_at IS NOT NULL AS killed, s.kill_restore_at, p.source_id AS follows
         FROM stage s JOIN environment e ON e.id = s.environment_id JOIN feature f ON f.id = s.feature_id
         JOIN pipeline_stage p ON p.pipeline_id = f.pipeline_id AND p.environment_id = s.environment_id
         LEFT JOIN version v ON v.stage_id = s.id AND v.number = s.live_version
         WHERE s.feature_id = ANY ($1) ORDER BY e.position, s.id",
    )
    .bind(features)
    .fetch_all(conn)
    .await
}

/// Locks the stages of a pipeline's features in an environment.
pub async fn lock_in(conn: &mut PgConnection, pipeline: Uuid, environment: Uuid) -> sqlx::Result<()> {
    query(
        "SELECT FROM stage WHERE environment_id = $2
           AND feature_id IN (SELECT id FROM feature WHERE pipeline_id = $1) ORDER BY id FOR UPDATE",
    )
    .bind(pipeline)
    .bind(environment)
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives a pipeline's features a stage in an environment; one that was there before is there again.
pub async fn insert_for_features(
    conn: &mut PgConnection,
    pipeline: Uuid,
    environment: Uuid,
) -> sqlx::Result<()> {
    query(
        "INSERT INTO stage (feature_id, environment_id) SELECT id, $2 FROM feature WHERE pipeline_id = $1
         ON CONFLICT (feature_id, environment_id) DO NOTHING",
    )
    .bind(pipeline)
    .bind(environment)
    .execute(conn)
    .await?;
    Ok(())
}

/// The keys of the features that are deployed in an environment, of all or of a pipeline's.
pub async fn deployed_in(
    conn: &mut PgConnection,
    environment: Uuid,
    pipeline: Option<Uuid>,
) -> sqlx::Result<Vec<String>> {
    query_scalar(
        "SELECT f.key FROM stage s JOIN feature f ON f.id = s.feature_id
         WHERE s.environment_id = $1 AND ($2::uuid IS NULL OR f.pipeline_id = $2)
           AND s.live_version IS NOT NULL ORDER BY f.key",
    )
    .bind(environment)
    .bind(pipeline)
    .fetch_all(conn)
    .await
}

/// Turns kill switches on; those that were on already stay as they are. Gives the stages that changed.
pub async fn kill(
    conn: &mut PgConnection,
    stages: &[Uuid],
    (by, reason): (By, &str),
    (now, restore_at): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> sqlx::Result<Vec<Uuid>> {
    query_scalar(
        "UPDATE stage SET killed_at = $4, killed_by = $2, killed_by_token = $6, kill_reason = $3, kill_restore_at = $5
         WHERE id = ANY ($1) AND killed_at IS NULL RETURNING id",
    )
    .bind(stages)
    .bind(by.user)
    .bind(reason)
    .bind(now)
    .bind(restore_at)
    .bind(by.token)
    .fetch_all(conn)
    .await
}

/// Sets when kill switches that are on go off by themselves.
pub async fn set_restore_at(
    conn: &mut PgConnection,
    stages: &[Uuid],
    restore_at: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    query("UPDATE stage SET kill_restore_at = $2 WHERE id = ANY ($1) AND killed_at IS NOT NULL")
        .bind(stages)
        .bind(restore_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// Turns kill switches off. Gives the stages that changed.
pub async fn restore(conn: &mut PgConnection, stages: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    query_scalar(
        "UPDATE stage SET killed_at = NULL, killed_by = NULL, killed_by_token = NULL, kill_reason = NULL,
                kill_restore_at = NULL
         WHERE id = ANY ($1) AND killed_at IS NOT NULL RETURNING id",
    )
    .bind(stages)
    .fetch_all(conn)
    .await
}

/// A page of a team's stages whose kill switch is on, the newest kill first, in one environment or in all.
pub async fn killed(
    conn: &mut PgConnection,
    team: Uuid,
    environment: Option<Uuid>,
    page: &PageRequest,
) -> Result<Page<Stage>> {
    let (at, id) = page.after_instant()?.unzip();
    let mut total = 0;
    if page.counted {
        total = query_scalar(
            "SELECT count(*) FROM stage s JOIN environment e ON e.id = s.environment_id
             WHERE e.team_id = $1 AND s.killed_at IS NOT NULL AND ($2::uuid IS NULL OR s.environment_id = $2)",
        )
        .bind(team)
        .bind(environment)
        .fetch_one(&mut *conn)
        .await?;
    }
    let rows = query_as(
        "SELECT s.id, s.feature_id, s.environment_id, s.live_version, s.rolled_back, s.changed_at, s.killed_at,
                u.username AS killed_by, k.name AS killed_by_token, s.kill_reason, s.kill_restore_at
         FROM stage s JOIN environment e ON e.id = s.environment_id JOIN app_user u ON u.id = s.killed_by
         LEFT JOIN token k ON k.id = s.killed_by_token
         WHERE e.team_id = $1 AND s.killed_at IS NOT NULL AND ($2::uuid IS NULL OR s.environment_id = $2)
           AND ($3::timestamptz IS NULL OR (s.killed_at, s.id) < ($3, $4::uuid))
         ORDER BY s.killed_at DESC, s.id DESC LIMIT $5",
    )
    .bind(team)
    .bind(environment)
    .bind(at)
    .bind(id)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    let cursor =
        |stage: &Stage| format!("{}:{}", stage.killed_at.map_or(0, |at| at.timestamp_micros()), stage.id);
    Ok(page.page(rows, total, cursor))
}

/// A kill switch whose time has come.
#[derive(FromRow)]
pub struct DueRestore {
    pub stage_id: Uuid,
    pub environment_key: String,
    pub feature_id: Uuid,
    pub feature_key: String,
    pub team_id: Uuid,
    pub reason: String,
}

/// Locks the kill switch that is due for the longest time, unless somebody else is at it.
pub async fn lock_due_restore(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<DueRestore>> {
    query_as(
        "SELECT s.id AS stage_id, e.key AS environment_key, f.id AS feature_id, f.key AS feature_key, f.team_id,
                s.kill_reason AS reason
         FROM stage s JOIN environment e ON e.id = s.environment_id JOIN feature f ON f.id = s.feature_id
         WHERE s.kill_restore_at <= $1 ORDER BY s.kill_restore_at LIMIT 1 FOR UPDATE OF s SKIP LOCKED",
    )
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// The names of the variants that features serve in an environment, by key; those that serve nothing there are missing.
pub async fn variants_in(
    conn: &mut PgConnection,
    environment: Uuid,
    features: &[&str],
) -> sqlx::Result<Vec<(String, Vec<String>)>> {
    query_as(
        "SELECT f.key, ARRAY (SELECT jsonb_object_keys(v.config -> 'variants'))
         FROM environment e JOIN feature f ON f.team_id = e.team_id
         JOIN stage s ON s.feature_id = f.id AND s.environment_id = e.id
         JOIN version v ON v.stage_id = s.id AND v.number = s.live_version
         WHERE e.id = $1 AND f.key = ANY ($2)",
    )
    .bind(environment)
    .bind(features)
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
