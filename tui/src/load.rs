//! What a screen was given, when, and why there is nothing newer.

use chrono::{DateTime, Utc};
use fluxgate_client::{Code, Error};

/// Something that comes from the server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Load<T> {
    /// What came last.
    pub(crate) data: Option<T>,
    /// When it came.
    pub(crate) at: Option<DateTime<Utc>>,
    /// Why what was asked for since did not come.
    pub(crate) failure: Option<Failure>,
}

/// Why something did not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened, in words.
    pub(crate) words: String,
    /// What the server's log calls the request.
    pub(crate) request: Option<String>,
    /// What kind of failure it is.
    pub(crate) kind: FailureKind,
}

/// What a failure means for what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// No server answered; it may in a moment.
    Unreachable,
    /// The sign-in is over.
    SignedOut,
    /// Somebody else changed what this was based on.
    Moved,
    /// A gate is closed, or a role is missing, or the input is wrong: trying again is no use.
    Refused,
    /// The server's own fault; it may work in a moment.
    Fault,
}

impl<T> Default for Load<T> {
    fn default() -> Self {
        Self { data: None, at: None, failure: None }
    }
}

impl<T> Load<T> {
    /// Takes in an answer; what is there stays when there is none.
    pub(crate) fn take(&mut self, answer: Result<T, Failure>, now: DateTime<Utc>) {
        match answer {
            Ok(data) => *self = Self { data: Some(data), at: Some(now), failure: None },
            Err(failure) => self.failure = Some(failure),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Unreachable { .. } => FailureKind::Unreachable,
            Error::Server(refusal) => match refusal.code {
                Code::Unauthenticated => FailureKind::SignedOut,
                Code::Stale => FailureKind::Moved,
                Code::Unavailable | Code::Internal | Code::Limited => FailureKind::Fault,
                _ => FailureKind::Refused,
            },
            Error::BadAnswer { .. } | Error::Unanswered { .. } => FailureKind::Fault,
            Error::Keep(_) | Error::Held(_) | Error::Setup(_) | Error::Stopped { .. } => FailureKind::Refused,
        };
        let request = error.refusal().and_then(|refusal| refusal.request_id.clone());
        let mut words = error.to_string();
        if let Some(refusal) = error.refusal() {
            let closed = refusal.gates.iter().filter(|gate| !gate.passed);
            for gate in closed {
                words.push_str(&format!("; {}: {}", gate.gate, gate.message));
            }
            for violation in &refusal.violations {
                words.push_str(&format!("; {}: {}", violation.path, violation.message));
            }
        }
        // What the words name already is not told twice.
        let request = request.filter(|id| !words.contains(id.as_str()));
        Self { words, request, kind }
    }
}

#[cfg(test)]
mod tests {
    use fluxgate_client::{Code, Error};

    use super::Failure;

    #[test]
    fn a_request_is_named_once() {
        let failure = |message: &str| {
            let refusal = fluxgate_client::Refusal {
                code: Code::Internal,
                message: message.to_owned(),
                request_id: Some("01J9".to_owned()),
                ..fluxgate_client::Refusal::default()
            };
            Failure::from(Error::Server(Box::new(refusal)))
        };
        assert_eq!(failure("internal error").request.as_deref(), Some("01J9"));
        assert_eq!(failure("internal error, request 01J9").request, None);
    }
}
