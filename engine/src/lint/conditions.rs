//! What concerns a single condition: its values, its `ignoreCase`, its regex.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{LintRule, Linter};
use crate::condition::{Condition, Match, Op};
use crate::number::{canonical_value, parse_json_number, write_json};
use crate::operator::{MAX_REGEX_BYTES, Pattern};
use crate::path::Path;

/// How many bytes may a compiled regex take before it is told? Five `\w` take less, ten take more.
const LARGE_REGEX_BYTES: usize = MAX_REGEX_BYTES / 2;

impl Linter<'_> {
    pub(super) fn check_conditions(&mut self, when: &Match, path: &Path<'_>) {
        let (name, children) = match when {
            Match::All(children) => ("all", children),
            Match::Any(children) => ("any", children),
            Match::Not(child) => return self.check_conditions(child, &path.field("not")),
            Match::Condition(condition) => return self.check_condition(condition, path),
        };
        let path = path.field(name);
        for (index, child) in children.iter().enumerate() {
            self.check_conditions(child, &path.index(index));
        }
    }

    fn check_condition(&mut self, condition: &Condition, path: &Path<'_>) {
        let repeated = repeated_values(condition);
        if !repeated.is_empty() {
            let repeated = repeated.join(", ");
            let message = format!("lists {repeated} more than once; leave the others out");
            self.report(LintRule::DuplicateValue, &path.field("value"), message);
        }
        if condition.ignore_case && !has_case(condition) {
            let op = condition.op;
            let message = match op {
                Op::Equals | Op::NotEquals | Op::In | Op::NotIn => {
                    format!("has no effect on {op} without a string; leave it out")
                }
                _ => format!("has no effect on {op}; leave it out"),
            };
            self.report(LintRule::IgnoredIgnoreCase, &path.field("ignoreCase"), message);
        }
        if let (Op::Regex, Some(Value::String(pattern))) = (condition.op, &condition.value) {
            self.check_regex(condition, pattern, path);
        }
    }

    fn check_regex(&mut self, condition: &Condition, pattern: &str, path: &Path<'_>) {
        let path = path.field("value");
        if Pattern::new(pattern, condition.ignore_case)
            .is_ok_and(|pattern| pattern.bytes() > LARGE_REGEX_BYTES)
        {
            let message = format!(
                "is an expensive regex: compiled it takes more than {LARGE_REGEX_BYTES} bytes; repeat less, or use smaller classes, such as [0-9A-Za-z_] for \\w"
            );
            self.report(LintRule::ExpensiveRegex, &path, message);
        }
        // A regex folds case otherwise than lower case does: to it, ſ is an s.
        if !condition.ignore_case
            && let Some((op, text)) = plainly(pattern)
        {
            let text = write_json(&text);
            let message = format!("needs no regex: {op} {text} means the same and is cheaper");
            self.report(LintRule::NeedlessRegex, &path, message);
        }
    }
}

/// Returns the values that stand more than once in a condition's list, as JSON.
fn repeated_values(condition: &Condition) -> Vec<String> {
    let Some(Value::Array(values)) = &condition.value else {
        return Vec::new();
    };
    let (mut seen, mut repeated) = (BTreeSet::new(), BTreeSet::new());
    let mut found = Vec::new();
    for value in values {
        let text = match value {
            // As it is written, a text may spell a boolean or a number, which in another case it does not.
            Value::String(text) if condition.ignore_case && !spells(text) => write_json(&text.to_lowercase()),
            other => write_json(&canonical_value(other)),
        };
        let is_spelling = value.as_str().is_some_and(spells);
        if !seen.insert((is_spelling, text.clone())) && repeated.insert(text.clone()) {
            found.push(text);
        }
    }
    found
}

/// Returns whether a string equals what is no string.
fn spells(text: &str) -> bool {
    matches!(text, "true" | "false") || parse_json_number(text).is_some()
}

/// Returns whether upper and lower case can make a difference to the condition.
fn has_case(condition: &Condition) -> bool {
    match condition.op {
        Op::Equals | Op::NotEquals | Op::In | Op::NotIn => match &condition.value {
            Some(Value::Array(values)) => values.iter().any(Value::is_string),
            value => value.as_ref().is_some_and(Value::is_string),
        },
        Op::Contains | Op::StartsWith | Op::EndsWith | Op::Regex => true,
        _ => false,
    }
}

/// Returns the text operator and the text that mean exactly what the pattern does.
///
/// Not `equals` for `^abc$`: that takes a number or a boolean for another one's text.
fn plainly(pattern: &str) -> Option<(Op, String)> {
    // Where nothing is anchored, `.*` finds nothing more: it may be empty.
    let (at_start, rest) = match pattern.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, pattern.strip_prefix(".*").unwrap_or(pattern)),
    };
    let (at_end, rest) = match rest.strip_suffix('$') {
        Some(rest) => (true, rest),
        None => (false, rest.strip_suffix(".*").unwrap_or(rest)),
    };
    let op = match (at_start, at_end) {
        (true, false) => Op::StartsWith,
        (false, true) => Op::EndsWith,
        (false, false) => Op::Contains,
        (true, true) => return None,
    };
    let text = literal(rest)?;
    (!text.is_empty()).then_some((op, text))
}

/// Returns the text that a pattern stands for when every character of it stands for one.
fn literal(pattern: &str) -> Option<String> {
    let mut text = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        text.push(match char {
            // An escaped letter is a class, and `\<` the start of a word.
            '\\' => chars.next().filter(|c| c.is_ascii_punctuation() && !matches!(c, '<' | '>'))?,
            '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => return None,
            plain => plain,
        });
    }
    Some(text)
}
