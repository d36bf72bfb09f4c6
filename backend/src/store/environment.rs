//! Environments: where features are served.

use async_graphql::SimpleObject;
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    page::{Page, PageRequest},
    word_enum,
};

word_enum!(
    /// How much care an environment deserves.
    EnvironmentType {
        /// Where things are tried.
        Development,
        /// Where they are looked at.
        Staging,
        /// Where they matter.
        Production,
    }
);

/// A place where features are served.
#[derive(Clone, Debug, FromRow, SimpleObject, Serialize)]
pub struct Environment {
    pub id: Uuid,
    #[graphql(skip)]
    pub team_id: Uuid,
    pub key: String,
    pub name: String,
    #[graphql(name = "type")]
    #[sqlx(rename = "type")]
    pub kind: EnvironmentType,
    pub colour: Option<String>,
    pub position: i32,
    pub active: bool,
}

/// Finds an environment of a team by key.
pub async fn get(conn: &mut PgConnection, team: Uuid, key: &str) -> sqlx::Result<Option<Environment>> {
    query_as(
        "SELECT id, team_id, key, name, type, colour, position, active FROM environment WHERE team_id = $1 AND key = $2",
    )
    .bind(team)
    .bind(key)
    .fetch_optional(conn)
    .await
}

/// Environments by id.
pub async fn by_ids(conn: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<Vec<Environment>> {
    query_as(
        "SELECT id, team_id, key, name, type, colour, position, active FROM environment WHERE id = ANY ($1)",
    )
    .bind(ids)
    .fetch_all(conn)
    .await
}

/// Waits until no other transaction decides on the dependencies in an environment.
pub async fn lock_dependencies(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<()> {
    query("SELECT FROM environment WHERE id = $1 FOR NO KEY UPDATE").bind(id).execute(conn).await?;
    Ok(())
}

/// All keys of a team, for "did you mean".
pub async fn keys(conn: &mut PgConnection, team: Uuid) -> sqlx::Result<Vec<String>> {
    query_scalar("SELECT key FROM environment WHERE team_id = $1 ORDER BY position LIMIT 1000")
        .bind(team)
        .fetch_all(conn)
        .await
}

/// A page of a team's environments in their order.
pub async fn list(
    conn: &mut PgConnection,
    team: Uuid,
    page: &PageRequest,
) -> sqlx::Result<Page<Environment>> {
    let after = page.after_number().unwrap_or_default();
    let total = query_scalar("SELECT count(*) FROM environment WHERE team_id = $1")
        .bind(team)
        .fetch_one(&mut *conn)
        .await?;
    let rows = query_as(
        "SELECT id, team_id, key, name, type, colour, position, active FROM environment
         WHERE team_id = $1 AND ($2::bigint IS NULL OR position > $2) ORDER BY position LIMIT $3",
    )
    .bind(team)
    .bind(after)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |environment: &Environment| environment.position.to_string()))
}

/// Adds an environment behind the others.
pub async fn insert(
    conn: &mut PgConnection,
    team: Uuid,
    key: &str,
    name: &str,
    (kind, colour): (EnvironmentType, Option<&str>),
) -> sqlx::Result<Environment> {
    // One after the other, so that each finds its own place.
    query("SELECT FROM team WHERE id = $1 FOR NO KEY UPDATE").bind(team).execute(&mut *conn).await?;
    query_as(
        "INSERT INTO environment (team_id, key, name, type, colour, position)
         VALUES ($1, $2, $3, $4, $5, (SELECT coalesce(max(position), 0) + 1 FROM environment WHERE team_id = $1))
         RETURNING id, team_id, key, name, type, colour, position, active",
    )
    .bind(team)
    .bind(key)
    .bind(name)
    .bind(kind)
    .bind(colour)
    .fetch_one(conn)
    .await
}
