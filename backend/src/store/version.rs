//! Versions: documents that were or are live, never altered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    bounded::{self, Budget},
    page::{self, Page, PageRequest},
};
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

/// Versions by stage and number, within what a request may read.
pub async fn by_numbers(
    conn: &mut PgConnection,
    (stages, numbers): (&[Uuid], &[i32]),
    budget: &Budget,
) -> Result<Vec<Version>> {
    let statement = query(
        "SELECT v.stage_id, s.environment_id, v.number, v.config, v.change_id, u.username AS created_by, v.created_at
         FROM unnest($1::uuid[], $2::int[]) AS wanted (stage_id, number)
         JOIN version v USING (stage_id, number)
         JOIN stage s ON s.id = v.stage_id JOIN app_user u ON u.id = v.created_by",
    );
    bounded::fetch_all(conn, statement.bind(stages).bind(numbers), budget).await
}

/// A page of a feature's versions, the newest first, in one environment or in all, within what a request may read.
pub async fn list(
    conn: &mut PgConnection,
    feature: Uuid,
    environment: Option<Uuid>,
    (page, budget): (&PageRequest, &Budget),
) -> Result<Page<Version>> {
    let (at, stage, number) = match page.after.as_deref() {
        Some(cursor) => place(cursor).map(|(at, stage, number)| (Some(at), Some(stage), Some(number)))?,
        None => (None, None, None),
    };
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
    let rows = query(
        "SELECT v.stage_id, s.environment_id, v.number, v.config, v.change_id, u.username AS created_by, v.created_at
         FROM version v JOIN stage s ON s.id = v.stage_id JOIN app_user u ON u.id = v.created_by
         WHERE s.feature_id = $1 AND ($2::uuid IS NULL OR s.environment_id = $2)
           AND ($3::timestamptz IS NULL OR (v.created_at, v.stage_id, v.number) < ($3, $4::uuid, $5::int))
         ORDER BY v.created_at DESC, v.stage_id DESC, v.number DESC LIMIT $6",
    )
    .bind(feature)
    .bind(environment)
    .bind(at)
    .bind(stage)
    .bind(number)
    .bind(page.limit());
    let rows = bounded::fetch_all(conn, rows, budget).await?;
    let cursor = |v: &Version| format!("{}:{}:{}", v.created_at.timestamp_micros(), v.stage_id, v.number);
    Ok(page.page(rows, total, cursor))
}

/// Where a cursor stands: one request may make several versions of a stage at the same instant.
fn place(cursor: &str) -> Result<(DateTime<Utc>, Uuid, i32)> {
    let read = || {
        let (rest, number) = cursor.rsplit_once(':')?;
        let (at, stage) = rest.split_once(':')?;
        Some((page::instant(at)?, stage.parse().ok()?, number.parse().ok()?))
    };
    read().ok_or_else(page::not_of_this_list)
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

/// Puts a change live: each document becomes a version behind the others of its stage, and what the stage serves; where
/// there is none the stage serves nothing. The stages are locked. Gives each stage's version.
pub async fn go_live(
    conn: &mut PgConnection,
    (change, author): (Uuid, Uuid),
    rolled_back: bool,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<(Uuid, Option<i32>)>> {
    query_as(
        "WITH item AS (SELECT stage_id, config FROM change_item WHERE change_id = $1),
         made AS (
             INSERT INTO version (stage_id, number, config, change_id, created_by, created_at)
             SELECT stage_id, (SELECT coalesce(max(number), 0) + 1 FROM version v WHERE v.stage_id = item.stage_id),
                    config, $1, $2, $4
             FROM item WHERE config IS NOT NULL RETURNING stage_id, number),
         noted AS (
             UPDATE change_item i SET version = made.number FROM made
             WHERE i.change_id = $1 AND i.stage_id = made.stage_id)
         UPDATE stage s SET live_version = made.number, rolled_back = $3, changed_at = $4
         FROM item LEFT JOIN made USING (stage_id) WHERE s.id = item.stage_id RETURNING s.id, s.live_version",
    )
    .bind(change)
    .bind(author)
    .bind(rolled_back)
    .bind(now)
    .fetch_all(conn)
    .await
}
