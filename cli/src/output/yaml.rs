//! YAML, safe to look at wherever it goes, and still the same YAML.

use std::borrow::Cow;

use serde_json::Value;

use super::json::open_text;
use crate::text::is_hostile;

/// Returns a value as YAML.
pub(super) fn of_value(value: &Value, terminal: bool) -> String {
    let mut hidden = Hidden::new(value);
    let open = hidden.taken_out(value);
    let text = serde_saphyr::to_string(&open).unwrap_or_default();
    as_seen(&hidden.put_back(&text), terminal).into_owned()
}

/// Returns YAML as it is, or as a terminal may have it.
pub(super) fn as_seen(text: &str, terminal: bool) -> Cow<'_, str> {
    if terminal { open_text(text).into() } else { text.into() }
}

/// Texts that would steer or deceive: words stand for them until the rest is YAML, then they come into it in quotes, where
/// YAML has escapes.
struct Hidden {
    /// How the words begin, as nothing else does.
    mark: String,
    texts: Vec<String>,
}

impl Hidden {
    fn new(value: &Value) -> Self {
        let (json, mut mark) = (value.to_string(), "hidden".to_owned());
        while json.contains(&mark) {
            mark.push('n');
        }
        Self { mark, texts: Vec::new() }
    }

    fn taken_out(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.word(text)),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.taken_out(item)).collect()),
            Value::Object(fields) => {
                let open = fields.iter().map(|(name, value)| (self.word(name), self.taken_out(value)));
                Value::Object(open.collect())
            }
            other => other.clone(),
        }
    }

    /// Returns what stands for a text: itself, when there is nothing to hide in it.
    fn word(&mut self, text: &str) -> String {
        if !text.chars().any(|c| needs_escape(c) && !matches!(c, '\n' | '\t')) {
            return text.to_owned();
        }
        self.texts.push(quoted(text));
        format!("{}{}_", self.mark, self.texts.len() - 1)
    }

    fn put_back(&self, yaml: &str) -> String {
        let mut parts = yaml.split(&self.mark);
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (number, rest) = part.split_once('_').unwrap_or((part, ""));
            let text = number.parse().ok().and_then(|number: usize| self.texts.get(number));
            whole.extend(text.map(String::as_str));
            whole.push_str(rest);
        }
        whole
    }
}

/// Returns a text as YAML has it between double quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 16);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if needs_escape(c) => quoted.push_str(&match u32::from(c) {
                code @ ..=0xFFFF => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            }),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Returns whether a character is hostile, or none at all, which YAML has only as an escape.
fn needs_escape(c: char) -> bool {
    is_hostile(c) || u32::from(c) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::of_value;

    #[test]
    fn yaml_is_safe_and_the_same() {
        let evil =
            "hidden0_ \"a\"\\ \u{1b}[31m\u{9b}\u{85}\u{7f}\u{202e}\u{200b}\u{7}\r\n\tb: #\u{e0041}\u{ffff} ";
        let value = json!([
            {"name": evil, evil: [evil, "plain", 1, null], "two": "lines\nof: text\n", "hidden": "hidden0_"},
            evil,
        ]);
        for terminal in [false, true] {
            let text = of_value(&value, terminal);
            let hostile = |c: char| c != '\n' && crate::text::is_hostile(c);
            assert!(!text.contains(hostile), "{text}");
            assert_eq!(serde_saphyr::from_str::<Value>(&text).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn what_hides_nothing_stays_as_it_was() {
        let value = json!({"key": "a", "tags": ["x"], "text": "größe ユーザー\nb"});
        assert_eq!(of_value(&value, false), serde_saphyr::to_string(&value).unwrap());
    }
}
