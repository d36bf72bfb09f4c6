//! Clients and their keys.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::{
    access::Action,
    auth::{Caller, secret::KeyKind},
    error::{Error, Result},
    service::{audit, environment, key, origin, team},
    store::{
        audit::NewEntry,
        client::{self, Client, ClientKind},
        delivery::{self, DeliveryKind},
        team::Team,
    },
};

/// How many keys of a client hold at once?
const MAX_KEYS: usize = 2;
/// How long does the former key hold after a rotation, when nobody says?
const GRACE: TimeDelta = TimeDelta::hours(24);
/// How long at most?
const MAX_GRACE: TimeDelta = TimeDelta::days(30);

/// Finds a client of a team by name.
pub async fn find(
    conn: &mut PgConnection,
    (team, name): (&Team, &str),
    now: DateTime<Utc>,
) -> Result<Client> {
    match client::get(conn, (team.id, name), now).await? {
        Some(found) => Ok(found),
        None => Err(missing(conn, team, name).await?),
    }
}

/// Finds a client to be changed, in a team that the caller manages.
async fn manage(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, name): (&str, &str),
) -> Result<(Team, Client)> {
    let team = team::find(conn, caller, team_key, Action::Manage).await?;
    lock(conn, caller, (team, name)).await
}

/// Finds a client to be shut out, of an archived team too.
async fn shut_out(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, name): (&str, &str),
) -> Result<(Team, Client)> {
    let team = team::find_any(conn, caller, team_key, Action::Manage).await?;
    lock(conn, caller, (team, name)).await
}

async fn lock(
    conn: &mut PgConnection,
    caller: &Caller,
    (team, name): (Team, &str),
) -> Result<(Team, Client)> {
    match client::lock(conn, (team.id, name), caller.request.now).await? {
        Some(found) => Ok((team, found)),
        None => Err(missing(conn, &team, name).await?),
    }
}

async fn missing(conn: &mut PgConnection, team: &Team, name: &str) -> Result<Error> {
    Ok(Error::not_found("client", name, client::names(conn, team.id).await?))
}

fn entry<'a>(team: &Team, action: &'a str, name: &str) -> NewEntry<'a> {
    NewEntry { team: Some(team.id), action, subject: format!("client {name}"), ..NewEntry::default() }
}

/// A client to be made.
pub struct NewClient {
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub kind: ClientKind,
    /// Its environment; all of the team's when absent.
    pub environment: Option<String>,
    /// The pages that may use its key in browsers.
    pub origins: Vec<String>,
}

/// Makes a client and its first key, which is told here and never again.
pub async fn create(
    conn: &mut PgConnection,
    caller: &Caller,
    team_key: &str,
    new: NewClient,
) -> Result<(Client, String)> {
    let team = team::find(conn, caller, team_key, Action::Manage).await?;
    let NewClient { name, kind, .. } = new;
    key::check("name", &name)?;
    let origins = origin::check("origins", new.origins)?;
    if !origins.is_empty() {
        of_browsers(&name, kind)?;
    }
    let environment_key = new.environment.as_deref();
    let environment_id = match environment_key {
        Some(environment_key) => Some(environment::find(conn, team.id, environment_key).await?.id),
        None => None,
    };
    let now = caller.request.now;
    let new_key = KeyKind::Client.new_key()?;
    let id = client::insert(conn, team.id, (&name, kind, &origins), environment_id, now).await?;
    client::insert_key(conn, id, (&new_key.id, &new_key.sha256), now).await?;
    let entry = NewEntry {
        team: Some(team.id),
        action: "client.create",
        subject: format!("client {name}"),
        environment: environment_key,
        after: Some(serde_json::json!({"kind": kind, "keyId": new_key.id, "origins": origins})),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    delivery::publish(conn, &[(DeliveryKind::Client, id)]).await?;
    let made = Client {
        id,
        team_id: team.id,
        name,
        kind,
        environment_id,
        enabled: true,
        origins,
        created_at: now,
        key_ids: vec![new_key.id],
    };
    Ok((made, new_key.key))
}

/// Lets a client in, or no longer; edges know within moments.
pub async fn set_enabled(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, name): (&str, &str),
    enabled: bool,
) -> Result<Client> {
    let which = (team_key, name);
    let (team, found) = match enabled {
        true => manage(conn, caller, which).await?,
        false => shut_out(conn, caller, which).await?,
    };
    if found.enabled == enabled {
        return Ok(found);
    }
    client::set_enabled(conn, found.id, enabled).await?;
    let action = if enabled { "client.enable" } else { "client.disable" };
    audit::record(conn, caller, &entry(&team, action, name)).await?;
    delivery::publish(conn, &[(DeliveryKind::Client, found.id)]).await?;
    Ok(Client { enabled, ..found })
}

/// Refuses web origins for what runs in no browser.
fn of_browsers(name: &str, kind: ClientKind) -> Result<()> {
    match kind {
        ClientKind::Frontend => Ok(()),
        kind => Err(Error::invalid("origins", format!("are for clients of kind FRONTEND; {name} is {kind}"))),
    }
}

/// Replaces the web origins of a client that runs in browsers; absent ones stay.
pub async fn edit(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, name): (&str, &str),
    origins: Option<Vec<String>>,
) -> Result<Client> {
    let (team, found) = manage(conn, caller, (team_key, name)).await?;
    let origins = match origins {
        Some(origins) => origin::check("origins", origins)?,
        None => return Ok(found),
    };
    if origins == found.origins {
        return Ok(found);
    }
    of_browsers(name, found.kind)?;
    client::set_origins(conn, found.id, &origins).await?;
    let entry = NewEntry {
        before: Some(serde_json::json!({"origins": found.origins})),
        after: Some(serde_json::json!({"origins": origins})),
        ..entry(&team, "client.edit", name)
    };
    audit::record(conn, caller, &entry).await?;
    delivery::publish(conn, &[(DeliveryKind::Client, found.id)]).await?;
    Ok(Client { origins, ..found })
}

/// Gives a client another key, told here and never again. The former one holds for `grace` seconds yet; it never gets
/// longer, and the client may see what it could see before.
pub async fn rotate_key(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, name): (&str, &str),
    grace: Option<i64>,
) -> Result<(Client, String)> {
    let (team, found) = manage(conn, caller, (team_key, name)).await?;
    let grace = match grace {
        None => GRACE,
        Some(seconds) if (0..=MAX_GRACE.num_seconds()).contains(&seconds) => TimeDelta::seconds(seconds),
        Some(_) => {
            let most = MAX_GRACE.num_seconds();
            return Err(Error::invalid("graceSeconds", format!("must be between 0 and {most} (30 days)")));
        }
    };
    let now = caller.request.now;
    let held = client::keys(conn, &[found.id], now).await?;
    if held.len() >= MAX_KEYS && grace > TimeDelta::zero() {
        let ids = held.iter().map(|key| key.id.as_str()).collect::<Vec<_>>().join(" and ");
        return Err(Error::Conflict(format!(
            "{name} has {MAX_KEYS} keys that hold already, {ids}: revoke one first, or rotate with graceSeconds 0"
        )));
    }
    client::end_keys(conn, found.id, (now, now + grace)).await?;
    let new_key = KeyKind::Client.new_key()?;
    client::insert_key(conn, found.id, (&new_key.id, &new_key.sha256), now).await?;
    let entry = NewEntry {
        before: Some(serde_json::json!({"keyIds": found.key_ids})),
        after: Some(serde_json::json!({"keyId": new_key.id, "othersEnd": now + grace})),
        ..entry(&team, "client.rotate_key", name)
    };
    audit::record(conn, caller, &entry).await?;
    let after = find(conn, (&team, name), caller.request.now).await?;
    delivery::publish(conn, &[(DeliveryKind::Client, found.id)]).await?;
    Ok((after, new_key.key))
}

/// Ends a key at once.
pub async fn revoke_key(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, name): (&str, &str),
    key_id: &str,
) -> Result<Client> {
    let (team, found) = shut_out(conn, caller, (team_key, name)).await?;
    if !client::delete_key(conn, found.id, key_id).await? {
        return Err(Error::not_found("key", key_id, found.key_ids));
    }
    let entry = NewEntry {
        before: Some(serde_json::json!({"keyId": key_id})),
        ..entry(&team, "client.revoke_key", name)
    };
    audit::record(conn, caller, &entry).await?;
    let after = find(conn, (&team, name), caller.request.now).await?;
    delivery::publish(conn, &[(DeliveryKind::Client, found.id)]).await?;
    Ok(after)
}

/// Shuts a client out for good: its keys end, and its name is free for another. The row stays, so that edges are told.
pub async fn delete(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, name): (&str, &str),
) -> Result<Client> {
    let (team, found) = shut_out(conn, caller, (team_key, name)).await?;
    let now = caller.request.now;
    client::end_keys(conn, found.id, (now, now)).await?;
    client::delete(conn, found.id, now).await?;
    let told = serde_json::json!({"kind": found.kind, "enabled": found.enabled, "origins": found.origins, "keyIds": found.key_ids});
    let entry = NewEntry { before: Some(told), ..entry(&team, "client.delete", name) };
    audit::record(conn, caller, &entry).await?;
    delivery::publish(conn, &[(DeliveryKind::Client, found.id)]).await?;
    Ok(Client { enabled: false, key_ids: Vec::new(), ..found })
}
