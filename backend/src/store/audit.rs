//! The audit: who did what, append only.

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
    /// Who can do something.
    ActorKind {
        /// A person.
        User,
        /// A program with a client's key.
        Client,
        /// FluxGate itself.
        System,
    }
);

/// Something that was done, or refused.
#[derive(Clone, Debug, FromRow, SimpleObject, Serialize)]
pub struct AuditEntry {
    pub number: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub actor_kind: ActorKind,
    pub action: String,
    pub subject: String,
    pub environment: Option<String>,
    pub reason: Option<String>,
    pub before: Option<serde_json::Value>,
    pub after: Option<serde_json::Value>,
    pub address: Option<String>,
}

/// An entry to be written.
#[derive(Default)]
pub struct NewEntry<'a> {
    pub team: Option<Uuid>,
    pub action: &'a str,
    pub subject: String,
    pub feature: Option<Uuid>,
    pub environment: Option<&'a str>,
    pub reason: Option<&'a str>,
    pub before: Option<serde_json::Value>,
    pub after: Option<serde_json::Value>,
}

/// Who did it, when and from where.
pub struct Actor<'a> {
    pub kind: ActorKind,
    pub id: Option<Uuid>,
    pub name: &'a str,
    pub at: DateTime<Utc>,
    pub address: Option<&'a str>,
    pub request: Option<Uuid>,
}

/// Writes an entry.
pub async fn insert(conn: &mut PgConnection, actor: &Actor<'_>, entry: &NewEntry<'_>) -> sqlx::Result<()> {
    query(
        "INSERT INTO audit_entry (at, actor_kind, actor_id, actor, address, request_id,
                                  team_id, action, subject, feature_id, environment, reason, before, after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(actor.at)
    .bind(actor.kind)
    .bind(actor.id)
    .bind(actor.name)
    .bind(actor.address)
    .bind(actor.request.map(|id| id.to_string()))
    .bind(entry.team)
    .bind(entry.action)
    .bind(&entry.subject)
    .bind(entry.feature)
    .bind(entry.environment)
    .bind(entry.reason)
    .bind(&entry.before)
    .bind(&entry.after)
    .execute(conn)
    .await?;
    Ok(())
}

/// A page of a team's entries, the newest first, of one feature or of all.
pub async fn list(
    conn: &mut PgConnection,
    team: Uuid,
    feature: Option<Uuid>,
    page: &PageRequest,
) -> sqlx::Result<Page<AuditEntry>> {
    let after = page.after_number().unwrap_or_default();
    let total = query_scalar(
        "SELECT count(*) FROM audit_entry WHERE team_id = $1 AND ($2::uuid IS NULL OR feature_id = $2)",
    )
    .bind(team)
    .bind(feature)
    .fetch_one(&mut *conn)
    .await?;
    let rows = query_as(
        "SELECT number, at, actor, actor_kind, action, subject, environment, reason, before, after, address
         FROM audit_entry WHERE team_id = $1 AND ($2::uuid IS NULL OR feature_id = $2)
           AND ($3::bigint IS NULL OR number < $3) ORDER BY number DESC LIMIT $4",
    )
    .bind(team)
    .bind(feature)
    .bind(after)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |entry: &AuditEntry| entry.number.to_string()))
}
