//! Context keys: the attributes that criteria are checked against. They change nothing that is served.

pub mod fit;

use fluxgate_engine::FlagConfig;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    access::Action,
    auth::Caller,
    error::{Error, Result},
    service::{audit, key, team},
    store::{
        audit::NewEntry,
        context_key::{self, ContextKey, ContextKeyType},
        team::Team,
    },
};

/// How many context keys may a team have?
const MAX_KEYS: i64 = 1_000;
/// How many allowed values may one have?
const MAX_ALLOWED: usize = 200;

/// Finds a context key of a team by key.
pub async fn find(conn: &mut PgConnection, team: Uuid, wanted: &str) -> Result<ContextKey> {
    match context_key::get(conn, team, wanted).await? {
        Some(found) => Ok(found),
        None => Err(unknown(conn, team, wanted).await?),
    }
}

async fn unknown(conn: &mut PgConnection, team: Uuid, wanted: &str) -> Result<Error> {
    Ok(Error::not_found("context key", wanted, context_key::keys(conn, team).await?))
}

/// A context key to be made.
pub struct NewContextKey {
    /// The attribute's key; a dotted path stands for itself.
    pub key: String,
    /// What it holds.
    pub kind: ContextKeyType,
    /// What it is.
    pub description: Option<String>,
    /// What it may hold; anything of its type when empty.
    pub allowed_values: Vec<Value>,
}

/// What an edit changes; what is absent stays.
#[derive(Default)]
pub struct EditContextKey {
    /// What it holds.
    pub kind: Option<ContextKeyType>,
    /// What it is; an empty one is none.
    pub description: Option<String>,
    /// What it may hold; none is anything of its type.
    pub allowed_values: Option<Vec<Value>>,
}

/// Declares an attribute. Documents that are live or proposed stay as they are, whatever they compare it with.
pub async fn create(
    conn: &mut PgConnection,
    caller: &Caller,
    team_key: &str,
    new: NewContextKey,
) -> Result<ContextKey> {
    let team = team::find(conn, caller, team_key, Action::Manage).await?;
    key::check("key", &new.key)?;
    let description = key::text("description", new.description)?.unwrap_or_default();
    check_allowed(new.kind, &new.allowed_values)?;
    if context_key::count(conn, team.id).await? >= MAX_KEYS {
        return Err(Error::Conflict(format!(
            "{} has {MAX_KEYS} context keys, the most there may be",
            team.key
        )));
    }
    let NewContextKey { key, kind, allowed_values, .. } = new;
    let row = ContextKey { id: Uuid::nil(), key, kind, description, allowed_values };
    let made = context_key::insert(conn, team.id, &row).await?;
    record(conn, caller, &team, ("context_key.create", None, Some(&made))).await?;
    Ok(made)
}

/// Changes what is said of an attribute. Its type stays while a document that is live or proposed would not fit.
pub async fn edit(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, wanted): (&str, &str),
    edit: EditContextKey,
) -> Result<ContextKey> {
    let team = team::find(conn, caller, team_key, Action::Manage).await?;
    let Some(before) = context_key::lock(conn, team.id, wanted).await? else {
        return Err(unknown(conn, team.id, wanted).await?);
    };
    let after = ContextKey {
        kind: edit.kind.unwrap_or(before.kind),
        description: match edit.description {
            Some(description) => key::text("description", Some(description))?.unwrap_or_default(),
            None => before.description.clone(),
        },
        allowed_values: edit.allowed_values.unwrap_or_else(|| before.allowed_values.clone()),
        ..before.clone()
    };
    check_allowed(after.kind, &after.allowed_values)?;
    if after == before {
        return Ok(before);
    }
    if after.kind != before.kind {
        refuse_unfit(conn, &team, &after).await?;
    }
    context_key::update(conn, &after).await?;
    record(conn, caller, &team, ("context_key.edit", Some(&before), Some(&after))).await?;
    Ok(after)
}

/// Takes a declaration away. Documents stay as they are: their next proposals are told that nobody declared it.
pub async fn delete(
    conn: &mut PgConnection,
    caller: &Caller,
    team_key: &str,
    wanted: &str,
) -> Result<ContextKey> {
    let team = team::find(conn, caller, team_key, Action::Manage).await?;
    let Some(before) = context_key::lock(conn, team.id, wanted).await? else {
        return Err(unknown(conn, team.id, wanted).await?);
    };
    context_key::delete(conn, before.id).await?;
    record(conn, caller, &team, ("context_key.delete", Some(&before), None)).await?;
    Ok(before)
}

/// Refuses a type that documents do not fit which are live or on their way.
async fn refuse_unfit(conn: &mut PgConnection, team: &Team, after: &ContextKey) -> Result<()> {
    let mut unfit = Vec::new();
    for asking in context_key::asking(conn, team.id, &after.key).await? {
        let Ok(config) = FlagConfig::from_value(&asking.config) else { continue };
        if fit::check(&config, std::slice::from_ref(after)).unfit.is_empty() {
            continue;
        }
        unfit.push(match asking.change {
            Some(number) => format!("#{number} ({} in {})", asking.feature, asking.environment),
            None => format!("{} in {}", asking.feature, asking.environment),
        });
    }
    if unfit.is_empty() {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "{} cannot become a {}: {} would not fit; change or cancel that first",
        after.key,
        after.kind,
        key::listed(&unfit)
    )))
}

fn check_allowed(kind: ContextKeyType, allowed: &[Value]) -> Result<()> {
    if allowed.len() > MAX_ALLOWED {
        return Err(Error::invalid("allowedValues", format!("are more than {MAX_ALLOWED}")));
    }
    for (index, value) in allowed.iter().enumerate() {
        let path = format!("allowedValues[{index}]");
        if !fit::is_of(kind, value) {
            return Err(Error::invalid(&path, format!("{} is no {kind}", fit::shown(value))));
        }
        if let Value::String(text) = value {
            key::check_text(&path, text)?;
        }
        if allowed[..index].contains(value) {
            return Err(Error::invalid(&path, format!("{} stands there already", fit::shown(value))));
        }
    }
    Ok(())
}

async fn record(
    conn: &mut PgConnection,
    caller: &Caller,
    team: &Team,
    (action, before, after): (&str, Option<&ContextKey>, Option<&ContextKey>),
) -> Result<()> {
    let told = |of: Option<&ContextKey>| of.and_then(|of| serde_json::to_value(of).ok());
    let key = before.or(after).map_or("", |of| of.key.as_str());
    let entry = NewEntry {
        team: Some(team.id),
        action,
        subject: format!("context key {key}"),
        before: told(before),
        after: told(after),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await
}
