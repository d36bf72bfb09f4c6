//! Prints a tree as the expression that parses back to it.

use std::fmt::{self, Display, Formatter, Write};

use serde_json::Value;

use super::RESERVED;
use super::lex::{is_word_part, is_word_start};
use crate::condition::{Condition, Match};
use crate::hidden::push_shown;
use crate::number::print_json;

impl Display for Match {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(children) => chain(f, children, &ALL),
            Self::Any(children) => chain(f, children, &ANY),
            Self::Not(child) => {
                f.write_str("not ")?;
                let is_group = match &**child {
                    Self::All(children) | Self::Any(children) => !children.is_empty(),
                    // `not exists x` is an operator of its own.
                    Self::Condition(condition) => condition.op == crate::condition::Op::Exists,
                    Self::Not(_) => false,
                };
                write_grouped(f, child, is_group)
            }
            Self::Condition(condition) => condition.fmt(f),
        }
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let tilde = if self.ignore_case { "~" } else { "" };
        let operator = self.op.symbol();
        if self.op.is_unary() {
            write!(f, "{operator}{tilde} ")?;
            return write_attribute(f, &self.key);
        }
        write_attribute(f, &self.key)?;
        write!(f, " {operator}{tilde} ")?;
        write_value(f, self.value.as_ref().unwrap_or(&Value::Null))
    }
}

/// How the lists of one kind are written.
struct Chain {
    /// What an empty list is, and what leads a list of one.
    neutral: &'static str,
    word: &'static str,
    /// Whether a child must stand in parentheses.
    is_group: fn(&Match) -> bool,
    is_empty_same: fn(&Match) -> bool,
}

const ALL: Chain = Chain {
    neutral: "true",
    word: "and",
    is_group: |child| match child {
        Match::All(children) | Match::Any(children) => !children.is_empty(),
        _ => false,
    },
    is_empty_same: |child| matches!(child, Match::All(children) if children.is_empty()),
};

const ANY: Chain = Chain {
    neutral: "false",
    word: "or",
    // `and` binds tighter.
    is_group: |child| matches!(child, Match::Any(children) if !children.is_empty()),
    is_empty_same: |child| matches!(child, Match::Any(children) if children.is_empty()),
};

fn chain(f: &mut Formatter<'_>, children: &[Match], chain: &Chain) -> fmt::Result {
    let Chain { neutral, word, .. } = chain;
    match children {
        [] => f.write_str(neutral),
        [only] => {
            write!(f, "{neutral} {word} ")?;
            write_grouped(f, only, (chain.is_group)(only))
        }
        // A bare neutral before only one other would be taken for the sign of a list of one.
        [first, second] if (chain.is_empty_same)(first) => {
            write!(f, "({neutral}) {word} ")?;
            write_grouped(f, second, (chain.is_group)(second))
        }
        [first, rest @ ..] => {
            write_grouped(f, first, (chain.is_group)(first))?;
            for child in rest {
                write!(f, " {word} ")?;
                write_grouped(f, child, (chain.is_group)(child))?;
            }
            Ok(())
        }
    }
}

fn write_grouped(f: &mut Formatter<'_>, tree: &Match, in_parentheses: bool) -> fmt::Result {
    if in_parentheses { write!(f, "({tree})") } else { write!(f, "{tree}") }
}

fn write_attribute(f: &mut Formatter<'_>, key: &str) -> fmt::Result {
    let is_bare = key.starts_with(is_word_start) && key.chars().all(is_word_part) && !RESERVED.contains(&key);
    if is_bare {
        return f.write_str(key);
    }
    // No valid document has hidden characters in a key, and no expression: their escapes do not parse back.
    let mut shown = String::with_capacity(key.len());
    key.chars().for_each(|c| push_shown(&mut shown, c));
    write!(f, "`{}`", shown.replace('`', "``"))
}

fn write_value(f: &mut Formatter<'_>, value: &Value) -> fmt::Result {
    let Value::Array(values) = value else {
        return f.write_str(&print_json(value));
    };
    f.write_char('[')?;
    for (index, value) in values.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{}", print_json(value))?;
    }
    f.write_char(']')
}
