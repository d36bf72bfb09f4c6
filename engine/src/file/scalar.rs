//! What a plain scalar means in YAML 1.2, and how a string is written so that YAML 1.1 takes it for a string too.

use std::fmt::Write;

use serde_json::{Number, Value};

use super::MAX_SHOWN;
use crate::hidden::{is_hidden, shown};
use crate::number::parse_json_number;

/// Words that some reader of YAML takes for something else than a string.
const WORDS: [&str; 11] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"];

/// Returns what a plain scalar means in the core schema; the error says why it means nothing here.
pub(super) fn resolve(text: &str) -> Result<Value, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(format!("{text} is a number that JSON does not have; quote it if it is a string"));
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|c| c.is_digit(radix))
        {
            let number = u64::from_str_radix(digits, radix);
            return number.map(Value::from).map_err(|_| too_large(text));
        }
    }
    let Some(number) = to_json_number(text) else {
        return Ok(Value::from(text));
    };
    // Read as JSON reads it, so that both forms of a document hold the same number.
    let number = serde_json::from_str::<Number>(&number);
    number.map(Value::Number).map_err(|_| too_large(text))
}

fn too_large(number: &str) -> String {
    format!("{} is too large a number", shown(number, MAX_SHOWN))
}

/// Returns JSON's spelling of a decimal number, which may have a plus, more zeros, or nothing on one side of its point.
fn to_json_number(text: &str) -> Option<String> {
    let minus = if text.starts_with('-') { "-" } else { "" };
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_at(unsigned.find(['e', 'E']).unwrap_or(unsigned.len()));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(a, b)| (a, Some(b)));
    let digits = whole.len() + fraction.map_or(0, str::len);
    if digits == 0 || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let significant = whole.trim_start_matches('0');
    let whole = if significant.is_empty() { "0" } else { significant };
    let fraction = match fraction {
        None => String::new(),
        Some("") => ".0".to_owned(),
        Some(digits) => format!(".{digits}"),
    };
    let json = format!("{minus}{whole}{fraction}{exponent}");
    parse_json_number(&json).is_some().then_some(json)
}

/// Returns a string as it is written in a line of its own.
pub(super) fn write_text(text: &str) -> String {
    if is_plain(text) && !text.contains(": ") && !text.ends_with(':') && !text.contains(" #") {
        return text.to_owned();
    }
    quote(text)
}

/// Returns a string as it is written as a key, or between brackets.
pub(super) fn write_short_text(text: &str) -> String {
    let has_indicator = text.contains(['[', ']', '{', '}', ',', ':', '#', '?', '"', '\'']);
    if is_plain(text) && !has_indicator { text.to_owned() } else { quote(text) }
}

/// Returns whether a string, leaving aside what separates tokens, is one without quotes in YAML 1.1 and 1.2.
fn is_plain(text: &str) -> bool {
    // Numbers, dates, indicators and markers all begin with something else than a letter.
    text.starts_with(|c: char| c.is_alphabetic() || c == '(')
        && !text.ends_with(' ')
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        && !text.chars().any(needs_escape)
}

fn quote(text: &str) -> String {
    // Without escapes what is in quotes can be read, and a caret can point into it.
    if text.contains(['"', '\\']) && !text.chars().any(needs_escape) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if needs_escape(c) => {
                // Writing to memory does not fail.
                let _ = match u32::from(c) {
                    code @ ..=0xFFFF => write!(quoted, "\\u{code:04X}"),
                    code => write!(quoted, "\\U{code:08X}"),
                };
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Returns whether a character breaks a line, cannot be printed, or would hide from who reviews the file.
pub(super) fn needs_escape(c: char) -> bool {
    let is_space = c.is_whitespace() && c != ' ';
    let is_no_character = matches!(c, '\u{E0000}'..='\u{E0FFF}') || u32::from(c) & 0xFFFE == 0xFFFE;
    is_hidden(c) || is_space || is_no_character
}
