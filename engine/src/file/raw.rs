//! Characters that may not stand in a file as they are, comments included: with them it reads otherwise than it looks.

use super::node::Place;
use super::{MAX_PROBLEMS, Problem};

/// Returns the places of what misleads a reader of the text.
pub(super) fn misleading(text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut place = Place { line: 1, column: 1 };
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_lone = c == '\r' && chars.peek() != Some(&'\n');
        let message = match c {
            '\r' if is_lone => Some("a carriage return alone is no line break; use a line feed".to_owned()),
            '\u{FEFF}' => Some("a byte order mark stands only once, at the beginning".to_owned()),
            '\u{85}' | '\u{2028}' | '\u{2029}' => {
                Some(format!("U+{:04X} looks like a line break; in quotes write its escape", u32::from(c)))
            }
            c if is_bidi(c) => {
                Some(format!("U+{:04X} reorders what is read; in quotes write its escape", u32::from(c)))
            }
            _ => None,
        };
        problems.extend(message.map(|message| Problem::new("", message, place)));
        if problems.len() > MAX_PROBLEMS {
            break;
        }
        if c == '\n' || is_lone {
            place = Place { line: place.line + 1, column: 1 };
        } else {
            place.column += 1;
        }
    }
    problems
}

/// Returns whether a character directs the text around it to the left or to the right.
fn is_bidi(c: char) -> bool {
    matches!(c,
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
