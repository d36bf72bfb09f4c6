//! Instants as contexts and documents write them: RFC 3339 with an offset, or Unix milliseconds.

use chrono::DateTime;

use crate::context::Attribute;

/// An instant, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(i128);

impl Instant {
    /// Returns the instant of an RFC 3339 text; none when it has no offset or is anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if !is_rfc3339(text.as_bytes()) {
            return None;
        }
        let parsed = DateTime::parse_from_rfc3339(text).ok()?;
        let nanoseconds = i128::from(parsed.timestamp_subsec_nanos());
        Some(Self(i128::from(parsed.timestamp()) * 1_000_000_000 + nanoseconds))
    }

    /// Returns the instant of a number of Unix milliseconds.
    #[expect(clippy::cast_possible_truncation, reason = "the casts saturate")]
    pub(crate) fn from_milliseconds(number: f64) -> Self {
        // In two parts: today's nanoseconds as one double would be off by hundreds.
        let whole = (number.trunc() as i128).saturating_mul(1_000_000);
        Self(whole.saturating_add((number.fract() * 1e6).round() as i128))
    }

    pub(crate) fn of(attribute: &Attribute<'_>) -> Option<Self> {
        match attribute {
            Attribute::Text(text) => Self::parse(text),
            Attribute::Number(number) => Some(Self::from_milliseconds(*number)),
            _ => None,
        }
    }
}

/// Returns whether a text is an instant that `before` and `after` compare.
pub fn is_instant(text: &str) -> bool {
    Instant::parse(text).is_some()
}

/// Returns whether the text has the shape that RFC 3339 wants; chrono takes some more.
fn is_rfc3339(text: &[u8]) -> bool {
    const SHAPE: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let Some((start, rest)) = text.split_at_checked(SHAPE.len()) else {
        return false;
    };
    let fits = SHAPE.iter().zip(start).all(|(shape, byte)| match shape {
        b'd' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't'),
        other => other == byte,
    });
    let rest = match rest {
        [b'.', fraction @ ..] => {
            let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            &fraction[digits..]
        }
        other => other,
    };
    fits && match rest {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', offset @ ..] => match offset {
            [h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()),
            _ => false,
        },
        _ => false,
    }
}
