//! Samples: a few evaluations as they were, without their contexts.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::EvaluationReason;
use crate::{
    error::Result,
    store::page::{Page, PageRequest},
};

/// One evaluation.
#[derive(Clone, Debug, FromRow)]
pub struct Sample {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub environment_id: Uuid,
    pub feature_id: Uuid,
    pub variant: Option<String>,
    pub reason: EvaluationReason,
    pub client_id: Uuid,
    /// A keyed hash; none where nobody was named.
    pub unit: Option<Vec<u8>>,
}

/// Adds samples.
pub async fn insert(conn: &mut PgConnection, samples: &[Sample]) -> sqlx::Result<()> {
    query(
        "INSERT INTO evaluation_sample (at, environment_id, feature_id, variant, reason, client_id, unit)
         SELECT * FROM unnest($1::timestamptz[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::bytea[])",
    )
    .bind(samples.iter().map(|s| s.at).collect::<Vec<_>>())
    .bind(samples.iter().map(|s| s.environment_id).collect::<Vec<_>>())
    .bind(samples.iter().map(|s| s.feature_id).collect::<Vec<_>>())
    .bind(samples.iter().map(|s| s.variant.clone()).collect::<Vec<_>>())
    .bind(samples.iter().map(|s| s.reason).collect::<Vec<_>>())
    .bind(samples.iter().map(|s| s.client_id).collect::<Vec<_>>())
    .bind(samples.iter().map(|s| s.unit.clone()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// A page of a team's samples, the newest first, of one environment and one feature or of all.
pub async fn list(
    conn: &mut PgConnection,
    team: Uuid,
    (environment, feature): (Option<Uuid>, Option<Uuid>),
    page: &PageRequest,
) -> Result<Page<Sample>> {
    let (at, id) = page.after_instant()?.unzip();
    let mut total = 0;
    if page.counted {
        total = query_scalar(
            "SELECT count(*) FROM evaluation_sample s JOIN environment e ON e.id = s.environment_id
             WHERE e.team_id = $1 AND ($2::uuid IS NULL OR s.environment_id = $2)
               AND ($3::uuid IS NULL OR s.feature_id = $3)",
        )
        .bind(team)
        .bind(environment)
        .bind(feature)
        .fetch_one(&mut *conn)
        .await?;
    }
    let rows = query_as(
        "SELECT s.id, s.at, s.environment_id, s.feature_id, s.variant, s.reason, s.client_id, s.unit
         FROM evaluation_sample s JOIN environment e ON e.id = s.environment_id
         WHERE e.team_id = $1 AND ($2::uuid IS NULL OR s.environment_id = $2)
           AND ($3::uuid IS NULL OR s.feature_id = $3)
           AND ($4::timestamptz IS NULL OR (s.at, s.id) < ($4, $5::uuid))
         ORDER BY s.at DESC, s.id DESC LIMIT $6",
    )
    .bind(team)
    .bind(environment)
    .bind(feature)
    .bind(at)
    .bind(id)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |sample: &Sample| format!("{}:{}", sample.at.timestamp_micros(), sample.id)))
}
