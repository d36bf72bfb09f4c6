//! Teams: they own everything else.

use chrono::{DateTime, Utc};
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
    /// Since when it is put away; none of one in use.
    pub archived_at: Option<DateTime<Utc>>,
}

macro_rules! columns {
    () => {
        "team.id, team.key, team.name, team.description, team.archived_at"
    };
}

/// Finds a team by key.
pub async fn get(conn: &mut PgConnection, key: &str) -> sqlx::Result<Option<Team>> {
    query_as(concat!("SELECT ", columns!(), " FROM team WHERE key = $1")).bind(key).fetch_optional(conn).await
}

/// Finds a team by key; it is not archived until the transaction ends.
pub async fn hold(conn: &mut PgConnection, key: &str) -> sqlx::Result<Option<Team>> {
    query_as(concat!("SELECT ", columns!(), " FROM team WHERE key = $1 FOR KEY SHARE"))
        .bind(key)
        .fetch_optional(conn)
        .await
}

/// Finds the team of a change.
pub async fn of_change(conn: &mut PgConnection, change: Uuid) -> sqlx::Result<Option<Team>> {
    query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM team JOIN change c ON c.team_id = team.id WHERE c.id = $1"
    ))
    .bind(change)
    .fetch_optional(conn)
    .await
}

/// Which teams a list has.
#[derive(Clone, Copy, Debug)]
pub struct TeamFilter<'a> {
    /// These; all when absent.
    pub among: Option<&'a [Uuid]>,
    /// Those that are archived, or those that are not; both when absent.
    pub archived: Option<bool>,
}

macro_rules! filter {
    () => {
        "($1::uuid[] IS NULL OR id = ANY ($1)) AND ($2::bool IS NULL OR (archived_at IS NOT NULL) = $2)"
    };
}

/// A page of teams by key.
pub async fn list(
    conn: &mut PgConnection,
    filter: TeamFilter<'_>,
    page: &PageRequest,
) -> sqlx::Result<Page<Team>> {
    let total = query_scalar(concat!("SELECT count(*) FROM team WHERE ", filter!()))
        .bind(filter.among)
        .bind(filter.archived)
        .fetch_one(&mut *conn)
        .await?;
    let rows = query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM team WHERE ",
        filter!(),
        " AND ($3::text IS NULL OR key > $3) ORDER BY key LIMIT $4"
    ))
    .bind(filter.among)
    .bind(filter.archived)
    .bind(&page.after)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |team: &Team| team.key.clone()))
}

/// Adds a team.
pub async fn insert(conn: &mut PgConnection, key: &str, name: &str, description: &str) -> sqlx::Result<Team> {
    query_as(concat!("INSERT INTO team (key, name, description) VALUES ($1, $2, $3) RETURNING ", columns!()))
        .bind(key)
        .bind(name)
        .bind(description)
        .fetch_one(conn)
        .await
}

/// Locks a team, so that it is edited by one after the other, and gives it as it is now.
pub async fn lock(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<Team> {
    query_as(concat!("SELECT ", columns!(), " FROM team WHERE id = $1 FOR NO KEY UPDATE"))
        .bind(id)
        .fetch_one(conn)
        .await
}

/// Waits until nobody holds a team any more, locks it, and gives it as it is now.
pub async fn lock_alone(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<Team> {
    query_as(concat!("SELECT ", columns!(), " FROM team WHERE id = $1 FOR UPDATE"))
        .bind(id)
        .fetch_one(conn)
        .await
}

/// Writes what an edit may have changed.
pub async fn update(conn: &mut PgConnection, edited: &Team) -> sqlx::Result<()> {
    query("UPDATE team SET name = $2, description = $3, archived_at = $4 WHERE id = $1")
        .bind(edited.id)
        .bind(&edited.name)
        .bind(&edited.description)
        .bind(edited.archived_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// The first keys of a team's features that are not archived, and how many there are.
pub async fn features_in_use(
    conn: &mut PgConnection,
    id: Uuid,
    most: i64,
) -> sqlx::Result<Vec<(String, i64)>> {
    query_as(
        "SELECT key, count(*) OVER () FROM feature WHERE team_id = $1 AND lifecycle <> 'ARCHIVED' ORDER BY key LIMIT $2",
    )
    .bind(id)
    .bind(most)
    .fetch_all(conn)
    .await
}

/// The first names of a team's clients that are let in, and how many there are.
pub async fn clients_in_use(
    conn: &mut PgConnection,
    id: Uuid,
    most: i64,
) -> sqlx::Result<Vec<(String, i64)>> {
    query_as(
        "SELECT name, count(*) OVER () FROM client
         WHERE team_id = $1 AND enabled AND deleted_at IS NULL ORDER BY name LIMIT $2",
    )
    .bind(id)
    .bind(most)
    .fetch_all(conn)
    .await
}
