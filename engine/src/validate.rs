//! The rules that a written document must keep; every breach is reported, with its path and what would be right.

mod rules;

pub use rules::is_key;
pub(crate) use rules::{A_KEY, MAX_DEPTH, MAX_KEY_CHARS, check, no_variant};

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

/// One breach of a rule.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Violation {
    /// Where in the document, such as `criteria[2].when.any[0].value`; empty for the document as a whole.
    pub path: String,
    /// What is wrong there and what would be right.
    pub message: String,
}

/// A document that breaks rules: all of the breaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(pub Vec<Violation>);

/// A violation, and what it is about there.
pub(crate) struct Found {
    pub(crate) violation: Violation,
    /// Whether the key at the path's end is wrong, not its value; a text shows them at different places.
    pub(crate) is_about_key: bool,
}

impl Found {
    pub(crate) fn value(path: impl fmt::Display, message: impl Into<String>) -> Self {
        Self { violation: Violation::new(path, message), is_about_key: false }
    }

    pub(crate) fn key(path: impl fmt::Display, message: impl Into<String>) -> Self {
        Self { violation: Violation::new(path, message), is_about_key: true }
    }
}

/// How many violations are told? Whoever has more will ask again.
const MAX_FOUND: usize = 100;

/// How many of them come with a hint? It takes a search.
const MAX_HINTS: usize = 10;

/// Adds a violation, or that there are more than are told.
pub(crate) fn add(all: &mut Vec<Found>, found: Found) {
    match all.len().cmp(&MAX_FOUND) {
        Ordering::Less => all.push(found),
        Ordering::Equal => {
            all.push(Found::value("", format!("and more is wrong; these are the first {MAX_FOUND}")));
        }
        Ordering::Greater => {}
    }
}

/// Returns whether there are so many that it is no use to look for more.
pub(crate) fn is_full(all: &[Found]) -> bool {
    all.len() > MAX_FOUND
}

/// Returns whether one more violation may have a hint.
pub(crate) fn may_hint(all: &[Found]) -> bool {
    all.len() < MAX_HINTS
}

impl From<Vec<Found>> for Invalid {
    fn from(found: Vec<Found>) -> Self {
        Self(found.into_iter().map(|found| found.violation).collect())
    }
}

impl Invalid {
    pub(crate) fn at(path: impl fmt::Display, message: impl Into<String>) -> Self {
        Self(vec![Violation::new(path, message)])
    }
}

impl Violation {
    pub(crate) fn new(path: impl fmt::Display, message: impl Into<String>) -> Self {
        Self { path: path.to_string(), message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{violation}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

/// Returns the cycle, from `start` back to it, when following dependencies leads from `start` to itself.
pub fn dependency_cycle(depends_on: impl Fn(&str) -> Vec<String>, start: &str) -> Option<Vec<String>> {
    // Each feature found, with the place of the one that led to it; breadth first, so the shortest cycle is found first.
    let mut found = vec![(start.to_owned(), 0)];
    let mut seen = BTreeSet::new();
    let mut at = 0;
    while let Some((feature, _)) = found.get(at) {
        for next in depends_on(feature) {
            if next == start {
                return Some(path_to(&found, at, next));
            }
            if seen.insert(next.clone()) {
                found.push((next, at));
            }
        }
        at += 1;
    }
    None
}

/// Returns the features from the first to the one at a place, and this one after them.
fn path_to(found: &[(String, usize)], mut at: usize, last: String) -> Vec<String> {
    let mut path = vec![last];
    while at > 0 {
        path.push(found[at].0.clone());
        at = found[at].1;
    }
    path.extend(found.first().map(|(start, _)| start.clone()));
    path.reverse();
    path
}
