//! The fields of tables.

use chrono::{DateTime, Utc};
use fluxgate_wording::Tone;

/// A field of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// Text as it is.
    Text(String),
    /// What somebody wrote, of which nothing is cut off: it goes on below.
    Prose(String),
    /// A state: with a sign and a colour on a terminal, a word elsewhere.
    State(Tone, String),
    /// An instant: relative on a terminal, RFC 3339 elsewhere.
    Time(Option<DateTime<Utc>>),
    /// A version's number: `v3` on a terminal, `3` elsewhere.
    Version(Option<i64>),
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}
