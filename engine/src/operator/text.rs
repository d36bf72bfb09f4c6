//! The text operators, and lower case without allocating where the text is short ASCII.

use std::borrow::Cow;

/// Where in the attribute's text a needle must be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Anywhere,
    Start,
    End,
}

/// Texts of which one must be found.
#[derive(Debug)]
pub(crate) struct Needles {
    /// In lower case when case is ignored.
    pub(super) texts: Box<[Box<str>]>,
    pub(super) ignore_case: bool,
}

impl Needles {
    pub(crate) fn new<'t>(texts: impl Iterator<Item = &'t str>, ignore_case: bool) -> Self {
        let texts = texts
            .map(|text| match ignore_case {
                true => text.to_lowercase().into(),
                false => text.into(),
            })
            .collect();
        Self { texts, ignore_case }
    }

    pub(crate) fn found(&self, place: Place, text: &str) -> bool {
        if self.ignore_case {
            with_lower(text, |lower| self.found_in(place, lower))
        } else {
            self.found_in(place, text)
        }
    }

    pub(super) fn found_in(&self, place: Place, text: &str) -> bool {
        self.texts.iter().any(|needle| match place {
            Place::Anywhere => text.contains(&**needle),
            Place::Start => text.starts_with(&**needle),
            Place::End => text.ends_with(&**needle),
        })
    }
}

/// Hands on the text in lower case.
pub(crate) fn with_lower<R>(text: &str, use_lower: impl FnOnce(&str) -> R) -> R {
    let mut buffer = [0; 128];
    use_lower(&lower(text, &mut buffer))
}

fn lower<'b>(text: &str, buffer: &'b mut [u8; 128]) -> Cow<'b, str> {
    if text.is_ascii()
        && let Some(place) = buffer.get_mut(..text.len())
    {
        place.copy_from_slice(text.as_bytes());
        place.make_ascii_lowercase();
        if let Ok(lower) = std::str::from_utf8(place) {
            return Cow::Borrowed(lower);
        }
    }
    Cow::Owned(text.to_lowercase())
}
