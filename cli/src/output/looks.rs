//! What text is made for: a terminal of some width, or a pipe.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::text::{ascii, clean};

/// What the text is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looks {
    /// Whether people read it at once, on a terminal.
    pub(crate) terminal: bool,
    /// How many columns there are; none where nothing is cut or wrapped.
    pub(crate) width: Option<usize>,
    /// Whether fgctl's own signs must be ASCII.
    pub(crate) ascii: bool,
    /// What relative times are relative to.
    pub(crate) now: DateTime<Utc>,
}

impl Looks {
    /// Returns text as it may be shown.
    pub(crate) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match clean(text) {
            Cow::Borrowed(text) if self.ascii => ascii(text),
            Cow::Owned(text) if self.ascii => Cow::Owned(ascii(&text).into_owned()),
            text => text,
        }
    }

    /// Returns the sign that says that something was cut off.
    pub(crate) fn cut(&self) -> &'static str {
        if self.ascii { "..." } else { "…" }
    }
}
