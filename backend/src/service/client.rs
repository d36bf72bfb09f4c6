//! Clients and their keys.

use sqlx::PgConnection;

use crate::{
    access::Action,
    auth::{Caller, client_key},
    error::{Error, Result},
    service::{audit, environment, key, team},
    store::{
        audit::NewEntry,
        client::{self, Client, ClientKind},
        delivery::{self, DeliveryKind},
    },
};

/// Makes a client and its first key, which is told here and never again.
pub async fn create(
    conn: &mut PgConnection,
    caller: &Caller,
    team_key: &str,
    (name, kind): (&str, ClientKind),
    environment_key: Option<&str>,
) -> Result<(Client, String)> {
    let team = team::find(conn, caller, team_key, Action::Manage).await?;
    key::check("name", name)?;
    let environment_id = match environment_key {
        Some(environment_key) => Some(environment::find(conn, team.id, environment_key).await?.id),
        None => None,
    };
    let now = caller.request.now;
    let new_key = client_key::new_key()?;
    let id = client::insert(conn, team.id, (name, kind), environment_id, now).await?;
    client::insert_key(conn, id, (&new_key.id, &new_key.sha256), now).await?;
    let entry = NewEntry {
        team: Some(team.id),
        action: "client.create",
        subject: format!("client {name}"),
        environment: environment_key,
        after: Some(serde_json::json!({"kind": kind, "keyId": new_key.id})),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    delivery::publish(conn, &[(DeliveryKind::Client, id)]).await?;
    let made = Client {
        id,
        team_id: team.id,
        name: name.to_owned(),
        kind,
        environment_id,
        enabled: true,
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
    let team = team::find(conn, caller, team_key, Action::Manage).await?;
    let Some(found) = client::get(conn, team.id, name).await? else {
        return Err(Error::not_found("client", name, client::names(conn, team.id).await?));
    };
    if found.enabled == enabled {
        return Ok(found);
    }
    client::set_enabled(conn, found.id, enabled).await?;
    let entry = NewEntry {
        team: Some(team.id),
        action: if enabled { "client.enable" } else { "client.disable" },
        subject: format!("client {name}"),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    delivery::publish(conn, &[(DeliveryKind::Client, found.id)]).await?;
    Ok(Client { enabled, ..found })
}
