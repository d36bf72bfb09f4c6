//! Who is calling: passwords, access and refresh tokens, keys of clients and of tokens, and what units
//! are hashed with.

pub mod password;
pub mod seal;
pub mod secret;
pub mod token;
pub mod unit;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{member::Membership, token::Token, user::User};

/// Where and when a request came in; known even when nobody is signed in.
#[derive(Clone, Debug)]
pub struct Request {
    /// When it arrived; the time of everything that it does.
    pub now: DateTime<Utc>,
    /// Named in errors and in the log.
    pub id: Uuid,
    /// The peer's address.
    pub address: Option<String>,
    /// Whether all is done and checked, and then taken back.
    pub dry_run: bool,
}

/// A signed-in user with the roles that hold now, or a token that acts for one.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who; of a token its owner, who is no system administrator as far as it acts.
    pub user: User,
    /// With what, when it is not the user in person.
    pub token: Option<Token>,
    /// In which teams, with which roles; of a token its own team and roles.
    pub memberships: Vec<Membership>,
    /// From where and when.
    pub request: Request,
    /// When what they presented ends by itself.
    pub until: DateTime<Utc>,
}

impl Caller {
    /// The user, and the token that acts for them if one does: who is noted beside what is done.
    pub fn by(&self) -> By {
        By { user: self.user.id, token: self.token.as_ref().map(|token| token.mandate.id) }
    }

    /// The caller's teams.
    pub fn teams(&self) -> Vec<Uuid> {
        self.memberships.iter().map(|membership| membership.team_id).collect()
    }
}

/// Who did something, and with which token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By {
    /// The user.
    pub user: Uuid,
    /// The token that acted for them, if one did.
    pub token: Option<Uuid>,
}
