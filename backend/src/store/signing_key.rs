//! Signing keys of access tokens, sealed.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, query, query_as};

/// A key, without what it signs with.
#[derive(Clone, Debug, FromRow)]
pub struct SigningKey {
    pub kid: String,
    pub created_at: DateTime<Utc>,
    pub retired_at: Option<DateTime<Utc>>,
}

/// A sealed key; printed nowhere.
#[derive(FromRow)]
pub struct SealedKey {
    pub kid: String,
    pub sealed: Vec<u8>,
    pub retired_at: Option<DateTime<Utc>>,
}

/// All keys, the newest first.
pub async fn list(conn: &mut PgConnection) -> sqlx::Result<Vec<SigningKey>> {
    query_as("SELECT kid, created_at, retired_at FROM signing_key ORDER BY created_at DESC, kid")
        .fetch_all(conn)
        .await
}

/// All keys with what they verify with.
pub async fn sealed(conn: &mut PgConnection) -> sqlx::Result<Vec<SealedKey>> {
    query_as("SELECT kid, sealed, retired_at FROM signing_key").fetch_all(conn).await
}

/// The key that signs.
pub async fn signing(conn: &mut PgConnection) -> sqlx::Result<Option<SealedKey>> {
    query_as("SELECT kid, sealed, retired_at FROM signing_key WHERE retired_at IS NULL")
        .fetch_optional(conn)
        .await
}

/// Adds the key that signs from now on; the former one must be retired.
pub async fn insert(
    conn: &mut PgConnection,
    (kid, sealed): (&str, &[u8]),
    now: DateTime<Utc>,
) -> sqlx::Result<SigningKey> {
    query_as(
        "INSERT INTO signing_key (kid, algorithm, sealed, created_at) VALUES ($1, 'HS256', $2, $3)
         RETURNING kid, created_at, retired_at",
    )
    .bind(kid)
    .bind(sealed)
    .bind(now)
    .fetch_one(conn)
    .await
}

/// Lets no key sign any more.
pub async fn retire(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<()> {
    query("UPDATE signing_key SET retired_at = $1 WHERE retired_at IS NULL").bind(now).execute(conn).await?;
    Ok(())
}

/// Removes keys that were retired until then.
pub async fn remove(conn: &mut PgConnection, until: DateTime<Utc>) -> sqlx::Result<()> {
    query("DELETE FROM signing_key WHERE retired_at <= $1").bind(until).execute(conn).await?;
    Ok(())
}
