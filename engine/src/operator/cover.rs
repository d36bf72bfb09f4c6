//! Whether all scalars that pass one test pass another: what two conditions on one attribute say of each other.
//!
//! A yes is certain; a no may only mean that it is not known. Not known are: different regexes, different version
//! ranges, any of those or of the text operators against ranges of numbers or instants, and what follows only from
//! several ranges together.

use std::borrow::Cow;

use super::equality::{contains_number, parse_bool};
use super::{Comparison, Instant, Literal, Place, Range, Test};
use crate::context::Attribute;
use crate::number::parse_json_number;

/// Some of the scalars that pass a test; all pieces together are all of them.
pub(crate) enum Piece<'t> {
    Scalar(Attribute<'t>),
    /// The strings that spell a number: `5`, `5.0`, `50e-1` and so on.
    Spelling(f64),
    /// The strings that are this one in lower case.
    Lowered(&'t str),
    Ordered(Comparison, f64),
    /// Those whose text has this one in its place, both in lower case when case is ignored.
    Texts {
        place: Place,
        text: &'t str,
        ignore_case: bool,
    },
    Before(Instant),
    After(Instant),
    Versions(&'t Range),
    /// Nothing is known of them.
    Whatever,
}

impl Test {
    /// Returns whether `check` holds for every piece of what passes.
    pub(crate) fn every_piece<'t>(&'t self, mut check: impl FnMut(&Piece<'t>) -> bool) -> bool {
        match self {
            Self::Is(word) => word.with_text(|text| {
                check(&Piece::Scalar(Attribute::from(text.to_owned()))) && every_spelt(text, check)
            }),
            Self::IsText(text) => check(&Piece::Scalar(Attribute::from(&**text))) && every_spelt(text, check),
            Self::Equals(literal) => match &**literal {
                Literal::LowerText { lower, exact } => {
                    check(&Piece::Lowered(lower)) && every_spelt(exact, check)
                }
                Literal::Number(number) => {
                    check(&Piece::Scalar(Attribute::Number(*number))) && check(&Piece::Spelling(*number))
                }
                Literal::Bool(value) => {
                    check(&Piece::Scalar(Attribute::Bool(*value))) && check(&spelling_of(*value))
                }
            },
            Self::In(literals) => {
                let text = |text: &'t str| match literals.ignore_case {
                    true => Piece::Lowered(text),
                    false => Piece::Scalar(Attribute::Text(Cow::Borrowed(text))),
                };
                let bools = [false, true];
                let index = |value: &bool| usize::from(*value);
                literals.texts.iter().all(|literal| check(&text(literal)))
                    && literals.numbers.iter().all(|number| check(&Piece::Spelling(*number)))
                    && literals
                        .all_numbers
                        .iter()
                        .all(|number| check(&Piece::Scalar(Attribute::Number(*number))))
                    && bools.iter().all(|value| !literals.bools[index(value)] || check(&spelling_of(*value)))
                    && bools.iter().all(|value| {
                        !literals.all_bools[index(value)] || check(&Piece::Scalar(Attribute::Bool(*value)))
                    })
            }
            Self::Order(comparison, bound) => check(&Piece::Ordered(*comparison, *bound)),
            Self::Text(place, needles) => {
                let (place, ignore_case) = (*place, needles.ignore_case);
                needles.texts.iter().all(|text| check(&Piece::Texts { place, text, ignore_case }))
            }
            Self::Regex(_) => check(&Piece::Whatever),
            Self::Range(range) => check(&Piece::Versions(range)),
            Self::Before(bound) => check(&Piece::Before(**bound)),
            Self::After(bound) => check(&Piece::After(**bound)),
        }
    }

    /// Returns about how long `covers` takes, in the time that comparing two short texts takes.
    pub(crate) fn steps(&self, piece: &Piece<'_>) -> usize {
        let bytes = match piece {
            Piece::Scalar(Attribute::Text(text)) => text.len(),
            Piece::Lowered(text) | Piece::Texts { text, .. } => text.len(),
            _ => 0,
        };
        let text = 1 + bytes / 16;
        match self {
            Self::Text(_, needles) => needles.texts.iter().map(|needle| text + needle.len() / 64).sum(),
            // Halved about ten times.
            Self::In(_) => text + bytes / 4,
            Self::Regex(pattern) => (1 + bytes) * (1 + pattern.bytes() / 256),
            Self::Range(range) => text + range.size(),
            _ => text,
        }
    }

    /// Returns whether all of the piece certainly passes.
    pub(crate) fn covers(&self, piece: &Piece<'_>) -> bool {
        match (piece, self) {
            (Piece::Scalar(scalar), test) => test.holds(scalar),
            (Piece::Spelling(number), Self::Equals(literal)) => {
                matches!(&**literal, Literal::Number(literal) if literal == number)
            }
            // As numbers, for a text `5` among the values is equal to no other spelling.
            (Piece::Spelling(number), Self::In(literals)) => contains_number(&literals.numbers, *number),
            (Piece::Spelling(number), Self::Order(comparison, bound)) => comparison.holds(*number, *bound),
            (Piece::Lowered(text), Self::Equals(literal)) => {
                matches!(&**literal, Literal::LowerText { lower, .. } if **lower == **text)
            }
            (Piece::Lowered(text), Self::In(literals)) => {
                literals.ignore_case && literals.contain_exactly(text)
            }
            (Piece::Lowered(text), Self::Text(place, needles)) => {
                needles.ignore_case && needles.found_in(*place, text)
            }
            (Piece::Ordered(inner, at), Self::Order(outer, bound)) => outer.covers(*bound, (*inner, *at)),
            (Piece::Texts { place, text, ignore_case }, Self::Text(wanted, needles)) => {
                let is_placed = place.is_in(*wanted);
                match (ignore_case, needles.ignore_case) {
                    (true, true) | (false, false) => is_placed && needles.found_in(*wanted, text),
                    // Lower case goes letter by letter, but for a capital sigma: what it becomes hangs on what follows.
                    (false, true) => is_placed && !text.contains('Σ') && needles.found(*wanted, text),
                    (true, false) => false,
                }
            }
            (Piece::Before(inner), Self::Before(outer)) => *inner <= **outer,
            (Piece::After(inner), Self::After(outer)) => *inner >= **outer,
            (Piece::Versions(inner), Self::Range(outer)) => *inner == outer,
            _ => false,
        }
    }
}

impl Comparison {
    /// Returns whether all numbers of the inner range are within this one.
    fn covers(self, bound: f64, (inner, at): (Self, f64)) -> bool {
        use Comparison::{Greater, GreaterOrEqual, Less, LessOrEqual};
        match (inner, self) {
            (Greater, Greater | GreaterOrEqual) | (GreaterOrEqual, GreaterOrEqual) => at >= bound,
            (GreaterOrEqual, Greater) => at > bound,
            (Less, Less | LessOrEqual) | (LessOrEqual, LessOrEqual) => at <= bound,
            (LessOrEqual, Less) => at < bound,
            (Greater | GreaterOrEqual, Less | LessOrEqual)
            | (Less | LessOrEqual, Greater | GreaterOrEqual) => false,
        }
    }
}

impl Place {
    /// Returns whether what is found in this place is certainly part of what is looked at in the other.
    fn is_in(self, other: Self) -> bool {
        matches!((self, other), (_, Self::Anywhere) | (Self::Start, Self::Start) | (Self::End, Self::End))
    }
}

/// Checks the number and the boolean that a string equals.
fn every_spelt<'t>(text: &str, mut check: impl FnMut(&Piece<'t>) -> bool) -> bool {
    parse_json_number(text).is_none_or(|number| check(&Piece::Scalar(Attribute::Number(number))))
        && parse_bool(text).is_none_or(|value| check(&Piece::Scalar(Attribute::Bool(value))))
}

/// Returns the one string that equals a boolean.
fn spelling_of(value: bool) -> Piece<'static> {
    Piece::Scalar(Attribute::Text(Cow::Borrowed(if value { "true" } else { "false" })))
}
