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
    /// Something to choose from, found by how it begins.
    Choose { what: Choice, items: Vec<String>, at: usize, typed: String },
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
    /// Offers a choice.
    pub(crate) fn choose(what: Choice, items: Vec<String>, at: usize) -> Self {
        Self::Choose { what, items, at, typed: String::new() }
    }

    /// Goes to what begins with all letters typed so far; returns whether there is something like that.
    pub(crate) fn find(&mut self, letter: char) -> bool {
        let Self::Choose { items, at, typed, .. } = self else {
            return false;
        };
        let found = |typed: &str| items.iter().position(|item| item.starts_with(typed));
        let longer = format!("{typed}{letter}");
        let (text, place) = match (found(&longer), found(letter.encode_utf8(&mut [0; 4]))) {
            (Some(place), _) => (longer, place),
            // Another word begins.
            (None, Some(place)) if !typed.is_empty() => (letter.to_string(), place),
            _ => return false,
        };
        (*typed, *at) = (text, place);
        true
    }

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
