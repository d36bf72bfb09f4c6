//! Writing the audit: in the transaction of what it tells of, except for refusals.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    auth::{Caller, Request},
    error::Result,
    store::audit::{self, Actor, ActorKind, NewEntry},
};

/// Records what a signed-in user did.
pub async fn record(conn: &mut PgConnection, caller: &Caller, entry: &NewEntry<'_>) -> Result<()> {
    let actor = Actor {
        kind: ActorKind::User,
        id: Some(caller.user.id),
        name: &caller.user.username,
        at: caller.request.now,
        address: caller.request.address.as_deref(),
        request: Some(caller.request.id),
    };
    Ok(audit::insert(conn, &actor, entry).await?)
}

/// Records what somebody did who is not signed in, under the name that they gave.
pub async fn record_stranger(
    conn: &mut PgConnection,
    request: &Request,
    name: &str,
    entry: &NewEntry<'_>,
) -> Result<()> {
    let shortened: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    let actor = Actor {
        kind: ActorKind::User,
        id: None,
        name: &shortened,
        at: request.now,
        address: request.address.as_deref(),
        request: Some(request.id),
    };
    Ok(audit::insert(conn, &actor, entry).await?)
}

/// Records a refusal, in the team whose thing was refused.
pub async fn denied(conn: &mut PgConnection, caller: &Caller, team: Option<Uuid>, why: &str) -> Result<()> {
    let entry = NewEntry { team, action: "access.denied", subject: why.to_owned(), ..NewEntry::default() };
    record(conn, caller, &entry).await
}
