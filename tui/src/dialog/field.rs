//! What is typed or chosen in a dialog.

use chrono::{DateTime, Utc};
use fluxgate_wording::text::is_hostile;
use tui_input::{Input, InputRequest};

use super::end::End;
use crate::key::Key;
use crate::order::Order;

/// How much is typed at most?
const MOST: usize = 1_000;

/// A field of a dialog.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) part: Part,
    pub(crate) label: &'static str,
    pub(crate) entry: Entry,
    /// Whether it may stay empty.
    pub(crate) optional: bool,
}

/// Which part of an order a field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Reason,
    Comment,
    To,
    Version,
    /// When a kill ends, as it is from a moment on.
    End(DateTime<Utc>),
    Key,
    Name,
    /// The thing's key once more.
    Confirm,
}

/// How something is entered.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    Text(Input),
    Choice {
        options: Vec<String>,
        at: usize,
    },
    /// Text that must be this.
    Exactly {
        input: Input,
        wanted: String,
    },
    /// By hand, or by itself.
    End(End),
}

impl Field {
    pub(crate) fn text(part: Part, label: &'static str, optional: bool) -> Self {
        Self { part, label, entry: Entry::Text(Input::default()), optional }
    }

    pub(crate) fn with(mut self, text: &str) -> Self {
        self.entry = Entry::Text(Input::new(text.to_owned()));
        self
    }

    pub(crate) fn choice(part: Part, label: &'static str, options: Vec<String>) -> Self {
        Self { part, label, entry: Entry::Choice { options, at: 0 }, optional: false }
    }

    pub(crate) fn end(end: End, now: DateTime<Utc>) -> Self {
        Self { part: Part::End(now), label: "Restore", entry: Entry::End(end), optional: false }
    }

    pub(crate) fn exactly(wanted: &str) -> Self {
        let entry = Entry::Exactly { input: Input::default(), wanted: wanted.to_owned() };
        Self { part: Part::Confirm, label: "Type it", entry, optional: false }
    }

    /// Returns what it says.
    pub(crate) fn value(&self) -> &str {
        match &self.entry {
            Entry::Text(input) | Entry::Exactly { input, .. } => input.value(),
            Entry::Choice { options, at } => options.get(*at).map_or("", String::as_str),
            Entry::End(end) => end.typed.value(),
        }
    }

    /// Returns whether letters are typed in it.
    pub(crate) fn takes_letters(&self) -> bool {
        match &self.entry {
            Entry::Text(_) | Entry::Exactly { .. } => true,
            Entry::End(end) => end.in_box,
            Entry::Choice { .. } => false,
        }
    }

    /// Counts minutes from this moment on.
    pub(crate) fn is_now(&mut self, now: DateTime<Utc>) {
        if let Part::End(moment) = &mut self.part {
            *moment = now;
        }
    }

    /// Goes on within it, where it has more than one part.
    pub(crate) fn turn(&mut self, forth: bool) -> bool {
        match &mut self.entry {
            Entry::End(end) => end.turn(forth),
            _ => false,
        }
    }

    /// Is come to, from before it or from behind.
    pub(crate) fn enter(&mut self, forth: bool) {
        if let Entry::End(end) = &mut self.entry {
            end.in_box = !forth;
        }
    }

    /// Returns what is missing for the order to be sent, if anything is.
    pub(crate) fn missing(&self) -> Option<String> {
        let value = self.value().trim();
        match (&self.entry, self.part) {
            (Entry::Exactly { wanted, .. }, _) if value != wanted => {
                Some(format!("type {wanted} to confirm"))
            }
            (Entry::End(end), Part::End(now)) => end.when(now).err(),
            (_, Part::Version)
                if !value.is_empty() && value.trim_start_matches('v').parse::<i64>().is_err() =>
            {
                Some("a version is a number".to_owned())
            }
            (_, Part::To) if value.is_empty() => Some("there is no stage to choose".to_owned()),
            _ if value.is_empty() && !self.optional => {
                Some(format!("a {} is needed", self.label.to_lowercase()))
            }
            _ => None,
        }
    }

    /// Returns whether what it says can be told as a command.
    pub(crate) fn is_understood(&self) -> bool {
        match (&self.entry, self.part) {
            (Entry::End(end), Part::End(now)) => end.when(now).is_ok(),
            _ => true,
        }
    }

    /// Takes a key; returns whether it says something else now.
    pub(crate) fn key(&mut self, key: Key) -> bool {
        match &mut self.entry {
            Entry::Text(input) | Entry::Exactly { input, .. } => edit(input, key),
            Entry::End(end) => match self.part {
                Part::End(now) => end.key(key, now),
                _ => false,
            },
            Entry::Choice { options, at } => {
                let before = *at;
                let last = options.len().saturating_sub(1);
                match key {
                    Key::Right | Key::Char(' ' | 'l') => *at = if *at >= last { 0 } else { *at + 1 },
                    Key::Left | Key::Char('h') => *at = at.checked_sub(1).unwrap_or(last),
                    _ => {}
                }
                *at != before
            }
        }
    }

    pub(crate) fn paste(&mut self, text: &str) {
        // The key that confirms is typed, or it confirms nothing.
        if let Entry::Text(input) = &mut self.entry {
            for c in text.chars().filter(|c| !is_hostile(*c)) {
                edit(input, Key::Char(c));
            }
        }
    }

    /// Writes what it says into an order.
    pub(crate) fn write(&self, order: &mut Order) {
        let value = self.value().trim().to_owned();
        match (self.part, order) {
            (
                Part::Reason,
                Order::Promote { reason, .. }
                | Order::RollBack { reason, .. }
                | Order::Kill { reason, .. }
                | Order::Restore { reason, .. }
                | Order::Edit { reason, .. }
                | Order::Override { reason, .. }
                | Order::Create { reason, .. },
            ) => *reason = value,
            (Part::Comment, Order::Vote { comment, .. }) => *comment = value,
            (Part::Comment, Order::Comment { text, .. }) => *text = value,
            (Part::To, Order::Promote { to, .. }) => *to = value,
            (Part::Version, Order::RollBack { version, .. }) => {
                *version = value.trim_start_matches('v').parse().ok();
            }
            (Part::End(now), Order::Kill { restore_at, .. }) => {
                if let Entry::End(end) = &self.entry {
                    *restore_at = end.when(now).ok().flatten();
                }
            }
            (Part::Key, Order::Create { feature, .. }) => *feature = value,
            (Part::Name, Order::Create { name, .. }) => *name = value,
            _ => {}
        }
    }
}

/// Edits a line as readline does; returns whether its text is another.
pub(crate) fn edit(input: &mut Input, key: Key) -> bool {
    let request = match key {
        // What has no width, or turns text around, hides what is said.
        Key::Char(c) if is_hostile(c) || input.value().len() >= MOST => return false,
        Key::Char(c) => InputRequest::InsertChar(c),
        Key::Backspace | Key::Ctrl('h') => InputRequest::DeletePrevChar,
        Key::Delete | Key::Ctrl('d') => InputRequest::DeleteNextChar,
        Key::Left | Key::Ctrl('b') => InputRequest::GoToPrevChar,
        Key::Right | Key::Ctrl('f') => InputRequest::GoToNextChar,
        Key::Home | Key::Ctrl('a') => InputRequest::GoToStart,
        Key::End | Key::Ctrl('e') => InputRequest::GoToEnd,
        Key::Ctrl('w') => InputRequest::DeletePrevWord,
        Key::Ctrl('k') => InputRequest::DeleteTillEnd,
        Key::Ctrl('u') => InputRequest::DeleteLine,
        _ => return false,
    };
    input.handle(request).is_some_and(|changed| changed.value)
}
