//! The tree of a rule's conditions, each with the value it saw.

use fluxgate_engine::MatchTrace;
use serde_json::Value;

use super::rows::Row;
use crate::output::Tone;

/// How many characters of a value are shown?
const MAX_SHOWN: usize = 60;

/// Returns the rows of a whole tree.
pub(super) fn rows(trace: &MatchTrace, indent: usize) -> Vec<Row> {
    let mut tree = Tree(Vec::new());
    match trace {
        MatchTrace::All { children, .. } if !children.is_empty() => tree.all(("and ", children), indent),
        MatchTrace::Any { children, .. } if !children.is_empty() => tree.all(("or  ", children), indent),
        other => tree.one("", other, indent),
    }
    tree.0
}

/// Returns a value in one line of JSON, cut when it is long.
pub(super) fn shown(value: &Value) -> String {
    cut(&value.to_string())
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

struct Tree(Vec<Row>);

impl Tree {
    fn all(&mut self, (label, children): (&str, &[MatchTrace]), indent: usize) {
        for child in children {
            self.one(label, child, indent);
        }
    }

    fn one(&mut self, label: &str, trace: &MatchTrace, indent: usize) {
        let row = Row::new(indent).mark(trace.holds()).and(Tone::Dim, label);
        match trace {
            MatchTrace::Condition { expression, .. } => {
                self.0.push(saw(row.and(Tone::Plain, expression), trace));
            }
            MatchTrace::All { children, .. } if children.is_empty() => {
                self.0.push(row.and(Tone::Plain, "true"))
            }
            MatchTrace::Any { children, .. } if children.is_empty() => {
                self.0.push(row.and(Tone::Plain, "false"))
            }
            MatchTrace::All { children, .. } => {
                self.0.push(row.and(Tone::Plain, "all of"));
                self.all(("and ", children), indent + 2 + label.len());
            }
            MatchTrace::Any { children, .. } => {
                self.0.push(row.and(Tone::Plain, "any of"));
                self.all(("or  ", children), indent + 2 + label.len());
            }
            MatchTrace::Not { child, .. } => self.negated(row, child, indent + 2 + label.len()),
        }
    }

    /// Adds what must not hold, in one line with its `not`.
    fn negated(&mut self, row: Row, child: &MatchTrace, indent: usize) {
        match child {
            MatchTrace::Condition { expression, .. } => {
                self.0.push(saw(row.and(Tone::Plain, format!("not {expression}")), child));
            }
            MatchTrace::All { children, .. } if !children.is_empty() => {
                self.0.push(row.and(Tone::Plain, "not all of"));
                self.all(("and ", children), indent);
            }
            MatchTrace::Any { children, .. } if !children.is_empty() => {
                self.0.push(row.and(Tone::Plain, "not any of"));
                self.all(("or  ", children), indent);
            }
            child => {
                self.0.push(row.and(Tone::Plain, "not"));
                self.one("", child, indent);
            }
        }
    }
}

/// Adds what a condition saw.
fn saw(row: Row, trace: &MatchTrace) -> Row {
    let MatchTrace::Condition { key, saw, saw_cut, .. } = trace else {
        return row;
    };
    match saw {
        Some(value) => {
            let more = if *saw_cut { " and more" } else { "" };
            row.note(Tone::Plain, format!("{} = {}{more}", cut(key), shown(value)))
        }
        None => row.note(Tone::Dim, format!("{} was not sent", cut(key))),
    }
}
