//! A list that somebody moves in: the selection stays with its thing, whatever comes and goes around it.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};

use crate::keymap::Action;

/// For how long does what was changed stand out?
const FLASH: TimeDelta = TimeDelta::milliseconds(200);

/// Where somebody is in a list, and what they have marked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct List {
    ids: Vec<String>,
    at: usize,
    /// The first row on the screen, as it was drawn last.
    top: Cell<usize>,
    page: Cell<usize>,
    marked: BTreeSet<String>,
    /// What was just changed, and when.
    changed: BTreeMap<String, DateTime<Utc>>,
}

impl List {
    /// Takes in what is there now, in its order.
    pub(crate) fn set(&mut self, ids: Vec<String>) {
        let selected = self.selected().map(str::to_owned);
        let place = selected.and_then(|id| ids.iter().position(|known| *known == id));
        // The row under the cursor stays where it is on the screen; what is around it moves.
        let above = self.at.saturating_sub(self.top.get());
        self.at = place.unwrap_or(self.at).min(ids.len().saturating_sub(1));
        self.top.set(self.at.saturating_sub(above));
        if !self.marked.is_empty() {
            let known: HashSet<&String> = ids.iter().collect();
            self.marked.retain(|id| known.contains(id));
        }
        self.ids = ids;
    }

    /// Lets what was just changed stand out for a moment.
    pub(crate) fn flash(&mut self, ids: impl IntoIterator<Item = String>, now: DateTime<Utc>) {
        self.changed.extend(ids.into_iter().map(|id| (id, now)));
    }

    /// Returns whether a thing stands out.
    pub(crate) fn is_flashing(&self, id: &str) -> bool {
        self.changed.contains_key(id)
    }

    /// Returns whether anything does.
    pub(crate) fn flashes(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Lets nothing stand out any more that did so for its moment.
    pub(crate) fn settle(&mut self, now: DateTime<Utc>) {
        self.changed.retain(|_, at| now - *at < FLASH);
    }

    /// Returns what the cursor is on.
    pub(crate) fn selected(&self) -> Option<&str> {
        self.ids.get(self.at).map(String::as_str)
    }

    /// Returns where the cursor is.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Puts the cursor on a thing, if it is there.
    pub(crate) fn select(&mut self, id: &str) {
        if let Some(at) = self.ids.iter().position(|known| known == id) {
            self.at = at;
        }
    }

    /// Returns how many there are.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns all that is there.
    pub(crate) fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Returns whether a thing is marked.
    pub(crate) fn is_marked(&self, id: &str) -> bool {
        self.marked.contains(id)
    }

    /// Returns what an action is about: what is marked, or else what the cursor is on.
    pub(crate) fn chosen(&self) -> Vec<String> {
        match self.marked.is_empty() {
            false => self.ids.iter().filter(|id| self.marked.contains(*id)).cloned().collect(),
            true => self.selected().map(str::to_owned).into_iter().collect(),
        }
    }

    /// Returns how many are marked.
    pub(crate) fn marks(&self) -> usize {
        self.marked.len()
    }

    /// Moves or marks; returns whether that was an action for a list.
    pub(crate) fn act(&mut self, action: Action) -> bool {
        let last = self.ids.len().saturating_sub(1);
        let page = self.page.get().max(2);
        self.at = match action {
            Action::Down => self.at.saturating_add(1),
            Action::Up => self.at.saturating_sub(1),
            Action::Top => 0,
            Action::Bottom => last,
            Action::PageDown => self.at.saturating_add(page - 1),
            Action::PageUp => self.at.saturating_sub(page - 1),
            Action::HalfDown => self.at.saturating_add(page / 2),
            Action::HalfUp => self.at.saturating_sub(page / 2),
            Action::Mark => {
                self.mark();
                self.at.saturating_add(1)
            }
            Action::MarkAll => {
                self.mark_all();
                self.at
            }
            _ => return false,
        }
        .min(last);
        true
    }

    fn mark(&mut self) {
        if let Some(id) = self.selected().map(str::to_owned)
            && !self.marked.remove(&id)
        {
            self.marked.insert(id);
        }
    }

    fn mark_all(&mut self) {
        match self.marked.len() == self.ids.len() {
            true => self.marked.clear(),
            false => self.marked = self.ids.iter().cloned().collect(),
        }
    }

    /// Marks nothing any more; returns whether something was.
    pub(crate) fn unmark(&mut self) -> bool {
        let any = !self.marked.is_empty();
        self.marked.clear();
        any
    }

    /// Returns which rows are to be drawn where there is room for so many, so that the cursor is among them.
    pub(crate) fn window(&self, room: usize) -> Range<usize> {
        self.page.set(room);
        let furthest = self.ids.len().saturating_sub(room);
        let top = self.top.get().min(self.at).max((self.at + 1).saturating_sub(room)).min(furthest);
        self.top.set(top);
        top..(top + room).min(self.ids.len())
    }
}

#[cfg(test)]
mod tests {
    use super::List;
    use crate::keymap::Action;

    fn list(ids: &[&str]) -> List {
        let mut list = List::default();
        list.set(ids.iter().map(|id| (*id).to_owned()).collect());
        list
    }

    #[test]
    fn the_cursor_stays_with_its_thing() {
        let mut list = list(&["a", "b", "c"]);
        list.act(Action::Down);
        list.set(["x", "a", "b", "c"].map(str::to_owned).to_vec());
        assert_eq!(list.selected(), Some("b"));
        list.set(["x", "c"].map(str::to_owned).to_vec());
        assert_eq!(list.selected(), Some("c"), "what took its place");
        list.set(Vec::new());
        assert_eq!(list.selected(), None);
        list.act(Action::Down);
        assert_eq!(list.window(5), 0..0);
    }

    #[test]
    fn the_window_follows_the_cursor_and_else_stays() {
        let ids: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let mut list = List::default();
        list.set(ids);
        assert_eq!(list.window(10), 0..10);
        list.act(Action::Bottom);
        assert_eq!(list.window(10), 90..100);
        list.act(Action::Up);
        assert_eq!(list.window(10), 90..100, "it does not jump");
        list.act(Action::Top);
        assert_eq!(list.window(10), 0..10);
        list.act(Action::PageDown);
        assert_eq!((list.at(), list.window(200)), (9, 0..100));
        assert!(list.window(0).is_empty(), "no room is no rows");
    }

    #[test]
    fn the_row_under_the_cursor_stays_on_the_screen() {
        let letters = |range: std::ops::RangeInclusive<char>| range.map(String::from).collect::<Vec<_>>();
        let mut list = List::default();
        list.set(letters('h'..='z'));
        list.act(Action::Down);
        list.act(Action::Down);
        assert_eq!(list.window(5), 0..5);
        list.set(letters('a'..='z'));
        assert_eq!((list.selected(), list.at(), list.window(5)), (Some("j"), 9, 7..12));
    }

    #[test]
    fn what_is_marked_goes_before_the_cursor() {
        let mut list = list(&["a", "b", "c"]);
        assert_eq!(list.chosen(), ["a"]);
        list.act(Action::Mark);
        list.act(Action::Down);
        list.act(Action::Mark);
        assert_eq!(list.chosen(), ["a", "c"]);
        list.set(["c", "d"].map(str::to_owned).to_vec());
        assert_eq!(list.chosen(), ["c"], "what is gone is not marked");
        list.act(Action::MarkAll);
        assert_eq!(list.marks(), 2);
        assert!(list.unmark() && !list.unmark());
    }
}
