//! Makes text from elsewhere safe to show on a terminal.

use std::borrow::Cow;

/// Returns the text with everything that could steer a terminal, or deceive its reader, as a visible escape.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\t' => safe.push_str("\\t"),
            '\r' => safe.push_str("\\r"),
            c if is_hostile(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Returns whether a character is a control, a line separator, a bidirectional mark or has no width.
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Returns text with fgctl's own signs as ASCII; what people wrote stays.
pub fn ascii(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| sign(c).is_none()) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match sign(c) {
            Some(sign) => plain.push_str(sign),
            None => plain.push(c),
        }
    }
    Cow::Owned(plain)
}

fn sign(c: char) -> Option<&'static str> {
    Some(match c {
        '✓' => "ok",
        '✗' => "x",
        '●' => "*",
        '○' | '◌' => "o",
        '॥' => "||",
        '◐' => "~",
        '▲' => "!",
        '◀' | '‹' => "<",
        '›' | '▶' => ">",
        '↑' => "^",
        '↓' => "v",
        '←' => "<-",
        'µ' => "u",
        '─' | '┬' => "-",
        '│' | '├' => "|",
        '└' | '╰' => "`",
        '→' => "->",
        '…' => "...",
        '·' => "-",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{ascii, clean};

    #[test]
    fn signs_have_ascii() {
        assert_eq!(ascii("✓ a → b ○ größe"), "ok a -> b o größe");
        assert_eq!(ascii("plain"), "plain");
    }

    #[test]
    fn plain_text_stays() {
        assert_eq!(clean("größe ユーザー → ✓"), "größe ユーザー → ✓");
    }

    #[test]
    fn escapes_become_visible() {
        assert_eq!(clean("a\x1b[31mb"), "a\\u{1b}[31mb");
        assert_eq!(clean("a\u{9b}b\x7f"), "a\\u{9b}b\\u{7f}");
    }

    #[test]
    fn nothing_hides_or_turns_around() {
        assert_eq!(clean("user\u{202e}nimda"), "user\\u{202e}nimda");
        assert_eq!(clean("ad\u{200b}min"), "ad\\u{200b}min");
        assert_eq!(clean("a\u{2066}b\u{feff}"), "a\\u{2066}b\\u{feff}");
    }

    #[test]
    fn one_line_stays_one_line() {
        assert_eq!(clean("a\nb\r\tc\u{2028}"), "a\\nb\\r\\tc\\u{2028}");
    }
}
