//! The feed: the audit in the order in which it became complete, which is what subscriptions read.
//!
//! An entry's place is its transaction and its number. Only what is below the oldest running transaction is read, so that
//! nothing is committed later to a place that was passed already.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, query_as, query_scalar};
use uuid::Uuid;

/// A place in the feed, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The transaction.
    pub xid: i64,
    /// The entry's number; 0 is before all entries of the transaction.
    pub number: i64,
}

/// An entry of some team, in short.
#[derive(Clone, Debug, FromRow)]
pub struct Told {
    pub xid: i64,
    pub number: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub action: String,
    pub team_id: Uuid,
    pub feature_id: Option<Uuid>,
    pub change_id: Option<Uuid>,
    pub environment: Option<String>,
    pub reason: Option<String>,
}

impl Told {
    /// Where it stands.
    pub fn place(&self) -> Place {
        Place { xid: self.xid, number: self.number }
    }
}

/// Which transactions had ended at some moment.
#[derive(Clone, Debug, FromRow)]
pub struct Snapshot {
    /// All below have.
    pub xmin: i64,
    xmax: i64,
    running: Vec<i64>,
}

impl Snapshot {
    /// Whether the transaction had ended.
    pub fn knows(&self, xid: i64) -> bool {
        xid < self.xmax && !self.running.contains(&xid)
    }
}

/// Which transactions have ended by now.
pub async fn snapshot(conn: &mut PgConnection) -> sqlx::Result<Snapshot> {
    query_as(
        "SELECT pg_snapshot_xmin(now)::text::bigint AS xmin, pg_snapshot_xmax(now)::text::bigint AS xmax,
                ARRAY (SELECT xid::text::bigint FROM pg_snapshot_xip(now) AS xid) AS running
         FROM pg_current_snapshot() AS now",
    )
    .fetch_one(conn)
    .await
}

/// How far the feed is complete: what has an end above this place may still get company below it.
pub async fn frontier(conn: &mut PgConnection) -> sqlx::Result<Place> {
    let xmin = query_scalar("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint");
    Ok(Place { xid: xmin.fetch_one(conn).await?, number: 0 })
}

/// The next entries behind a place, of all teams; `frontier` must have been read before.
pub async fn behind(
    conn: &mut PgConnection,
    after: Place,
    frontier: Place,
    limit: i64,
) -> sqlx::Result<Vec<Told>> {
    query_as(
        "SELECT xid::text::bigint AS xid, number, at, actor, action, team_id, feature_id, change_id, environment, reason
         FROM audit_entry
         WHERE team_id IS NOT NULL AND (xid, number) > ($1::text::xid8, $2) AND xid < $3::text::xid8
         ORDER BY audit_entry.xid, number LIMIT $4",
    )
    .bind(after.xid.to_string())
    .bind(after.number)
    .bind(frontier.xid.to_string())
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// The next entries of a team behind a place; `frontier` must have been read before.
pub async fn behind_in(
    conn: &mut PgConnection,
    team: Uuid,
    (after, frontier): (Place, Place),
    limit: i64,
) -> sqlx::Result<Vec<Told>> {
    query_as(
        "SELECT xid::text::bigint AS xid, number, at, actor, action, team_id, feature_id, change_id, environment, reason
         FROM audit_entry
         WHERE team_id = $1 AND (xid, number) > ($2::text::xid8, $3) AND xid < $4::text::xid8
         ORDER BY audit_entry.xid, number LIMIT $5",
    )
    .bind(team)
    .bind(after.xid.to_string())
    .bind(after.number)
    .bind(frontier.xid.to_string())
    .bind(limit)
    .fetch_all(conn)
    .await
}
