//! Tokens: robots' identities. What a token may is set once; only its key is replaced, and it is revoked.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;

use crate::{
    access::{self, Action},
    auth::{Caller, secret::KeyKind},
    error::{Error, Result},
    service::{audit, environment, key, team},
    store::{
        audit::NewEntry,
        member::Role,
        team::Team,
        token::{self, Mandate, NewToken, Token, TokenState},
    },
};

/// How far ahead may a token's end be?
const MAX_LIFETIME: TimeDelta = TimeDelta::days(365);
/// How many keys of a token hold at once?
const MAX_KEYS: usize = 2;
/// How long may the former key hold after a rotation?
const MAX_GRACE: TimeDelta = TimeDelta::hours(24);

/// A token to be made.
pub struct CreateToken {
    /// Its name.
    pub name: String,
    /// What it may.
    pub roles: Vec<Role>,
    /// The keys of the environments that it is limited to; not limited when absent.
    pub environments: Option<Vec<String>>,
    /// Its end.
    pub expires_at: DateTime<Utc>,
}

/// Finds a token of a team by name.
pub async fn find(conn: &mut PgConnection, team: &Team, name: &str) -> Result<Token> {
    match token::get(conn, team.id, name).await? {
        Some(found) => Ok(found),
        None => Err(missing(conn, team, name).await?),
    }
}

async fn lock(conn: &mut PgConnection, team: &Team, name: &str) -> Result<Token> {
    match token::lock(conn, team.id, name).await? {
        Some(found) => Ok(found),
        None => Err(missing(conn, team, name).await?),
    }
}

async fn missing(conn: &mut PgConnection, team: &Team, name: &str) -> Result<Error> {
    Ok(Error::not_found("token", name, token::names(conn, team.id).await?))
}

fn entry<'a>(team: &Team, action: &'a str, name: &str) -> NewEntry<'a> {
    NewEntry { team: Some(team.id), action, subject: format!("token {name}"), ..NewEntry::default() }
}

/// Makes a token that acts for the caller, and its key, which is told here and never again.
pub async fn create(
    conn: &mut PgConnection,
    caller: &Caller,
    team_key: &str,
    mut new: CreateToken,
) -> Result<(Token, String)> {
    let team = team::find(conn, caller, team_key, Action::Admit).await?;
    key::check("name", &new.name)?;
    let now = caller.request.now;
    if new.expires_at <= now || new.expires_at > now + MAX_LIFETIME {
        return Err(Error::invalid("expiresAt", "must be in the future, at most a year ahead"));
    }
    new.roles.sort_by_key(|role| *role as u8);
    new.roles.dedup();
    let keys: Vec<&str> = new.environments.iter().flatten().map(String::as_str).collect();
    key::check_many("environments", &keys)?;
    let places = environment::find_all(conn, team.id, &keys).await?;
    let mut environments: Vec<_> = places.into_iter().map(|place| place.id).collect();
    environments.sort();
    environments.dedup();
    if new.environments.is_some() && environments.is_empty() {
        let none = "are none: name those that the token is limited to, or leave them out for all";
        return Err(Error::invalid("environments", none));
    }
    let row = NewToken {
        team_id: team.id,
        name: &new.name,
        owner_id: caller.user.id,
        roles: &new.roles,
        created_at: now,
        expires_at: new.expires_at,
    };
    let id = token::insert(conn, &row, &environments).await?;
    let new_key = KeyKind::Token.new_key()?;
    token::insert_key(conn, id, (&new_key.id, &new_key.sha256), now).await?;
    let made = find(conn, &team, &new.name).await?;
    let told = json!({"roles": made.mandate.roles, "environments": made.environments,
                      "expiresAt": made.mandate.expires_at, "keyId": new_key.id});
    let entry = NewEntry { after: Some(told), ..entry(&team, "token.create", &new.name) };
    audit::record(conn, caller, &entry).await?;
    Ok((made, new_key.key))
}

/// Gives a token another key, told here and never again. The former one holds for `grace` seconds yet, not at all when
/// absent. Only the owner gets it: with somebody else's token one would act for them, and approve one's own changes.
pub async fn rotate(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, name): (&str, &str),
    grace: Option<i64>,
) -> Result<(Token, String)> {
    let team = team::find(conn, caller, team_key, Action::Admit).await?;
    let found = lock(conn, &team, name).await?;
    if found.owner_id != caller.user.id {
        return Err(Error::Forbidden {
            message: format!("{} may not rotate {name}: it acts for {}", caller.who(), found.owner),
            hint: Some("revoke it, and make a token of your own".to_owned()),
            team: Some(team.id),
        });
    }
    let grace = match grace.unwrap_or(0) {
        seconds if (0..=MAX_GRACE.num_seconds()).contains(&seconds) => TimeDelta::seconds(seconds),
        _ => {
            let most = MAX_GRACE.num_seconds();
            return Err(Error::invalid("graceSeconds", format!("must be between 0 and {most} (a day)")));
        }
    };
    let now = caller.request.now;
    if found.mandate.state(now) == TokenState::Expired {
        return Err(Error::Conflict(format!("{name} has expired: revoke it, and make another one")));
    }
    let held = token::keys(conn, &[found.mandate.id], now).await?;
    let ids: Vec<&str> = held.iter().map(|key| key.id.as_str()).collect();
    if held.len() >= MAX_KEYS && grace > TimeDelta::zero() {
        return Err(Error::Conflict(format!(
            "{name} has {MAX_KEYS} keys that hold already, {}: wait until one ends, or rotate without graceSeconds",
            ids.join(" and ")
        )));
    }
    token::end_keys(conn, found.mandate.id, (now, now + grace)).await?;
    let new_key = KeyKind::Token.new_key()?;
    token::insert_key(conn, found.mandate.id, (&new_key.id, &new_key.sha256), now).await?;
    let entry = NewEntry {
        before: Some(json!({"keyIds": ids})),
        after: Some(json!({"keyId": new_key.id, "othersEnd": now + grace})),
        ..entry(&team, "token.rotate", name)
    };
    audit::record(conn, caller, &entry).await?;
    Ok((found, new_key.key))
}

/// Ends a token for good. Its owner may, whatever became of their roles, and whoever says who gets in.
pub async fn revoke(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, name): (&str, &str),
) -> Result<Token> {
    let team = team::find(conn, caller, team_key, Action::Read).await?;
    let owned = token::get(conn, team.id, name).await?.is_some_and(|found| found.owner_id == caller.user.id);
    if !owned || caller.token.is_some() {
        access::require(caller, &team, Action::Admit)?;
    }
    let found = lock(conn, &team, name).await?;
    let now = caller.request.now;
    token::end_keys(conn, found.mandate.id, (now, now)).await?;
    token::revoke(conn, found.mandate.id, now).await?;
    let Mandate { roles, expires_at, .. } = &found.mandate;
    let told = json!({"owner": found.owner, "roles": roles, "environments": found.environments,
                      "expiresAt": expires_at});
    let entry = NewEntry { before: Some(told), ..entry(&team, "token.revoke", name) };
    audit::record(conn, caller, &entry).await?;
    Ok(Token { mandate: Mandate { revoked_at: Some(now), ..found.mandate.clone() }, ..found })
}
