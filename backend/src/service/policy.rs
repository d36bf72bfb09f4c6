//! Policies.

use sqlx::PgConnection;

use crate::{
    access::Action,
    auth::Caller,
    error::{Error, Result},
    service::{audit, environment, key, team},
    store::{
        audit::NewEntry,
        member::Role,
        policy::{self, Policy, PolicyScope, Requirement},
    },
};

/// How many approvals may a policy ask for?
const MAX_APPROVALS: i32 = 100;

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
    if !(1..=MAX_APPROVALS).contains(&new.approvals) {
        return Err(Error::invalid("approvals", format!("must be between 1 and {MAX_APPROVALS}")));
    }
    if (new.scope == PolicyScope::Listed) == new.environments.is_empty() {
        return Err(Error::invalid(
            "environments",
            "are named by a policy of scope LISTED, and only by that",
        ));
    }
    let mut ids = Vec::new();
    for environment_key in &new.environments {
        ids.push(environment::find(conn, team.id, environment_key).await?.id);
    }
    let roles = if new.roles.is_empty() { vec![Role::Approver, Role::TeamAdmin] } else { new.roles };
    let requirement = Requirement { name: new.name, approvals: new.approvals, roles };
    policy::insert(conn, team.id, new.scope, &requirement, &ids).await?;
    let made = Policy {
        name: requirement.name,
        scope: new.scope,
        environments: new.environments,
        approvals: requirement.approvals,
        roles: requirement.roles,
        enabled: true,
    };
    let entry = NewEntry {
        team: Some(team.id),
        action: "policy.create",
        subject: format!("policy {}", made.name),
        after: serde_json::to_value(&made).ok(),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    Ok(made)
}
