//! Cuts an expression into tokens, each with its place.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;
use winnow::Parser;
use winnow::combinator::{alt, delimited, repeat};
use winnow::error::EmptyError;
use winnow::token::{any, none_of, one_of, take_while};

use super::ExpressionError;
use crate::hidden::is_hidden;
use crate::number::canonical_value;

/// The smallest part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'t> {
    /// A keyword, an operator's word, or an attribute.
    Word(&'t str),
    /// An attribute in backticks.
    Quoted(Cow<'t, str>),
    Text(String),
    Number(Value),
    Symbol(&'t str),
}

/// A token and the bytes of the text that it covers.
#[derive(Clone, Debug)]
pub(super) struct Spanned<'t> {
    pub(super) token: Token<'t>,
    pub(super) offset: usize,
    /// As it was written, for messages.
    pub(super) written: &'t str,
}

/// A token as it is written, not yet understood.
#[derive(Clone, Copy)]
enum Raw<'t> {
    Word(&'t str),
    Backticks(&'t str),
    Text(&'t str),
    Number(&'t str),
    Symbol(&'t str),
}

/// Cuts the text into tokens.
pub(super) fn lex(text: &str) -> Result<Vec<Spanned<'_>>, ExpressionError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        // Other spaces look like these, or like nothing.
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        if rest.is_empty() {
            return Ok(tokens);
        }
        let offset = text.len() - rest.len();
        let before = rest;
        let raw = raw_token.parse_next(&mut rest).map_err(|_| cannot_start(before, offset, text.len()))?;
        let written = &before[..before.len() - rest.len()];
        let token = understand(raw, offset, written)?;
        tokens.push(Spanned { token, offset, written });
    }
}

fn raw_token<'t>(rest: &mut &'t str) -> Result<Raw<'t>, EmptyError> {
    let text_char = alt((none_of(['"', '\\']).void(), ('\\', any).void()));
    // A doubled backtick stands for one.
    let name_char = alt((none_of('`').void(), "``".void()));
    let symbol =
        alt((alt(("==", "!=", "<=", ">=")), one_of(['<', '>', '(', ')', '[', ']', ',', '~', '=']).take()));
    alt((
        (one_of(is_word_start), take_while(0.., is_word_part)).take().map(Raw::Word),
        (one_of(is_number_start), take_while(0.., is_number_part)).take().map(Raw::Number),
        delimited('"', repeat::<_, _, (), _, _>(0.., text_char), '"').take().map(Raw::Text),
        delimited('`', repeat::<_, _, (), _, _>(0.., name_char), '`').take().map(Raw::Backticks),
        symbol.map(Raw::Symbol),
    ))
    .parse_next(rest)
}

fn understand<'t>(raw: Raw<'t>, offset: usize, written: &str) -> Result<Token<'t>, ExpressionError> {
    match raw {
        Raw::Word(word) => Ok(Token::Word(word)),
        Raw::Symbol(symbol) => Ok(Token::Symbol(symbol)),
        Raw::Backticks(quoted) => {
            let name = &quoted[1..quoted.len() - 1];
            if let Some((at, c)) = name.char_indices().find(|(_, c)| is_hidden(*c)) {
                let expected = "an attribute without hidden characters";
                return Err(ExpressionError::new(offset + 1 + at, expected, c.to_string()));
            }
            Ok(Token::Quoted(match name.contains('`') {
                true => Cow::Owned(name.replace("``", "`")),
                false => Cow::Borrowed(name),
            }))
        }
        Raw::Text(quoted) => serde_json::from_str(quoted).map(Token::Text).map_err(|_| {
            let expected =
                r#"a string with JSON's escapes, such as \\ for a backslash and \n for a new line"#;
            ExpressionError::new(offset, expected, written)
        }),
        Raw::Number(number) => match serde_json::from_str::<Value>(number) {
            Ok(value @ Value::Number(_)) => Ok(Token::Number(canonical_value(&value))),
            _ => Err(ExpressionError::new(offset, "a number such as 18, 0.5 or 1e6", written)),
        },
    }
}

/// Explains a character that begins no token.
fn cannot_start(rest: &str, offset: usize, end: usize) -> ExpressionError {
    let expected = match rest.as_bytes() {
        [b'"', ..] => return ExpressionError::new(end, "a closing \"", "the end"),
        [b'`', ..] => return ExpressionError::new(end, "a closing `", "the end"),
        [b'\'', ..] => "a string in double quotes",
        [b'&', ..] => "and",
        [b'|', ..] => "or",
        [b'!', ..] => "not, or != after an attribute",
        _ => "an attribute, an operator or a value",
    };
    let found: String = rest.chars().take(1).collect();
    if found.chars().all(char::is_alphanumeric) {
        let expected = "an attribute of a-z and A-Z, or one in backticks";
        return ExpressionError::new(offset, expected, found);
    }
    ExpressionError::new(offset, expected, found)
}

/// Only ASCII, as letters of other scripts look like these.
pub(super) fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '_' | '$')
}

pub(super) fn is_word_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.' | '-')
}

fn is_number_start(c: char) -> bool {
    c.is_ascii_digit() || c == '-'
}

/// Letters too, so that `18years` is one bad number rather than a number and a word.
fn is_number_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '+' | '-' | '_')
}

impl fmt::Display for Spanned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.written)
    }
}
