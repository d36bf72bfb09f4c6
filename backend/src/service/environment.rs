//! Environments.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    access::Action,
    auth::Caller,
    error::{Error, Result},
    service::{audit, key, team},
    store::{
        audit::NewEntry,
        delivery::{self, DeliveryKind},
        environment::{self, Environment, EnvironmentType},
    },
};

/// Finds an environment of a team by key.
pub async fn find(conn: &mut PgConnection, team: Uuid, environment_key: &str) -> Result<Environment> {
    match environment::get(conn, team, environment_key).await? {
        Some(environment) => Ok(environment),
        None => {
            let candidates = environment::keys(conn, team).await?;
            Err(Error::not_found("environment", environment_key, candidates))
        }
    }
}

/// An environment to be made.
pub struct NewEnvironment {
    /// Its key.
    pub key: String,
    /// Its name; the key when absent.
    pub name: Option<String>,
    /// How much care it deserves.
    pub kind: EnvironmentType,
    /// `#rrggbb`.
    pub colour: Option<String>,
}

/// Makes an environment; edges learn of it at once.
pub async fn create(
    conn: &mut PgConnection,
    caller: &Caller,
    team_key: &str,
    new: NewEnvironment,
) -> Result<Environment> {
    let team = team::find(conn, caller, team_key, Action::Manage).await?;
    key::check("key", &new.key)?;
    let name = key::text("name", new.name)?.unwrap_or_else(|| new.key.clone());
    if let Some(colour) = &new.colour
        && !(colour.len() == 7
            && colour.starts_with('#')
            && colour[1..].bytes().all(|b| b.is_ascii_hexdigit()))
    {
        return Err(Error::invalid("colour", "must look like #3fb950"));
    }
    let made = environment::insert(conn, team.id, &new.key, &name, (new.kind, new.colour.as_deref())).await?;
    let entry = NewEntry {
        team: Some(team.id),
        action: "environment.create",
        subject: format!("environment {}", made.key),
        environment: Some(&made.key),
        after: Some(serde_json::json!({"name": made.name, "type": made.kind, "colour": made.colour})),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    delivery::publish(conn, &[(DeliveryKind::Environment, made.id)]).await?;
    Ok(made)
}
