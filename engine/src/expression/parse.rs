//! From tokens to a tree; wherever it stops, it tells what could have stood there.

use serde_json::Value;

use super::lex::{Spanned, Token, lex};
use super::{ExpressionError, RESERVED};
use crate::condition::{Condition, Match, Op};

/// How deep may parentheses and `not` nest? More than any valid document needs, and no danger to the stack.
const MAX_DEPTH: usize = 64;

/// How many bytes may an expression have? More than the largest document.
const MAX_TEXT: usize = 512 * 1024;

const OPERATORS: &str = "an operator (==, !=, <, <=, >, >=, in, not in, contains, starts with, ends with, matches, \
                         semver, before, after)";

/// Parses an expression such as `country == "US" and not beta == true`.
pub fn parse(text: &str) -> Result<Match, ExpressionError> {
    parse_located(text).map(|(tree, _)| tree)
}

/// Parses an expression, and tells where the value of each condition stands, in the order of the tree.
pub(crate) fn parse_located(text: &str) -> Result<(Match, Vec<usize>), ExpressionError> {
    if text.len() > MAX_TEXT {
        let expected = format!("an expression of at most {MAX_TEXT} bytes");
        return Err(ExpressionError::new(0, expected, format!("one of {}", text.len())));
    }
    let mut parser = Parser { tokens: &lex(text)?, next: 0, end: text.len(), values: Vec::new() };
    let (tree, _) = parser.either(0)?;
    match parser.peek() {
        None => Ok((tree, parser.values)),
        Some(_) => Err(parser.fail("and, or, or the end")),
    }
}

struct Parser<'s, 't> {
    tokens: &'s [Spanned<'t>],
    next: usize,
    end: usize,
    /// Where the conditions have their values, or their attributes when they have none.
    values: Vec<usize>,
}

/// A tree, and whether it is a `true` or `false` that stands there without parentheses.
type Operand = (Match, bool);

impl<'t> Parser<'_, 't> {
    fn either(&mut self, depth: usize) -> Result<Operand, ExpressionError> {
        let mut operands = vec![self.every(depth)?];
        while self.take_word("or") {
            operands.push(self.every(depth)?);
        }
        Ok(join(operands, Match::Any, &Match::Any(Vec::new())))
    }

    fn every(&mut self, depth: usize) -> Result<Operand, ExpressionError> {
        let mut operands = vec![self.unary(depth)?];
        while self.take_word("and") {
            operands.push(self.unary(depth)?);
        }
        Ok(join(operands, Match::All, &Match::All(Vec::new())))
    }

    fn unary(&mut self, depth: usize) -> Result<Operand, ExpressionError> {
        if depth > MAX_DEPTH {
            return Err(self.fail("fewer parentheses and nots within each other"));
        }
        if self.take_word("not") {
            if self.take_word("exists") {
                return Ok((self.existence(Op::NotExists)?, false));
            }
            let (tree, _) = self.unary(depth + 1)?;
            return Ok((Match::Not(Box::new(tree)), false));
        }
        if self.take_word("exists") {
            return Ok((self.existence(Op::Exists)?, false));
        }
        if self.take_word("true") {
            return Ok((Match::All(Vec::new()), true));
        }
        if self.take_word("false") {
            return Ok((Match::Any(Vec::new()), true));
        }
        if self.take_symbol("(") {
            let (tree, _) = self.either(depth + 1)?;
            if !self.take_symbol(")") {
                return Err(self.fail("and, or, or a closing )"));
            }
            return Ok((tree, false));
        }
        let key = self.attribute("an attribute, not, exists, true, false or (")?;
        Ok((self.condition(key)?, false))
    }

    fn existence(&mut self, op: Op) -> Result<Match, ExpressionError> {
        let ignore_case = self.take_symbol("~");
        self.values.push(self.offset());
        Ok(Match::Condition(Condition { key: self.attribute("an attribute")?, op, value: None, ignore_case }))
    }

    fn attribute(&mut self, expected: &str) -> Result<String, ExpressionError> {
        let key = match self.peek() {
            Some(Token::Word(word)) if !RESERVED.contains(word) => (*word).to_owned(),
            Some(Token::Quoted(name)) => name.to_string(),
            _ => return Err(self.fail(expected)),
        };
        self.next += 1;
        Ok(key)
    }

    fn condition(&mut self, key: String) -> Result<Match, ExpressionError> {
        let op = self.operator()?;
        let ignore_case = self.take_symbol("~");
        self.values.push(self.offset());
        Ok(Match::Condition(Condition { key, op, value: Some(self.value(op)?), ignore_case }))
    }

    fn operator(&mut self) -> Result<Op, ExpressionError> {
        // No operator's words begin another's, so their order does not matter.
        for op in Op::ALL.iter().filter(|op| !op.is_unary()) {
            let parts = op.symbol().split(' ');
            let count = parts.clone().count();
            let tokens = self.tokens.get(self.next..self.next + count);
            let is_there = tokens.is_some_and(|tokens| {
                parts.zip(tokens).all(|(part, spanned)| match spanned.token {
                    Token::Word(written) | Token::Symbol(written) => written == part,
                    _ => false,
                })
            });
            if is_there {
                self.next += count;
                return Ok(*op);
            }
        }
        Err(match self.peek() {
            Some(Token::Symbol("=")) => self.fail("=="),
            Some(Token::Word("starts" | "ends")) => {
                self.next += 1;
                self.fail("with")
            }
            Some(Token::Word("not")) => {
                self.next += 1;
                self.fail("in")
            }
            _ => self.fail(OPERATORS),
        })
    }

    fn value(&mut self, op: Op) -> Result<Value, ExpressionError> {
        match op {
            Op::In | Op::NotIn => {
                if !self.take_symbol("[") {
                    return Err(self.fail("a list such as [\"a\", \"b\"]"));
                }
                self.list(&[Kind::Text, Kind::Number, Kind::Bool])
            }
            Op::Contains | Op::StartsWith | Op::EndsWith => {
                if self.take_symbol("[") {
                    self.list(&[Kind::Text])
                } else {
                    self.scalar(&[Kind::Text, Kind::Texts])
                }
            }
            Op::GreaterThan | Op::GreaterThanOrEqual | Op::LessThan | Op::LessThanOrEqual => {
                self.scalar(&[Kind::Number])
            }
            Op::Regex => self.scalar(&[Kind::Pattern]),
            Op::Semver => self.scalar(&[Kind::Range]),
            Op::Before | Op::After => self.scalar(&[Kind::Instant, Kind::Number]),
            Op::Equals | Op::NotEquals | Op::Exists | Op::NotExists => {
                self.scalar(&[Kind::Text, Kind::Number, Kind::Bool])
            }
        }
    }

    /// Parses what follows an opening bracket.
    fn list(&mut self, kinds: &[Kind]) -> Result<Value, ExpressionError> {
        let mut values = Vec::new();
        loop {
            values.push(self.scalar(kinds)?);
            if self.take_symbol("]") {
                return Ok(Value::Array(values));
            }
            if !self.take_symbol(",") {
                return Err(self.fail("a comma or a closing ]"));
            }
        }
    }

    fn scalar(&mut self, kinds: &[Kind]) -> Result<Value, ExpressionError> {
        let value = match self.peek() {
            Some(Token::Text(text)) if !matches!(kinds, [Kind::Number]) => Value::String(text.clone()),
            Some(Token::Number(number)) if kinds.contains(&Kind::Number) => number.clone(),
            Some(Token::Word("true")) if kinds.contains(&Kind::Bool) => Value::Bool(true),
            Some(Token::Word("false")) if kinds.contains(&Kind::Bool) => Value::Bool(false),
            _ => {
                let words: Vec<&str> = kinds.iter().map(|kind| kind.words()).collect();
                return Err(self.fail(&words.join(" or ")));
            }
        };
        self.next += 1;
        Ok(value)
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.take(|token| matches!(token, Token::Word(written) if *written == word))
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        self.take(|token| matches!(token, Token::Symbol(written) if *written == symbol))
    }

    fn take(&mut self, is_wanted: impl FnOnce(&Token<'_>) -> bool) -> bool {
        let is_there = self.peek().is_some_and(is_wanted);
        self.next += usize::from(is_there);
        is_there
    }

    fn peek(&self) -> Option<&Token<'t>> {
        self.tokens.get(self.next).map(|spanned| &spanned.token)
    }

    fn offset(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |spanned| spanned.offset)
    }

    fn fail(&self, expected: &str) -> ExpressionError {
        let found = self.tokens.get(self.next).map_or("the end".to_owned(), Spanned::to_string);
        ExpressionError::new(self.offset(), expected, found)
    }
}

/// What may stand as a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Texts,
    Number,
    Bool,
    Pattern,
    Range,
    Instant,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Text => "a string in double quotes",
            Self::Texts => "a list of strings",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Pattern => "a regex in double quotes",
            Self::Range => "a version range in double quotes",
            Self::Instant => "an instant such as \"2026-06-01T10:00:00Z\"",
        }
    }
}

/// Joins a chain; `neutral`, when it leads the chain of two, says that the other stands alone in its list.
fn join(mut operands: Vec<Operand>, list: fn(Vec<Match>) -> Match, neutral: &Match) -> Operand {
    if operands.len() == 1
        && let Some(only) = operands.pop()
    {
        return only;
    }
    let leads = matches!(&operands[..], [(first, true), _] if first == neutral);
    let trees = operands.into_iter().skip(usize::from(leads));
    (list(trees.map(|(tree, _)| tree).collect()), false)
}
