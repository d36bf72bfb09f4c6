//! The smallest parts of what is shown: text with a tone.

use chrono::{DateTime, Utc};

/// What a piece of text means; never its only sign, for colours may be off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Good,
    Waiting,
    Bad,
    Dim,
    Strong,
}

impl Tone {
    /// Returns the sign that stands before a state of this tone on a terminal.
    pub(crate) fn glyph(self) -> &'static str {
        match self {
            Self::Good => "● ",
            Self::Waiting => "◐ ",
            Self::Bad => "✗ ",
            Self::Dim => "○ ",
            Self::Plain | Self::Strong => "",
        }
    }
}

/// A field of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// Text as it is.
    Text(String),
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

/// A line of text in pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(pub(crate) Vec<(Tone, String)>);

impl Line {
    /// Adds a piece.
    #[must_use]
    pub(crate) fn and(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.0.push((tone, text.into()));
        self
    }
}

impl<T: Into<String>> From<T> for Line {
    fn from(text: T) -> Self {
        Self(vec![(Tone::Plain, text.into())])
    }
}
