//! Context keys: what attributes contexts have, and what criteria may ask of them.

use async_graphql::SimpleObject;
use serde::Serialize;
use serde_json::Value;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    page::{Page, PageRequest},
    word_enum,
};

word_enum!(
    /// What an attribute holds.
    ContextKeyType {
        /// A text.
        String,
        /// A number.
        Number,
        /// true or false.
        Boolean,
        /// A version, like 1.2.3.
        Version,
        /// A point in time: RFC 3339 with an offset, or Unix milliseconds.
        Instant,
    }
);

/// An attribute that contexts of the team have. No allowed values: any.
#[derive(Clone, Debug, PartialEq, FromRow, SimpleObject, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContextKey {
    #[graphql(skip)]
    #[serde(skip)]
    pub id: Uuid,
    pub key: String,
    #[graphql(name = "type")]
    #[sqlx(rename = "type")]
    #[serde(rename = "type")]
    pub kind: ContextKeyType,
    pub description: String,
    #[sqlx(json)]
    pub allowed_values: Vec<Value>,
}

/// A document that asks something of an attribute: one that is live, or of an open change.
#[derive(Clone, Debug, FromRow)]
pub struct Asking {
    pub feature: String,
    pub environment: String,
    pub change: Option<i32>,
    pub config: Value,
}

/// Finds a context key of a team by key.
pub async fn get(conn: &mut PgConnection, team: Uuid, key: &str) -> sqlx::Result<Option<ContextKey>> {
    query_as(
        "SELECT id, key, type, description, allowed_values FROM context_key WHERE team_id = $1 AND key = $2",
    )
    .bind(team)
    .bind(key)
    .fetch_optional(conn)
    .await
}

/// Finds a context key and locks it, so that it is edited by one after the other.
pub async fn lock(conn: &mut PgConnection, team: Uuid, key: &str) -> sqlx::Result<Option<ContextKey>> {
    query_as(
        "SELECT id, key, type, description, allowed_values FROM context_key
         WHERE team_id = $1 AND key = $2 FOR UPDATE",
    )
    .bind(team)
    .bind(key)
    .fetch_optional(conn)
    .await
}

/// All of a team's, for checking documents.
pub async fn all(conn: &mut PgConnection, team: Uuid) -> sqlx::Result<Vec<ContextKey>> {
    query_as(
        "SELECT id, key, type, description, allowed_values FROM context_key WHERE team_id = $1 ORDER BY key",
    )
    .bind(team)
    .fetch_all(conn)
    .await
}

/// All keys of a team, for "did you mean".
pub async fn keys(conn: &mut PgConnection, team: Uuid) -> sqlx::Result<Vec<String>> {
    query_scalar("SELECT key FROM context_key WHERE team_id = $1 ORDER BY key LIMIT 1000")
        .bind(team)
        .fetch_all(conn)
        .await
}

/// How many a team has.
pub async fn count(conn: &mut PgConnection, team: Uuid) -> sqlx::Result<i64> {
    query_scalar("SELECT count(*) FROM context_key WHERE team_id = $1").bind(team).fetch_one(conn).await
}

/// A page of a team's context keys by key.
pub async fn list(conn: &mut PgConnection, team: Uuid, page: &PageRequest) -> sqlx::Result<Page<ContextKey>> {
    let total = count(conn, team).await?;
    let rows = query_as(
        "SELECT id, key, type, description, allowed_values FROM context_key
         WHERE team_id = $1 AND ($2::text IS NULL OR key > $2) ORDER BY key LIMIT $3",
    )
    .bind(team)
    .bind(&page.after)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |context_key: &ContextKey| context_key.key.clone()))
}

/// The documents of a team that compare an attribute: those that are live, and those of open changes.
pub async fn asking(conn: &mut PgConnection, team: Uuid, key: &str) -> sqlx::Result<Vec<Asking>> {
    query_as(
        "SELECT f.key AS feature, e.key AS environment, NULL::integer AS change, v.config
         FROM stage s JOIN feature f ON f.id = s.feature_id JOIN environment e ON e.id = s.environment_id
         JOIN version v ON v.stage_id = s.id AND v.number = s.live_version
         WHERE f.team_id = $1 AND jsonb_path_exists(v.config, '$.criteria.**.key ? (@ == $key)',
                                                    jsonb_build_object('key', $2::text))
         UNION ALL
         SELECT f.key, e.key, c.number, i.config
         FROM change c JOIN change_item i ON i.change_id = c.id JOIN stage s ON s.id = i.stage_id
         JOIN feature f ON f.id = s.feature_id JOIN environment e ON e.id = s.environment_id
         WHERE c.team_id = $1 AND c.status IN ('PENDING', 'APPROVED')
           AND jsonb_path_exists(i.config, '$.criteria.**.key ? (@ == $key)', jsonb_build_object('key', $2::text))
         ORDER BY 1, 2, 3 NULLS FIRST",
    )
    .bind(team)
    .bind(key)
    .fetch_all(conn)
    .await
}

/// Adds a context key.
pub async fn insert(conn: &mut PgConnection, team: Uuid, new: &ContextKey) -> sqlx::Result<ContextKey> {
    query_as(
        "INSERT INTO context_key (team_id, key, type, description, allowed_values) VALUES ($1, $2, $3, $4, $5)
         RETURNING id, key, type, description, allowed_values",
    )
    .bind(team)
    .bind(&new.key)
    .bind(new.kind)
    .bind(&new.description)
    .bind(sqlx::types::Json(&new.allowed_values))
    .fetch_one(conn)
    .await
}

/// Writes what an edit may have changed.
pub async fn update(conn: &mut PgConnection, edited: &ContextKey) -> sqlx::Result<()> {
    query("UPDATE context_key SET type = $2, description = $3, allowed_values = $4 WHERE id = $1")
        .bind(edited.id)
        .bind(edited.kind)
        .bind(&edited.description)
        .bind(sqlx::types::Json(&edited.allowed_values))
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a context key away.
pub async fn delete(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<()> {
    query("DELETE FROM context_key WHERE id = $1").bind(id).execute(conn).await?;
    Ok(())
}
