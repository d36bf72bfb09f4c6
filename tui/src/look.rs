//! How the terminal wants it: signs, colours, and how much room there is.

use std::borrow::Cow;

use fluxgate_wording::text;

use crate::theme::Palette;

/// How the dashboard is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether its own signs must be ASCII.
    pub ascii: bool,
    /// Its colours.
    pub palette: Palette,
}

impl Look {
    /// Returns text from elsewhere as it may be shown.
    pub(crate) fn text<'t>(&self, words: &'t str) -> Cow<'t, str> {
        match text::clean(words) {
            Cow::Borrowed(words) if self.ascii => text::ascii(words),
            Cow::Owned(words) if self.ascii => Cow::Owned(text::ascii(&words).into_owned()),
            words => words,
        }
    }
}

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Room {
    /// Nothing but what is needed.
    None,
    /// The list only.
    Tight,
    /// As on a terminal of 80 columns.
    Normal,
    /// Panes beside each other.
    Wide,
}

impl Room {
    /// Returns how much room a terminal has.
    pub(crate) fn of((width, height): (u16, u16)) -> Self {
        match (width, height) {
            (120.., 30..) => Self::Wide,
            (80.., 24..) => Self::Normal,
            (60.., 16..) => Self::Tight,
            _ => Self::None,
        }
    }
}
