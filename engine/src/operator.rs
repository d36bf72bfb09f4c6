//! Compiled conditions: whether a context's attributes fulfil them, without allocating on the common path.

mod compile;
mod cover;
mod equality;
mod lookup;
mod pattern;
mod text;
mod word;

pub(crate) use self::compile::{Compiled, TOO_MANY_KEYS, check_value, kind};
pub(crate) use self::cover::Piece;
pub(crate) use self::equality::{Literal, Literals, equals_text};
pub(crate) use self::lookup::{Key, Keys, Lookup};
pub(crate) use self::pattern::{MAX_REGEX_BYTES, Pattern, RegexBytes};
pub(crate) use self::text::{Needles, Place};
pub(crate) use self::word::{Word, same_text};
use crate::context::Attribute;
use crate::instant::Instant;
use crate::number::{NumberText, parse_json_number};
use crate::range::{Range, Version};

/// A compiled tree of conditions.
#[derive(Debug)]
pub(crate) enum Node {
    All(Box<[Node]>),
    Any(Box<[Node]>),
    Not(Box<Node>),
    /// A test that one scalar must pass: the attribute itself, or an element of it.
    Some(u16, Test),
    /// A test that no scalar may pass: neither the attribute nor an element of it.
    None(u16, Test),
    Exists(u16),
    NotExists(u16),
}

/// What is asked of a scalar.
///
/// Kept small, as a flag may have hundreds: what is large or rare is boxed.
#[derive(Debug)]
pub(crate) enum Test {
    /// Equality with a short string, by far the most common.
    Is(Word),
    IsText(Box<str>),
    Equals(Box<Literal>),
    In(Box<Literals>),
    Order(Comparison, f64),
    Text(Place, Box<Needles>),
    Regex(Box<Pattern>),
    Range(Range),
    Before(Box<Instant>),
    After(Box<Instant>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Node {
    #[inline]
    pub(crate) fn holds<'f, const SLOTS: usize>(
        &self,
        keys: &'f [Key],
        lookup: &mut Lookup<'f, '_, '_, SLOTS>,
    ) -> bool {
        // Most conditions are this one: it is not worth a call.
        if let Self::Some(key, Test::Is(word)) = self {
            let found = lookup.get(&keys[usize::from(*key)]);
            if matches!(found.attribute, Attribute::Text(_)) {
                return found.word == Some(*word);
            }
        }
        self.holds_generally(keys, lookup)
    }

    fn holds_generally<'f, const SLOTS: usize>(
        &self,
        keys: &'f [Key],
        lookup: &mut Lookup<'f, '_, '_, SLOTS>,
    ) -> bool {
        let mut get = |key: &u16| lookup.get(&keys[usize::from(*key)]).attribute;
        match self {
            Self::Some(key, test) => test.holds_for_some(get(key)),
            Self::None(key, test) => match get(key) {
                Attribute::Null => false,
                attribute => !test.holds_for_some(attribute),
            },
            Self::Exists(key) => *get(key) != Attribute::Null,
            Self::NotExists(key) => *get(key) == Attribute::Null,
            Self::All(nodes) => nodes.iter().all(|node| node.holds(keys, lookup)),
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(keys, lookup)),
            Self::Not(node) => !node.holds(keys, lookup),
        }
    }

    /// Returns a short string that an attribute must be, or it does not hold; unless the attribute is of another type.
    pub(crate) fn required_word(&self) -> Option<(u16, Word)> {
        match self {
            Self::Some(key, Test::Is(word)) => Some((*key, *word)),
            Self::All(nodes) => nodes.iter().find_map(Self::required_word),
            _ => None,
        }
    }
}

impl Test {
    /// Returns whether the attribute or an element of it passes; what is no scalar never does.
    #[inline]
    fn holds_for_some(&self, attribute: &Attribute<'_>) -> bool {
        match attribute {
            Attribute::List(elements) => elements.iter().any(|element| self.holds(element)),
            scalar => self.holds(scalar),
        }
    }

    fn holds(&self, scalar: &Attribute<'_>) -> bool {
        match self {
            Self::Is(word) => word.with_text(|literal| equals_text(literal, scalar)),
            Self::IsText(literal) => equals_text(literal, scalar),
            Self::Equals(literal) => literal.equals(scalar),
            Self::In(literals) => literals.contain(scalar),
            Self::Order(comparison, bound) => {
                let number = match scalar {
                    Attribute::Number(number) => Some(*number),
                    Attribute::Text(text) => parse_json_number(text),
                    _ => None,
                };
                number.is_some_and(|number| comparison.holds(number, *bound))
            }
            Self::Text(place, needles) => {
                with_text(scalar, |text| needles.found(*place, text)).unwrap_or(false)
            }
            Self::Regex(regex) => with_text(scalar, |text| regex.is_found_in(text)).unwrap_or(false),
            Self::Range(range) => match scalar {
                Attribute::Text(text) => Version::parse(text).is_some_and(|version| range.contains(version)),
                _ => false,
            },
            Self::Before(bound) => Instant::of(scalar).is_some_and(|instant| instant < **bound),
            Self::After(bound) => Instant::of(scalar).is_some_and(|instant| instant > **bound),
        }
    }
}

impl Comparison {
    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Greater => number > bound,
            Self::GreaterOrEqual => number >= bound,
            Self::Less => number < bound,
            Self::LessOrEqual => number <= bound,
        }
    }
}

/// Hands on the text of a scalar; there is none of anything else.
pub(crate) fn with_text<R>(scalar: &Attribute<'_>, use_text: impl FnOnce(&str) -> R) -> Option<R> {
    match scalar {
        Attribute::Text(text) => Some(use_text(text)),
        Attribute::Number(number) => Some(use_text(NumberText::new(*number).as_str())),
        Attribute::Bool(true) => Some(use_text("true")),
        Attribute::Bool(false) => Some(use_text("false")),
        Attribute::Null | Attribute::List(_) | Attribute::Object(_) => None,
    }
}
