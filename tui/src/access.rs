//! Who is signed in, and what their roles let them do: for hints and refusals before the server has its say.

use fluxgate_client::Role;
use fluxgate_client::caller::{Caller, RESTORERS};
use fluxgate_wording::change::by;

use crate::host::Place;
use crate::keymap::Action;

/// Whoever is signed in, as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Who {
    /// Their name; a token's for a robot.
    pub(crate) name: String,
    /// The person; of a token, its owner.
    pub(crate) user: String,
    roles: Vec<Role>,
    system_admin: bool,
    /// Whether they are a token that is limited to environments.
    limited: bool,
}

impl Who {
    /// Reads it from what the server says, for one team.
    pub(crate) fn of(caller: &Caller, team: &str) -> Self {
        let user = &caller.me;
        let token = caller.token.as_ref();
        let (roles, system_admin) = caller.roles(team);
        Self {
            name: by(&user.username, token.map(|token| token.name.as_str())),
            user: user.username.clone(),
            roles: roles.to_vec(),
            system_admin,
            limited: token.is_some_and(|token| !token.environments.is_empty()),
        }
    }

    /// Returns what they are in the team, in words.
    pub(crate) fn role(&self) -> String {
        let words: Vec<&str> = self.roles.iter().map(role).collect();
        match (words.is_empty(), self.system_admin) {
            (true, true) => "System administrator".to_owned(),
            (true, false) => "Member".to_owned(),
            (false, _) => words.join(", "),
        }
    }

    /// Returns whether a robot acts for them.
    pub(crate) fn is_token(&self) -> bool {
        self.name != self.user
    }

    /// Returns whether they may manage the team's things: take back what others proposed, and more.
    pub(crate) fn manages(&self) -> bool {
        self.system_admin || (self.is(&[Role::TeamAdmin]) && !self.limited)
    }

    /// Returns whether they have any of these roles.
    pub(crate) fn is(&self, any: &[Role]) -> bool {
        self.roles.iter().any(|role| any.contains(role))
    }
}

/// Returns a role in words.
pub(crate) fn role(role: &Role) -> &str {
    match role {
        Role::Requester => "Requester",
        Role::Approver => "Approver",
        Role::TeamAdmin => "Team Admin",
        Role::Other(word) => word,
    }
}

const ANY: [Role; 3] = [Role::Requester, Role::Approver, Role::TeamAdmin];

/// Returns the roles that may do something, and what that is: from the table in docs/roles.md. None where it takes none.
fn allowed(action: Action) -> Option<(&'static [Role], &'static str)> {
    Some(match action {
        Action::Promote | Action::RollBack | Action::Edit | Action::New => (&ANY, "proposing a change"),
        Action::Comment => (&ANY, "commenting"),
        // Who may kill may put its end off as well; to bring it forward takes what a restore does.
        Action::Kill | Action::Later => (&ANY, "a kill"),
        // Of changes that others proposed, only an admin: each says itself whose it is.
        Action::Cancel => (&ANY, "cancelling a change"),
        Action::Override => (&ANY[2..], "an override"),
        Action::Restore | Action::Sooner => (RESTORERS, "a restore"),
        // A policy may list requesters too: each change says itself who may vote on it.
        Action::Approve | Action::Reject => (&ANY, "a vote"),
        _ => return None,
    })
}

/// Returns the roles of which somebody would need one for an action, where it is known that they have none of them.
pub(crate) fn lacks(who: Option<&Who>, action: Action) -> Option<String> {
    let (allowed, _) = allowed(action)?;
    let who = who?;
    // These take a role, whatever else somebody is.
    let strict = matches!(action, Action::Approve | Action::Reject | Action::Override);
    if who.is(allowed) || (who.system_admin && !strict) {
        return None;
    }
    Some(allowed.iter().map(role).collect::<Vec<_>>().join(" or "))
}

/// Returns why somebody may not do something, where that is known.
pub(crate) fn refused(who: Option<&Who>, place: &Place, action: Action) -> Option<String> {
    let (_, what) = allowed(action)?;
    if let Some(why) = &place.read_only {
        return Some(format!("{what} is off: {why}"));
    }
    let needed = lacks(who, action)?;
    let you = who.map(Who::role).unwrap_or_default();
    Some(format!("{what} needs {needed}: you are {you} in {}", place.team))
}

#[cfg(test)]
mod tests {
    use fluxgate_client::Role;
    use fluxgate_client::caller::Caller;
    use serde_json::json;

    use super::{Who, refused};
    use crate::app::tests::read;
    use crate::host::Place;
    use crate::keymap::Action;

    #[test]
    fn a_role_that_is_missing_is_named() {
        let place = Place { team: "payments".into(), ..Place::default() };
        let who = |roles: &[Role], system_admin| Who {
            name: "dev".into(),
            user: "dev".into(),
            roles: roles.to_vec(),
            system_admin,
            limited: false,
        };
        let requester = who(&[Role::Requester], false);
        for action in [Action::Kill, Action::Later] {
            assert_eq!(refused(Some(&requester), &place, action), None, "{action:?}");
        }
        assert!(refused(Some(&requester), &place, Action::Sooner).is_some());
        assert_eq!(
            refused(Some(&requester), &place, Action::Restore).unwrap(),
            "a restore needs Approver or Team Admin: you are Requester in payments"
        );
        let admin = who(&[], true);
        assert_eq!(refused(Some(&admin), &place, Action::Restore), None);
        assert!(refused(Some(&admin), &place, Action::Approve).is_some());
        assert!(refused(Some(&admin), &place, Action::Override).is_some(), "that takes the role");
        assert_eq!(refused(Some(&who(&[Role::TeamAdmin], false)), &place, Action::Override), None);
        assert_eq!(refused(None, &place, Action::Kill), None, "the server decides");
        assert_eq!(refused(Some(&who(&[], false)), &place, Action::Down), None);
    }

    #[test]
    fn a_limited_token_manages_nothing() {
        let who = |system_admin: bool, environments: Option<&[&str]>| {
            let me = json!({"id": "018f0000-0000-7000-8000-000000000002", "username": "dev", "name": "Dev",
                "email": null, "active": true, "systemAdmin": system_admin, "mustChangePassword": false,
                "memberships": [{"team": "payments", "roles": ["REQUESTER"]}]});
            let token = environments.map(|environments| {
                read(json!({"name": "ci", "roles": ["TEAM_ADMIN"], "environments": environments,
                    "expiresAt": "2027-01-01T00:00:00Z"}))
            });
            Who::of(&Caller { me: read(me), token, team: None }, "payments")
        };
        assert!(who(true, None).manages() && !who(false, None).manages());
        let whole = who(true, Some(&[]));
        assert!(whole.manages() && whole.is_token() && whole.name == "dev (token ci)");
        let limited = who(true, Some(&["dev"]));
        assert!(!limited.manages(), "neither by its role nor by what its owner is");
    }

    #[test]
    fn a_read_only_context_changes_nothing() {
        let place = Place { read_only: Some("the context \"prod\" is read-only".into()), ..Place::default() };
        assert_eq!(
            refused(None, &place, Action::Promote).unwrap(),
            "proposing a change is off: the context \"prod\" is read-only"
        );
        assert_eq!(refused(None, &place, Action::Diff), None);
    }
}
