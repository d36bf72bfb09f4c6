//! Teams and their members.

mod archive;

use sqlx::PgConnection;

use crate::{
    access::{self, Action},
    auth::Caller,
    error::{Error, Result},
    service::{audit, key},
    store::{
        audit::NewEntry,
        change,
        member::{self, Member, Role},
        page::PageRequest,
        team::{self, Team, TeamFilter},
        user,
    },
};

pub use archive::{archive, archived, unarchive};

/// Finds a team by key for an action. One that the caller does not see is one that does not exist, and one that is archived
/// is only read.
pub async fn find(conn: &mut PgConnection, caller: &Caller, team_key: &str, action: Action) -> Result<Team> {
    let team = find_any(conn, caller, team_key, action).await?;
    match action != Action::Read && team.archived_at.is_some() {
        true => Err(archived(&team)),
        false => Ok(team),
    }
}

/// The same, archived or not: for what only shuts somebody out. But for reading, nobody archives it until the transaction ends.
pub async fn find_any(
    conn: &mut PgConnection,
    caller: &Caller,
    team_key: &str,
    action: Action,
) -> Result<Team> {
    let found = match action {
        Action::Read => team::get(conn, team_key).await?,
        _ => team::hold(conn, team_key).await?,
    };
    if let Some(team) = found
        && caller.sees(team.id)
    {
        access::require(caller, &team, action)?;
        return Ok(team);
    }
    let own = (!caller.user.system_admin).then(|| caller.teams());
    let filter = TeamFilter { among: own.as_deref(), archived: None };
    let candidates =
        team::list(conn, filter, &PageRequest::all()).await?.nodes.into_iter().map(|t| t.key).collect();
    Err(Error::not_found("team", team_key, candidates))
}

/// Makes a team.
pub async fn create(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, name): (&str, Option<String>),
    description: Option<String>,
) -> Result<Team> {
    access::require_system_admin(caller, "make teams")?;
    key::check("key", team_key)?;
    let name = key::text("name", name)?.unwrap_or_else(|| team_key.to_owned());
    let description = key::text("description", description)?.unwrap_or_default();
    let team = team::insert(conn, team_key, &name, &description).await?;
    let entry = NewEntry {
        team: Some(team.id),
        action: "team.create",
        subject: format!("team {}", team.key),
        after: Some(serde_json::json!({"name": team.name, "description": team.description})),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    Ok(team)
}

/// What an edit changes; what is absent stays.
#[derive(Default)]
pub struct EditTeam {
    /// Its name; the key when empty.
    pub name: Option<String>,
    /// What it is for; an empty one is none.
    pub description: Option<String>,
}

/// Changes what a team is called and said to be for.
pub async fn edit(conn: &mut PgConnection, caller: &Caller, team_key: &str, edit: EditTeam) -> Result<Team> {
    let team = find(conn, caller, team_key, Action::Read).await?;
    access::require_system_admin(caller, "change teams")?;
    let before = team::lock(conn, team.id).await?;
    if before.archived_at.is_some() {
        return Err(archived(&before));
    }
    let after = Team {
        name: match edit.name {
            Some(name) => key::text("name", Some(name))?.unwrap_or_else(|| before.key.clone()),
            None => before.name.clone(),
        },
        description: match edit.description {
            Some(description) => key::text("description", Some(description))?.unwrap_or_default(),
            None => before.description.clone(),
        },
        ..before.clone()
    };
    if after == before {
        return Ok(before);
    }
    team::update(conn, &after).await?;
    let told = |of: &Team| Some(serde_json::json!({"name": of.name, "description": of.description}));
    let entry = NewEntry {
        team: Some(team.id),
        action: "team.edit",
        subject: format!("team {}", team.key),
        before: told(&before),
        after: told(&after),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    Ok(after)
}

/// Takes a user out of a team, the last TEAM_ADMIN too, as system administrators remain. Votes of theirs on open
/// changes count no more, since whoever decides looks at the roles of that moment.
pub async fn remove_member(
    conn: &mut PgConnection,
    caller: &Caller,
    team_key: &str,
    username: &str,
) -> Result<Member> {
    let team = find_any(conn, caller, team_key, Action::Admit).await?;
    if let Some(user) = user::by_username(conn, username).await?
        && let Some(roles) = member::delete(conn, team.id, user.id).await?
    {
        let entry = NewEntry {
            team: Some(team.id),
            action: "member.remove",
            subject: format!("member {}", user.username),
            before: Some(serde_json::json!({"roles": roles})),
            ..NewEntry::default()
        };
        audit::record(conn, caller, &entry).await?;
        return Ok(Member { user, roles });
    }
    // A user of another team and nobody at all are the same.
    let candidates = member::active(conn, team.id).await?.into_iter().map(|m| m.user.username).collect();
    Err(Error::not_found("member", username, candidates))
}

/// Makes a user a member with exactly these roles; they hold from the next request on.
pub async fn set_member(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, username): (&str, &str),
    mut roles: Vec<Role>,
) -> Result<Member> {
    let team = find(conn, caller, team_key, Action::Admit).await?;
    let Some(user) = user::by_username(conn, username).await? else {
        // The names of all users are for system administrators.
        let candidates = match caller.user.system_admin {
            true => user::names(conn).await?,
            false => member::active(conn, team.id).await?.into_iter().map(|m| m.user.username).collect(),
        };
        return Err(Error::not_found("user", username, candidates));
    };
    roles.sort_by_key(|role| *role as u8);
    roles.dedup();
    let before = member::of_user(conn, user.id).await?.into_iter().find(|m| m.team_id == team.id);
    member::set(conn, team.id, user.id, &roles).await?;
    // A vote of theirs may count again.
    change::look_again(conn, team.id, caller.request.now).await?;
    let entry = NewEntry {
        team: Some(team.id),
        action: "member.set",
        subject: format!("member {}", user.username),
        before: before.map(|m| serde_json::json!({"roles": m.roles})),
        after: Some(serde_json::json!({"roles": roles})),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    Ok(Member { user, roles })
}
