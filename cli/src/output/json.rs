//! JSON, and what is made of it: safe to look at on a terminal, and still the same JSON.

use serde_json::Value;

use crate::text::{clean, is_hostile};

/// Returns a value as one line without its end.
pub(crate) fn one_line(value: &Value) -> String {
    safe(&value.to_string())
}

/// Returns a value, in many lines where people read it.
pub(super) fn text(value: &Value, pretty: bool) -> String {
    if pretty { safe(&format!("{value:#}\n")) } else { safe(&format!("{value}\n")) }
}

/// Returns the items of a list, or the one value, a line each.
pub(super) fn lines(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Array(items) => items.iter().map(|item| one_line(item) + "\n").collect(),
        one => one_line(one) + "\n",
    }
}

/// Returns what an expression gave: strings as they are, the rest as JSON, each on lines of its own.
pub(super) fn results(values: &[Value], pretty: bool) -> String {
    let result = |value: &Value| match value {
        Value::String(text) => open_text(text) + "\n",
        other => self::text(other, pretty),
    };
    values.iter().map(result).collect()
}

/// Returns text whose lines stay lines, with nothing else in it that steers a terminal.
pub(crate) fn open_text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for part in text.split_inclusive(['\n', '\t']) {
        let end = part.len() - usize::from(part.ends_with(['\n', '\t']));
        safe.push_str(&clean(&part[..end]));
        safe.push_str(&part[end..]);
    }
    safe
}

/// Returns the same JSON, with what is hostile in its strings as JSON escapes it.
pub(crate) fn safe(json: &str) -> String {
    // Outside of strings there is nothing hostile but the line ends.
    let mut safe = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if c != '\n' && is_hostile(c) {
            for unit in c.encode_utf16(&mut units) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{lines, one_line, open_text, results};

    #[test]
    fn json_is_safe_and_the_same() {
        let value = json!({"name": "user\u{202e}nimda\u{9b}"});
        let text = one_line(&value);
        assert!(text.is_ascii(), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_list_is_a_line_each() {
        assert_eq!(lines(&json!([{"a": 1}, 2])), "{\"a\":1}\n2\n");
        assert_eq!(lines(&json!({"a": "x\ny"})), "{\"a\":\"x\\ny\"}\n");
        assert_eq!(lines(&json!([])), "");
    }

    #[test]
    fn strings_are_raw_but_harmless() {
        assert_eq!(results(&[json!("a\tb\nc\u{1b}[2J"), json!([1])], false), "a\tb\nc\\u{1b}[2J\n[1]\n");
        assert_eq!(open_text("a\r\n"), "a\\r\n");
    }
}
