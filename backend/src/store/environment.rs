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
#[derive(Clone, Debug, PartialEq, FromRow, SimpleObject, Serialize)]
pub struct Environment {
    #[serde(skip)]
    pub id: Uuid,
    #[graphql(skip)]
    #[serde(skip)]
    pub team_id: Uuid,
    pub key: String,
    pub name: String,
    #[graphql(name = "type")]
    #[sqlx(rename = "type")]
    #[serde(rename = "type")]
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

/// Environments of a team by key.
pub async fn by_keys(conn: &mut PgConnection, team: Uuid, keys: &[&str]) -> sqlx::Result<Vec<Environment>> {
    query_as(
        "SELECT id, team_id, key, name, type, colour, position, active FROM environment
         WHERE team_id = $1 AND key = ANY ($2)",
    )
    .bind(team)
    .bind(keys)
    .fetch_all(conn)
    .await
}

/// Locks all environments of a team until the transaction ends, and gives them in their order.
pub async fn lock_all(conn: &mut PgConnection, team: Uuid) -> sqlx::Result<Vec<Environment>> {
    // In one order for all writers, and stronger than `lock_places`: no change is on its way meanwhile.
    query("SELECT FROM environment WHERE team_id = $1 ORDER BY id FOR UPDATE")
        .bind(team)
        .execute(&mut *conn)
        .await?;
    query_as(
        "SELECT id, team_id, key, name, type, colour, position, active FROM environment
         WHERE team_id = $1 ORDER BY position",
    )
    .bind(team)
    .fetch_all(conn)
    .await
}

/// Keeps environments as they are until the transaction ends, and gives the keys of those that are not active.
pub async fn lock_places(conn: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<Vec<String>> {
    let places: Vec<(String, bool)> =
        query_as("SELECT key, active FROM environment WHERE id = ANY ($1) ORDER BY id FOR KEY SHARE")
            .bind(ids)
            .fetch_all(conn)
            .await?;
    Ok(places.into_iter().filter(|(_, active)| !active).map(|(key, _)| key).collect())
}

/// Writes what an edit may have changed, but for the position.
pub async fn update(conn: &mut PgConnection, edited: &Environment) -> sqlx::Result<()> {
    query("UPDATE environment SET name = $2, type = $3, colour = $4, active = $5 WHERE id = $1")
        .bind(edited.id)
        .bind(&edited.name)
        .bind(edited.kind)
        .bind(&edited.colour)
        .bind(edited.active)
        .execute(conn)
        .await?;
    Ok(())
}

/// Puts environments into new places, all in one statement, as two never share one.
pub async fn set_positions(conn: &mut PgConnection, places: &[(Uuid, i32)]) -> sqlx::Result<()> {
    let (ids, positions): (Vec<_>, Vec<_>) = places.iter().copied().unzip();
    query(
        "UPDATE environment e SET position = moved.position
         FROM unnest($1::uuid[], $2::integer[]) AS moved (id, position) WHERE e.id = moved.id",
    )
    .bind(ids)
    .bind(positions)
    .execute(conn)
    .await?;
    Ok(())
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
