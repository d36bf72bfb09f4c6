//! Characters that show as nothing, or change how others show, so that a text is not what it looks like.

/// Returns whether a character is a control, directs the text, or is invisible.
pub(crate) fn is_hidden(c: char) -> bool {
    let is_directing = matches!(c, '\u{61C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}');
    let is_separator = matches!(c, '\u{2028}' | '\u{2029}');
    let is_empty = matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2065}' | '\u{2800}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}');
    let is_variation = matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}');
    let is_tag = matches!(c, '\u{E0000}'..='\u{E007F}');
    c.is_control() || is_directing || is_separator || is_empty || is_variation || is_tag
}

/// Returns a text in which every hidden character is told by its number.
pub(crate) fn escape(text: &str) -> String {
    escaped(text, |c, text| text.extend(c.escape_unicode()))
}

/// Returns the same JSON, without hidden characters.
pub(crate) fn escape_json(json: &str) -> String {
    escaped(json, |c, text| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    })
}

fn escaped(text: &str, write: impl Fn(char, &mut String)) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) { write(c, &mut escaped) } else { escaped.push(c) }
    }
    escaped
}

/// Returns the beginning of what somebody wrote, for a message: so many characters, the hidden ones escaped.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == most {
            shown.push('…');
            break;
        }
        push_shown(&mut shown, c);
    }
    shown
}

/// Adds a character, a hidden one as its escape.
pub(crate) fn push_shown(text: &mut String, c: char) {
    match c {
        '\n' | '\r' | '\t' => text.extend(c.escape_default()),
        c if is_hidden(c) => text.extend(c.escape_unicode()),
        c => text.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::is_hidden;

    #[test]
    fn what_is_hidden() {
        for c in "\0\u{1b}\n\u{7f}\u{85}\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{180e}\u{200b}\u{200f}\u{2028}\u{202e}\u{2060}\u{2069}\u{2800}\u{3164}\u{feff}\u{ffa0}\u{fe0f}\u{e0041}".chars() {
            assert!(is_hidden(c), "{c:?}");
        }
        assert!(!"Zoë ÜBER 東京 مرحبا नमस्ते 🙂 a.b-c_d\u{a0}".chars().any(is_hidden));
    }
}
