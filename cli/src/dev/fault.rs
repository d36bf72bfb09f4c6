//! What went wrong while a system of one's own was being started: one sentence, and what helps.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

/// A failure that a person can act on. It is kept in a file too, for the command that waits in front of a
/// system in the background.
#[derive(Debug, Clone, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Fault {
    pub(crate) message: String,
    /// Lines below the message, such as the last ones of a log.
    pub(crate) details: Vec<String>,
    pub(crate) hint: Option<String>,
    pub(crate) kind: Kind,
}

/// Which exit code a fault ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// It could not be done.
    Failed,
    /// The flags do not go together.
    Usage,
    /// A person stopped it.
    Stopped,
}

impl Fault {
    /// Returns a fault of the ordinary kind, without a hint.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), details: Vec::new(), hint: None, kind: Kind::Failed }
    }

    /// Returns a fault about how the command was called.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, ..Self::new(message) }
    }

    /// Returns the fault of a person who stopped it halfway.
    pub(crate) fn stopped() -> Self {
        Self { kind: Kind::Stopped, ..Self::new("stopped before everything was up") }
    }

    /// Adds lines below the message.
    pub(crate) fn details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Turns any error into a fault that says what was being done.
pub(crate) trait OrFault<T> {
    /// Fits "cannot {doing}: {error}".
    fn or_fault(self, doing: impl FnOnce() -> String) -> Result<T, Fault>;
}

impl<T, E: Display> OrFault<T> for Result<T, E> {
    fn or_fault(self, doing: impl FnOnce() -> String) -> Result<T, Fault> {
        self.map_err(|error| Fault::new(format!("cannot {}: {error}", doing())))
    }
}
