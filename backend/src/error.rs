//! The one error type at the boundary: ten kinds, mapped once to GraphQL's codes.
//!
//! Services return it; causes of `Internal` are logged where the answer is made, never sent.

use serde::Serialize;
use thiserror::Error;
use uuid::Uuid;

/// Result of everything that a caller may see fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How much is repeated of a name that does not exist, in characters?
const MAX_NAME: usize = 200;

/// Why a request was not carried out.
#[derive(Debug, Error)]
pub enum Error {
    /// Nobody is signed in, or no longer.
    #[error("{0}")]
    Unauthenticated(String),
    /// The caller's roles do not allow it.
    #[error("{message}")]
    Forbidden { message: String, hint: Option<String>, team: Option<Uuid> },
    /// There is no such thing, or not for this caller.
    #[error("no {kind} \"{name}\"")]
    NotFound { kind: &'static str, name: String, candidates: Vec<String> },
    /// It is taken, or moved meanwhile.
    #[error("{0}")]
    Conflict(String),
    /// The input is not valid; every violation with its path.
    #[error("{message}")]
    Invalid { message: String, violations: Vec<Violation> },
    /// Gates are closed; all of them, open ones too.
    #[error("{message}")]
    Blocked { message: String, gates: Vec<Gate> },
    /// A decision came too late: what it was about is no longer open.
    #[error("{0}")]
    Stale(String),
    /// Too much, too often.
    #[error("{message}")]
    Limited { message: String, retry_after_seconds: u64 },
    /// The database cannot be reached.
    #[error("{0}")]
    Unavailable(&'static str),
    /// Our fault.
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

/// One thing wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Where, like `criteria[0].when.value`.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// One condition of a promotion or of archiving, and whether it holds.
#[derive(Clone, Debug, Serialize, async_graphql::SimpleObject)]
pub struct Gate {
    /// Its name: stage, kill, relationship, dependency, change, dependent.
    pub gate: String,
    /// Whose it is, where several features are looked at.
    pub feature: Option<String>,
    /// Open or closed.
    pub passed: bool,
    /// What was found.
    pub message: String,
    /// A command that would open it.
    pub hint: Option<String>,
}

impl Error {
    /// One thing wrong, with its path.
    pub fn invalid(path: &str, message: impl Into<String>) -> Error {
        let message = message.into();
        Error::Invalid {
            message: format!("{path}: {message}"),
            violations: vec![Violation { path: path.to_owned(), message }],
        }
    }

    /// A role is missing.
    pub fn forbidden(message: impl Into<String>) -> Error {
        Error::Forbidden { message: message.into(), hint: None, team: None }
    }

    /// Too much or too often; when it may be tried again.
    pub fn limited(message: impl Into<String>, retry_after_seconds: u64) -> Error {
        Error::Limited { message: message.into(), retry_after_seconds }
    }

    /// The same, of one part of a larger input: paths begin with that part's.
    pub fn within(self, part: &str) -> Error {
        match self {
            Error::Invalid { message, violations } if !part.is_empty() => Error::Invalid {
                message: format!("{part}: {message}"),
                violations: violations
                    .into_iter()
                    .map(|v| Violation { path: format!("{part}.{}", v.path), ..v })
                    .collect(),
            },
            Error::Conflict(message) if !part.is_empty() => Error::Conflict(format!("{part}: {message}")),
            other => other,
        }
    }

    /// There is no such thing; `candidates` are the names that exist.
    pub fn not_found(kind: &'static str, name: impl Into<String>, candidates: Vec<String>) -> Error {
        Error::NotFound { kind, name: shortened(name.into(), MAX_NAME), candidates }
    }

    /// The stable code that clients act on.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Unauthenticated(_) => "UNAUTHENTICATED",
            Error::Forbidden { .. } => "FORBIDDEN",
            Error::NotFound { .. } => "NOT_FOUND",
            Error::Conflict(_) => "CONFLICT",
            Error::Invalid { .. } => "INVALID",
            Error::Blocked { .. } => "BLOCKED",
            Error::Stale(_) => "STALE",
            Error::Limited { .. } => "LIMITED",
            Error::Unavailable(_) => "UNAVAILABLE",
            Error::Internal(_) => "INTERNAL",
        }
    }

    /// Details beside the code, as they stand in `extensions`.
    pub fn details(&self) -> serde_json::Map<String, serde_json::Value> {
        use serde_json::json;
        let details = match self {
            Error::NotFound { kind, name, candidates } => {
                json!({"kind": kind, "name": name, "candidates": candidates})
            }
            Error::Invalid { violations, .. } => {
                json!({"path": violations.first().map(|v| &v.path), "violations": violations})
            }
            Error::Blocked { gates, .. } => json!({"gates": gates}),
            Error::Forbidden { hint: Some(hint), .. } => json!({"hint": hint}),
            Error::Limited { retry_after_seconds, .. } => json!({"retryAfterSeconds": retry_after_seconds}),
            _ => json!({}),
        };
        match details {
            serde_json::Value::Object(details) => details,
            _ => serde_json::Map::new(),
        }
    }
}

/// A text that repeats what was sent, cut where it is longer than anybody reads.
pub fn shortened(mut text: String, characters: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(characters) {
        text.truncate(end);
        text.push('…');
    }
    text
}

impl From<fluxgate_engine::Invalid> for Error {
    fn from(invalid: fluxgate_engine::Invalid) -> Error {
        Error::Invalid {
            message: format!("the flag config is invalid: {invalid}"),
            violations: invalid
                .0
                .into_iter()
                .map(|v| Violation { path: format!("config.{}", v.path), message: v.message })
                .collect(),
        }
    }
}

impl From<anyhow::Error> for Error {
    fn from(cause: anyhow::Error) -> Error {
        Error::Internal(cause)
    }
}

/// What the database's own rules mean to a caller, by the name of the constraint.
const CONSTRAINTS: &[(&str, &str)] = &[
    ("user_username_key", "a user of that name exists"),
    ("team_key_key", "a team with that key exists"),
    ("environment_key_key", "an environment with that key exists in this team"),
    ("context_key_key_key", "a context key of that name exists in this team"),
    ("pipeline_key_key", "a pipeline with that key exists in this team"),
    ("pipeline_stage_pkey", "an environment may stand in a pipeline only once"),
    ("policy_name_key", "a policy of that name exists in this team"),
    ("feature_key_key", "a feature with that key exists in this team"),
    ("feature_pipeline_id_fkey", "the pipeline was deleted meanwhile"),
    ("client_name_key", "a client of that name exists in this team"),
    ("token_name_key", "a token of that name exists in this team; revoke it first, or take another name"),
];

impl From<sqlx::Error> for Error {
    fn from(cause: sqlx::Error) -> Error {
        if let sqlx::Error::Database(database) = &cause {
            if let Some(constraint) = database.constraint()
                && let Some((_, message)) = CONSTRAINTS.iter().find(|(name, _)| *name == constraint)
            {
                return Error::Conflict((*message).to_owned());
            }
            return match database.code().as_deref() {
                Some("55P03" | "40P01" | "40001") => {
                    Error::Conflict("somebody else is changing the same thing; try again".to_owned())
                }
                // A NUL, in a text or in JSON, which PostgreSQL cannot keep.
                Some("22021" | "22P05") => Error::invalid("input", "contains a NUL character"),
                // Class 57: the server is stopping, starting, or ended the session; 53300: no connection left.
                Some("57P01" | "57P02" | "57P03" | "53300") => Error::Unavailable(DATABASE_AWAY),
                // A statement took longer than requests may.
                Some("57014") => Error::Unavailable(DATABASE_SLOW),
                _ => Error::Internal(cause.into()),
            };
        }
        match cause {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed => {
                tracing::warn!(error = %cause, "the database is away");
                Error::Unavailable(DATABASE_AWAY)
            }
            other => Error::Internal(other.into()),
        }
    }
}

/// Said while PostgreSQL cannot be reached.
const DATABASE_AWAY: &str = "the database cannot be reached; nothing was changed, edges go on serving";
/// Said when a statement is given up.
const DATABASE_SLOW: &str = "the database took too long to answer; nothing was changed";
/// Said when the answer to a COMMIT was lost.
pub const COMMIT_UNKNOWN: &str =
    "the connection to the database was lost while committing; look at the state before trying again";
