//! Votes: who approved or rejected a change.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query};
use uuid::Uuid;

use super::{
    bounded::{self, Budget},
    token::{Mandate, mandate},
    word_enum,
};
use crate::{auth::By, error::Result};

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
pub async fn of_changes(conn: &mut PgConnection, changes: &[Uuid]) -> Result<Vec<Vote>> {
    of_changes_within(conn, changes, &Budget::default()).await
}

/// The same, within what a request may read.
pub async fn of_changes_within(
    conn: &mut PgConnection,
    changes: &[Uuid],
    budget: &Budget,
) -> Result<Vec<Vote>> {
    let statement = query(concat!(
        "SELECT v.change_id, v.user_id, u.username AS \"user\", v.decision, v.comment, v.at, ",
        mandate!("v.token_id"),
        " AS token
         FROM vote v JOIN app_user u ON u.id = v.user_id WHERE v.change_id = ANY ($1) ORDER BY v.at, u.username"
    ));
    bounded::fetch_all(conn, statement.bind(changes), budget).await
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
         SET token_id = excluded.token_id, decision = excluded.decision, at = excluded.at,
             -- Who says the same again without words has not taken back what they said.
             comment = CASE WHEN vote.decision = excluded.decision THEN coalesce(excluded.comment, vote.comment)
                            ELSE excluded.comment END",
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
