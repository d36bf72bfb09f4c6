//! Who may do what: one table, read by every service and by the documentation.

use uuid::Uuid;

use crate::{
    auth::Caller,
    error::{Error, Result},
    store::{member::Role, team::Team},
};

/// Something that needs a permission within a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read the team's things, evaluate, watch.
    Read,
    /// Propose changes, cancel one's own.
    Propose,
    /// Vote on the changes of others. A policy may let REQUESTERs vote too.
    Vote,
    /// Let a change through where its policies allow that.
    Override,
    /// Turn a kill switch on.
    Kill,
    /// Turn it off.
    Restore,
    /// Environments, pipelines, context keys, policies, clients, members.
    Manage,
}

/// Who may take an action in a team.
struct Rule {
    action: Action,
    what: &'static str,
    /// Any of these; none of them: every member.
    roles: &'static [Role],
    system_admin: bool,
}

const RULES: &[Rule] = &[
    Rule { action: Action::Read, what: "read", roles: &[], system_admin: true },
    Rule {
        action: Action::Propose,
        what: "propose changes",
        roles: &[Role::Requester, Role::Approver, Role::TeamAdmin],
        system_admin: true,
    },
    Rule {
        action: Action::Vote,
        what: "vote on changes",
        roles: &[Role::Approver, Role::TeamAdmin],
        system_admin: false,
    },
    Rule {
        action: Action::Override,
        what: "override policies",
        roles: &[Role::TeamAdmin],
        system_admin: false,
    },
    Rule {
        action: Action::Kill,
        what: "kill features",
        roles: &[Role::Requester, Role::Approver, Role::TeamAdmin],
        system_admin: true,
    },
    Rule {
        action: Action::Restore,
        what: "restore killed features",
        roles: &[Role::Approver, Role::TeamAdmin],
        system_admin: true,
    },
    Rule {
        action: Action::Manage,
        what: "change environments, pipelines, context keys, policies, clients and members",
        roles: &[Role::TeamAdmin],
        system_admin: true,
    },
];

impl Caller {
    /// The caller's roles in a team; absent for someone who is no member.
    pub fn roles(&self, team: Uuid) -> Option<&[Role]> {
        self.memberships.iter().find(|m| m.team_id == team).map(|m| m.roles.as_slice())
    }

    /// Whether the team exists for the caller at all.
    pub fn sees(&self, team: Uuid) -> bool {
        self.user.system_admin || self.roles(team).is_some()
    }
}

/// Refuses what the caller's roles do not allow, naming the roles that would.
pub fn require(caller: &Caller, team: &Team, action: Action) -> Result<()> {
    let Some(rule) = RULES.iter().find(|rule| rule.action == action) else {
        return Err(Error::forbidden("nobody may do this"));
    };
    let by_role = caller
        .roles(team.id)
        .is_some_and(|roles| rule.roles.is_empty() || roles.iter().any(|role| rule.roles.contains(role)));
    if by_role || (rule.system_admin && caller.user.system_admin) {
        return Ok(());
    }
    let needed = rule.roles.iter().map(Role::to_string).collect::<Vec<_>>().join(" or ");
    Err(Error::Forbidden {
        message: format!(
            "{} may not {} in {}: that takes {needed}",
            caller.user.username, rule.what, team.key
        ),
        hint: Some(format!("ask a TEAM_ADMIN of {} for the role", team.key)),
        team: Some(team.id),
    })
}

/// Refuses everybody but system administrators.
pub fn require_system_admin(caller: &Caller, what: &str) -> Result<()> {
    if caller.user.system_admin {
        return Ok(());
    }
    Err(Error::forbidden(format!(
        "{} may not {what}: that takes a system administrator",
        caller.user.username
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        auth::Request,
        clock,
        store::{member::Membership, user::User},
    };

    fn caller(roles: Option<&[Role]>, system_admin: bool, team: &Team) -> Caller {
        Caller {
            user: User {
                id: clock::new_id(),
                username: "ada".to_owned(),
                name: "Ada".to_owned(),
                email: None,
                active: true,
                system_admin,
                must_change_password: false,
                session_epoch: 0,
            },
            memberships: roles
                .map(|roles| Membership {
                    team_id: team.id,
                    team_key: team.key.clone(),
                    roles: roles.to_vec(),
                })
                .into_iter()
                .collect(),
            request: Request { now: clock::now(), id: clock::new_id(), address: None },
            until: clock::now(),
        }
    }

    #[test]
    fn the_table_is_the_documented_one() {
        let team = Team {
            id: clock::new_id(),
            key: "t".to_owned(),
            name: String::new(),
            description: String::new(),
        };
        use Action::{Kill, Manage, Override, Propose, Read, Restore, Vote};
        let all = [Read, Propose, Vote, Override, Kill, Restore, Manage];
        let may = |roles: Option<&[Role]>, system_admin| -> Vec<Action> {
            let caller = caller(roles, system_admin, &team);
            all.into_iter().filter(|action| require(&caller, &team, *action).is_ok()).collect()
        };
        assert_eq!(may(None, false), []);
        assert_eq!(may(Some(&[]), false), [Read]);
        assert_eq!(may(Some(&[Role::Requester]), false), [Read, Propose, Kill]);
        assert_eq!(may(Some(&[Role::Approver]), false), [Read, Propose, Vote, Kill, Restore]);
        assert_eq!(may(Some(&[Role::TeamAdmin]), false), all);
        assert_eq!(may(None, true), [Read, Propose, Kill, Restore, Manage]);
    }

    #[test]
    fn a_refusal_names_the_roles() {
        let team = Team {
            id: clock::new_id(),
            key: "t".to_owned(),
            name: String::new(),
            description: String::new(),
        };
        let refused = require(&caller(Some(&[]), false, &team), &team, Action::Restore).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "ada may not restore killed features in t: that takes APPROVER or TEAM_ADMIN"
        );
    }
}
