//! Numbers as ECMAScript prints them, in canonical documents and as the text of an attribute.

use std::fmt::{self, Write};
use std::io;

use serde::{Serialize, Serializer};
use serde_json::{Number, Value, ser::Formatter};

use crate::hidden::is_hidden;

/// The largest number below which every integer is a double of its own.
const MAX_SAFE: f64 = 9_007_199_254_740_992.0;

/// The text of a number, kept on the stack.
pub(crate) struct NumberText {
    bytes: [u8; 32],
    len: usize,
}

impl NumberText {
    /// Returns what ECMAScript's `String(number)` prints.
    pub(crate) fn new(number: f64) -> Self {
        let mut text = Self { bytes: [0; 32], len: 0 };
        // The buffer holds every double: seventeen digits, a sign and six zeros, or an exponent.
        let _ = text.print(number);
        text
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }

    fn print(&mut self, number: f64) -> fmt::Result {
        if number == 0.0 {
            return self.write_str("0");
        }
        if let Some(integer) = as_integer(number) {
            return write!(self, "{integer}");
        }
        let size = number.abs();
        if (1e-6..1e21).contains(&size) {
            return write!(self, "{number}");
        }
        if size < 1.0 {
            return write!(self, "{number:e}");
        }
        // Rust writes 1e21 where ECMAScript writes 1e+21.
        let start = self.len;
        write!(self, "{number:e}")?;
        let end = self.len;
        if let Some(e) = self.bytes[start..end].iter().position(|b| *b == b'e') {
            let digits = start + e + 1;
            self.write_str("+")?;
            self.bytes.copy_within(digits..end, digits + 1);
            self.bytes[digits] = b'+';
        }
        Ok(())
    }
}

impl Write for NumberText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        let free = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        free.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl fmt::Display for NumberText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Returns the number that a JSON number's text stands for; none when the text is no JSON number.
pub(crate) fn parse_json_number(text: &str) -> Option<f64> {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let rest = match rest.strip_prefix('0') {
        Some(rest) => rest,
        None => digits(rest)?,
    };
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => digits(fraction)?,
        None => rest,
    };
    let rest = match rest.strip_prefix(['e', 'E']) {
        Some(exponent) => digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))?,
        None => rest,
    };
    if rest.is_empty() { text.parse().ok() } else { None }
}

/// Skips at least one digit.
fn digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be a small integer")]
fn as_integer(number: f64) -> Option<i64> {
    (number.trunc() == number && number.abs() < MAX_SAFE).then_some(number as i64)
}

/// Returns the value with each number and each object in its one form.
///
/// An integer of 64 bits keeps all its digits, so those that are one double are values of their own all the same.
pub(crate) fn canonical_value(value: &Value) -> Value {
    canonical(value, json_number)
}

/// Returns a variant's value in its one form, in which a float stays a float: typed clients tell `1.0` from `1`.
pub(crate) fn canonical_variant(value: &Value) -> Value {
    canonical(value, |number| {
        // As JSON is read, the integer -0 is a float, and an integer serves both who wants one and who wants a float.
        if number == 0.0 && number.is_sign_negative() {
            return Value::from(0);
        }
        Number::from_f64(number).map_or(Value::Null, Value::Number)
    })
}

fn canonical(value: &Value, float: fn(f64) -> Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => number.as_f64().map_or(Value::Null, float),
        Value::Array(elements) => elements.iter().map(|element| canonical(element, float)).collect(),
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by_key(|(key, _)| *key);
            sorted.into_iter().map(|(key, value)| (key.clone(), canonical(value, float))).collect()
        }
        other => other.clone(),
    }
}

/// Returns a number of a document as what its canonical text reads as.
pub(crate) fn json_number(number: f64) -> Value {
    let text = NumberText::new(number);
    let text = text.as_str();
    let integer = text.parse::<i64>().map(Number::from);
    integer
        .or_else(|_| text.parse::<u64>().map(Number::from))
        .ok()
        .or_else(|| Number::from_f64(number))
        .map_or(Value::Null, Value::Number)
}

pub(crate) fn serialize_number<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    json_number(*number).serialize(serializer)
}

pub(crate) fn serialize_optional_number<S: Serializer>(
    number: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    number.map(json_number).serialize(serializer)
}

/// Returns compact JSON with numbers as ECMAScript prints them; a whole float has a point.
pub(crate) fn write_json(value: &impl Serialize) -> String {
    format_json(value, Canonical)
}

/// Returns how many bytes that JSON has, without making it.
pub(crate) fn json_bytes(value: &impl Serialize) -> usize {
    let mut counted = Counted(0);
    // Counting does not fail, and no document has keys that are no strings.
    let written = value.serialize(&mut serde_json::Serializer::with_formatter(&mut counted, Canonical));
    written.map_or(0, |()| counted.0)
}

/// Returns the same JSON for people to read: with escapes for what is hidden.
pub(crate) fn print_json(value: &impl Serialize) -> String {
    format_json(value, Shown)
}

fn format_json(value: &impl Serialize, formatter: impl Formatter) -> String {
    let mut bytes = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    // Writing to memory does not fail, and no document has keys that are no strings.
    if value.serialize(&mut serializer).is_err() {
        bytes.clear();
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// How many bytes were written.
struct Counted(usize);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Canonical;

impl Formatter for Canonical {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, number: f64) -> io::Result<()> {
        let text = NumberText::new(number);
        writer.write_all(text.as_str().as_bytes())?;
        // Only a variant's value is still a float here, and without its point it would be read back as an integer.
        let is_integer = text.as_str().parse::<i64>().is_ok() || text.as_str().parse::<u64>().is_ok();
        if is_integer { writer.write_all(b".0") } else { Ok(()) }
    }
}

/// As canonical, but nothing in it is hidden.
struct Shown;

impl Formatter for Shown {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, number: f64) -> io::Result<()> {
        Canonical.write_f64(writer, number)
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((start, c)) = rest.char_indices().find(|(_, c)| is_hidden(*c)) {
            writer.write_all(&rest.as_bytes()[..start])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[start + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}
