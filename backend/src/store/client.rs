//! Clients: programs that evaluate (BACKEND, FRONTEND) or listen (EDGE).

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    page::{Page, PageRequest},
    word_enum,
};

word_enum!(
    /// What a client may do.
    ClientKind {
        /// Evaluates, on a server.
        Backend,
        /// Evaluates, in the open: only flags that say so.
        Frontend,
        /// Opens the delivery stream, and nothing else.
        Edge,
    }
);

/// A program. No environment: all of the team's.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Client {
    pub id: Uuid,
    pub team_id: Uuid,
    pub name: String,
    pub kind: ClientKind,
    pub environment_id: Option<Uuid>,
    pub enabled: bool,
    pub origins: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub key_ids: Vec<String>,
}

/// A key that holds; of the key itself only what it shows.
#[derive(Clone, Debug, FromRow, SimpleObject, Serialize)]
pub struct ClientKey {
    #[graphql(skip)]
    pub client_id: Uuid,
    /// The eight characters that the key shows.
    pub id: String,
    pub created_at: DateTime<Utc>,
    /// Until when it holds; without an end when absent.
    pub not_after: Option<DateTime<Utc>>,
}

/// Finds a client of a team by name.
pub async fn get(
    conn: &mut PgConnection,
    (team, name): (Uuid, &str),
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Client>> {
    query_as(
        "SELECT c.*, ARRAY (SELECT k.id FROM client_key k WHERE k.client_id = c.id
                AND (k.not_after IS NULL OR k.not_after > $3) ORDER BY k.created_at, k.id) AS key_ids
         FROM client c WHERE team_id = $1 AND name = $2 AND deleted_at IS NULL",
    )
    .bind(team)
    .bind(name)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// Clients by id, deleted ones too: what they did remains.
pub async fn by_ids(conn: &mut PgConnection, ids: &[Uuid], now: DateTime<Utc>) -> sqlx::Result<Vec<Client>> {
    query_as(
        "SELECT c.*, ARRAY (SELECT k.id FROM client_key k WHERE k.client_id = c.id
                AND (k.not_after IS NULL OR k.not_after > $2) ORDER BY k.created_at, k.id) AS key_ids
         FROM client c WHERE c.id = ANY ($1)",
    )
    .bind(ids)
    .bind(now)
    .fetch_all(conn)
    .await
}

/// Finds a client of a team by name, which stays as it is until the transaction ends.
pub async fn lock(
    conn: &mut PgConnection,
    (team, name): (Uuid, &str),
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Client>> {
    query("SELECT id FROM client WHERE team_id = $1 AND name = $2 AND deleted_at IS NULL FOR NO KEY UPDATE")
        .bind(team)
        .bind(name)
        .execute(&mut *conn)
        .await?;
    // Read after the lock is held: what others did to its keys meanwhile counts.
    get(conn, (team, name), now).await
}

/// The keys of clients that hold at a time, the oldest first.
pub async fn keys(
    conn: &mut PgConnection,
    clients: &[Uuid],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<ClientKey>> {
    query_as(
        "SELECT client_id, id, created_at, not_after FROM client_key
         WHERE client_id = ANY ($1) AND (not_after IS NULL OR not_after > $2) ORDER BY created_at, id",
    )
    .bind(clients)
    .bind(now)
    .fetch_all(conn)
    .await
}

/// All names of a team, for "did you mean".
pub async fn names(conn: &mut PgConnection, team: Uuid) -> sqlx::Result<Vec<String>> {
    query_scalar("SELECT name FROM client WHERE team_id = $1 AND deleted_at IS NULL ORDER BY name LIMIT 1000")
        .bind(team)
        .fetch_all(conn)
        .await
}

/// Which of a team's clients are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientFilter {
    /// Of this kind.
    pub kind: Option<ClientKind>,
    /// Let in, or not.
    pub enabled: Option<bool>,
}

/// A page of a team's clients by name.
pub async fn list(
    conn: &mut PgConnection,
    team: Uuid,
    filter: ClientFilter,
    (page, now): (&PageRequest, DateTime<Utc>),
) -> sqlx::Result<Page<Client>> {
    let mut total = 0;
    if page.counted {
        total = query_scalar(
            "SELECT count(*) FROM client WHERE team_id = $1 AND deleted_at IS NULL
               AND ($2::text IS NULL OR kind = $2) AND ($3::boolean IS NULL OR enabled = $3)",
        )
        .bind(team)
        .bind(filter.kind)
        .bind(filter.enabled)
        .fetch_one(&mut *conn)
        .await?;
    }
    let rows = query_as(
        "SELECT c.*, ARRAY (SELECT k.id FROM client_key k WHERE k.client_id = c.id
                AND (k.not_after IS NULL OR k.not_after > $6) ORDER BY k.created_at, k.id) AS key_ids
         FROM client c WHERE team_id = $1 AND deleted_at IS NULL
           AND ($2::text IS NULL OR kind = $2) AND ($3::boolean IS NULL OR enabled = $3)
           AND ($4::text IS NULL OR name > $4) ORDER BY name LIMIT $5",
    )
    .bind(team)
    .bind(filter.kind)
    .bind(filter.enabled)
    .bind(&page.after)
    .bind(page.limit())
    .bind(now)
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |client: &Client| client.name.clone()))
}

/// Adds a client and gives its id.
pub async fn insert(
    conn: &mut PgConnection,
    team: Uuid,
    (name, kind, origins): (&str, ClientKind, &[String]),
    environment: Option<Uuid>,
    now: DateTime<Utc>,
) -> sqlx::Result<Uuid> {
    query_scalar(
        "INSERT INTO client (team_id, name, kind, environment_id, created_at, origins)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
    )
    .bind(team)
    .bind(name)
    .bind(kind)
    .bind(environment)
    .bind(now)
    .bind(origins)
    .fetch_one(conn)
    .await
}

/// Adds a key to a client.
pub async fn insert_key(
    conn: &mut PgConnection,
    client: Uuid,
    (id, sha256): (&str, &[u8]),
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    query("INSERT INTO client_key (id, client_id, sha256, created_at) VALUES ($1, $2, $3, $4)")
        .bind(id)
        .bind(client)
        .bind(sha256)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Lets a client in, or no longer.
pub async fn set_enabled(conn: &mut PgConnection, client: Uuid, enabled: bool) -> sqlx::Result<()> {
    query("UPDATE client SET enabled = $2 WHERE id = $1").bind(client).bind(enabled).execute(conn).await?;
    Ok(())
}

/// Replaces the web origins.
pub async fn set_origins(conn: &mut PgConnection, client: Uuid, origins: &[String]) -> sqlx::Result<()> {
    query("UPDATE client SET origins = $2 WHERE id = $1").bind(client).bind(origins).execute(conn).await?;
    Ok(())
}

/// Ends all keys of a client at a time, those that end before it as they would, and forgets those that have ended.
pub async fn end_keys(
    conn: &mut PgConnection,
    client: Uuid,
    (now, end): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<()> {
    query(
        "UPDATE client_key SET not_after = $2 WHERE client_id = $1 AND (not_after IS NULL OR not_after > $2)",
    )
    .bind(client)
    .bind(end)
    .execute(&mut *conn)
    .await?;
    query("DELETE FROM client_key WHERE client_id = $1 AND not_after <= $2")
        .bind(client)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a key from a client. Gives whether it had it.
pub async fn delete_key(conn: &mut PgConnection, client: Uuid, id: &str) -> sqlx::Result<bool> {
    let done = query("DELETE FROM client_key WHERE client_id = $1 AND id = $2")
        .bind(client)
        .bind(id)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Shuts a client out for good; its name is free again.
pub async fn delete(conn: &mut PgConnection, client: Uuid, now: DateTime<Utc>) -> sqlx::Result<()> {
    query("UPDATE client SET enabled = false, deleted_at = $2 WHERE id = $1")
        .bind(client)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}
