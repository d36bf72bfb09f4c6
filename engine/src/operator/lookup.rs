//! The attributes that flags look at: named once when a flag is compiled, searched for once while it is evaluated.

use std::collections::HashMap;

use super::pattern::RegexBytes;
use super::word::Word;
use crate::context::{Attribute, Context};

/// An attribute that a flag looks at.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) text: Box<str>,
    word: Option<Word>,
    /// Where among the remembered ones it is kept.
    slot: u8,
}

/// The distinct attributes that a flag looks at, and what else is counted while it is compiled.
#[derive(Default)]
pub(crate) struct Keys {
    keys: Vec<Key>,
    numbers: HashMap<Box<str>, usize>,
    pub(crate) regex_bytes: RegexBytes,
    /// How often any of them is looked at.
    uses: usize,
}

impl Keys {
    /// Returns the attribute's number within the flag; none when there are too many for one.
    pub(crate) fn index(&mut self, text: &str) -> Option<u16> {
        self.uses += 1;
        let index = self.numbers.get(text).copied().unwrap_or_else(|| {
            self.keys.push(Key::new(text));
            self.numbers.insert(text.into(), self.keys.len() - 1);
            self.keys.len() - 1
        });
        u16::try_from(index).ok()
    }

    /// Returns whether an attribute may be looked at more than once.
    pub(crate) fn repeat(&self) -> bool {
        self.uses > self.keys.len()
    }

    pub(crate) fn into_boxed(self) -> Box<[Key]> {
        self.keys.into()
    }
}

impl Key {
    fn new(text: &str) -> Self {
        // FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
        let hash = text
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self { text: text.into(), word: Word::new(text), slot: (hash ^ hash >> 16).to_le_bytes()[0] }
    }

    #[inline]
    fn is(&self, other: &Self) -> bool {
        match (self.word, other.word) {
            (Some(word), Some(other)) => word == other,
            _ => self.text == other.text,
        }
    }
}

/// An attribute of a context.
#[derive(Clone, Copy)]
pub(crate) struct Found<'x, 'a> {
    /// A null is missing.
    pub(crate) attribute: &'x Attribute<'a>,
    /// What it is as a word; none when it is no string, or a long one.
    pub(crate) word: Option<Word>,
}

/// What is found of an attribute that is missing.
static MISSING: Attribute<'static> = Attribute::Null;

impl<'x, 'a> Found<'x, 'a> {
    #[inline]
    fn new(context: &'x Context<'a>, key: &Key) -> Self {
        let attribute = context.get(&key.text).unwrap_or(&MISSING);
        let word = match attribute {
            Attribute::Text(text) => Word::new(text),
            _ => None,
        };
        Self { attribute, word }
    }
}

/// A context as flags look at it, with places to remember what was found: a power of two of them, or none where each
/// attribute is looked at once.
pub(crate) struct Lookup<'f, 'x, 'a, const SLOTS: usize> {
    context: &'x Context<'a>,
    slots: [Option<(&'f Key, Found<'x, 'a>)>; SLOTS],
}

impl<'f, 'x, 'a, const SLOTS: usize> Lookup<'f, 'x, 'a, SLOTS> {
    pub(crate) fn new(context: &'x Context<'a>) -> Self {
        Self { context, slots: [None; SLOTS] }
    }

    #[inline]
    pub(crate) fn get(&mut self, key: &'f Key) -> Found<'x, 'a> {
        match self.slots.get(usize::from(key.slot) & SLOTS.wrapping_sub(1)) {
            None => Found::new(self.context, key),
            Some(Some((known, found))) if known.is(key) => *found,
            Some(_) => self.search(key),
        }
    }

    #[cold]
    fn search(&mut self, key: &'f Key) -> Found<'x, 'a> {
        let found = Found::new(self.context, key);
        if let Some(slot) = self.slots.get_mut(usize::from(key.slot) & SLOTS.wrapping_sub(1)) {
            *slot = Some((key, found));
        }
        found
    }
}
