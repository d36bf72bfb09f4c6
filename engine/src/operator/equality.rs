//! Equality across types: a string equals the number or the boolean that it spells.

use serde_json::Value;

use super::text::with_lower;
use crate::context::Attribute;
use crate::number::parse_json_number;

/// How many values are searched one by one rather than by halving?
const FEW: usize = 8;

/// A value to be equal to, other than a string as it is written.
#[derive(Debug)]
pub(crate) enum Literal {
    /// A text to be compared in lower case; `exact` is how it was written, for what is no string.
    LowerText {
        lower: Box<str>,
        exact: Box<str>,
    },
    Number(f64),
    Bool(bool),
}

impl Literal {
    pub(crate) fn equals(&self, scalar: &Attribute<'_>) -> bool {
        match (self, scalar) {
            (Self::LowerText { lower, .. }, Attribute::Text(text)) => {
                with_lower(text, |text| **lower == *text)
            }
            (Self::LowerText { exact, .. }, scalar) => equals_text(exact, scalar),
            (Self::Number(literal), Attribute::Number(number)) => literal == number,
            (Self::Number(literal), Attribute::Text(text)) => parse_json_number(text) == Some(*literal),
            (Self::Bool(literal), Attribute::Bool(value)) => literal == value,
            (Self::Bool(literal), Attribute::Text(text)) => parse_bool(text) == Some(*literal),
            _ => false,
        }
    }
}

/// Returns whether a scalar equals a string.
pub(crate) fn equals_text(literal: &str, scalar: &Attribute<'_>) -> bool {
    match scalar {
        Attribute::Text(text) => literal == &**text,
        Attribute::Number(number) => parse_json_number(literal) == Some(*number),
        Attribute::Bool(value) => parse_bool(literal) == Some(*value),
        Attribute::Null | Attribute::List(_) | Attribute::Object(_) => false,
    }
}

/// Values to be equal to one of, sorted so that a thousand of them cost little.
#[derive(Debug, Default)]
pub(crate) struct Literals {
    /// In lower case when case is ignored.
    pub(super) texts: Box<[Box<str>]>,
    /// What a string may spell.
    pub(super) numbers: Box<[f64]>,
    /// What a number may be: `numbers`, and those that `texts` spell.
    pub(super) all_numbers: Box<[f64]>,
    /// Whether false and true are among the values.
    pub(super) bools: [bool; 2],
    /// Whether false and true are, or are spelt by one of the texts.
    pub(super) all_bools: [bool; 2],
    pub(super) ignore_case: bool,
}

impl Literals {
    pub(crate) fn new(values: &[Value], ignore_case: bool) -> Self {
        let mut literals = Self { ignore_case, ..Self::default() };
        let (mut texts, mut numbers, mut spelt) = (Vec::new(), Vec::new(), Vec::new());
        for value in values {
            match value {
                Value::String(text) => {
                    spelt.extend(parse_json_number(text));
                    if let Some(value) = parse_bool(text) {
                        literals.all_bools[usize::from(value)] = true;
                    }
                    texts.push(match ignore_case {
                        true => text.to_lowercase().into(),
                        false => text.as_str().into(),
                    });
                }
                Value::Number(number) => numbers.extend(number.as_f64()),
                Value::Bool(value) => {
                    literals.bools[usize::from(*value)] = true;
                    literals.all_bools[usize::from(*value)] = true;
                }
                Value::Null | Value::Array(_) | Value::Object(_) => {}
            }
        }
        spelt.extend(&numbers);
        texts.sort_unstable();
        literals.texts = texts.into();
        literals.numbers = sorted(numbers);
        literals.all_numbers = sorted(spelt);
        literals
    }

    pub(crate) fn contain(&self, scalar: &Attribute<'_>) -> bool {
        match scalar {
            Attribute::Text(text) => {
                self.contain_text(text)
                    || (!self.numbers.is_empty()
                        && parse_json_number(text)
                            .is_some_and(|number| contains_number(&self.numbers, number)))
                    || parse_bool(text).is_some_and(|value| self.bools[usize::from(value)])
            }
            Attribute::Number(number) => contains_number(&self.all_numbers, *number),
            Attribute::Bool(value) => self.all_bools[usize::from(*value)],
            Attribute::Null | Attribute::List(_) | Attribute::Object(_) => false,
        }
    }

    fn contain_text(&self, text: &str) -> bool {
        if self.ignore_case {
            with_lower(text, |lower| self.contain_exactly(lower))
        } else {
            self.contain_exactly(text)
        }
    }

    pub(super) fn contain_exactly(&self, text: &str) -> bool {
        if self.texts.len() <= FEW {
            return self.texts.iter().any(|literal| **literal == *text);
        }
        self.texts.binary_search_by(|literal| (**literal).cmp(text)).is_ok()
    }
}

fn sorted(mut numbers: Vec<f64>) -> Box<[f64]> {
    // Adding zero makes of -0 a 0, which `total_cmp` tells apart.
    numbers.iter_mut().for_each(|number| *number += 0.0);
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.into()
}

pub(super) fn contains_number(numbers: &[f64], wanted: f64) -> bool {
    numbers.binary_search_by(|number| number.total_cmp(&(wanted + 0.0))).is_ok()
}

pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}
