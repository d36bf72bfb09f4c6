//! Teams: they own everything else.

use serde::Serialize;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::page::{Page, PageRequest};

/// A team.
#[derive(Clone, Debug, PartialEq, FromRow, Serialize)]
pub struct Team {
    pub id: Uuid,
    pub key: String,
    pub name: String,
    pub description: String,
}

/// Finds a team by key.
pub async fn get(conn: &mut PgConnection, key: &str) -> sqlx::Result<Option<Team>> {
    query_as("SELECT id, key, name, description FROM team WHERE key = $1")
        .bind(key)
        .fetch_optional(conn)
        .await
}

/// Finds the team of a change.
pub async fn of_change(conn: &mut PgConnection, change: Uuid) -> sqlx::Result<Option<Team>> {
    query_as(
        "SELECT t.id, t.key, t.name, t.description FROM team t JOIN change c ON c.team_id = t.id WHERE c.id = $1",
    )
    .bind(change)
    .fetch_optional(conn)
    .await
}

/// A page of teams by key: these, or all when it is not said which.
pub async fn list(
    conn: &mut PgConnection,
    among: Option<&[Uuid]>,
    page: &PageRequest,
) -> sqlx::Result<Page<Team>> {
    let total = query_scalar("SELECT count(*) FROM team WHERE $1::uuid[] IS NULL OR id = ANY ($1)")
        .bind(among)
        .fetch_one(&mut *conn)
        .await?;
    let rows = query_as(
        "SELECT id, key, name, description FROM team
         WHERE ($1::uuid[] IS NULL OR id = ANY ($1))
           AND ($2::text IS NULL OR key > $2) ORDER BY key LIMIT $3",
    )
    .bind(among)
    .bind(&page.after)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |team: &Team| team.key.clone()))
}

/// Adds a team.
pub async fn insert(conn: &mut PgConnection, key: &str, name: &str, description: &str) -> sqlx::Result<Team> {
    query_as(
        "INSERT INTO team (key, name, description) VALUES ($1, $2, $3) RETURNING id, key, name, description",
    )
    .bind(key)
    .bind(name)
    .bind(description)
    .fetch_one(conn)
    .await
}

/// Locks a team, so that it is edited by one after the other, and gives it as it is now.
pub async fn lock(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<Team> {
    query_as("SELECT id, key, name, description FROM team WHERE id = $1 FOR NO KEY UPDATE")
        .bind(id)
        .fetch_one(conn)
        .await
}

/// Writes what an edit may have changed.
pub async fn update(conn: &mut PgConnection, edited: &Team) -> sqlx::Result<()> {
    query("UPDATE team SET name = $2, description = $3 WHERE id = $1")
        .bind(edited.id)
        .bind(&edited.name)
        .bind(&edited.description)
        .execute(conn)
        .await?;
    Ok(())
}
