//! Assignments: which variant a sticky split served a unit first. Written once, and never altered.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, query, query_as};
use uuid::Uuid;

/// A unit at a place: environment, feature, salt, and the unit's keyed hash.
pub type UnitAt = (Uuid, Uuid, String, Vec<u8>);

#[derive(FromRow)]
struct Row {
    environment_id: Uuid,
    feature_id: Uuid,
    salt: String,
    unit: Vec<u8>,
    variant: String,
}

/// Keeps variants of units that have none kept; waits for others who keep the same at once.
pub async fn insert(
    conn: &mut PgConnection,
    assignments: &BTreeMap<UnitAt, String>,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let (environments, features, salts, units) = columns(assignments.keys());
    let variants: Vec<_> = assignments.values().map(String::as_str).collect();
    // In one order, so that two who keep the same wait for each other and not both.
    let done = query(
        "INSERT INTO assignment (environment_id, feature_id, salt, unit, variant, kept_at)
         SELECT given.*, $6::timestamptz FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::text[])
             AS given (environment_id, feature_id, salt, unit, variant)
         ORDER BY environment_id, feature_id, salt, unit
         ON CONFLICT DO NOTHING",
    )
    .bind(environments)
    .bind(features)
    .bind(salts)
    .bind(units)
    .bind(variants)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// What is kept of units.
pub async fn kept<'u>(
    conn: &mut PgConnection,
    units: impl Iterator<Item = &'u UnitAt>,
) -> sqlx::Result<BTreeMap<UnitAt, String>> {
    let (environments, features, salts, units) = columns(units);
    let rows: Vec<Row> = query_as(
        "SELECT a.environment_id, a.feature_id, a.salt, a.unit, a.variant
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[])
             AS wanted (environment_id, feature_id, salt, unit)
         JOIN assignment a USING (environment_id, feature_id, salt, unit)",
    )
    .bind(environments)
    .bind(features)
    .bind(salts)
    .bind(units)
    .fetch_all(conn)
    .await?;
    let place = |row: Row| ((row.environment_id, row.feature_id, row.salt, row.unit), row.variant);
    Ok(rows.into_iter().map(place).collect())
}

type Columns<'u> = (Vec<Uuid>, Vec<Uuid>, Vec<&'u str>, Vec<&'u [u8]>);

fn columns<'u>(units: impl Iterator<Item = &'u UnitAt>) -> Columns<'u> {
    let mut columns = Columns::default();
    for (environment, feature, salt, unit) in units {
        columns.0.push(*environment);
        columns.1.push(*feature);
        columns.2.push(salt);
        columns.3.push(unit);
    }
    columns
}

/// Forgets what was kept of archived features, and what nothing asks for since before a time: under salts that are no longer
/// live, and of features that are no longer sticky.
pub async fn delete_ended(conn: &mut PgConnection, before: DateTime<Utc>, most: i64) -> sqlx::Result<u64> {
    // The salts beside the live one are found by looking below and above it in the index.
    let done = query(
        "WITH ended AS MATERIALIZED (
             SELECT s.environment_id, s.feature_id,
                    CASE WHEN f.lifecycle <> 'ARCHIVED' AND v.config @> '{\"sticky\": true}'
                         THEN coalesce(v.config ->> 'salt', f.key) END AS salt
             FROM stage s JOIN feature f ON f.id = s.feature_id
             LEFT JOIN version v ON v.stage_id = s.id AND v.number = s.live_version
             WHERE f.lifecycle = 'ARCHIVED' OR v.created_at < $1)
         DELETE FROM assignment WHERE (environment_id, feature_id, salt, unit) IN (
             SELECT old.environment_id, old.feature_id, old.salt, old.unit FROM ended e CROSS JOIN LATERAL (
                 SELECT a.* FROM assignment a
                 WHERE (a.environment_id, a.feature_id) = (e.environment_id, e.feature_id) AND e.salt IS NULL
                 UNION ALL
                 SELECT a.* FROM assignment a
                 WHERE (a.environment_id, a.feature_id) = (e.environment_id, e.feature_id) AND a.salt < e.salt
                 UNION ALL
                 SELECT a.* FROM assignment a
                 WHERE (a.environment_id, a.feature_id) = (e.environment_id, e.feature_id) AND a.salt > e.salt
             ) AS old LIMIT $2)",
    )
    .bind(before)
    .bind(most)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
