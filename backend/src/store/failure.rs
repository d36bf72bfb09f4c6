//! Failed tries to prove who one is, counted by key; the keys are hashes.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, query, query_as};

/// How often a key failed, and when last.
#[derive(Clone, Debug, FromRow)]
pub struct Failure {
    pub key: Vec<u8>,
    pub failures: i32,
    pub last_at: DateTime<Utc>,
}

/// Decides tries of one key one after the other, until the transaction ends.
pub async fn lock(conn: &mut PgConnection, key: &[u8]) -> sqlx::Result<()> {
    query("SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 1))")
        .bind(key)
        .execute(conn)
        .await?;
    Ok(())
}

/// What failed since `since`, of these keys.
pub async fn get(
    conn: &mut PgConnection,
    keys: &[Vec<u8>],
    since: DateTime<Utc>,
) -> sqlx::Result<Vec<Failure>> {
    query_as("SELECT key, failures, last_at FROM failure WHERE key = ANY ($1) AND last_at > $2")
        .bind(keys)
        .bind(since)
        .fetch_all(conn)
        .await
}

/// Counts a failure of each key; what failed before `since` is forgotten. Keys are taken in their order, so that two
/// transactions do not wait for each other.
pub async fn add(
    conn: &mut PgConnection,
    keys: &[Vec<u8>],
    (since, now): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<Vec<Failure>> {
    query_as(
        "INSERT INTO failure AS f (key, failures, last_at)
         SELECT key, 1, $3 FROM unnest($1) AS k (key) ORDER BY key
         ON CONFLICT (key) DO UPDATE
         SET failures = CASE WHEN f.last_at > $2 THEN f.failures + 1 ELSE 1 END, last_at = $3
         RETURNING key, failures, last_at",
    )
    .bind(keys)
    .bind(since)
    .bind(now)
    .fetch_all(conn)
    .await
}

/// Takes the failures of one key back, from itself and from another that counted them too.
pub async fn take_back(conn: &mut PgConnection, key: &[u8], from: &[u8]) -> sqlx::Result<()> {
    query(
        "WITH gone AS (DELETE FROM failure WHERE key = $1 RETURNING failures)
         UPDATE failure f SET failures = greatest(f.failures - gone.failures, 0) FROM gone WHERE f.key = $2",
    )
    .bind(key)
    .bind(from)
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets a key.
pub async fn forget(conn: &mut PgConnection, key: &[u8]) -> sqlx::Result<()> {
    query("DELETE FROM failure WHERE key = $1").bind(key).execute(conn).await?;
    Ok(())
}

/// Forgets some of what failed before `since`, and some of the oldest above `most`, leaving what others are at.
pub async fn sweep(
    conn: &mut PgConnection,
    since: DateTime<Utc>,
    (most, batch): (i64, i64),
) -> sqlx::Result<u64> {
    let done = query(
        "DELETE FROM failure WHERE key IN (
             SELECT key FROM failure WHERE last_at <= greatest($1, (
                 SELECT last_at FROM failure ORDER BY last_at DESC OFFSET $2 LIMIT 1))
             ORDER BY last_at LIMIT $3 FOR UPDATE SKIP LOCKED)",
    )
    .bind(since)
    .bind(most)
    .bind(batch)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
