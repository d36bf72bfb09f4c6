//! What a condition saw of an attribute: a copy, cut off where it is long, as each condition shows its own.

use serde_json::Value;

use crate::context::Attribute;
use crate::number::json_number;

/// How many bytes of a string are shown?
const MAX_TEXT: usize = 1024;

/// How many elements or fields are shown, of a list and of all within it together?
const MAX_PARTS: usize = 100;

/// How deep may what is shown nest? Less than JSON may, as it stands deep in the explanation.
const MAX_DEPTH: usize = 16;

/// Returns the attribute as a value, and whether that leaves out some of it.
pub(super) fn seen(attribute: &Attribute<'_>) -> (Value, bool) {
    let mut copy = Copy { parts: MAX_PARTS, bytes: MAX_TEXT, is_cut: false };
    let value = copy.value(attribute, MAX_DEPTH);
    (value, copy.is_cut)
}

/// How much may still be copied.
struct Copy {
    parts: usize,
    bytes: usize,
    is_cut: bool,
}

impl Copy {
    fn value(&mut self, attribute: &Attribute<'_>, depth: usize) -> Value {
        match attribute {
            Attribute::Null => Value::Null,
            Attribute::Bool(value) => Value::Bool(*value),
            Attribute::Number(number) => json_number(*number),
            Attribute::Text(text) => Value::String(self.text(text)),
            Attribute::List(_) | Attribute::Object(_) if depth == 0 => {
                self.is_cut = true;
                Value::Null
            }
            Attribute::List(elements) => {
                let elements = elements.iter();
                elements.map_while(|element| self.part(|copy| copy.value(element, depth - 1))).collect()
            }
            Attribute::Object(fields) => {
                let fields = fields.iter();
                let pair = |(key, value)| self.part(|copy| (copy.text(key), copy.value(value, depth - 1)));
                fields.map(|(key, value)| (&**key, value)).map_while(pair).collect()
            }
        }
    }

    /// Copies a part, if there is room for one more.
    fn part<T>(&mut self, copy: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.is_cut |= self.parts == 0;
        self.parts = self.parts.checked_sub(1)?;
        Some(copy(self))
    }

    fn text(&mut self, text: &str) -> String {
        let end = text.floor_char_boundary(self.bytes);
        self.is_cut |= end < text.len();
        self.bytes -= end;
        text[..end].to_owned()
    }
}
