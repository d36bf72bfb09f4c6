//! Where in a document something is, put into words only when it must be told.

use std::borrow::Cow;
use std::fmt;

/// How many characters of a name are told?
const MAX_CHARS: usize = 100;

/// Returns a text that may be told: the beginning of what is longer than any name.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_CHARS) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// A place in a document, as a chain back to the root.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path<'p> {
    Root,
    Field(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl<'p> Path<'p> {
    pub(crate) fn field(&'p self, name: &'p str) -> Path<'p> {
        Path::Field(self, name)
    }

    pub(crate) fn index(&'p self, index: usize) -> Path<'p> {
        Path::Index(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(parent, name) => match (parent, shortened(name)) {
                (Path::Root, name) if is_plain(&name) => f.write_str(&name),
                (parent, name) if is_plain(&name) => write!(f, "{parent}.{name}"),
                (parent, name) => write!(f, "{parent}[{name:?}]"),
            },
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Returns whether a key can stand in a path without quotes.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '…'))
}
