//! Who asks, and whether what is between us and the server is as it should be.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use crate::api::Api;
use crate::clock;
use crate::error::Error;
use crate::server::{self, Server};
use crate::words::Role;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::Role;

    operation!(GetCaller, "graphql/caller.graphql");
    operation!(GetTeamOfToken, "graphql/caller.graphql");
}

pub use generated::get_caller::{CallerToken, CallerUser};
pub use generated::{GetCaller, GetTeamOfToken, get_caller, get_team_of_token};

/// The roles that may take a kill back: from the table in docs/roles.md.
pub const RESTORERS: &[Role] = &[Role::Approver, Role::TeamAdmin];

/// Who is signed in, and with what.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    /// The person; with a token, the one for whom it acts.
    pub me: CallerUser,
    /// The token; none for a person.
    pub token: Option<CallerToken>,
    /// The only team that the token sees; none for a person.
    pub team: Option<String>,
}

impl Caller {
    /// Returns their roles in a team, and whether they are a system administrator.
    pub fn roles(&self, team: &str) -> (&[Role], bool) {
        // A robot has roles of its own, and is never a system administrator.
        if let Some(token) = &self.token {
            return (&token.roles, false);
        }
        let of_team = self.me.memberships.iter().find(|membership| membership.team == team);
        let roles = of_team.map(|membership| membership.roles.as_slice());
        (roles.unwrap_or_default(), self.me.system_admin)
    }

    /// Returns whether they may take a kill back in a team.
    pub fn may_restore(&self, team: &str) -> bool {
        let (roles, system_admin) = self.roles(team);
        system_admin || roles.iter().any(|role| RESTORERS.contains(role))
    }
}

/// A server that answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// What it says of itself.
    pub server: Server,
    /// How long it took.
    pub took: Duration,
    /// How far its clock is ahead of this machine's, to a second; none where it does not tell the time.
    pub ahead: Option<TimeDelta>,
}

/// Returns who is signed in, and with which token. Whoever must change the password first may ask it, too.
pub async fn get(api: &Api) -> Result<Caller, Error> {
    let get_caller::ResponseData { me, token } = api.run::<GetCaller>(get_caller::Variables).await?;
    let team = match me.memberships.first() {
        _ if token.is_none() => None,
        Some(membership) => Some(membership.team.clone()),
        None if me.must_change_password == Some(true) => None,
        // A system administrator's robot may work where its owner is no member.
        None => {
            let answer = api.run::<GetTeamOfToken>(get_team_of_token::Variables).await?;
            answer.teams.nodes.into_iter().next().map(|team| team.key)
        }
    };
    Ok(Caller { me, token, team })
}

/// Asks a server what it is, and what time it is there; needs no sign-in.
pub async fn knock(api: &Api) -> Result<Answered, Error> {
    let begun = Instant::now();
    let server = server::get(api).await?;
    let took = begun.elapsed();
    let before = clock::now();
    let told = api.date().await.as_deref().and_then(read_date);
    // By the middle of the question and the answer; what is told has no fractions of seconds.
    let middle = before + (clock::now() - before) / 2;
    let ahead = told.map(|told| told + TimeDelta::milliseconds(500) - middle);
    Ok(Answered { server, took, ahead })
}

fn read_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Caller, CallerToken, read_date};

    fn token_of(roles: &[&str]) -> CallerToken {
        let token =
            json!({"name": "ci", "roles": roles, "environments": [], "expiresAt": "2027-01-01T00:00:00Z"});
        serde_json::from_value(token).unwrap()
    }

    #[test]
    fn a_kill_is_taken_back_by_approvers_and_admins() {
        let caller = |roles: &[&str], admin: bool, token: Option<&[&str]>| {
            let me = json!({"id": "018f0000-0000-7000-8000-000000000002", "username": "dev", "name": "Dev",
                "email": null, "active": true, "systemAdmin": admin, "mustChangePassword": false,
                "memberships": [{"team": "payments", "roles": roles}]});
            Caller { me: serde_json::from_value(me).unwrap(), token: token.map(token_of), team: None }
        };
        assert!(!caller(&["REQUESTER"], false, None).may_restore("payments"));
        assert!(caller(&["APPROVER"], false, None).may_restore("payments"));
        assert!(!caller(&["APPROVER"], false, None).may_restore("search"), "of another team");
        assert!(caller(&[], true, None).may_restore("search"), "a system administrator");
        assert!(!caller(&["TEAM_ADMIN"], true, Some(&["REQUESTER"])).may_restore("payments"), "a robot");
        assert!(caller(&[], false, Some(&["APPROVER"])).may_restore("payments"));
    }

    #[test]
    fn reads_the_date_of_http() {
        let at = read_date("Sat, 28 Nov 2026 20:12:18 GMT").unwrap();
        assert_eq!(at.to_rfc3339(), "2026-11-28T20:12:18+00:00");
        assert!(read_date("soon").is_none());
    }
}
