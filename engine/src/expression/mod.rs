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

/// Words that are no attributes unless they stand in backticks.
const RESERVED: [&str; 7] = ["and", "or", "not", "in", "exists", "true", "false"];

/// A text that does not parse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct ExpressionError {
    /// Where in the text, in bytes.
    pub offset: usize,
    /// What could stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

impl ExpressionError {
    fn new(offset: usize, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { offset, expected: expected.into(), found: found.into() }
    }

    /// Returns the line of the text, a caret under the place, and what was expected there.
    pub fn render(&self, text: &str) -> String {
        let offset = text.floor_char_boundary(self.offset);
        let start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[start..].lines().next().unwrap_or_default();
        // A tab under a tab keeps the caret in its column, however wide tabs are.
        let indent: String =
            text[start..offset].chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        format!("{line}\n{indent}^ {self}")
    }
}
