//! Versions: documents that were or are live, never altered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query_as, query_scalar};
use uuid::Uuid;

use super::page::{Page, PageRequest};
use crate::error::Result;

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
) -> Result<Page<Version>> {
    let (at, stage) = page.after_instant()?.unzip();
    let mut total = 0;
    if page.counted {
        total = query_scalar(
            "SELECT count(*) FROM version v JOIN stage s ON s.id = v.stage_id
             WHERE s.feature_id = $1 AND ($2::uuid IS NULL OR s.environment_id = $2)",
        )
        .bind(feature)
        .bind(environment)
        .fetch_one(&mut *conn)
        .await?;
    }
    let rows = query_as(
        "SELECT v.stage_id, s.environment_id, v.number, v.config, v.change_id, u.username AS created_by, v.created_at
         FROM version v JOIN stage s ON s.id = v.stage_id JOIN app_user u ON u.id = v.created_by
         WHERE s.feature_id = $1 AND ($2::uuid IS NULL OR s.environment_id = $2)
           AND ($3::timestamptz IS NULL OR (v.created_at, v.stage_id) < ($3, $4::uuid))
         ORDER BY v.created_at DESC, v.stage_id DESC LIMIT $5",
    )
    .bind(feature)
    .bind(environment)
    .bind(at)
    .bind(stage)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |v: &Version| format!("{}:{}", v.created_at.timestamp_micros(), v.stage_id)))
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
