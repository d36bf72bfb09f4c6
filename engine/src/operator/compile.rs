//! From a condition to its compiled form, which is also how the types of values are checked.

use serde_json::Value;

use super::{Comparison, Keys, Literal, Literals, Needles, Node, Pattern, Place, RegexBytes, Test, Word};
use crate::condition::{Condition, Match, Op};
use crate::instant::Instant;
use crate::path::{Path, shortened};
use crate::range::Range;
use crate::validate::Invalid;

/// What is said of more than 65,536 distinct attributes, which no document of 256 KiB has room for.
pub(crate) const TOO_MANY_KEYS: &str = "looks at more attributes than a flag may";

/// How many values may a list have?
const MAX_VALUES: usize = 1000;

impl Node {
    pub(crate) fn compile(when: &Match, path: &Path<'_>, keys: &mut Keys) -> Result<Self, Invalid> {
        let mut list = |name, children: &[Match]| {
            let path = path.field(name);
            children
                .iter()
                .enumerate()
                .map(|(index, child)| Self::compile(child, &path.index(index), keys))
                .collect::<Result<Box<[_]>, _>>()
        };
        Ok(match when {
            Match::All(children) => Self::All(list("all", children)?),
            Match::Any(children) => Self::Any(list("any", children)?),
            Match::Not(child) => Self::Not(Box::new(Self::compile(child, &path.field("not"), keys)?)),
            Match::Condition(condition) => Self::compile_condition(condition, keys)
                .map_err(|message| Invalid::at(path.field("value"), message))?,
        })
    }

    fn compile_condition(condition: &Condition, keys: &mut Keys) -> Result<Self, String> {
        let key = keys.index(&condition.key).ok_or(TOO_MANY_KEYS)?;
        let compiled = Compiled::counted(condition, &mut keys.regex_bytes)?;
        Ok(match compiled {
            Compiled::Some(test) => Self::Some(key, test),
            Compiled::None(test) => Self::None(key, test),
            Compiled::Exists => Self::Exists(key),
            Compiled::NotExists => Self::NotExists(key),
        })
    }
}

/// A condition without its attribute.
#[derive(Debug)]
pub(crate) enum Compiled {
    Some(Test),
    None(Test),
    Exists,
    NotExists,
}

/// Returns what is wrong with a condition's value, in a document whose other regexes take so many bytes. Once a regex was
/// refused for its size the others are not looked at.
pub(crate) fn check_value(condition: &Condition, regex_bytes: &mut RegexBytes) -> Result<(), String> {
    if condition.op == Op::Regex && regex_bytes.is_spent() {
        return Ok(());
    }
    Compiled::counted(condition, regex_bytes).map(|_| ())
}

impl Compiled {
    /// Compiles a condition; regexes only as far as the document may have them.
    fn counted(condition: &Condition, regex_bytes: &mut RegexBytes) -> Result<Self, String> {
        match (condition.op, &condition.value) {
            (Op::Regex, Some(Value::String(pattern))) => {
                let pattern = regex_bytes.compile(pattern, condition.ignore_case)?;
                Ok(Self::Some(Test::Regex(Box::new(pattern))))
            }
            _ => Self::new(condition),
        }
    }

    pub(crate) fn new(condition: &Condition) -> Result<Self, String> {
        let op = condition.op;
        let value = condition.value.as_ref().unwrap_or(&Value::Null);
        let ignore_case = condition.ignore_case;
        let test = match op {
            Op::Equals | Op::NotEquals => equality(op, value, ignore_case)?,
            Op::In | Op::NotIn => Test::In(Box::new(literals(op, value, ignore_case)?)),
            Op::GreaterThan => Test::Order(Comparison::Greater, number(op, value)?),
            Op::GreaterThanOrEqual => Test::Order(Comparison::GreaterOrEqual, number(op, value)?),
            Op::LessThan => Test::Order(Comparison::Less, number(op, value)?),
            Op::LessThanOrEqual => Test::Order(Comparison::LessOrEqual, number(op, value)?),
            Op::Contains => Test::Text(Place::Anywhere, Box::new(needles(op, value, ignore_case)?)),
            Op::StartsWith => Test::Text(Place::Start, Box::new(needles(op, value, ignore_case)?)),
            Op::EndsWith => Test::Text(Place::End, Box::new(needles(op, value, ignore_case)?)),
            Op::Regex => Test::Regex(Box::new(pattern(value, ignore_case)?)),
            Op::Semver => Test::Range(range(value)?),
            Op::Before => Test::Before(Box::new(instant(op, value)?)),
            Op::After => Test::After(Box::new(instant(op, value)?)),
            Op::Exists | Op::NotExists if condition.value.is_some() => {
                return Err(format!("{op} takes no value"));
            }
            Op::Exists => return Ok(Self::Exists),
            Op::NotExists => return Ok(Self::NotExists),
        };
        Ok(match op {
            Op::NotEquals | Op::NotIn => Self::None(test),
            _ => Self::Some(test),
        })
    }
}

fn equality(op: Op, value: &Value, ignore_case: bool) -> Result<Test, String> {
    let literal = match value {
        Value::String(text) if ignore_case => {
            Literal::LowerText { lower: text.to_lowercase().into(), exact: text.as_str().into() }
        }
        Value::String(text) => {
            return Ok(Word::new(text).map_or_else(|| Test::IsText(text.as_str().into()), Test::Is));
        }
        Value::Bool(value) => Literal::Bool(*value),
        other => match other.as_f64() {
            Some(number) => Literal::Number(number),
            None => return Err(wrong(op, "a string, a number or a boolean", value)),
        },
    };
    Ok(Test::Equals(Box::new(literal)))
}

fn literals(op: Op, value: &Value, ignore_case: bool) -> Result<Literals, String> {
    let expected = "a list of strings, numbers or booleans";
    let Value::Array(values) = value else {
        return Err(wrong(op, expected, value));
    };
    if !(1..=MAX_VALUES).contains(&values.len()) {
        return Err(wrong_count(op, values.len()));
    }
    if let Some(other) =
        values.iter().find(|value| matches!(value, Value::Null | Value::Array(_) | Value::Object(_)))
    {
        return Err(format!("{op} takes {expected}, and one is {}", kind(other)));
    }
    Ok(Literals::new(values, ignore_case))
}

fn wrong_count(op: Op, count: usize) -> String {
    format!("{op} takes 1 to {MAX_VALUES} values, and these are {count}")
}

fn number(op: Op, value: &Value) -> Result<f64, String> {
    value.as_f64().ok_or_else(|| wrong(op, "a number", value))
}

fn needles(op: Op, value: &Value, ignore_case: bool) -> Result<Needles, String> {
    let expected = "a string or a list of strings";
    let texts = match value {
        Value::String(text) => vec![text.as_str()],
        Value::Array(values) if !(1..=MAX_VALUES).contains(&values.len()) => {
            return Err(wrong_count(op, values.len()));
        }
        Value::Array(values) => values
            .iter()
            .map(|value| {
                value.as_str().ok_or_else(|| format!("{op} takes {expected}, and one is {}", kind(value)))
            })
            .collect::<Result<_, _>>()?,
        other => return Err(wrong(op, expected, other)),
    };
    Ok(Needles::new(texts.into_iter(), ignore_case))
}

fn pattern(value: &Value, ignore_case: bool) -> Result<Pattern, String> {
    let Value::String(pattern) = value else {
        return Err(wrong(Op::Regex, "a string", value));
    };
    Pattern::new(pattern, ignore_case).map_err(|error| error.to_string())
}

fn range(value: &Value) -> Result<Range, String> {
    let Value::String(text) = value else {
        return Err(wrong(Op::Semver, "a version range", value));
    };
    Range::parse(text).map_err(|error| format!("is no version range: {error}"))
}

fn instant(op: Op, value: &Value) -> Result<Instant, String> {
    let expected = "an instant such as \"2026-06-01T10:00:00Z\", with its offset, or Unix milliseconds";
    match value {
        Value::String(text) => {
            Instant::parse(text).ok_or_else(|| format!("{op} takes {expected}, not {:?}", shortened(text)))
        }
        Value::Number(number) => {
            number.as_f64().map(Instant::from_milliseconds).ok_or_else(|| wrong(op, expected, value))
        }
        other => Err(wrong(op, expected, other)),
    }
}

fn wrong(op: Op, expected: &str, value: &Value) -> String {
    match value {
        Value::Null => format!("{op} needs a value: {expected}"),
        other => format!("{op} takes {expected}, not {}", kind(other)),
    }
}

/// Returns what kind of JSON a value is, for messages.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
