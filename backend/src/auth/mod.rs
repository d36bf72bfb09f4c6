//! Who is calling: passwords, access and refresh tokens, client keys.

pub mod client_key;
pub mod password;
pub mod seal;
pub mod token;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{member::Membership, user::User};

/// Where and when a request came in; known even when nobody is signed in.
#[derive(Clone, Debug)]
pub struct Request {
    /// When it arrived; the time of everything that it does.
    pub now: DateTime<Utc>,
    /// Named in errors and in the log.
    pub id: Uuid,
    /// The peer's address.
    pub address: Option<String>,
}

/// A signed-in user with the roles that hold now.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub user: User,
    /// In which teams, with which roles.
    pub memberships: Vec<Membership>,
    /// From where and when.
    pub request: Request,
    /// When what they presented ends by itself.
    pub until: DateTime<Utc>,
}
