//! The audit: who did what, append only.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{
    FromRow, PgConnection, Postgres,
    postgres::{PgArguments, PgRow},
    query,
    query::QueryAs,
    query_as,
};
use uuid::Uuid;

use super::{
    page::{Page, PageRequest},
    word_enum,
};
use crate::error::Result;

word_enum!(
    /// Who can do something.
    ActorKind {
        /// A person.
        User,
        /// A robot, for the person who made its token.
        Token,
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
    /// Of a token: whose it is.
    pub owner: Option<String>,
    pub action: String,
    pub subject: String,
    pub environment: Option<String>,
    pub reason: Option<String>,
    pub before: Option<serde_json::Value>,
    pub after: Option<serde_json::Value>,
    pub address: Option<String>,
}

/// Entries with all that is told of them; what is wanted follows.
macro_rules! select_entries {
    () => {
        "SELECT number, at, actor, actor_kind, action, subject, environment, reason, before, after, address,
                CASE actor_kind WHEN 'TOKEN' THEN (
                    SELECT o.username FROM token k JOIN app_user o ON o.id = k.owner_id WHERE k.id = actor_id)
                END AS owner
         FROM audit_entry WHERE "
    };
}

/// An entry to be written.
#[derive(Default)]
pub struct NewEntry<'a> {
    pub team: Option<Uuid>,
    pub action: &'a str,
    pub subject: String,
    pub feature: Option<Uuid>,
    /// The change that it tells of.
    pub change: Option<Uuid>,
    pub environment: Option<&'a str>,
    pub reason: Option<&'a str>,
    pub before: Option<serde_json::Value>,
    pub after: Option<serde_json::Value>,
}

/// Who did it, when and from where.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    pub kind: ActorKind,
    pub id: Option<Uuid>,
    pub name: &'a str,
    pub at: DateTime<Utc>,
    pub address: Option<&'a str>,
    pub request: Option<Uuid>,
}

/// Writes entries, in their order.
pub async fn insert(
    conn: &mut PgConnection,
    actor: &Actor<'_>,
    entries: &[NewEntry<'_>],
) -> sqlx::Result<()> {
    let entries = || entries.iter();
    query(
        "INSERT INTO audit_entry (at, actor_kind, actor_id, actor, address, request_id,
                                  team_id, action, subject, feature_id, change_id, environment, reason, before,
                                  after)
         SELECT $1, $2, $3, $4, $5, $6,
                team_id, action, subject, feature_id, change_id, environment, reason, before, after
         FROM unnest($7::uuid[], $8::text[], $9::text[], $10::uuid[], $11::uuid[], $12::text[], $13::text[],
                     $14::jsonb[], $15::jsonb[]) WITH ORDINALITY
             AS entry (team_id, action, subject, feature_id, change_id, environment, reason, before, after, position)
         ORDER BY position",
    )
    .bind(actor.at)
    .bind(actor.kind)
    .bind(actor.id)
    .bind(actor.name)
    .bind(actor.address)
    .bind(actor.request.map(|id| id.to_string()))
    .bind(entries().map(|entry| entry.team).collect::<Vec<_>>())
    .bind(entries().map(|entry| entry.action).collect::<Vec<_>>())
    .bind(entries().map(|entry| entry.subject.as_str()).collect::<Vec<_>>())
    .bind(entries().map(|entry| entry.feature).collect::<Vec<_>>())
    .bind(entries().map(|entry| entry.change).collect::<Vec<_>>())
    .bind(entries().map(|entry| entry.environment).collect::<Vec<_>>())
    .bind(entries().map(|entry| entry.reason).collect::<Vec<_>>())
    .bind(entries().map(|entry| entry.before.as_ref()).collect::<Vec<_>>())
    .bind(entries().map(|entry| entry.after.as_ref()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// Which of a team's entries are wanted: all of what is said must hold.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Of this feature.
    pub feature: Option<Uuid>,
    /// In the environment of this key.
    pub environment: Option<String>,
    /// By them.
    pub actor: Option<String>,
    /// Beginning like this: `feature.kill`, or `feature.` for all that is done to features.
    pub action: Option<String>,
    /// From this time on.
    pub since: Option<DateTime<Utc>>,
    /// Before this time.
    pub until: Option<DateTime<Utc>>,
}

/// Which entries are wanted: of team `$1`, or of none; by what `bind` binds to `$2` to `$7`.
macro_rules! wanted {
    ($whose:literal) => {
        concat!(
            $whose,
            " AND ($2::uuid IS NULL OR feature_id = $2)
         AND ($3::text IS NULL OR environment = $3)
         AND ($4::text IS NULL OR actor = $4)
         AND ($5::text IS NULL OR action ^@ $5)
         AND ($6::timestamptz IS NULL OR at >= $6)
         AND ($7::timestamptz IS NULL OR at < $7)"
        )
    };
}

type Statement<'q, O> = QueryAs<'q, Postgres, O, PgArguments>;

/// Binds a filter.
fn bind<'q, O>(statement: Statement<'q, O>, team: Option<Uuid>, filter: &'q AuditFilter) -> Statement<'q, O>
where
    O: for<'r> FromRow<'r, PgRow>,
{
    statement
        .bind(team)
        .bind(filter.feature)
        .bind(&filter.environment)
        .bind(&filter.actor)
        .bind(&filter.action)
        .bind(filter.since)
        .bind(filter.until)
}

/// The statements that count entries and read a page of them.
macro_rules! statements {
    ($whose:literal) => {
        (
            concat!("SELECT count(*) FROM audit_entry WHERE ", wanted!($whose)),
            concat!(
                select_entries!(),
                wanted!($whose),
                " AND ($8::bigint IS NULL OR number < $8) ORDER BY number DESC LIMIT $9"
            ),
        )
    };
}

/// A page of a team's entries, or of those that no team has: who signed in, users, keys. The newest first.
pub async fn list(
    conn: &mut PgConnection,
    team: Option<Uuid>,
    filter: &AuditFilter,
    page: &PageRequest,
) -> Result<Page<AuditEntry>> {
    let after = page.after_number()?;
    let (count, rows) = match team {
        Some(_) => statements!("team_id = $1"),
        None => statements!("team_id IS NULL AND $1::uuid IS NULL"),
    };
    let mut total = 0;
    if page.counted {
        (total,) = bind(query_as(count), team, filter).fetch_one(&mut *conn).await?;
    }
    let rows = bind(query_as(rows), team, filter).bind(after).bind(page.limit()).fetch_all(conn).await?;
    Ok(page.page(rows, total, |entry: &AuditEntry| entry.number.to_string()))
}

/// Entries of a team by their numbers.
pub async fn by_numbers(
    conn: &mut PgConnection,
    team: Uuid,
    numbers: &[i64],
) -> sqlx::Result<Vec<AuditEntry>> {
    query_as(concat!(select_entries!(), "team_id = $1 AND number = ANY ($2)"))
        .bind(team)
        .bind(numbers)
        .fetch_all(conn)
        .await
}
