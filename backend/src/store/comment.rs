//! Comments: what people say about a change.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query};
use uuid::Uuid;

use super::bounded::{self, Budget};
use crate::{auth::By, error::Result};

/// Something said about a change.
#[derive(Clone, Debug, FromRow, SimpleObject, Serialize)]
pub struct Comment {
    #[graphql(skip)]
    pub change_id: Uuid,
    pub user: String,
    /// The token that said it for the user; none: the user in person.
    pub token: Option<String>,
    pub text: String,
    pub at: DateTime<Utc>,
}

/// The comments on changes, the oldest first, within what a request may read.
pub async fn of_changes(conn: &mut PgConnection, changes: &[Uuid], budget: &Budget) -> Result<Vec<Comment>> {
    let statement = query(
        "SELECT c.change_id, u.username AS \"user\", k.name AS token, c.text, c.at FROM change_comment c
         JOIN app_user u ON u.id = c.user_id LEFT JOIN token k ON k.id = c.token_id WHERE c.change_id = ANY ($1) ORDER BY c.at, c.id",
    );
    bounded::fetch_all(conn, statement.bind(changes), budget).await
}

/// How many comments a change has.
pub async fn count(conn: &mut PgConnection, change: Uuid) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM change_comment WHERE change_id = $1")
        .bind(change)
        .fetch_one(conn)
        .await
}

/// Adds a comment.
pub async fn insert(
    conn: &mut PgConnection,
    id: Uuid,
    (change, by): (Uuid, By),
    text: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    query(
        "INSERT INTO change_comment (id, change_id, user_id, token_id, text, at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(change)
    .bind(by.user)
    .bind(by.token)
    .bind(text)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}
