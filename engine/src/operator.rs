//! Compiled conditions: whether a context's attributes fulfil them, without allocating on the common path.

mod compile;
mod equality;
mod text;

use regex::Regex;

pub(crate) use self::compile::{check_value, kind};
pub(crate) use self::equality::{Literal, Literals, equals_text};
pub(crate) use self::text::{Needles, Place};
use crate::context::{Attribute, Context};
use crate::instant::Instant;
use crate::number::{NumberText, parse_json_number};
use crate::range::{Range, Version};

/// How many distinct attributes of a flag are remembered while it is evaluated?
const REMEMBERED: usize = 16;

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
    /// Equality with a string, by far the most common.
    Is(Box<str>),
    Equals(Box<Literal>),
    In(Box<Literals>),
    Order(Comparison, f64),
    Text(Place, Box<Needles>),
    Regex(Box<Regex>),
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

/// The distinct attributes that a flag looks at, while it is compiled.
#[derive(Default)]
pub(crate) struct Keys(Vec<Box<str>>);

impl Keys {
    /// Returns the attribute's number.
    #[expect(clippy::cast_possible_truncation, reason = "a document of 256 KiB has fewer distinct keys")]
    pub(crate) fn index(&mut self, key: &str) -> u16 {
        let index = self.0.iter().position(|known| **known == *key);
        index.unwrap_or_else(|| {
            self.0.push(key.into());
            self.0.len() - 1
        }) as u16
    }

    pub(crate) fn into_boxed(self) -> Box<[Box<str>]> {
        self.0.into()
    }
}

/// What is remembered of an attribute that is missing.
static MISSING: Attribute<'static> = Attribute::Null;

/// The attributes of a context by the numbers that a flag has given them; each is searched for once.
pub(crate) struct Lookup<'x, 'a> {
    keys: &'x [Box<str>],
    context: &'x Context<'a>,
    /// None has not been searched for yet, a null is missing.
    remembered: [Option<&'x Attribute<'a>>; REMEMBERED],
}

impl<'x, 'a> Lookup<'x, 'a> {
    pub(crate) fn new(keys: &'x [Box<str>], context: &'x Context<'a>) -> Self {
        Self { keys, context, remembered: [None; REMEMBERED] }
    }

    /// Returns the attribute; a null is missing.
    #[inline]
    pub(crate) fn get(&mut self, key: u16) -> &'x Attribute<'a> {
        match self.remembered.get(usize::from(key)) {
            Some(Some(known)) => known,
            _ => self.search(usize::from(key)),
        }
    }

    fn search(&mut self, index: usize) -> &'x Attribute<'a> {
        let found = self.keys.get(index).and_then(|key| self.context.get(key)).unwrap_or(&MISSING);
        if let Some(place) = self.remembered.get_mut(index) {
            *place = Some(found);
        }
        found
    }
}

impl Node {
    #[inline]
    pub(crate) fn holds(&self, lookup: &mut Lookup<'_, '_>) -> bool {
        // Most conditions are this one: it is not worth a call.
        if let Self::Some(key, Test::Is(literal)) = self
            && let Attribute::Text(text) = lookup.get(*key)
        {
            return **literal == **text;
        }
        self.holds_generally(lookup)
    }

    fn holds_generally(&self, lookup: &mut Lookup<'_, '_>) -> bool {
        match self {
            Self::Some(key, test) => test.holds_for_some(lookup.get(*key)),
            Self::None(key, test) => match lookup.get(*key) {
                Attribute::Null => false,
                attribute => !test.holds_for_some(attribute),
            },
            Self::All(nodes) => nodes.iter().all(|node| node.holds(lookup)),
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(lookup)),
            Self::Not(node) => !node.holds(lookup),
            Self::Exists(key) => *lookup.get(*key) != Attribute::Null,
            Self::NotExists(key) => *lookup.get(*key) == Attribute::Null,
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
            Self::Is(literal) => equals_text(literal, scalar),
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
            Self::Regex(regex) => with_text(scalar, |text| regex.is_match(text)).unwrap_or(false),
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
