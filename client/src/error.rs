//! Why a request failed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::Hold;

/// What is said for an error of which the server says nothing?
const WORDLESS: &str = "the server refused, and does not say why";

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No server answered: no connection, a timeout, or a gateway that stands before nothing.
    #[error("cannot reach {server}: {cause}")]
    Unreachable {
        /// The server's address.
        server: String,
        /// What happened.
        cause: String,
        /// How often it was tried.
        tries: usize,
    },
    /// Something that changes something went out, and no answer says what became of it.
    #[error("sent to {server}, but {cause}; it may have been done")]
    Unanswered {
        /// The server's address.
        server: String,
        /// What happened.
        cause: String,
    },
    /// The server refused, and said why.
    #[error("{}", .0.message)]
    Server(Box<Refusal>),
    /// Something answered, but not a FluxGate server.
    #[error("{server} did not answer like a FluxGate server: {detail}")]
    BadAnswer {
        /// The server's address.
        server: String,
        /// What was wrong with the answer.
        detail: String,
    },
    /// Something between us and the server stopped the request, and it is not FluxGate that says so.
    #[error("{answer} from {server}, and not by FluxGate: a proxy in between, or another server")]
    Stopped {
        /// The server's address.
        server: String,
        /// The status, one of 401, 403, 407 and 429.
        status: u16,
        /// The status in words.
        answer: String,
        /// When it may be tried again, as it was told.
        retry_after: Option<String>,
    },
    /// The tokens were renewed but could not be kept.
    #[error("cannot keep the renewed sign-in: {0}")]
    Keep(#[source] std::io::Error),
    /// It would have changed something, which was not wanted; nothing was sent.
    #[error("{}", match .0 { Hold::ReadOnly(why) | Hold::Usage(why) => why })]
    Held(Hold),
    /// The server's address or a setting of the connection is wrong.
    #[error("{0}")]
    Setup(String),
}

impl Error {
    /// Returns the server's refusal, when it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Server(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Returns the error for a session that is not renewed any more.
    pub(crate) fn session_ended() -> Self {
        Self::Server(Box::new(Refusal {
            code: Code::Unauthenticated,
            message: "the session has ended".to_owned(),
            ..Refusal::default()
        }))
    }

    /// Returns the server's code, when it refused.
    pub fn code(&self) -> Option<Code> {
        self.refusal().map(|refusal| refusal.code)
    }
}

/// A server's refusal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Refusal {
    /// The kind of refusal.
    pub code: Code,
    /// What happened, in words.
    pub message: String,
    /// What the server's log calls this request.
    pub request_id: Option<String>,
    /// The part of the input that is wrong.
    pub path: Option<String>,
    /// Every part of the input that is wrong.
    pub violations: Vec<Violation>,
    /// What kind of thing was not found.
    pub kind: Option<String>,
    /// What it was called.
    pub name: Option<String>,
    /// What there is instead.
    pub candidates: Vec<String>,
    /// What stands in the way, and what does not.
    pub gates: Vec<Gate>,
    /// What to do.
    pub hint: Option<String>,
    /// After how many seconds it may be tried again, where that was said.
    pub retry_after_seconds: Option<u64>,
}

/// A part of the input that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Violation {
    /// Which part.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

/// Something that a proposal must pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gate {
    /// Its name.
    pub gate: String,
    /// Whose it is, where several features are looked at.
    pub feature: Option<String>,
    /// Whether it did.
    pub passed: bool,
    /// Why, in words.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// The kinds of refusal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// Not signed in, or not any more.
    Unauthenticated,
    /// Signed in, but without the role.
    Forbidden,
    /// No such thing, for this user.
    NotFound,
    /// It is so already, or the name is taken.
    Conflict,
    /// The input is wrong.
    Invalid,
    /// A gate is closed.
    Blocked,
    /// What it is based on has moved.
    Stale,
    /// Too much, too often.
    Limited,
    /// The server is there, its database is not.
    Unavailable,
    /// The server's own fault, or a code that this version does not know.
    #[default]
    #[serde(other)]
    Internal,
}

impl Code {
    /// Returns the code as the server writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::Invalid => "INVALID",
            Self::Blocked => "BLOCKED",
            Self::Stale => "STALE",
            Self::Limited => "LIMITED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }
}

impl Refusal {
    /// Reads the first error of an answer. What cannot be read of it is left out, never an error of its own.
    pub(crate) fn from_answer(error: &Value) -> Self {
        let extensions = error.get("extensions").cloned().unwrap_or(Value::Null);
        let mut refusal: Self = serde_json::from_value(without_nulls(extensions)).unwrap_or_default();
        if let Some(message) = error.get("message").and_then(Value::as_str) {
            message.clone_into(&mut refusal.message);
        }
        if refusal.message.trim().is_empty() {
            refusal.message = match error.as_str().map(str::trim) {
                Some(text) if !text.is_empty() => text.to_owned(),
                _ => WORDLESS.to_owned(),
            };
        }
        refusal
    }
}

/// Drops the fields that are null, so that defaults stand for them.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields.into_iter().filter(|(_, v)| !v.is_null()).collect(),
        _ => Value::Object(serde_json::Map::new()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Code, Refusal};

    #[test]
    fn reads_what_a_server_says() {
        let refusal = Refusal::from_answer(&json!({
            "message": "no feature \"a\"",
            "extensions": {"code": "NOT_FOUND", "requestId": "r1", "kind": "feature", "name": "a",
                "candidates": ["b"], "violations": null}
        }));
        assert_eq!(refusal.code, Code::NotFound);
        assert_eq!(refusal.request_id.as_deref(), Some("r1"));
        assert_eq!(refusal.candidates, ["b"]);
    }

    #[test]
    fn reads_when_to_try_again_and_whose_gates_are_closed() {
        let refusal = Refusal::from_answer(&json!({
            "message": "too many",
            "extensions": {"code": "LIMITED", "retryAfterSeconds": 17,
                "gates": [{"gate": "stage", "feature": "a", "passed": false, "message": "no", "hint": null}]}
        }));
        assert_eq!(refusal.retry_after_seconds, Some(17));
        assert_eq!(refusal.gates[0].feature.as_deref(), Some("a"));
    }

    #[test]
    fn a_plain_error_is_internal() {
        let refusal = Refusal::from_answer(&json!({"message": "boom"}));
        assert_eq!(refusal.code, Code::Internal);
        assert_eq!(refusal.message, "boom");
        for wordless in [json!({}), json!({"message": " "}), json!({"message": null}), json!(null), json!("")]
        {
            assert_eq!(Refusal::from_answer(&wordless).message, super::WORDLESS, "{wordless}");
        }
        assert_eq!(Refusal::from_answer(&json!("boom")).message, "boom");
        let refusal = Refusal::from_answer(&json!({"message": "x", "extensions": {"code": "TEAPOT"}}));
        assert_eq!(refusal.code, Code::Internal);
    }
}
