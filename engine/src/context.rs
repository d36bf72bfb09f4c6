//! The attributes that a flag is evaluated for: a parsed view that borrows from where it was read.
//!
//! A context has few attributes, so a list that is searched beats a map that must be built first.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::config::TARGETING_KEY;
use crate::evaluate::unit_of;
use crate::operator::{kind, same_text};

/// How deep may lists and objects nest? As deep as `serde_json` reads them from text, and no danger to the stack.
const MAX_DEPTH: usize = 127;

/// An ordered list of attributes; of doubled keys the last counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context<'a> {
    attributes: Vec<(Cow<'a, str>, Attribute<'a>)>,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute<'a> {
    /// As good as missing.
    Null,
    /// True or false.
    Bool(bool),
    /// Any number, as a double.
    Number(f64),
    /// A string.
    Text(Cow<'a, str>),
    /// A list, tried element by element.
    List(Vec<Attribute<'a>>),
    /// Nested attributes, reached by a dotted path.
    Object(Vec<(Cow<'a, str>, Attribute<'a>)>),
}

/// A context was given as something other than an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a context is an object of attributes, not {found}")]
pub struct NotAnObject {
    /// What was given instead.
    pub found: &'static str,
}

impl<'a> Context<'a> {
    /// Returns a context without attributes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the view of a JSON object.
    pub fn from_value(value: &'a Value) -> Result<Self, NotAnObject> {
        match Attribute::from(value) {
            Attribute::Object(attributes) => Ok(Self { attributes }),
            _ => Err(NotAnObject { found: kind(value) }),
        }
    }

    /// Adds an attribute, which hides any former one of the same key.
    pub fn push(&mut self, key: impl Into<Cow<'a, str>>, value: Attribute<'a>) {
        self.attributes.push((key.into(), value));
    }

    /// Returns an attribute by its exact key or, only when there is none, by a dotted path through nested objects.
    ///
    /// A null is missing; a null under the exact key hides the path.
    pub fn get(&self, key: &str) -> Option<&Attribute<'a>> {
        let found = match find(&self.attributes, key) {
            Some(found) => found,
            None => self.get_path(key)?,
        };
        (!matches!(found, Attribute::Null)).then_some(found)
    }

    /// Returns the attribute that names the subject.
    pub fn targeting_key(&self) -> Option<&Attribute<'a>> {
        self.get(TARGETING_KEY)
    }

    /// Returns what the subject is called, as buckets are made of it; none when nobody is named.
    pub fn unit(&self) -> Option<Cow<'_, str>> {
        match self.targeting_key()? {
            Attribute::Text(text) => (!text.is_empty()).then_some(Cow::Borrowed(text)),
            other => unit_of(other, &mut None).map(|unit| Cow::Owned(unit.to_owned())),
        }
    }

    /// Returns every attribute as it was given, nulls and doubled keys included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Attribute<'a>)> {
        self.attributes.iter().map(|(key, value)| (key.as_ref(), value))
    }

    #[cold]
    fn get_path(&self, path: &str) -> Option<&Attribute<'a>> {
        let (first, rest) = path.split_once('.')?;
        let mut found = find(&self.attributes, first)?;
        for step in rest.split('.') {
            let Attribute::Object(nested) = found else {
                return None;
            };
            found = find(nested, step)?;
        }
        Some(found)
    }
}

fn find<'x, 'a>(attributes: &'x [(Cow<'a, str>, Attribute<'a>)], key: &str) -> Option<&'x Attribute<'a>> {
    let (_, value) = attributes.iter().rev().find(|(name, _)| same_text(name, key))?;
    Some(value)
}

impl<'a> From<&'a Value> for Attribute<'a> {
    /// Lists and objects nested deeper than JSON text may be are left out, as missing.
    fn from(value: &'a Value) -> Self {
        Self::view(value, MAX_DEPTH)
    }
}

impl<'a> Attribute<'a> {
    fn view(value: &'a Value, depth: usize) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => number.as_f64().map_or(Self::Null, Self::Number),
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Array(_) | Value::Object(_) if depth == 0 => Self::Null,
            Value::Array(elements) => {
                Self::List(elements.iter().map(|element| Self::view(element, depth - 1)).collect())
            }
            Value::Object(fields) => Self::Object(
                fields
                    .iter()
                    .map(|(key, value)| (Cow::Borrowed(key.as_str()), Self::view(value, depth - 1)))
                    .collect(),
            ),
        }
    }
}

impl<'a> From<&'a str> for Attribute<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Attribute<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<bool> for Attribute<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Attribute<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Context<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Attributes;

        impl<'de> Visitor<'de> for Attributes {
            type Value = Context<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let attributes = fields(map)?;
                Ok(Context { attributes })
            }
        }

        deserializer.deserialize_map(Attributes)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Attribute<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyAttribute)
    }
}

struct AnyAttribute;

impl<'de> Visitor<'de> for AnyAttribute {
    type Value = Attribute<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Attribute::Null)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Attribute::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Attribute::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Attribute::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Attribute::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Attribute::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Attribute::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Attribute::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Attribute::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        Ok(Attribute::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Ok(Attribute::Object(fields(map)?))
    }
}

fn fields<'de, A: MapAccess<'de>>(mut map: A) -> Result<Vec<(Cow<'de, str>, Attribute<'de>)>, A::Error> {
    let mut fields = Vec::new();
    while let Some((Key(key), value)) = map.next_entry()? {
        if fields.is_empty() {
            // Not before there is one, as a list of empty objects would take a hundred times what its text does.
            fields.reserve(map.size_hint().map_or(8, |rest| rest + 1).min(64));
        }
        fields.push((key, value));
    }
    Ok(fields)
}

/// A key that borrows, which serde's own `Cow` does not.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}
