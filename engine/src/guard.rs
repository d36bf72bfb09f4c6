//! Guards: what lets a long list of criteria be passed over at a glance.
//!
//! Most criteria ask, among others, for one attribute to be a certain short string. Where the attribute is another
//! one, comparing two numbers is enough to know that the criterion does not match.

use crate::compile::{Criterion, Flag};
use crate::context::Attribute;
use crate::operator::{Lookup, Word};

/// From how many criteria on are guards worth their memory?
const MANY: usize = 4;

/// A criterion cannot match where the attribute is a string other than the word, or missing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guard {
    key: u16,
    word: Word,
}

/// Returns each criterion's guard; nothing when there are few criteria.
pub(crate) fn guards(criteria: &[Criterion]) -> Box<[Option<Guard>]> {
    if criteria.len() < MANY {
        return Box::default();
    }
    let guard = |criterion: &Criterion| {
        let (key, word) = criterion.when.as_ref()?.required_word()?;
        Some(Guard { key, word })
    };
    criteria.iter().map(guard).collect()
}

/// Returns the first criterion that matches, where there are guards.
pub(crate) fn first_match<'f, const SLOTS: usize>(
    flag: &'f Flag,
    lookup: &mut Lookup<'f, '_, '_, SLOTS>,
) -> Option<usize> {
    // Neighbours mostly ask for the same attribute.
    let mut last = None;
    let (mut word, mut is_clear) = (None, false);
    for (index, guard) in flag.guards.iter().enumerate() {
        if let Some(guard) = guard {
            if last != Some(guard.key) {
                let found = lookup.get(&flag.keys[usize::from(guard.key)]);
                // Another type may equal the word all the same: a number a string that spells it.
                is_clear = matches!(found.attribute, Attribute::Text(_) | Attribute::Null);
                (last, word) = (Some(guard.key), found.word);
            }
            if is_clear && word != Some(guard.word) {
                continue;
            }
        }
        if flag.criteria[index].matches(&flag.keys, lookup) {
            return Some(index);
        }
    }
    None
}
