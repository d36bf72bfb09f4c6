//! Versions: documents that were or are live, never altered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query_as, query_scalar};
use uuid::Uuid;

use super::page::{Page, PageRequest};

/// A document that was or is live on a stage.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Version {
    pub stage_id: Uuid,
    pub environment_id: Uuid,
    pub number: i32,
    pub config: serde_json::Value,
    pub change_id: Uuid,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
}

/// Versions by stage and number.
pub async fn by_numbers(
    conn: &mut PgConnection,
    stages: &[Uuid],
    numbers: &[i32],
) -> sqlx::Result<Vec<Version>> {
    query_as(
        "SELECT v.stage_id, s.environment_id, v.number, v.config, v.change_id, u.username AS created_by, v.created_at
         FROM unnest($1::uuid[], $2::int[]) AS wanted (stage_id, number)
         JOIN version v USING (stage_id, number)
         JOIN stage s ON s.id = v.stage_id JOIN app_user u ON u.id = v.created_by",
    )
    .bind(stages)
    .bind(numbers)
    .fetch_all(conn)
    .await
}

/// A page of a feature's versions, the newest first, in one environment or in all.
pub async fn list(
    conn: &mut PgConnection,
    feature: Uuid,
    environment: Option<Uuid>,
    page: &PageRequest,
) -> sqlx::Result<Page<Version>> {
    let total = query_scalar(
        "SELECT count(*) FROM version v JOIN stage s ON s.id = v.stage_id
         WHERE s.feature_id = $1 AND ($2::uuid IS NULL OR s.environment_id = $2)",
    )
    .bind(feature)
    .bind(environment)
    .fetch_one(&mut *conn)
    .await?;
    let rows = query_as(
        "SELECT v.stage_id, s.environment_id, v.number, v.config, v.change_id, u.username AS created_by, v.created_at
         FROM version v JOIN stage s ON s.id = v.stage_id JOIN app_user u ON u.id = v.created_by
         JOIN change c ON c.id = v.change_id
         WHERE s.feature_id = $1 AND ($2::uuid IS NULL OR s.environment_id = $2)
           AND ($3::text IS NULL OR to_char(v.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') || v.stage_id::text < $3)
         ORDER BY to_char(v.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') || v.stage_id::text DESC LIMIT $4",
    )
    .bind(feature)
    .bind(environment)
    .bind(&page.after)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |v: &Version| {
        format!("{}{}", v.created_at.format("%Y-%m-%dT%H:%M:%S%.6f"), v.stage_id)
    }))
}

/// The document of one version.
pub async fn config(
    conn: &mut PgConnection,
    stage: Uuid,
    number: i32,
) -> sqlx::Result<Option<serde_json::Value>> {
    query_scalar("SELECT config FROM version WHERE stage_id = $1 AND number = $2")
        .bind(stage)
        .bind(number)
        .fetch_optional(conn)
        .await
}

/// Adds a version behind the others of its stage and gives its number. The stage is locked.
pub async fn insert(
    conn: &mut PgConnection,
    stage: Uuid,
    config: &serde_json::Value,
    (change, by): (Uuid, Uuid),
    now: DateTime<Utc>,
) -> sqlx::Result<i32> {
    query_scalar(
        "INSERT INTO version (stage_id, number, config, change_id, created_by, created_at)
         VALUES ($1, (SELECT coalesce(max(number), 0) + 1 FROM version WHERE stage_id = $1), $2, $3, $4, $5)
         RETURNING number",
    )
    .bind(stage)
    .bind(config)
    .bind(change)
    .bind(by)
    .bind(now)
    .fetch_one(conn)
    .await
}
