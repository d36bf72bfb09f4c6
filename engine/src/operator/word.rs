//! Short texts as numbers: most literals are a country, a plan, a platform, and comparing them is not worth a call.

use std::num::NonZeroU32;

/// A text of at most sixteen bytes; two are equal exactly when their texts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// The first eight bytes, or all.
    head: u64,
    /// The last eight bytes, which may overlap the first; or nothing.
    tail: u64,
    /// One more than the number of bytes, so that no word is no memory.
    length: NonZeroU32,
}

impl Word {
    /// Returns the word of a text; none when it is too long for one.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "longer ones are none")]
    pub(crate) fn new(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let length = NonZeroU32::MIN.saturating_add(bytes.len() as u32);
        let (head, tail) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            (Some(head), Some(tail)) if bytes.len() <= 16 => {
                (u64::from_le_bytes(*head), u64::from_le_bytes(*tail))
            }
            (Some(_), _) => return None,
            _ => (short(bytes), 0),
        };
        Some(Self { head, tail, length })
    }

    /// Hands on the text.
    pub(crate) fn with_text<R>(self, use_text: impl FnOnce(&str) -> R) -> R {
        let mut bytes = [0; 16];
        let len = self.length.get() as usize - 1;
        let (head, tail) = (self.head.to_le_bytes(), self.tail.to_le_bytes());
        match len {
            0..4 => bytes[..len].copy_from_slice(&self.head.to_be_bytes()[8 - len..]),
            4..8 => {
                bytes[..4].copy_from_slice(&head[..4]);
                bytes[len - 4..len].copy_from_slice(&head[4..]);
            }
            _ => {
                bytes[..8].copy_from_slice(&head);
                bytes[len - 8..len].copy_from_slice(&tail);
            }
        }
        use_text(std::str::from_utf8(&bytes[..len]).unwrap_or_default())
    }
}

/// Returns whether two texts are equal, without a call where they are short.
#[inline]
pub(crate) fn same_text(a: &str, b: &str) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match (Word::new(a), Word::new(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// Packs fewer than eight bytes; together with their number they are told apart.
#[inline]
fn short(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(head), Some(tail)) => {
            u64::from(u32::from_le_bytes(*head)) | u64::from(u32::from_le_bytes(*tail)) << 32
        }
        _ => bytes.iter().fold(0, |packed, byte| packed << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Word, same_text};

    #[test]
    fn words_are_equal_exactly_when_texts_are() {
        let all = "abcdefghijklmnop";
        let mut texts: Vec<String> = (0..=16).map(|len| all[..len].to_owned()).collect();
        for text in texts.clone() {
            for place in 0..text.len() {
                let mut other = text.clone();
                other.replace_range(place..=place, "\0");
                texts.push(other);
            }
        }
        for a in &texts {
            Word::new(a).unwrap().with_text(|text| assert_eq!(text, a));
            for b in &texts {
                assert_eq!(Word::new(a) == Word::new(b), a == b, "{a:?} {b:?}");
                assert_eq!(same_text(a, b), a == b, "{a:?} {b:?}");
            }
        }
        assert_eq!(Word::new("abcdefghijklmnopq"), None);
    }
}
