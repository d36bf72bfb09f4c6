//! The smallest parts of what is shown: text with a tone.

/// What a piece of text means; never its only sign, for colours may be off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    /// Nothing.
    Plain,
    /// As it should be.
    Good,
    /// Somebody or something is waited for.
    Waiting,
    /// Wrong, or off.
    Bad,
    /// Beside the point, or at rest.
    Dim,
    /// What it is about.
    Strong,
}

impl Tone {
    /// Returns the sign that stands before a state of this tone on a terminal.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Good => "● ",
            Self::Waiting => "◐ ",
            Self::Bad => "✗ ",
            Self::Dim => "○ ",
            Self::Plain | Self::Strong => "",
        }
    }
}

/// A line of text in pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(pub Vec<(Tone, String)>);

impl Line {
    /// Adds a piece.
    #[must_use]
    pub fn and(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.0.push((tone, text.into()));
        self
    }
}

impl<T: Into<String>> From<T> for Line {
    fn from(text: T) -> Self {
        Self(vec![(Tone::Plain, text.into())])
    }
}
