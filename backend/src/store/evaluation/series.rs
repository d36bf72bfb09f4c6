//! What counts add up to: series over time, the features that are asked for most, and how many units asked.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use sqlx::{FromRow, PgConnection, query_as, query_scalar};
use uuid::Uuid;

use super::EvaluationReason;

/// From when, and until before when.
pub type Span = (DateTime<Utc>, DateTime<Utc>);

/// Which counts are wanted: all of what is said must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CountFilter {
    pub environment: Option<Uuid>,
    pub feature: Option<Uuid>,
    pub client: Option<Uuid>,
    /// Empty: the application's own default.
    pub variant: Option<String>,
    pub reason: Option<EvaluationReason>,
}

/// What has a series of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Grouping {
    pub environment: bool,
    pub feature: bool,
    pub client: bool,
    pub variant: bool,
    pub reason: bool,
}

/// One series; what is not grouped by is absent. Only the steps in which something was counted.
#[derive(Clone, Debug, Default, PartialEq, FromRow)]
pub struct SeriesRow {
    pub environment_id: Option<Uuid>,
    pub feature_id: Option<Uuid>,
    pub client_id: Option<Uuid>,
    pub variant: Option<String>,
    pub reason: Option<EvaluationReason>,
    pub total: i64,
    /// How many of them are known by the hour only.
    pub hourly: i64,
    pub steps: Vec<i32>,
    pub counts: Vec<i64>,
}

/// Series of a team, the largest first, in steps of so many seconds: no more than `most`.
pub async fn series(
    conn: &mut PgConnection,
    team: Uuid,
    (filter, grouping): (&CountFilter, Grouping),
    ((from, until), step_seconds): (Span, i64),
    most: i64,
) -> sqlx::Result<Vec<SeriesRow>> {
    query_as(
        "WITH counted AS (
             SELECT CASE WHEN $10 THEN c.environment_id END AS environment_id,
                    CASE WHEN $11 THEN c.feature_id END AS feature_id,
                    CASE WHEN $12 THEN c.client_id END AS client_id,
                    CASE WHEN $13 THEN c.variant END AS variant,
                    CASE WHEN $14 THEN c.reason END AS reason,
                    (extract(epoch FROM c.minute - $2)::bigint / $4)::integer AS step,
                    sum(c.n)::bigint AS n, coalesce(sum(c.n) FILTER (WHERE c.hourly), 0)::bigint AS hourly
             FROM evaluation_count c
             WHERE c.environment_id IN (SELECT e.id FROM environment e WHERE e.team_id = $1)
               AND c.minute >= $2 AND c.minute < $3
               AND ($5::uuid IS NULL OR c.environment_id = $5) AND ($6::uuid IS NULL OR c.feature_id = $6)
               AND ($7::uuid IS NULL OR c.client_id = $7) AND ($8::text IS NULL OR c.variant = $8)
               AND ($9::text IS NULL OR c.reason = $9)
             GROUP BY 1, 2, 3, 4, 5, 6)
         SELECT environment_id, feature_id, client_id, variant, reason, sum(n)::bigint AS total,
                sum(hourly)::bigint AS hourly, array_agg(step) AS steps, array_agg(n) AS counts
         FROM counted GROUP BY 1, 2, 3, 4, 5 ORDER BY total DESC, 1, 2, 3, 4, 5 LIMIT $15",
    )
    .bind(team)
    .bind(from)
    .bind(until)
    .bind(step_seconds)
    .bind(filter.environment)
    .bind(filter.feature)
    .bind(filter.client)
    .bind(&filter.variant)
    .bind(filter.reason)
    .bind(grouping.environment)
    .bind(grouping.feature)
    .bind(grouping.client)
    .bind(grouping.variant)
    .bind(grouping.reason)
    .bind(most)
    .fetch_all(conn)
    .await
}

/// The features of a team that are asked for most, in an environment or in all, and how often.
pub async fn top(
    conn: &mut PgConnection,
    team: Uuid,
    environment: Option<Uuid>,
    (from, until): Span,
    first: i64,
) -> sqlx::Result<Vec<(Uuid, i64)>> {
    query_as(
        "SELECT c.feature_id, sum(c.n)::bigint AS total FROM evaluation_count c
         WHERE c.environment_id IN (SELECT e.id FROM environment e WHERE e.team_id = $1)
           AND ($2::uuid IS NULL OR c.environment_id = $2) AND c.minute >= $3 AND c.minute < $4
         GROUP BY c.feature_id ORDER BY total DESC, c.feature_id LIMIT $5",
    )
    .bind(team)
    .bind(environment)
    .bind(from)
    .bind(until)
    .bind(first)
    .fetch_all(conn)
    .await
}

/// Shows every sketch of a team's feature, in an environment or in all, one after the other.
pub async fn each_sketch(
    conn: &mut PgConnection,
    team: Uuid,
    (feature, environment): (Uuid, Option<Uuid>),
    (from, until): Span,
    mut show: impl FnMut(&[u8]),
) -> sqlx::Result<()> {
    let mut sketches = query_scalar::<_, Vec<u8>>(
        "SELECT s.sketch FROM evaluation_sketch s
         WHERE s.environment_id IN (SELECT e.id FROM environment e WHERE e.team_id = $1)
           AND ($2::uuid IS NULL OR s.environment_id = $2) AND s.feature_id = $3 AND s.hour >= $4 AND s.hour < $5",
    )
    .bind(team)
    .bind(environment)
    .bind(feature)
    .bind(from)
    .bind(until)
    .fetch(conn);
    while let Some(sketch) = sketches.try_next().await? {
        show(&sketch);
    }
    Ok(())
}
