//! Pages: how far a list is read, and where the next one begins.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike as _, Utc};
use uuid::Uuid;

use crate::error::{Error, Result};

/// How many entries has a page at most?
pub const MAX_PAGE: i64 = 200;
/// How many when nobody says?
pub const DEFAULT_PAGE: i64 = 50;

/// Which part of a list is wanted.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// How many.
    pub first: i64,
    /// Behind which sort value; opaque to callers.
    pub after: Option<String>,
    /// Whether to count what is on all pages.
    pub counted: bool,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The entries.
    pub nodes: Vec<T>,
    /// Whether there are more.
    pub has_next: bool,
    /// The cursor of the last entry.
    pub end: Option<String>,
    /// How many there are on all pages; nothing where nobody asked.
    pub total: i64,
}

impl<T> Page<T> {
    /// The same part of a list of something else.
    pub fn map<U>(self, entry: impl Fn(T) -> U) -> Page<U> {
        Page {
            nodes: self.nodes.into_iter().map(entry).collect(),
            has_next: self.has_next,
            end: self.end,
            total: self.total,
        }
    }
}

impl PageRequest {
    /// Checks what a caller asked for.
    pub fn new(first: Option<i64>, after: Option<String>) -> Result<PageRequest> {
        let first = first.unwrap_or(DEFAULT_PAGE);
        if !(1..=MAX_PAGE).contains(&first) {
            return Err(Error::invalid("first", format!("must be between 1 and {MAX_PAGE}")));
        }
        let after = after.map(|cursor| decode(&cursor)).transpose()?;
        Ok(PageRequest { first, after, counted: true })
    }

    /// Everything that fits one page.
    pub fn all() -> PageRequest {
        PageRequest { first: MAX_PAGE, after: None, counted: false }
    }

    /// The position as a number, for lists sorted by one.
    pub fn after_number(&self) -> Result<Option<i64>> {
        self.after.as_deref().map(|text| text.parse().map_err(|_| not_of_this_list())).transpose()
    }

    /// The position as an instant and an id, for lists sorted by when.
    pub fn after_instant(&self) -> Result<Option<(DateTime<Utc>, Uuid)>> {
        let read = |text: &str| {
            let (at, id) = text.split_once(':')?;
            Some((instant(at)?, id.parse().ok()?))
        };
        self.after.as_deref().map(|text| read(text).ok_or_else(not_of_this_list)).transpose()
    }

    /// The position as a name and an id, for lists sorted by a name that several may have.
    pub fn after_name(&self) -> Result<Option<(String, Uuid)>> {
        let read = |text: &str| {
            let (name, id) = text.rsplit_once(':')?;
            Some((name.to_owned(), id.parse().ok()?))
        };
        self.after.as_deref().map(|text| read(text).ok_or_else(not_of_this_list)).transpose()
    }

    /// How many rows to read: one more than wanted tells whether there are more.
    pub fn limit(&self) -> i64 {
        self.first + 1
    }

    /// Makes the page from `limit` rows; `key` is what the list is sorted by.
    pub fn page<T>(&self, mut nodes: Vec<T>, total: i64, key: impl Fn(&T) -> String) -> Page<T> {
        let wanted = usize::try_from(self.first).unwrap_or(usize::MAX);
        let has_next = nodes.len() > wanted;
        nodes.truncate(wanted);
        let end = nodes.last().map(|node| URL_SAFE_NO_PAD.encode(key(node)));
        Page { nodes, has_next, end, total }
    }
}

fn decode(cursor: &str) -> Result<String> {
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(not_of_this_list)
}

/// Said of a cursor that some other list gave, or nobody.
pub fn not_of_this_list() -> Error {
    Error::invalid("after", "is no cursor of this list")
}

/// An instant as cursors have it, in microseconds, as far as PostgreSQL knows them.
pub fn instant(micros: &str) -> Option<DateTime<Utc>> {
    let at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
    (0..10_000).contains(&at.year()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_they_went() {
        let request = PageRequest::new(Some(2), None).unwrap();
        let page = request.page(vec!["a", "b", "c"], 3, |s| (*s).to_owned());
        assert_eq!((page.nodes.len(), page.has_next), (2, true));
        let next = PageRequest::new(Some(2), page.end).unwrap();
        assert_eq!(next.after.as_deref(), Some("b"));
    }

    #[test]
    fn hostile_pages_are_refused() {
        for first in [0, -1, 201] {
            assert!(PageRequest::new(Some(first), None).is_err());
        }
        assert!(PageRequest::new(None, Some("%%%".to_owned())).is_err());
    }
}
