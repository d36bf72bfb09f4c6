//! What lies over a screen without changing anything: help, text to read, a choice.

use fluxgate_wording::Line;

use crate::keymap::Action;

/// Something over a screen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Overlay {
    /// The keys of this screen; from which line on.
    Help(usize),
    /// Text to read.
    Text { title: String, lines: Vec<Line>, top: usize },
    /// Something to choose from.
    Choose { what: Choice, items: Vec<String>, at: usize },
}

/// What is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Context,
    Environment,
    /// Where a key is to do what it does, and with which feature.
    Stage(Action, String),
}

impl Overlay {
    /// Moves in it; help has so many rows that are not shown at once.
    pub(crate) fn scroll(&mut self, action: Action, (page, hidden): (usize, usize)) {
        let (place, last) = match self {
            Self::Help(top) => (top, hidden),
            Self::Text { lines, top, .. } => (top, lines.len().saturating_sub(1)),
            Self::Choose { items, at, .. } => (at, items.len().saturating_sub(1)),
        };
        let moved = match action {
            Action::Down => place.saturating_add(1),
            Action::Up => place.saturating_sub(1),
            Action::Top => 0,
            Action::Bottom => last,
            Action::PageDown | Action::HalfDown => place.saturating_add(page / 2),
            Action::PageUp | Action::HalfUp => place.saturating_sub(page / 2),
            _ => return,
        };
        *place = moved.min(last);
    }
}
