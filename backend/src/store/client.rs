//! Clients: programs that evaluate (BACKEND, FRONTEND) or listen (EDGE).

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
    pub created_at: DateTime<Utc>,
    pub key_ids: Vec<String>,
}

/// Finds a client of a team by name.
pub async fn get(conn: &mut PgConnection, team: Uuid, name: &str) -> sqlx::Result<Option<Client>> {
    query_as(
        "SELECT c.*, ARRAY (SELECT k.id FROM client_key k WHERE k.client_id = c.id ORDER BY k.created_at) AS key_ids
         FROM client c WHERE team_id = $1 AND name = $2",
    )
    .bind(team)
    .bind(name)
    .fetch_optional(conn)
    .await
}

/// All names of a team, for "did you mean".
pub async fn names(conn: &mut PgConnection, team: Uuid) -> sqlx::Result<Vec<String>> {
    query_scalar("SELECT name FROM client WHERE team_id = $1 ORDER BY name LIMIT 1000")
        .bind(team)
        .fetch_all(conn)
        .await
}

/// A page of a team's clients by name.
pub async fn list(conn: &mut PgConnection, team: Uuid, page: &PageRequest) -> sqlx::Result<Page<Client>> {
    let total = query_scalar("SELECT count(*) FROM client WHERE team_id = $1")
        .bind(team)
        .fetch_one(&mut *conn)
        .await?;
    let rows = query_as(
        "SELECT c.*, ARRAY (SELECT k.id FROM client_key k WHERE k.client_id = c.id ORDER BY k.created_at) AS key_ids
         FROM client c WHERE team_id = $1 AND ($2::text IS NULL OR name > $2) ORDER BY name LIMIT $3",
    )
    .bind(team)
    .bind(&page.after)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |client: &Client| client.name.clone()))
}

/// Adds a client and gives its id.
pub async fn insert(
    conn: &mut PgConnection,
    team: Uuid,
    (name, kind): (&str, ClientKind),
    environment: Option<Uuid>,
    now: DateTime<Utc>,
) -> sqlx::Result<Uuid> {
    query_scalar(
        "INSERT INTO client (team_id, name, kind, environment_id, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id",
    )
    .bind(team)
    .bind(name)
    .bind(kind)
    .bind(environment)
    .bind(now)
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
