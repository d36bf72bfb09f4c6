//! Whether a change has the approvals that its policies ask for: a pure function over values.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::store::{
    change::Change,
    member::{Member, Role},
    policy::Requirement,
    token::Mandate,
    vote::{Decision, Vote},
};

/// How far one policy is satisfied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The policy's name.
    pub name: String,
    /// How many approvals it asks for.
    pub required: i32,
    /// Whose approvals count.
    pub roles: Vec<Role>,
    /// Whose have counted.
    pub approvers: Vec<String>,
    /// When time approves, if it does.
    pub auto_approve_at: Option<DateTime<Utc>>,
    /// Whether a TEAM_ADMIN may let the change through.
    pub override_allowed: bool,
    /// Whether nothing is missing.
    pub satisfied: bool,
}

/// What counts of a change beside the votes.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'c> {
    /// Whose document it is, proposed in person or with a token; their votes never count.
    pub authors: &'c [Uuid],
    /// When.
    pub created_at: DateTime<Utc>,
    /// Who let it through where a policy allows that.
    pub overridden_by: Option<Uuid>,
    /// With which token, if they did not in person.
    pub override_token: Option<&'c Mandate>,
    /// The time now.
    pub now: DateTime<Utc>,
}

impl<'c> Standing<'c> {
    /// What counts of a change that nobody has decided on yet.
    pub fn new(authors: &'c [Uuid], now: DateTime<Utc>) -> Standing<'c> {
        Standing { authors, created_at: now, overridden_by: None, override_token: None, now }
    }

    /// What counts of a change, now.
    pub fn of(change: &'c Change, now: DateTime<Utc>) -> Standing<'c> {
        Standing {
            authors: &change.authors,
            created_at: change.created_at,
            overridden_by: change.overridden_by,
            override_token: change.override_token.as_ref(),
            now,
        }
    }
}

/// The stricter of the policies in scope when the change was proposed and of those in scope now.
///
/// Of a policy that was altered meanwhile the higher count holds, by the roles that both forms list; where they list
/// none in common, both forms have to be satisfied. Time and a TEAM_ADMIN satisfy it only where both forms say so.
pub fn strictest(then: Vec<Requirement>, now: Vec<Requirement>) -> Vec<Requirement> {
    let mut all = then;
    for requirement in now {
        let Some(kept) = all.iter_mut().find(|kept| kept.name == requirement.name) else {
            all.push(requirement);
            continue;
        };
        let both: Vec<Role> =
            kept.roles.iter().copied().filter(|role| requirement.roles.contains(role)).collect();
        kept.auto_approve_hours =
            kept.auto_approve_hours.zip(requirement.auto_approve_hours).map(|(then, now)| then.max(now));
        kept.override_allowed &= requirement.override_allowed;
        if both.is_empty() {
            let kept = kept.clone();
            all.push(Requirement {
                auto_approve_hours: kept.auto_approve_hours,
                override_allowed: kept.override_allowed,
                ..requirement
            });
        } else {
            kept.approvals = kept.approvals.max(requirement.approvals);
            kept.roles = both;
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The roles by which somebody decides: a member's own, with a token those of them that it has too while it is let in. A
/// token decides nothing that its owner could not.
pub fn held(member: &[Role], token: Option<&Mandate>, now: DateTime<Utc>) -> Vec<Role> {
    let with = |role: &Role| token.is_none_or(|token| token.roles_at(now).contains(role));
    member.iter().copied().filter(with).collect()
}

/// Counts the approvals of those whose role a policy lists, leaving out the authors: of active members, in person or with a
/// token.
pub fn decide(
    requirements: &[Requirement],
    votes: &[Vote],
    members: &[Member],
    change: Standing<'_>,
) -> Vec<Progress> {
    let roles = |user: Uuid, token: Option<&'_ Mandate>| -> Vec<Role> {
        let member = members.iter().find(|member| member.user.id == user && member.user.active);
        member.map(|member| held(&member.roles, token, change.now)).unwrap_or_default()
    };
    let overridden =
        change.overridden_by.is_some_and(|by| roles(by, change.override_token).contains(&Role::TeamAdmin));
    let progress = |requirement: &Requirement| {
        let approvers: Vec<String> = votes
            .iter()
            .filter(|vote| vote.decision == Decision::Approve && !change.authors.contains(&vote.user_id))
            .filter(|vote| listed(requirement, &roles(vote.user_id, vote.token.as_ref())))
            .map(|vote| vote.user.clone())
            .collect();
        let auto_approve_at =
            requirement.auto_approve_hours.map(|hours| change.created_at + TimeDelta::hours(hours.into()));
        let enough = usize::try_from(requirement.approvals).is_ok_and(|needed| approvers.len() >= needed);
        Progress {
            name: requirement.name.clone(),
            required: requirement.approvals,
            roles: requirement.roles.clone(),
            approvers,
            auto_approve_at,
            override_allowed: requirement.override_allowed,
            satisfied: enough
                || auto_approve_at.is_some_and(|at| at <= change.now)
                || (requirement.override_allowed && overridden),
        }
    };
    requirements.iter().map(progress).collect()
}

/// When it is to be looked at again whether time has approved; never when something else is missing for good.
pub fn next_look(progress: &[Progress], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    progress.iter().filter(|p| !p.satisfied).filter_map(|p| p.auto_approve_at).filter(|at| *at > now).min()
}

/// Whether any of these roles counts for the policy.
pub fn listed(requirement: &Requirement, roles: &[Role]) -> bool {
    roles.iter().any(|role| requirement.roles.contains(role))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock, store::user::User};

    fn member(name: &str, roles: &[Role]) -> Member {
        let user = User {
            id: clock::new_id(),
            username: name.to_owned(),
            name: name.to_owned(),
            email: None,
            active: true,
            system_admin: false,
            must_change_password: false,
            session_epoch: 0,
        };
        Member { user, roles: roles.to_vec() }
    }

    fn vote(member: &Member, decision: Decision) -> Vote {
        Vote {
            change_id: Uuid::nil(),
            user_id: member.user.id,
            user: member.user.username.clone(),
            token: None,
            decision,
            comment: None,
            at: clock::now(),
        }
    }

    fn requirement(approvals: i32, roles: &[Role]) -> Requirement {
        Requirement {
            name: "p".to_owned(),
            approvals,
            roles: roles.to_vec(),
            auto_approve_hours: None,
            override_allowed: false,
        }
    }

    fn standing(authors: &[Uuid]) -> Standing<'_> {
        Standing::new(authors, clock::now())
    }

    fn token(roles: &[Role]) -> Mandate {
        Mandate {
            id: clock::new_id(),
            name: "ci".to_owned(),
            roles: roles.to_vec(),
            expires_at: clock::now() + TimeDelta::hours(1),
            revoked_at: None,
            owner_acts: true,
        }
    }

    #[test]
    fn a_tokens_vote_is_its_owners_and_counts_by_the_roles_of_both_while_it_is_let_in() {
        let owner = member("lead", &[Role::Approver]);
        let by = |token: Mandate| Vote { token: Some(token), ..vote(&owner, Decision::Approve) };
        let approvers = |vote: Vote, author: Uuid| {
            let members = std::slice::from_ref(&owner);
            decide(&[requirement(1, &[Role::Approver])], &[vote], members, standing(&[author]))[0]
                .approvers
                .clone()
        };
        let anybody = clock::new_id();
        assert_eq!(approvers(by(token(&[Role::Approver])), anybody), ["lead"]);
        assert!(approvers(by(token(&[Role::Approver])), owner.user.id).is_empty());
        // Not by roles that only one of them has, nor after its end.
        assert!(approvers(by(token(&[Role::Requester])), anybody).is_empty());
        let demoted = Member { roles: vec![Role::Requester], ..owner.clone() };
        let votes = [by(token(&[Role::Approver]))];
        for members in [&[demoted][..], &[]] {
            let asked = [requirement(1, &[Role::Approver])];
            assert!(decide(&asked, &votes, members, standing(&[anybody]))[0].approvers.is_empty());
        }
        for ended in [
            Mandate { revoked_at: Some(clock::now()), ..token(&[Role::Approver]) },
            Mandate { expires_at: clock::now(), ..token(&[Role::Approver]) },
            Mandate { owner_acts: false, ..token(&[Role::Approver]) },
        ] {
            assert!(approvers(by(ended), anybody).is_empty());
        }
    }

    #[test]
    fn an_override_with_a_token_counts_while_the_token_is_let_in() {
        let allowed = Requirement { override_allowed: true, ..requirement(1, &[Role::Approver]) };
        let admin = member("root", &[Role::TeamAdmin]);
        let overridden = |token: Option<&Mandate>| {
            let mut standing = standing(&[]);
            (standing.overridden_by, standing.override_token) = (Some(admin.user.id), token);
            let members = std::slice::from_ref(&admin);
            decide(std::slice::from_ref(&allowed), &[], members, standing)[0].satisfied
        };
        let held = token(&[Role::TeamAdmin]);
        assert!(overridden(Some(&held)) && overridden(None));
        assert!(!overridden(Some(&token(&[Role::Approver]))));
        assert!(!overridden(Some(&Mandate { revoked_at: Some(clock::now()), ..held })));
    }

    #[test]
    fn counts_distinct_members_whose_role_is_listed_and_never_the_author() {
        let author = member("ann", &[Role::Requester, Role::Approver]);
        let lead = member("lead", &[Role::Approver]);
        let peer = member("peer", &[Role::Requester]);
        let members = [author.clone(), lead, peer];
        let votes: Vec<_> = members.iter().map(|m| vote(m, Decision::Approve)).collect();
        let approvers = |requirement| {
            let mut progress = decide(&[requirement], &votes, &members, standing(&[author.user.id]));
            progress.remove(0)
        };
        assert_eq!(approvers(requirement(1, &[Role::Approver])).approvers, ["lead"]);
        assert!(approvers(requirement(1, &[Role::Approver])).satisfied);
        assert!(!approvers(requirement(2, &[Role::Approver])).satisfied);
        assert!(approvers(requirement(2, &[Role::Approver, Role::Requester])).satisfied);
    }

    #[test]
    fn a_role_that_was_taken_away_counts_no_more() {
        let lead = member("lead", &[Role::Approver]);
        let votes = [vote(&lead, Decision::Approve)];
        let now = Member { roles: Vec::new(), ..lead };
        let progress = decide(&[requirement(1, &[Role::Approver])], &votes, &[now], standing(&[]));
        assert!(!progress[0].satisfied);
        assert!(!decide(&[requirement(1, &[Role::Approver])], &votes, &[], standing(&[]))[0].satisfied);
    }

    #[test]
    fn the_stricter_of_then_and_now_counts() {
        let then = requirement(2, &[Role::Approver, Role::Requester]);
        let now = requirement(1, &[Role::Approver]);
        assert_eq!(strictest(vec![then.clone()], vec![now]), [requirement(2, &[Role::Approver])]);
        let only = std::slice::from_ref(&then);
        assert_eq!(strictest(only.to_vec(), vec![]), only);
        assert_eq!(strictest(vec![], only.to_vec()), only);
    }

    #[test]
    fn time_approves_where_both_forms_say_so() {
        let auto = |hours| Requirement { auto_approve_hours: hours, ..requirement(1, &[Role::Approver]) };
        let strict = |then, now| strictest(vec![auto(then)], vec![auto(now)])[0].auto_approve_hours;
        assert_eq!((strict(Some(1), Some(5)), strict(Some(5), Some(1))), (Some(5), Some(5)));
        assert_eq!((strict(None, Some(1)), strict(Some(1), None)), (None, None));
        let at = |hours| {
            let mut standing = standing(&[]);
            standing.now += TimeDelta::hours(hours);
            let progress = decide(&[auto(Some(2))], &[], &[], standing);
            (progress[0].satisfied, next_look(&progress, standing.now).is_some())
        };
        assert_eq!((at(1), at(2)), ((false, true), (true, false)));
    }

    #[test]
    fn an_override_counts_where_it_is_allowed_and_while_its_admin_is_one() {
        let admin = member("root", &[Role::TeamAdmin]);
        let allowed = Requirement { override_allowed: true, ..requirement(2, &[Role::Approver]) };
        let mut standing = standing(&[]);
        standing.overridden_by = Some(admin.user.id);
        let satisfied = |requirement: &Requirement, member: &Member| {
            let members = std::slice::from_ref(member);
            decide(std::slice::from_ref(requirement), &[], members, standing)[0].satisfied
        };
        assert!(satisfied(&allowed, &admin));
        assert!(!satisfied(&requirement(2, &[Role::Approver]), &admin));
        assert!(!satisfied(&allowed, &Member { roles: vec![Role::Approver], ..admin.clone() }));
        let both = strictest(vec![allowed], vec![requirement(2, &[Role::Approver])]);
        assert!(!satisfied(&both[0], &admin));
    }
}
