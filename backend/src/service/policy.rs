//! Policies.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    access::Action,
    auth::Caller,
    error::{Error, Result},
    service::{audit, environment, key, team},
    store::{
        self,
        audit::NewEntry,
        change,
        member::Role,
        policy::{self, Policy, PolicyScope},
        team::Team,
    },
};

/// How many approvals may a policy ask for?
const MAX_APPROVALS: i32 = 100;
/// After how many hours may time approve at most? A year.
const MAX_AUTO_APPROVE_HOURS: i32 = 8_760;

/// A policy to be made.
pub struct NewPolicy {
    /// Its name.
    pub name: String,
    /// What it covers.
    pub scope: PolicyScope,
    /// The keys that a LISTED one names.
    pub environments: Vec<String>,
    /// How many must agree.
    pub approvals: i32,
    /// Whose agreement counts; APPROVER and TEAM_ADMIN when empty.
    pub roles: Vec<Role>,
    /// After how many hours without a rejection it is satisfied by itself.
    pub auto_approve_hours: Option<i32>,
    /// Whether that holds in environments of type PRODUCTION as well.
    pub auto_approve_production: bool,
    /// Whether a TEAM_ADMIN may let a change through without the approvals.
    pub override_allowed: bool,
}

/// Makes a policy. It counts for all open changes at once.
pub async fn create(
    conn: &mut PgConnection,
    caller: &Caller,
    team_key: &str,
    new: NewPolicy,
) -> Result<Policy> {
    let team = team::find(conn, caller, team_key, Action::Manage).await?;
    key::check("name", &new.name)?;
    key::check_many("environments", &new.environments)?;
    key::check_many("roles", &new.roles)?;
    let mut made = Policy {
        name: new.name,
        scope: new.scope,
        environments: new.environments,
        approvals: new.approvals,
        roles: new.roles,
        auto_approve_hours: new.auto_approve_hours,
        auto_approve_production: new.auto_approve_production,
        override_allowed: new.override_allowed,
        enabled: true,
    };
    hold_changes(conn, &team).await?;
    let ids = complete(conn, team.id, &mut made).await?;
    policy::insert(conn, team.id, &made, &ids).await?;
    look_again(conn, caller, &team).await?;
    record(conn, caller, &team, ("policy.create", None, Some(&made))).await?;
    Ok(made)
}

/// Finds a policy of a team by name.
pub async fn find(conn: &mut PgConnection, team: Uuid, name: &str) -> Result<Policy> {
    match policy::get(conn, team, name).await? {
        Some(found) => Ok(found),
        None => Err(Error::not_found("policy", name, policy::names(conn, team).await?)),
    }
}

/// What an edit changes; what is absent stays.
#[derive(Default)]
pub struct EditPolicy {
    /// What it covers.
    pub scope: Option<PolicyScope>,
    /// The keys that a LISTED one names.
    pub environments: Option<Vec<String>>,
    /// How many must agree.
    pub approvals: Option<i32>,
    /// Whose agreement counts; APPROVER and TEAM_ADMIN when empty.
    pub roles: Option<Vec<Role>>,
    /// After how many hours without a rejection it is satisfied by itself; never when there is nothing in it.
    pub auto_approve_hours: Option<Option<i32>>,
    /// Whether that holds in environments of type PRODUCTION as well.
    pub auto_approve_production: Option<bool>,
    /// Whether a TEAM_ADMIN may let a change through without the approvals.
    pub override_allowed: Option<bool>,
    /// Whether it counts at all.
    pub enabled: Option<bool>,
}

/// Changes a policy. Open changes need the stricter of what it asked for when they were proposed and of what it asks
/// for now.
pub async fn edit(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, name): (&str, &str),
    edit: EditPolicy,
) -> Result<Policy> {
    key::check_many("environments", edit.environments.as_deref().unwrap_or_default())?;
    key::check_many("roles", edit.roles.as_deref().unwrap_or_default())?;
    let (team, id, before) = lock(conn, caller, (team_key, name)).await?;
    let scope = edit.scope.unwrap_or(before.scope);
    let mut after = Policy {
        scope,
        environments: match edit.environments {
            Some(environments) => environments,
            // Those of the former scope mean nothing to another.
            None if scope == before.scope => before.environments.clone(),
            None => Vec::new(),
        },
        approvals: edit.approvals.unwrap_or(before.approvals),
        roles: edit.roles.unwrap_or_else(|| before.roles.clone()),
        auto_approve_hours: edit.auto_approve_hours.unwrap_or(before.auto_approve_hours),
        auto_approve_production: edit.auto_approve_production.unwrap_or(before.auto_approve_production),
        override_allowed: edit.override_allowed.unwrap_or(before.override_allowed),
        enabled: edit.enabled.unwrap_or(before.enabled),
        ..before.clone()
    };
    let ids = complete(conn, team.id, &mut after).await?;
    if after == before {
        return Ok(before);
    }
    policy::update(conn, id, &after, &ids).await?;
    look_again(conn, caller, &team).await?;
    record(conn, caller, &team, ("policy.edit", Some(&before), Some(&after))).await?;
    Ok(after)
}

/// Takes a policy away. Changes that were proposed under it need still what it asked for then.
pub async fn delete(conn: &mut PgConnection, caller: &Caller, team_key: &str, name: &str) -> Result<Policy> {
    let (team, id, before) = lock(conn, caller, (team_key, name)).await?;
    policy::delete(conn, id).await?;
    look_again(conn, caller, &team).await?;
    record(conn, caller, &team, ("policy.delete", Some(&before), None)).await?;
    Ok(before)
}

/// Waits until no change of the team is being decided on, and keeps others from it: whoever decides has looked at the
/// policies, and holds the environments.
async fn hold_changes(conn: &mut PgConnection, team: &Team) -> Result<()> {
    store::environment::lock_all(conn, team.id).await?;
    Ok(())
}

/// Lets the scheduler look at what waits: when time approves a change may be another moment by the policies that are now.
async fn look_again(conn: &mut PgConnection, caller: &Caller, team: &Team) -> Result<()> {
    Ok(change::look_again(conn, team.id, caller.request.now).await?)
}

async fn lock(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, name): (&str, &str),
) -> Result<(Team, Uuid, Policy)> {
    let team = team::find(conn, caller, team_key, Action::Manage).await?;
    hold_changes(conn, &team).await?;
    let id = policy::lock(conn, team.id, name).await?;
    let found = find(conn, team.id, name).await?;
    // Locked and found are the same, unless it was made in between.
    let id = id.ok_or_else(|| Error::Conflict(format!("{name} was made just now; try again")))?;
    Ok((team, id, found))
}

/// Checks a policy, fills in what it leaves open, and gives the ids of the environments that it names, each once and
/// in their order.
async fn complete(conn: &mut PgConnection, team: Uuid, policy: &mut Policy) -> Result<Vec<Uuid>> {
    if !(1..=MAX_APPROVALS).contains(&policy.approvals) {
        return Err(Error::invalid("approvals", format!("must be between 1 and {MAX_APPROVALS}")));
    }
    check_auto_approval(policy.auto_approve_hours, policy.auto_approve_production)?;
    if (policy.scope == PolicyScope::Listed) == policy.environments.is_empty() {
        return Err(Error::invalid(
            "environments",
            "are named by a policy of scope LISTED, and only by that",
        ));
    }
    let keys: Vec<&str> = policy.environments.iter().map(String::as_str).collect();
    let mut named = environment::find_all(conn, team, &keys).await?;
    named.sort_by_key(|environment| environment.position);
    named.dedup_by_key(|environment| environment.id);
    policy.environments = named.iter().map(|environment| environment.key.clone()).collect();
    if policy.roles.is_empty() {
        policy.roles = vec![Role::Approver, Role::TeamAdmin];
    }
    policy.roles.sort_by_key(|role| *role as u8);
    policy.roles.dedup();
    Ok(named.into_iter().map(|environment| environment.id).collect())
}

async fn record(
    conn: &mut PgConnection,
    caller: &Caller,
    team: &Team,
    (action, before, after): (&str, Option<&Policy>, Option<&Policy>),
) -> Result<()> {
    let told = |of: Option<&Policy>| of.and_then(|of| serde_json::to_value(of).ok());
    let entry = NewEntry {
        team: Some(team.id),
        action,
        subject: format!("policy {}", before.or(after).map_or("", |of| of.name.as_str())),
        before: told(before),
        after: told(after),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await
}

fn check_auto_approval(hours: Option<i32>, production: bool) -> Result<()> {
    match hours {
        Some(hours) if !(1..=MAX_AUTO_APPROVE_HOURS).contains(&hours) => Err(Error::invalid(
            "autoApproveHours",
            format!("must be between 1 and {MAX_AUTO_APPROVE_HOURS}, or absent for never"),
        )),
        None if production => {
            Err(Error::invalid("autoApproveProduction", "says nothing without autoApproveHours"))
        }
        _ => Ok(()),
    }
}
