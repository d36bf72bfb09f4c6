//! What ends: the jobs that clear it away, and what each deletes. Every deletion is bounded and passes over what others
//! are at; the caller comes again while there is more.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, query, query_scalar};

use super::word_enum;

word_enum!(
    /// What is done from time to time.
    PeriodicJob {
        /// Partitions of counts are made ahead and dropped in the end.
        Partitions,
        /// Sketches, what was seen, and gaps.
        Evaluations,
        /// Samples.
        Samples,
        /// Ids of batches, and edges that are gone.
        Batches,
        /// Refresh tokens.
        Sessions,
        /// Failed tries to prove who one is.
        Failures,
        /// The log of revisions.
        DeliveryLog,
        /// What sticky splits keep.
        Assignments,
    }
);

/// The jobs whose time has come.
pub async fn due(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<Vec<PeriodicJob>> {
    query_scalar("SELECT name FROM periodic_job WHERE due_at <= $1 ORDER BY due_at, name")
        .bind(now)
        .fetch_all(conn)
        .await
}

/// Locks a job whose time has come, unless somebody else is at it. Gives whether it is the caller's to do.
pub async fn claim(conn: &mut PgConnection, job: PeriodicJob, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let claimed = query("SELECT FROM periodic_job WHERE name = $1 AND due_at <= $2 FOR UPDATE SKIP LOCKED")
        .bind(job)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(claimed.rows_affected() > 0)
}

/// Marks a job that is locked as done, until its next time.
pub async fn done(
    conn: &mut PgConnection,
    job: PeriodicJob,
    (now, next): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<()> {
    query("UPDATE periodic_job SET ran_at = $2, due_at = $3, runs = runs + 1 WHERE name = $1")
        .bind(job)
        .bind(now)
        .bind(next)
        .execute(conn)
        .await?;
    Ok(())
}

/// Drops the partitions of counts before a day.
pub async fn drop_partitions(conn: &mut PgConnection, before: NaiveDate) -> sqlx::Result<i32> {
    query_scalar("SELECT drop_evaluation_partitions($1)").bind(before).fetch_one(conn).await
}

/// Deletes sketches of hours before a time.
pub async fn delete_sketches(conn: &mut PgConnection, before: DateTime<Utc>, most: i64) -> sqlx::Result<u64> {
    let done = query(
        "DELETE FROM evaluation_sketch WHERE (environment_id, feature_id, hour) IN (
             SELECT environment_id, feature_id, hour FROM evaluation_sketch WHERE hour < $1
             ORDER BY hour LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(before)
    .bind(most)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Forgets variants that were served last before a time, but for the last one of each stage.
pub async fn delete_seen(conn: &mut PgConnection, before: DateTime<Utc>, most: i64) -> sqlx::Result<u64> {
    let done = query(
        "DELETE FROM evaluation_seen WHERE (feature_id, environment_id, variant) IN (
             SELECT old.feature_id, old.environment_id, old.variant FROM evaluation_seen old
             WHERE old.last_at < $1 AND EXISTS (
                 SELECT 1 FROM evaluation_seen other
                 WHERE (other.feature_id, other.environment_id) = (old.feature_id, old.environment_id)
                   AND (other.last_at, other.variant) > (old.last_at, old.variant))
             ORDER BY old.last_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(before)
    .bind(most)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Forgets what figures before a time lack.
pub async fn delete_gaps(conn: &mut PgConnection, before: DateTime<Utc>, most: i64) -> sqlx::Result<u64> {
    let done = query(
        "DELETE FROM ingest_gap WHERE id IN (
             SELECT id FROM ingest_gap WHERE until_at < $1 ORDER BY until_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(before)
    .bind(most)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes samples from before a time, and those of an environment that has more than so many newer ones.
pub async fn delete_samples(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
    (kept, most): (i64, i64),
) -> sqlx::Result<u64> {
    let done = query(
        "DELETE FROM evaluation_sample WHERE id IN (
             SELECT s.id FROM environment e CROSS JOIN LATERAL (
                 SELECT id FROM evaluation_sample WHERE environment_id = e.id
                 ORDER BY at DESC, id DESC OFFSET $2) AS s
             UNION SELECT id FROM evaluation_sample WHERE at < $1 LIMIT $3)",
    )
    .bind(before)
    .bind(kept)
    .bind(most)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Forgets the ids of batches that were received before a time.
pub async fn delete_batches(conn: &mut PgConnection, before: DateTime<Utc>, most: i64) -> sqlx::Result<u64> {
    let done = query(
        "DELETE FROM ingest_batch WHERE (team_id, id) IN (
             SELECT team_id, id FROM ingest_batch WHERE received_at < $1
             ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(before)
    .bind(most)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Forgets edges whose batches came last before a time.
pub async fn delete_edges(conn: &mut PgConnection, before: DateTime<Utc>, most: i64) -> sqlx::Result<u64> {
    let done = query(
        "DELETE FROM ingest_edge WHERE (team_id, edge_id) IN (
             SELECT team_id, edge_id FROM ingest_edge WHERE heard_at < $1
             ORDER BY heard_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(before)
    .bind(most)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// The newest revision that is both older than a time and followed by at least so many.
pub async fn revision_to_compact(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
    kept: i64,
) -> sqlx::Result<Option<i64>> {
    query_scalar(
        "SELECT i.revision FROM delivery_item i, delivery_head h
         WHERE i.revision <= h.revision - $2 AND i.revision > h.compacted AND i.at < $1
         ORDER BY i.revision DESC LIMIT 1",
    )
    .bind(before)
    .bind(kept)
    .fetch_optional(conn)
    .await
}

/// Moves `compacted` forward, and gives where it is. Takes the lock that all writers share.
pub async fn compact_delivery(conn: &mut PgConnection, through: i64) -> sqlx::Result<i64> {
    query_scalar("SELECT compact_delivery($1)").bind(through).fetch_one(conn).await
}

/// Deletes what is at or below `compacted` and was replaced since.
pub async fn trim_delivery(conn: &mut PgConnection, most: i32) -> sqlx::Result<i32> {
    query_scalar("SELECT trim_delivery($1)").bind(most).fetch_one(conn).await
}
