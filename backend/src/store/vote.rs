//! Votes: who approved or rejected a change.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query, query_as};
use uuid::Uuid;

use super::{
    token::{Mandate, mandate},
    word_enum,
};
use crate::auth::By;

word_enum!(
    /// Yes or no.
    Decision {
        /// Yes.
        Approve,
        /// No, which ends the change.
        Reject,
    }
);

/// A vote on a change.
#[derive(Clone, Debug, FromRow, SimpleObject, Serialize)]
#[graphql(complex)]
pub struct Vote {
    #[graphql(skip)]
    pub change_id: Uuid,
    #[graphql(skip)]
    pub user_id: Uuid,
    pub user: String,
    /// The token that voted for the user: then its roles count.
    #[graphql(skip)]
    #[sqlx(json(nullable))]
    pub token: Option<Mandate>,
    pub decision: Decision,
    pub comment: Option<String>,
    pub at: DateTime<Utc>,
}

/// The votes on changes, the oldest first.
pub async fn of_changes(conn: &mut PgConnection, changes: &[Uuid]) -> sqlx::Result<Vec<Vote>> {
    query_as(concat!(
        "SELECT v.change_id, v.user_id, u.username AS \"user\", v.decision, v.comment, v.at, ",
        mandate!("v.token_id"),
        " AS token
         FROM vote v JOIN app_user u ON u.id = v.user_id WHERE v.change_id = ANY ($1) ORDER BY v.at, u.username"
    ))
    .bind(changes)
    .fetch_all(conn)
    .await
}

/// Casts a vote, or changes it: a user and their tokens have one.
pub async fn set(
    conn: &mut PgConnection,
    (change, by): (Uuid, By),
    decision: Decision,
    comment: Option<&str>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    query(
        "INSERT INTO vote (change_id, user_id, token_id, decision, comment, at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (change_id, user_id) DO UPDATE
         SET token_id = excluded.token_id, decision = excluded.decision, comment = excluded.comment, at = excluded.at",
    )
    .bind(change)
    .bind(by.user)
    .bind(by.token)
    .bind(decision)
    .bind(comment)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}
