//! What a context from outside may have at most: edge, backend and terminal refuse the same ones.

use thiserror::Error;

use crate::context::{Attribute, Context};

/// How deep may a request be nested? Its context is the second level.
const MAX_DEPTH: usize = 32;
/// How many attributes may a context have, nested ones included?
const MAX_ATTRIBUTES: usize = 128;
/// How long may a string in a context be, in bytes?
const MAX_STRING_BYTES: usize = 4 * 1024;
/// At which depth do the attributes of a context stand: in the context, in the request.
const ATTRIBUTE_DEPTH: usize = 2;

/// A context has more than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ContextLimit {
    /// Too many attributes.
    #[error("the context has more than {MAX_ATTRIBUTES} attributes")]
    Attributes,
    /// A key or a value that is too long.
    #[error("a string in the context is longer than {MAX_STRING_BYTES} bytes")]
    Text,
    /// Lists or objects within each other too often.
    #[error("the body is nested deeper than {MAX_DEPTH}")]
    Depth,
}

impl Context<'_> {
    /// Makes sure that a context from outside has no more than it may.
    pub fn within_limits(&self) -> Result<(), ContextLimit> {
        let mut count = 0;
        for (key, value) in self.iter() {
            check_key(key, &mut count)?;
            check(value, ATTRIBUTE_DEPTH, &mut count)?;
        }
        Ok(())
    }
}

fn check_key(key: &str, count: &mut usize) -> Result<(), ContextLimit> {
    *count += 1;
    if *count > MAX_ATTRIBUTES {
        return Err(ContextLimit::Attributes);
    }
    check_text(key)
}

fn check_text(text: &str) -> Result<(), ContextLimit> {
    if text.len() > MAX_STRING_BYTES { Err(ContextLimit::Text) } else { Ok(()) }
}

fn check(value: &Attribute<'_>, depth: usize, count: &mut usize) -> Result<(), ContextLimit> {
    let nested = matches!(value, Attribute::List(_) | Attribute::Object(_));
    if nested && depth >= MAX_DEPTH {
        return Err(ContextLimit::Depth);
    }
    match value {
        Attribute::Text(text) => check_text(text),
        Attribute::List(elements) => elements.iter().try_for_each(|element| check(element, depth + 1, count)),
        Attribute::Object(fields) => fields.iter().try_for_each(|(key, value)| {
            check_key(key, count)?;
            check(value, depth + 1, count)
        }),
        Attribute::Null | Attribute::Bool(_) | Attribute::Number(_) => Ok(()),
    }
}
