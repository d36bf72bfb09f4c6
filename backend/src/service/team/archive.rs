//! Archiving a team of which nothing is served, and bringing it back.

use serde_json::json;
use sqlx::PgConnection;

use super::find;
use crate::{
    access::{self, Action},
    auth::Caller,
    error::{Error, Gate, Result},
    service::{
        audit,
        change::{closed, open},
        key,
    },
    store::{
        audit::NewEntry,
        team::{self, Team},
    },
};

/// How many things of a kind are named that keep a team from being archived?
const MAX_NAMED: i64 = 5;

/// Says that a team only is to be read.
pub fn archived(team: &Team) -> Error {
    let key = &team.key;
    Error::Conflict(format!("team {key} is archived; bring it back first: fgctl team unarchive {key}"))
}

/// Archives a team whose features are all archived and whose clients are all disabled. Whoever changes something of it comes
/// before, and is looked at, or waits, and is refused.
pub async fn archive(
    conn: &mut PgConnection,
    caller: &Caller,
    team_key: &str,
    reason: Option<String>,
) -> Result<Team> {
    let team = find(conn, caller, team_key, Action::Read).await?;
    access::require_system_admin(caller, "archive teams")?;
    let reason = key::text("reason", reason)?;
    let before = team::lock_alone(conn, team.id).await?;
    if before.archived_at.is_some() {
        return Ok(before);
    }
    let gates = gates(conn, &before).await?;
    if gates.iter().any(|gate| !gate.passed) {
        return Err(Error::Blocked { message: format!("team {} cannot be archived", before.key), gates });
    }
    let after = Team { archived_at: Some(caller.request.now), ..before };
    finish(conn, caller, after, ("team.archive", reason.as_deref())).await
}

/// Brings a team back.
pub async fn unarchive(
    conn: &mut PgConnection,
    caller: &Caller,
    team_key: &str,
    reason: Option<String>,
) -> Result<Team> {
    let team = find(conn, caller, team_key, Action::Read).await?;
    access::require_system_admin(caller, "bring teams back")?;
    let reason = key::text("reason", reason)?;
    let before = team::lock(conn, team.id).await?;
    if before.archived_at.is_none() {
        return Ok(before);
    }
    let after = Team { archived_at: None, ..before };
    finish(conn, caller, after, ("team.unarchive", reason.as_deref())).await
}

async fn finish(
    conn: &mut PgConnection,
    caller: &Caller,
    after: Team,
    (action, reason): (&str, Option<&str>),
) -> Result<Team> {
    team::update(conn, &after).await?;
    let entry = NewEntry {
        team: Some(after.id),
        action,
        subject: format!("team {}", after.key),
        reason,
        before: Some(json!({"archived": after.archived_at.is_none()})),
        after: Some(json!({"archived": after.archived_at.is_some()})),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    Ok(after)
}

/// Everything that keeps a team from being archived, and what does not.
async fn gates(conn: &mut PgConnection, team: &Team) -> Result<Vec<Gate>> {
    let features = team::features_in_use(conn, team.id, MAX_NAMED).await?;
    let clients = team::clients_in_use(conn, team.id, MAX_NAMED).await?;
    let flag = format!("--team {}", team.key);
    let mut gates = named(&features, "feature", |key| {
        closed(
            "feature",
            format!("{key} is not archived"),
            Some(format!("fgctl feature archive {key} {flag}")),
        )
    });
    gates.extend(named(&clients, "client", |name| {
        closed("client", format!("{name} is let in"), Some(format!("fgctl client disable {name} {flag}")))
    }));
    Ok(gates)
}

/// A gate for each that is named, and one for all others.
fn named(found: &[(String, i64)], gate: &'static str, of: impl Fn(&str) -> Gate) -> Vec<Gate> {
    let mut gates: Vec<_> = found.iter().map(|(name, _)| of(name)).collect();
    match found.first().map(|(_, all)| all - MAX_NAMED) {
        None => gates.push(open(gate, format!("no {gate} is in use"))),
        Some(more @ 1..) => gates.push(closed(gate, format!("{more} more {gate}s are in use"), None)),
        Some(_) => {}
    }
    gates
}
