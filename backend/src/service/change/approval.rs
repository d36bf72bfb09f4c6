//! Whether a change has the approvals that its policies ask for: a pure function over values.

use uuid::Uuid;

use crate::store::{
    member::{Member, Role},
    policy::Requirement,
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
}

impl Progress {
    /// Whether nothing is missing.
    pub fn satisfied(&self) -> bool {
        usize::try_from(self.required).is_ok_and(|required| self.approvers.len() >= required)
    }
}

/// The stricter of the policies in scope when the change was proposed and of those in scope now.
///
/// Of a policy that was altered meanwhile the higher count holds, by the roles that both forms list; where they list
/// none in common, both forms have to be satisfied.
pub fn strictest(then: Vec<Requirement>, now: Vec<Requirement>) -> Vec<Requirement> {
    let mut all = then;
    for requirement in now {
        let Some(kept) = all.iter_mut().find(|kept| kept.name == requirement.name) else {
            all.push(requirement);
            continue;
        };
        let both: Vec<Role> =
            kept.roles.iter().copied().filter(|role| requirement.roles.contains(role)).collect();
        if both.is_empty() {
            all.push(requirement);
        } else {
            kept.approvals = kept.approvals.max(requirement.approvals);
            kept.roles = both;
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// Counts the approvals of active members whose role a policy lists, leaving out the author.
pub fn decide(
    requirements: &[Requirement],
    votes: &[Vote],
    members: &[Member],
    author: Uuid,
) -> Vec<Progress> {
    requirements
        .iter()
        .map(|requirement| Progress {
            name: requirement.name.clone(),
            required: requirement.approvals,
            roles: requirement.roles.clone(),
            approvers: votes
                .iter()
                .filter(|vote| vote.decision == Decision::Approve && vote.user_id != author)
                .filter_map(|vote| members.iter().find(|member| member.user.id == vote.user_id))
                .filter(|member| member.user.active && listed(requirement, &member.roles))
                .map(|member| member.user.username.clone())
                .collect(),
        })
        .collect()
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
        };
        Member { user, roles: roles.to_vec() }
    }

    fn vote(member: &Member, decision: Decision) -> Vote {
        Vote {
            change_id: Uuid::nil(),
            user_id: member.user.id,
            user: member.user.username.clone(),
            decision,
            comment: None,
            at: clock::now(),
        }
    }

    fn requirement(approvals: i32, roles: &[Role]) -> Requirement {
        Requirement { name: "p".to_owned(), approvals, roles: roles.to_vec() }
    }

    #[test]
    fn counts_distinct_members_whose_role_is_listed_and_never_the_author() {
        let author = member("ann", &[Role::Requester, Role::Approver]);
        let lead = member("lead", &[Role::Approver]);
        let peer = member("peer", &[Role::Requester]);
        let members = [author.clone(), lead, peer];
        let votes: Vec<_> = members.iter().map(|m| vote(m, Decision::Approve)).collect();
        let approvers = |requirement| {
            let mut progress = decide(&[requirement], &votes, &members, author.user.id);
            progress.remove(0)
        };
        assert_eq!(approvers(requirement(1, &[Role::Approver])).approvers, ["lead"]);
        assert!(approvers(requirement(1, &[Role::Approver])).satisfied());
        assert!(!approvers(requirement(2, &[Role::Approver])).satisfied());
        assert!(approvers(requirement(2, &[Role::Approver, Role::Requester])).satisfied());
    }

    #[test]
    fn a_role_that_was_taken_away_counts_no_more() {
        let lead = member("lead", &[Role::Approver]);
        let votes = [vote(&lead, Decision::Approve)];
        let now = Member { roles: Vec::new(), ..lead };
        let progress = decide(&[requirement(1, &[Role::Approver])], &votes, &[now], Uuid::nil());
        assert!(!progress[0].satisfied());
        assert!(!decide(&[requirement(1, &[Role::Approver])], &votes, &[], Uuid::nil())[0].satisfied());
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
}
