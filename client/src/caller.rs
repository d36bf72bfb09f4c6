//! Who asks, and whether what is between us and the server is as it should be.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use crate::api::Api;
use crate::clock;
use crate::error::Error;
use crate::server::{self, Server};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::Role;

    operation!(GetCaller, "graphql/caller.graphql");
    operation!(GetTeamOfToken, "graphql/caller.graphql");
}

pub use generated::get_caller::{CallerToken, CallerUser};
pub use generated::{GetCaller, GetTeamOfToken, get_caller, get_team_of_token};

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
    use super::read_date;

    #[test]
    fn reads_the_date_of_http() {
        let at = read_date("Sat, 28 Nov 2026 20:12:18 GMT").unwrap();
        assert_eq!(at.to_rfc3339(), "2026-11-28T20:12:18+00:00");
        assert!(read_date("soon").is_none());
    }
}
