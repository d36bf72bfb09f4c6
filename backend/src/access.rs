//! Who may do what: one table, read by every service and by `docs/roles.md`.

mod document;
mod reach;

use uuid::Uuid;

use crate::{
    auth::Caller,
    error::{Error, Result},
    store::{member::Role, team::Team},
};

pub use document::roles;
pub use reach::{require_everywhere, require_within};

/// Something that needs a permission within a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read the team's things, evaluate, watch.
    Read,
    /// Propose changes, cancel one's own.
    Propose,
    /// Vote on the changes of others.
    Vote,
    /// Let a change through where its policies allow that.
    Override,
    /// Turn a kill switch on.
    Kill,
    /// Turn it off.
    Restore,
    /// Environments, pipelines, context keys, policies, clients.
    Manage,
    /// Say who gets in: members and tokens.
    Admit,
}

/// What tokens may of what their roles allow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ForTokens {
    /// All of it, in every environment.
    All,
    /// In the environments that they are limited to.
    Within,
    /// Only those that are not limited to environments, as it reaches into all.
    Unlimited,
    /// Nothing: a key that got about must not outlive its end.
    Nothing,
}

/// Who may take an action in a team.
struct Rule {
    action: Action,
    /// In a refusal: may not …
    what: &'static str,
    /// What the document says beside it.
    more: &'static str,
    /// Any of these; none of them: every member.
    roles: &'static [Role],
    /// These too, where a policy lists them.
    listed: &'static [Role],
    system_admin: bool,
    tokens: ForTokens,
}

const RULES: &[Rule] = &[
    Rule {
        action: Action::Read,
        what: "read",
        more: "the team's things, evaluate, watch",
        roles: &[],
        listed: &[],
        system_admin: true,
        tokens: ForTokens::All,
    },
    Rule {
        action: Action::Propose,
        what: "propose changes",
        more: ", comment, cancel one's own; describe and archive features",
        roles: &[Role::Requester, Role::Approver, Role::TeamAdmin],
        listed: &[],
        system_admin: true,
        tokens: ForTokens::Within,
    },
    Rule {
        action: Action::Vote,
        what: "vote on changes",
        more: "of others",
        roles: &[Role::Approver, Role::TeamAdmin],
        listed: &[Role::Requester],
        system_admin: false,
        tokens: ForTokens::Within,
    },
    Rule {
        action: Action::Override,
        what: "override policies",
        more: "that allow it, with a reason",
        roles: &[Role::TeamAdmin],
        listed: &[],
        system_admin: false,
        tokens: ForTokens::Within,
    },
    Rule {
        action: Action::Kill,
        what: "kill features",
        more: "",
        roles: &[Role::Requester, Role::Approver, Role::TeamAdmin],
        listed: &[],
        system_admin: true,
        tokens: ForTokens::Within,
    },
    Rule {
        action: Action::Restore,
        what: "restore killed features",
        more: ", or bring the end of a kill forward",
        roles: &[Role::Approver, Role::TeamAdmin],
        listed: &[],
        system_admin: true,
        tokens: ForTokens::Within,
    },
    Rule {
        action: Action::Manage,
        what: "change environments, pipelines, context keys, policies and clients",
        more: "; cancel the changes of others",
        roles: &[Role::TeamAdmin],
        listed: &[],
        system_admin: true,
        tokens: ForTokens::Unlimited,
    },
    Rule {
        action: Action::Admit,
        what: "change members and tokens",
        more: "",
        roles: &[Role::TeamAdmin],
        listed: &[],
        system_admin: true,
        tokens: ForTokens::Nothing,
    },
];

/// What takes a system administrator, whatever the team.
const OF_SYSTEM_ADMINS: &[&str] = &[
    "make and change teams",
    "make and change users",
    "rotate signing keys",
    "read the audit of no team",
    "change what is logged",
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

    /// Who it is, as refusals say it.
    pub fn who(&self) -> String {
        match &self.token {
            Some(token) => format!("{}'s token {}", token.owner, token.mandate.name),
            None => self.user.username.clone(),
        }
    }
}

fn rule(action: Action) -> Result<&'static Rule> {
    RULES.iter().find(|rule| rule.action == action).ok_or_else(|| Error::forbidden("nobody may do this"))
}

/// Whether a role of the caller's allows an action where a policy lists it.
pub fn by_policy(caller: &Caller, team: Uuid, action: Action) -> bool {
    let roles = caller.roles(team).unwrap_or_default();
    rule(action).is_ok_and(|rule| roles.iter().any(|role| rule.listed.contains(role)))
}

/// Whether the caller's roles allow an action, everywhere where it reaches.
pub fn allows(caller: &Caller, team: Uuid, action: Action) -> bool {
    rule(action).is_ok_and(|rule| {
        let reach = match rule.tokens {
            ForTokens::Nothing => caller.token.is_none(),
            ForTokens::Unlimited => caller.limited().is_none(),
            ForTokens::All | ForTokens::Within => true,
        };
        reach && by_role(caller, team, rule)
    })
}

fn by_role(caller: &Caller, team: Uuid, rule: &Rule) -> bool {
    let by_role =
        |roles: &[Role]| rule.roles.is_empty() || roles.iter().any(|role| rule.roles.contains(role));
    caller.roles(team).is_some_and(by_role) || (rule.system_admin && caller.user.system_admin)
}

/// Refuses what the caller's roles do not allow, naming the roles that would, and what no token may.
pub fn require(caller: &Caller, team: &Team, action: Action) -> Result<()> {
    let rule = rule(action)?;
    match rule.tokens {
        ForTokens::Nothing => of_people(caller, rule.what, Some(team.id))?,
        ForTokens::Unlimited => require_everywhere(caller, team, rule.what)?,
        ForTokens::All | ForTokens::Within => {}
    }
    if by_role(caller, team.id, rule) {
        return Ok(());
    }
    let needed = rule.roles.iter().map(Role::to_string).collect::<Vec<_>>().join(" or ");
    let hint = match caller.token {
        Some(_) => format!("a token keeps its roles: ask a TEAM_ADMIN of {} for another one", team.key),
        None => format!("ask a TEAM_ADMIN of {} for the role", team.key),
    };
    Err(Error::Forbidden {
        message: format!("{} may not {} in {}: that takes {needed}", caller.who(), rule.what, team.key),
        hint: Some(hint),
        team: Some(team.id),
    })
}

/// Refuses everybody but system administrators.
pub fn require_system_admin(caller: &Caller, what: &str) -> Result<()> {
    if caller.user.system_admin {
        return Ok(());
    }
    let who = caller.who();
    Err(Error::forbidden(format!("{who} may not {what}: that takes a system administrator")))
}

/// Refuses tokens what is for people alone.
pub fn require_person(caller: &Caller, what: &str) -> Result<()> {
    of_people(caller, what, None)
}

fn of_people(caller: &Caller, what: &str, team: Option<Uuid>) -> Result<()> {
    match &caller.token {
        None => Ok(()),
        Some(_) => Err(Error::Forbidden {
            message: format!("{} may not {what}: no token may", caller.who()),
            hint: Some("sign in as yourself".to_owned()),
            team,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        auth::Request,
        clock,
        store::{
            member::Membership,
            token::{Mandate, Token},
            user::User,
        },
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
            token: None,
            request: Request { now: clock::now(), id: clock::new_id(), address: None, dry_run: false },
            until: clock::now(),
        }
    }

    fn team() -> Team {
        Team {
            id: clock::new_id(),
            key: "t".to_owned(),
            name: String::new(),
            description: String::new(),
            archived_at: None,
        }
    }

    /// A token of ada's with these roles, limited to these environments.
    fn token(roles: &[Role], environments: &[Uuid], team: &Team) -> Caller {
        let now = clock::now();
        let mandate = Mandate {
            id: clock::new_id(),
            name: "ci".to_owned(),
            roles: roles.to_vec(),
            expires_at: now,
            revoked_at: None,
            owner_acts: true,
        };
        let owner = caller(Some(roles), false, team);
        let token = Token {
            mandate,
            team_id: team.id,
            owner_id: owner.user.id,
            owner: owner.user.username.clone(),
            environment_ids: environments.to_vec(),
            environments: vec!["dev".to_owned(); environments.len()],
            created_at: now,
            last_used_at: None,
        };
        Caller { token: Some(token), ..owner }
    }

    #[test]
    fn the_table_is_the_documented_one() {
        let team = team();
        use Action::{Admit, Kill, Manage, Override, Propose, Read, Restore, Vote};
        let all = [Read, Propose, Vote, Override, Kill, Restore, Manage, Admit];
        let allowed = |caller: Caller| -> Vec<Action> {
            let required = all.into_iter().filter(|action| require(&caller, &team, *action).is_ok());
            let required: Vec<_> = required.collect();
            assert!(all.into_iter().all(|a| required.contains(&a) == allows(&caller, team.id, a)));
            required
        };
        let may = |roles: Option<&[Role]>, system_admin| allowed(caller(roles, system_admin, &team));
        assert_eq!(may(None, false), []);
        assert_eq!(may(Some(&[]), false), [Read]);
        assert_eq!(may(Some(&[Role::Requester]), false), [Read, Propose, Kill]);
        assert_eq!(may(Some(&[Role::Approver]), false), [Read, Propose, Vote, Kill, Restore]);
        assert_eq!(may(Some(&[Role::TeamAdmin]), false), all);
        assert_eq!(may(None, true), [Read, Propose, Kill, Restore, Manage, Admit]);
        let with_token = |environments: &[Uuid]| allowed(token(&[Role::TeamAdmin], environments, &team));
        assert_eq!(with_token(&[]), [Read, Propose, Vote, Override, Kill, Restore, Manage]);
        assert_eq!(with_token(&[clock::new_id()]), [Read, Propose, Vote, Override, Kill, Restore]);
        let peer = caller(Some(&[Role::Requester]), false, &team);
        assert!(by_policy(&peer, team.id, Vote) && !by_policy(&peer, team.id, Restore));
    }

    #[test]
    fn a_refusal_names_the_roles() {
        let team = team();
        let refused = require(&caller(Some(&[]), false, &team), &team, Action::Restore).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "ada may not restore killed features in t: that takes APPROVER or TEAM_ADMIN"
        );
    }

    #[test]
    fn a_token_is_told_what_it_is_limited_to() {
        let (team, dev, prod) = (team(), clock::new_id(), clock::new_id());
        let limited = token(&[Role::TeamAdmin], &[dev], &team);
        assert!(require_within(&limited, &team, [(dev, "dev")]).is_ok());
        let refused = require_within(&limited, &team, [(dev, "dev"), (prod, "prod")]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "ada's token ci may change nothing in prod of t: it is limited to dev"
        );
        let refused = require(&limited, &team, Action::Manage).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "ada's token ci may not change environments, pipelines, context keys, policies and clients in t: it is limited to dev"
        );
        let refused = require(&limited, &team, Action::Admit).unwrap_err();
        assert_eq!(refused.to_string(), "ada's token ci may not change members and tokens: no token may");
        assert!(require_within(&token(&[], &[], &team), &team, [(prod, "prod")]).is_ok());
    }
}
