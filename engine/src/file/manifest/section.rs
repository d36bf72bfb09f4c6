//! Reads the fields of a mapping, each with its place.

use serde_json::Value;

use super::super::node::{Entry, Kind, Node, Place};
use super::super::{MAX_SHOWN, Problem};
use super::no_key;
use crate::hidden::shown;
use crate::operator::kind;
use crate::path::Path;
use crate::suggest::{hint, nearest};

/// How many characters may a name or a description have?
const MAX_CHARS: usize = 1_000;

/// A mapping of a document, and where it stands.
pub(super) struct Section<'n> {
    entries: &'n [Entry],
    place: Place,
    path: String,
}

/// Returns the path of a field.
pub(super) fn path_of(around: &str, field: &str) -> String {
    let field = Path::Root.field(field).to_string();
    joined(around, &field)
}

/// Returns a path that goes on within another.
pub(super) fn joined(around: &str, within: &str) -> String {
    let point = if around.is_empty() || within.is_empty() || within.starts_with('[') { "" } else { "." };
    format!("{around}{point}{within}")
}

impl<'n> Section<'n> {
    /// Opens a mapping.
    pub(super) fn open(
        node: &'n Node,
        place: Place,
        path: String,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        match &node.kind {
            Kind::Map(entries) => Some(Self { entries, place, path }),
            _ => {
                let message = format!("must be an object, not {}", kind(&node.to_value()));
                problems.push(Problem::new(path, message, place));
                None
            }
        }
    }

    /// Refuses fields that do not belong here.
    pub(super) fn allow(&self, known: &[&str], problems: &mut Vec<Problem>) {
        for entry in self.entries.iter().filter(|entry| !known.contains(&&*entry.key)) {
            let hint = hint(&entry.key, known.iter().copied());
            problems.push(Problem::new(
                path_of(&self.path, &entry.key),
                format!("is no field here{hint}"),
                entry.place,
            ));
        }
    }

    pub(super) fn path(&self, field: &str) -> String {
        path_of(&self.path, field)
    }

    /// Returns a field; null is as good as absent.
    pub(super) fn entry(&self, name: &str) -> Option<&'n Entry> {
        let found = self.entries.iter().find(|entry| entry.key == name)?;
        (!matches!(found.node.kind, Kind::Whole(Value::Null))).then_some(found)
    }

    /// Reports something at a field, or where it should be.
    pub(super) fn report(&self, name: &str, message: impl Into<String>, problems: &mut Vec<Problem>) {
        let place = self.entry(name).map_or(self.place, Entry::shown_place);
        problems.push(Problem::new(self.path(name), message, place));
    }

    fn wrong(&self, name: &str, expected: &str, value: &Value, problems: &mut Vec<Problem>) {
        self.report(name, format!("must be {expected}, not {}", kind(value)), problems);
    }

    pub(super) fn text(&self, name: &str, problems: &mut Vec<Problem>) -> Option<String> {
        let value = self.entry(name)?.node.to_value();
        let Value::String(text) = value else {
            self.wrong(name, "a string", &value, problems);
            return None;
        };
        if text.chars().count() > MAX_CHARS {
            self.report(name, format!("has more than {MAX_CHARS} characters"), problems);
        }
        Some(text)
    }

    /// Reads a text, which is none when it is empty.
    pub(super) fn filled(&self, name: &str, problems: &mut Vec<Problem>) -> Option<String> {
        let text = self.text(name, problems)?;
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }

    /// Reports a field that has to be there and is not.
    pub(super) fn require(&self, name: &str, what: &str, problems: &mut Vec<Problem>) {
        if self.entry(name).is_none() {
            self.report(name, format!("is required: {what}"), problems);
        }
    }

    pub(super) fn key(&self, name: &str, problems: &mut Vec<Problem>) -> Option<String> {
        let key = self.text(name, problems)?;
        if let Some(message) = no_key(&key) {
            self.report(name, message, problems);
            return None;
        }
        Some(key)
    }

    pub(super) fn word(&self, name: &str, words: &[&str], problems: &mut Vec<Problem>) -> Option<String> {
        let word = self.text(name, problems)?;
        if words.contains(&&*word) {
            return Some(word);
        }
        self.report(name, no_word(&word, words), problems);
        None
    }

    pub(super) fn required_word(
        &self,
        name: &str,
        words: &[&str],
        problems: &mut Vec<Problem>,
    ) -> Option<String> {
        self.require(name, &words.join(", "), problems);
        self.word(name, words, problems)
    }

    pub(super) fn required_section(&self, name: &str, problems: &mut Vec<Problem>) -> Option<Section<'n>> {
        self.require(name, "an object", problems);
        let entry = self.entry(name)?;
        Self::open(&entry.node, entry.shown_place(), self.path(name), problems)
    }

    pub(super) fn flag(&self, name: &str, otherwise: bool, problems: &mut Vec<Problem>) -> bool {
        match self.entry(name).map(|entry| entry.node.to_value()) {
            None => otherwise,
            Some(Value::Bool(value)) => value,
            Some(other) => {
                self.wrong(name, "true or false", &other, problems);
                otherwise
            }
        }
    }

    pub(super) fn whole_number(&self, name: &str, problems: &mut Vec<Problem>) -> Option<i64> {
        let value = self.entry(name)?.node.to_value();
        let number = value.as_i64().filter(|number| (1..=1_000_000).contains(number));
        if number.is_none() {
            self.report(name, "must be a whole number from 1 on", problems);
        }
        number
    }

    /// Returns the elements of a list, each with its path.
    pub(super) fn elements(&self, name: &str, problems: &mut Vec<Problem>) -> Vec<(String, &'n Node)> {
        let Some(entry) = self.entry(name) else {
            return Vec::new();
        };
        let Kind::List(elements) = &entry.node.kind else {
            self.wrong(name, "a list", &entry.node.to_value(), problems);
            return Vec::new();
        };
        let path = self.path(name);
        elements.iter().enumerate().map(|(index, node)| (format!("{path}[{index}]"), node)).collect()
    }

    /// Reads a list of texts, each once and sorted; `refuse` says what is wrong with one.
    pub(super) fn texts(
        &self,
        name: &str,
        refuse: impl Fn(&str) -> Option<String>,
        problems: &mut Vec<Problem>,
    ) -> Vec<String> {
        let mut texts = Vec::new();
        for (path, node) in self.elements(name, problems) {
            let message = match node.to_value() {
                Value::String(text) => match refuse(&text) {
                    None => {
                        texts.push(text);
                        continue;
                    }
                    Some(message) => message,
                },
                other => format!("must be a string, not {}", kind(&other)),
            };
            problems.push(Problem::new(path, message, node.place));
        }
        texts.sort();
        texts.dedup();
        texts
    }
}

/// Returns the message for a word that is none of these.
pub(super) fn no_word(word: &str, words: &[&str]) -> String {
    let meant = nearest(word, words.iter().copied())
        .or_else(|| nearest(&word.to_uppercase(), words.iter().copied()))
        .or_else(|| words.iter().copied().find(|known| known.eq_ignore_ascii_case(word)));
    let word = shown(word, MAX_SHOWN);
    match meant {
        Some(meant) => format!("is no word here: {word:?}; did you mean {meant}?"),
        None => format!("is no word here: {word:?}; there are {}", words.join(", ")),
    }
}
