//! Signing keys of access tokens, sealed.

use sqlx::{FromRow, PgConnection, query, query_as};

/// A sealed key.
#[derive(FromRow)]
pub struct SigningKey {
    pub kid: String,
    pub sealed: Vec<u8>,
}

/// All keys, the newest first.
pub async fn list(conn: &mut PgConnection) -> sqlx::Result<Vec<SigningKey>> {
    query_as("SELECT kid, sealed FROM signing_key ORDER BY created_at DESC, kid").fetch_all(conn).await
}

/// Adds a key.
pub async fn insert(conn: &mut PgConnection, kid: &str, sealed: &[u8]) -> sqlx::Result<()> {
    query("INSERT INTO signing_key (kid, algorithm, sealed) VALUES ($1, 'HS256', $2)")
        .bind(kid)
        .bind(sealed)
        .execute(conn)
        .await?;
    Ok(())
}
