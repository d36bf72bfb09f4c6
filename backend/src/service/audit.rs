//! Writing the audit: in the transaction of what it tells of, except for refusals.

use std::slice;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    auth::{Caller, Request},
    error::Result,
    store::audit::{self, Actor, ActorKind, NewEntry},
};

impl<'c> From<&'c Caller> for Actor<'c> {
    fn from(caller: &'c Caller) -> Actor<'c> {
        let (kind, id, name) = match &caller.token {
            Some(token) => (ActorKind::Token, token.mandate.id, &token.mandate.name),
            None => (ActorKind::User, caller.user.id, &caller.user.username),
        };
        Actor {
            kind,
            id: Some(id),
            name,
            at: caller.request.now,
            address: caller.request.address.as_deref(),
            request: Some(caller.request.id),
        }
    }
}

/// FluxGate itself, doing at its time what somebody set.
pub fn scheduler(now: DateTime<Utc>) -> Actor<'static> {
    Actor { kind: ActorKind::System, id: None, name: "scheduler", at: now, address: None, request: None }
}

/// Records what a signed-in user did, a token, or the scheduler.
pub async fn record<'a>(
    conn: &mut PgConnection,
    actor: impl Into<Actor<'a>>,
    entry: &NewEntry<'_>,
) -> Result<()> {
    record_all(conn, actor, slice::from_ref(entry)).await
}

/// Records several things that were done at once, in their order.
pub async fn record_all<'a>(
    conn: &mut PgConnection,
    actor: impl Into<Actor<'a>>,
    entries: &[NewEntry<'_>],
) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    Ok(audit::insert(conn, &actor.into(), entries).await?)
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
    record(conn, actor, entry).await
}

/// Records a refusal, in the team whose thing was refused.
pub async fn denied(conn: &mut PgConnection, caller: &Caller, team: Option<Uuid>, why: &str) -> Result<()> {
    let after = caller.request.dry_run.then(|| serde_json::json!({"dryRun": true}));
    let entry =
        NewEntry { team, action: "access.denied", subject: why.to_owned(), after, ..NewEntry::default() };
    record(conn, caller, &entry).await
}
