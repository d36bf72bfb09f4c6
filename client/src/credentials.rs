//! What a request is signed with, and how rotated tokens are kept.

use std::io;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

/// How long before its end does an access token count as expired?
const LEEWAY: TimeDelta = TimeDelta::seconds(5);

/// Who asks.
#[derive(Clone, Debug, Default)]
pub enum Credentials {
    /// Nobody: enough for the server's own state, sign-in and the first admin.
    #[default]
    None,
    /// A token that is not renewed.
    Token(SecretString),
    /// A person's session, renewed when its access token expires.
    Session(Tokens),
}

/// The tokens of a session.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// What requests carry.
    pub access: SecretString,
    /// Until when.
    pub access_expires_at: DateTime<Utc>,
    /// What the next pair is asked for with, once.
    pub refresh: SecretString,
}

/// Opens the place where a session's tokens are kept, and keeps others out until what it returns is dropped.
///
/// A refresh token works once; two processes that renew at the same time must take turns.
pub type Keep = Box<dyn Fn() -> io::Result<Kept> + Send + Sync>;

/// Writes the new tokens, once.
pub type Save = Box<dyn FnOnce(&Tokens) -> io::Result<()> + Send>;

/// A session's place, opened.
pub struct Kept {
    /// The tokens that are there now, which another process may have renewed.
    pub tokens: Option<Tokens>,
    /// Writes the new ones and closes the place.
    pub save: Save,
}

impl Credentials {
    /// Returns what a request carries.
    pub(crate) fn bearer(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Token(token) => Some(token.expose_secret()),
            Self::Session(tokens) => Some(tokens.access.expose_secret()),
        }
    }
}

impl Tokens {
    /// Returns whether the access token is over, or nearly.
    pub(crate) fn expired(&self, now: DateTime<Utc>) -> bool {
        self.access_expires_at - LEEWAY <= now
    }
}
