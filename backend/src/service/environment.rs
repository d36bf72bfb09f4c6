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
        change,
        delivery::{self, DeliveryKind},
        environment::{self, Environment, EnvironmentType},
        stage,
        team::Team,
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

/// Finds environments of a team by key, in the order in which they are named.
pub async fn find_all(conn: &mut PgConnection, team: Uuid, keys: &[&str]) -> Result<Vec<Environment>> {
    let found = environment::by_keys(conn, team, keys).await?;
    let mut named = Vec::new();
    for key in keys {
        match found.iter().find(|place| place.key == *key) {
            Some(place) => named.push(place.clone()),
            None => {
                let candidates = environment::keys(conn, team).await?;
                return Err(Error::not_found("environment", *key, candidates));
            }
        }
    }
    Ok(named)
}

/// Finds the environment that a filter names, if it names one.
pub async fn find_if(
    conn: &mut PgConnection,
    team: Uuid,
    environment_key: Option<String>,
) -> Result<Option<Environment>> {
    match environment_key {
        Some(key) => Ok(Some(find(conn, team, &key).await?)),
        None => Ok(None),
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
    check_colour(new.colour.as_deref())?;
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

/// What an edit changes; what is absent stays.
#[derive(Default)]
pub struct EditEnvironment {
    /// Its name; the key when empty.
    pub name: Option<String>,
    /// How much care it deserves.
    pub kind: Option<EnvironmentType>,
    /// `#rrggbb`, or none.
    pub colour: Option<Option<String>>,
    /// Its place among the team's, from 1; the others make way.
    pub position: Option<i32>,
}

/// Changes an environment. What is or is not PRODUCTION stays so while changes wait there, as policies look at it.
pub async fn edit(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, environment_key): (&str, &str),
    edit: EditEnvironment,
) -> Result<Environment> {
    let (team, all, before) = lock(conn, caller, (team_key, environment_key)).await?;
    let after = Environment {
        name: match edit.name {
            Some(name) => key::text("name", Some(name))?.unwrap_or_else(|| before.key.clone()),
            None => before.name.clone(),
        },
        kind: edit.kind.unwrap_or(before.kind),
        colour: edit.colour.unwrap_or_else(|| before.colour.clone()),
        position: edit.position.unwrap_or(before.position),
        ..before.clone()
    };
    check_colour(after.colour.as_deref())?;
    if (before.kind == EnvironmentType::Production) != (after.kind == EnvironmentType::Production) {
        let what = format!("{} cannot become {}", before.key, after.kind);
        refuse_open(conn, &what, &before, None).await?;
    }
    let moved = moved(&all, &before, after.position)?;
    if after == before {
        return Ok(before);
    }
    environment::update(conn, &after).await?;
    environment::set_positions(conn, &moved).await?;
    record(conn, caller, &team, ("environment.edit", &before, &after)).await?;
    let mut touched: Vec<_> = moved.iter().map(|(id, _)| (DeliveryKind::Environment, *id)).collect();
    touched.push((DeliveryKind::Environment, after.id));
    delivery::publish(conn, &touched).await?;
    Ok(after)
}

/// Makes an environment active, or inactive: then it takes no changes, and edges do not know it. As a flag is served
/// right or not at all, that is refused while anything is deployed or waits there; its place in pipelines stays.
pub async fn set_active(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, environment_key): (&str, &str),
    active: bool,
) -> Result<Environment> {
    let (team, _, before) = lock(conn, caller, (team_key, environment_key)).await?;
    if before.active == active {
        return Ok(before);
    }
    if !active {
        refuse_in_use(conn, &format!("{} cannot be deactivated", before.key), &before, None).await?;
    }
    let after = Environment { active, ..before.clone() };
    environment::update(conn, &after).await?;
    let action = if active { "environment.activate" } else { "environment.deactivate" };
    record(conn, caller, &team, (action, &before, &after)).await?;
    delivery::publish(conn, &[(DeliveryKind::Environment, after.id)]).await?;
    Ok(after)
}

/// Refuses what would take an environment from under features, of all pipelines or of one.
pub(crate) async fn refuse_in_use(
    conn: &mut PgConnection,
    what: &str,
    environment: &Environment,
    pipeline: Option<Uuid>,
) -> Result<()> {
    let deployed = stage::deployed_in(conn, environment.id, pipeline).await?;
    if !deployed.is_empty() {
        let names = key::listed(&deployed);
        return Err(Error::Conflict(format!("{what}: withdraw what is deployed there first: {names}")));
    }
    refuse_open(conn, what, environment, pipeline).await
}

async fn refuse_open(
    conn: &mut PgConnection,
    what: &str,
    environment: &Environment,
    pipeline: Option<Uuid>,
) -> Result<()> {
    let open = change::open_in(conn, environment.id, pipeline).await?;
    if open.is_empty() {
        return Ok(());
    }
    let numbers: Vec<_> = open.iter().map(|number| format!("#{number}")).collect();
    let numbers = key::listed(&numbers);
    Err(Error::Conflict(format!("{what}: decide on or cancel the changes that wait there first: {numbers}")))
}

/// Locks a team's environments, so that neither they nor what is on its way to them change.
async fn lock(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, environment_key): (&str, &str),
) -> Result<(Team, Vec<Environment>, Environment)> {
    let team = team::find(conn, caller, team_key, Action::Manage).await?;
    let all = environment::lock_all(conn, team.id).await?;
    let Some(found) = all.iter().find(|one| one.key == environment_key).cloned() else {
        let candidates = all.into_iter().map(|one| one.key).collect();
        return Err(Error::not_found("environment", environment_key, candidates));
    };
    Ok((team, all, found))
}

/// The places that differ when one environment moves and the others make way.
fn moved(all: &[Environment], one: &Environment, position: i32) -> Result<Vec<(Uuid, i32)>> {
    if position == one.position {
        return Ok(Vec::new());
    }
    let Some(place) = usize::try_from(position).ok().filter(|place| (1..=all.len()).contains(place)) else {
        return Err(Error::invalid("position", format!("must be between 1 and {}", all.len())));
    };
    let mut order: Vec<_> = all.iter().filter(|other| other.id != one.id).collect();
    order.insert(place - 1, one);
    let places = order.into_iter().zip(1_i32..);
    Ok(places.filter(|(other, at)| other.position != *at).map(|(other, at)| (other.id, at)).collect())
}

fn check_colour(colour: Option<&str>) -> Result<()> {
    let good = |colour: &str| {
        colour.len() == 7 && colour.starts_with('#') && colour[1..].bytes().all(|b| b.is_ascii_hexdigit())
    };
    if colour.is_none_or(good) {
        return Ok(());
    }
    Err(Error::invalid("colour", "must look like #3fb950"))
}

async fn record(
    conn: &mut PgConnection,
    caller: &Caller,
    team: &Team,
    (action, before, after): (&str, &Environment, &Environment),
) -> Result<()> {
    let entry = NewEntry {
        team: Some(team.id),
        action,
        subject: format!("environment {}", after.key),
        environment: Some(&after.key),
        before: serde_json::to_value(before).ok(),
        after: serde_json::to_value(after).ok(),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await
}
