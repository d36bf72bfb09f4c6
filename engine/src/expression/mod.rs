//! The expression language: the text form of a `when` tree, typed and shown wherever people meet rules.
//!
//! Parentheses keep their group as a tree of its own. `true and x` is the `all` of only `x`, and `false or x` the
//! `any` of only `x`: so each tree has its text.

mod lex;
mod parse;
mod print;
mod split;

pub use parse::parse;
pub(crate) use parse::parse_located;
pub use split::parse_split;
pub(crate) use split::{parse_shares, print_split};

use crate::hidden::{push_shown, shown};

/// Words that are no attributes unless they stand in backticks.
const RESERVED: [&str; 7] = ["and", "or", "not", "in", "exists", "true", "false"];

/// How many characters of what was found may a message repeat?
const MAX_FOUND: usize = 60;

/// How many characters of a line may be shown with a caret?
const MAX_LINE: usize = 120;

/// How many of those may stand before the caret?
const MAX_BEFORE: usize = 80;

/// A text that does not parse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct ExpressionError {
    /// Where in the text, in bytes.
    pub offset: usize,
    /// What could stand there.
    pub expected: String,
    /// What stands there, cut when it is long, and with escapes for what is hidden.
    pub found: String,
}

impl ExpressionError {
    fn new(offset: usize, expected: impl Into<String>, found: impl AsRef<str>) -> Self {
        Self { offset, expected: expected.into(), found: shown(found.as_ref(), MAX_FOUND) }
    }

    /// Returns the line of the text, or its part around the place, a caret under it, and what was expected there.
    pub fn render(&self, text: &str) -> String {
        let offset = text.floor_char_boundary(self.offset);
        let start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
        let before = &text[start..offset];
        let after = text[offset..].lines().next().unwrap_or_default();
        let (mut line, mut indent) = (String::new(), String::new());
        let cut = before.char_indices().rev().nth(MAX_BEFORE - 1).map_or(0, |(at, _)| at);
        if cut > 0 {
            line.push('…');
            indent.push(' ');
        }
        let before = &before[cut..];
        for c in before.chars() {
            let width = push_in_line(&mut line, c);
            // A tab under a tab keeps the caret in its column, however wide tabs are.
            indent.extend(std::iter::repeat_n(if c == '\t' { '\t' } else { ' ' }, width));
        }
        let room = MAX_LINE - before.chars().count();
        after.chars().take(room).for_each(|c| {
            push_in_line(&mut line, c);
        });
        if after.chars().nth(room).is_some() {
            line.push('…');
        }
        format!("{line}\n{indent}^ {self}")
    }
}

/// Adds a character as it can be shown, and returns how many it became.
fn push_in_line(line: &mut String, c: char) -> usize {
    if c == '\t' {
        line.push(c);
        return 1;
    }
    let start = line.len();
    push_shown(line, c);
    line[start..].chars().count()
}
