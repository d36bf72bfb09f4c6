//! How far a token reaches: one that is limited to environments changes nothing anywhere else.

use uuid::Uuid;

use crate::{
    auth::Caller,
    error::{Error, Result},
    store::{team::Team, token::Token},
};

impl Caller {
    /// Whether the caller may change anything in an environment, as far as that is up to a token.
    pub fn reaches(&self, environment: Uuid) -> bool {
        self.limited().is_none_or(|token| token.environment_ids.contains(&environment))
    }

    /// The token that the caller acts with, if it is limited to environments.
    pub fn limited(&self) -> Option<&Token> {
        self.token.as_ref().filter(|token| !token.environment_ids.is_empty())
    }
}

/// Refuses what changes something in an environment that the caller's token does not cover; `places` are all that are
/// concerned, each with its key.
pub fn require_within<'a>(
    caller: &Caller,
    team: &Team,
    places: impl IntoIterator<Item = (Uuid, &'a str)>,
) -> Result<()> {
    match places.into_iter().find(|(environment, _)| !caller.reaches(*environment)) {
        None => Ok(()),
        Some((_, key)) => Err(beyond(caller, team, &format!("may change nothing in {key} of {}", team.key))),
    }
}

/// Refuses what reaches into all environments to a token that is limited to some.
pub fn require_everywhere(caller: &Caller, team: &Team, what: &str) -> Result<()> {
    match caller.limited() {
        None => Ok(()),
        Some(_) => Err(beyond(caller, team, &format!("may not {what} in {}", team.key))),
    }
}

fn beyond(caller: &Caller, team: &Team, what: &str) -> Error {
    let own = caller.limited().map(|token| token.environments.join(", ")).unwrap_or_default();
    Error::Forbidden {
        message: format!("{} {what}: it is limited to {own}", caller.who()),
        hint: Some("it takes a token for that environment, or a person".to_owned()),
        team: Some(team.id),
    }
}
