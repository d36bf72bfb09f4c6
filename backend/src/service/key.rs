//! Keys and short texts, as every noun has them.

use chrono::{DateTime, Datelike as _, Utc};

use crate::error::{Error, Result};

/// How long may a key be?
const MAX_KEY: usize = 100;
/// How long a name or a reason, in characters?
pub const MAX_TEXT: usize = 1_000;
/// How many words may a list name, to filter by or to take away?
const MAX_WORDS: usize = 100;
/// How many names does a message list?
const MAX_LISTED: usize = 5;

/// Refuses what is no key; `path` is the input's field.
pub fn check(path: &str, key: &str) -> Result<()> {
    let first = key.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    let rest = key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if first && rest && key.len() <= MAX_KEY {
        return Ok(());
    }
    Err(Error::invalid(
        path,
        format!(
            "\"{}\" is no key: letters, digits, '.', '_' and '-', the first a letter or digit, at most {MAX_KEY}",
            key.chars().take(MAX_KEY).collect::<String>()
        ),
    ))
}

/// Refuses texts that are too long.
pub fn check_text(path: &str, text: &str) -> Result<()> {
    if text.chars().count() > MAX_TEXT {
        return Err(Error::invalid(path, format!("has more than {MAX_TEXT} characters")));
    }
    if text.contains('\0') {
        return Err(Error::invalid(path, "contains a NUL character"));
    }
    Ok(())
}

/// Refuses lists of words that are longer than anybody means them.
pub fn check_many<T>(path: &str, list: &[T]) -> Result<()> {
    if list.len() > MAX_WORDS {
        return Err(Error::invalid(path, format!("are more than {MAX_WORDS}")));
    }
    Ok(())
}

/// Refuses instants that nobody means, and that PostgreSQL may not know.
pub fn check_instant(path: &str, at: Option<DateTime<Utc>>) -> Result<()> {
    match at {
        Some(at) if !(1970..10_000).contains(&at.year()) => {
            Err(Error::invalid(path, "must be between the years 1970 and 9999"))
        }
        _ => Ok(()),
    }
}

/// The trimmed text, if there is any.
pub fn text(path: &str, text: Option<String>) -> Result<Option<String>> {
    let Some(text) = text else { return Ok(None) };
    check_text(path, &text)?;
    let trimmed = text.trim();
    Ok((!trimmed.is_empty()).then(|| trimmed.to_owned()))
}

/// The first few names, in words.
pub fn listed(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<_> = names.iter().take(MAX_LISTED).map(AsRef::as_ref).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_are_keys() {
        for good in ["a", "BetaUsers", "checkout-redesign", "v2.1_x", "9"] {
            assert!(check("key", good).is_ok(), "{good}");
        }
        for bad in ["", "-a", ".a", "a b", "ä", "a/b", &"x".repeat(101)] {
            assert!(check("key", bad).is_err(), "{bad}");
        }
    }
}
