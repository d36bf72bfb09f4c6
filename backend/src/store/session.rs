//! Sessions: hashes of refresh tokens in their families, and of the one-time bootstrap token.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

/// A refresh token as it is kept.
#[derive(FromRow)]
pub struct RefreshToken {
    pub family: Uuid,
    pub user_id: Uuid,
    pub expires_at: DateTime<Utc>,
    pub replaced_at: Option<DateTime<Utc>>,
}

/// Whose a token is, without waiting for anything.
pub async fn owner(conn: &mut PgConnection, sha256: &[u8]) -> sqlx::Result<Option<Uuid>> {
    query_scalar("SELECT user_id FROM refresh_token WHERE sha256 = $1")
        .bind(sha256)
        .fetch_optional(conn)
        .await
}

/// Finds a token and locks its family, so that two uses of any of its tokens are decided one after the other: a family
/// that ends takes the token with it that another use is about to make.
pub async fn lock(conn: &mut PgConnection, sha256: &[u8]) -> sqlx::Result<Option<RefreshToken>> {
    query("SELECT pg_advisory_xact_lock(hashtextextended(family::text, 0)) FROM refresh_token WHERE sha256 = $1")
        .bind(sha256)
        .execute(&mut *conn)
        .await?;
    query_as(
        "SELECT family, user_id, expires_at, replaced_at FROM refresh_token WHERE sha256 = $1 FOR UPDATE",
    )
    .bind(sha256)
    .fetch_optional(conn)
    .await
}

/// Adds a token to its family.
pub async fn insert(
    conn: &mut PgConnection,
    sha256: &[u8],
    token: &RefreshToken,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    query("INSERT INTO refresh_token (sha256, family, user_id, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(sha256)
        .bind(token.family)
        .bind(token.user_id)
        .bind(now)
        .bind(token.expires_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// Marks a token as replaced, the first time.
pub async fn replace(conn: &mut PgConnection, sha256: &[u8], now: DateTime<Utc>) -> sqlx::Result<()> {
    query("UPDATE refresh_token SET replaced_at = coalesce(replaced_at, $2) WHERE sha256 = $1")
        .bind(sha256)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a family.
pub async fn end(conn: &mut PgConnection, family: Uuid) -> sqlx::Result<()> {
    query("DELETE FROM refresh_token WHERE family = $1").bind(family).execute(conn).await?;
    Ok(())
}

/// Ends all sessions of a user.
pub async fn end_all(conn: &mut PgConnection, user: Uuid) -> sqlx::Result<()> {
    query("DELETE FROM refresh_token WHERE user_id = $1").bind(user).execute(conn).await?;
    Ok(())
}

/// Forgets some of what has expired, leaving what others are at.
pub async fn forget_expired(conn: &mut PgConnection, now: DateTime<Utc>, most: i64) -> sqlx::Result<u64> {
    let done = query(
        "DELETE FROM refresh_token WHERE sha256 IN (
             SELECT sha256 FROM refresh_token WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(now)
    .bind(most)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Keeps the hash of a new bootstrap token in place of any before it.
pub async fn set_bootstrap(conn: &mut PgConnection, sha256: &[u8]) -> sqlx::Result<()> {
    query("INSERT INTO bootstrap (sha256) VALUES ($1) ON CONFLICT (only_row) DO UPDATE SET sha256 = excluded.sha256")
        .bind(sha256)
        .execute(conn)
        .await?;
    Ok(())
}

/// The hash of the bootstrap token, while there is one.
pub async fn bootstrap(conn: &mut PgConnection) -> sqlx::Result<Option<Vec<u8>>> {
    query_scalar("SELECT sha256 FROM bootstrap").fetch_optional(conn).await
}

/// Takes the bootstrap token away and gives its hash: of many tries at once only one gets it.
pub async fn take_bootstrap(conn: &mut PgConnection) -> sqlx::Result<Option<Vec<u8>>> {
    query_scalar("DELETE FROM bootstrap RETURNING sha256").fetch_optional(conn).await
}

/// Waits until no other replica is starting; released with the transaction.
pub async fn start_lock(conn: &mut PgConnection) -> sqlx::Result<()> {
    // An arbitrary number that nothing else in this database locks.
    query("SELECT pg_advisory_xact_lock(7301938456)").execute(conn).await?;
    Ok(())
}
