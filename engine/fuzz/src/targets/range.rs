//! Version ranges: alternatives, repetition and a leading `v` mean what they say, whatever range and version.

use fluxgate_engine::{Attribute, Context, Flag, FlagConfig};
use serde_json::json;

use super::flags::One;

/// How many bytes may a version have?
const MAX_VERSION: usize = 256;

/// Takes the first line for a range and the rest for a version.
pub fn range(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (range, version) = text.split_once('\n').unwrap_or((text, ""));
    let flag = compile(range);
    if let Some(flag) = &flag {
        check_range(range, flag, version);
    }
    check_alternatives(range, flag.as_ref(), version);
    check_version(version);
}

/// Returns the flag that is on for the versions of a range, if it is one.
fn compile(range: &str) -> Option<One> {
    let config = FlagConfig::from_value(&json!({
        "enabled": true,
        "variants": { "on": true, "off": false },
        "default": "off",
        "off": "off",
        "criteria": [{ "when": { "key": "version", "op": "semver", "value": range }, "serve": "on" }],
    }))
    .ok()?;
    let flag = Flag::compile("f", &config);
    Some(One(flag.unwrap_or_else(|invalid| panic!("{range:?} is valid and does not compile: {invalid}"))))
}

fn contains(range: &One, version: &str) -> bool {
    let mut context = Context::new();
    context.push("version", Attribute::from(version));
    range.is_on(&context)
}

/// Checks that ways to write the same have the same answer.
fn check_range(range: &str, flag: &One, version: &str) {
    let answer = contains(flag, version);
    let mut same = vec![format!(" {range} "), format!("{range} || {range}")];
    if range.trim().is_empty() {
        same.truncate(1);
    }
    if range.starts_with(|c: char| c.is_ascii_digit()) {
        same.push(format!("v{range}"));
        if !range.split_ascii_whitespace().any(|word| word == "-") {
            same.push(format!("={range}"));
        }
    }
    if !range.contains("||") && !range.split_ascii_whitespace().any(|word| word == "-") {
        same.push(format!("{range} {range}"));
    }
    if let Some((start, _)) = range.split_once('+')
        && !range.contains(|c: char| c.is_ascii_whitespace() || c == '|')
    {
        same.push(format!("{start}+b"));
    }
    for other in same {
        let is_within = compile(&other).map(|flag| contains(&flag, version));
        assert_eq!(is_within, Some(answer), "{version:?} in {other:?} and in {range:?}");
    }
    if !version.starts_with('v') && version.len() < MAX_VERSION {
        assert_eq!(contains(flag, &format!("v{version}")), answer, "v{version} in {range:?}");
    }
    if !version.contains('+') && version.len() + 2 <= MAX_VERSION {
        assert_eq!(contains(flag, &format!("{version}+b")), answer, "{version}+b in {range:?}");
    }
}

/// Checks that a version is within alternatives when it is within one of them.
fn check_alternatives(range: &str, flag: Option<&One>, version: &str) {
    let parts: Vec<&str> = range.split("||").collect();
    if parts.len() == 1 || parts.iter().any(|part| part.trim().is_empty()) {
        return;
    }
    let parts: Option<Vec<One>> = parts.into_iter().map(compile).collect();
    assert_eq!(flag.is_some(), parts.is_some(), "{range:?} and its alternatives: which is a range?");
    if let (Some(flag), Some(parts)) = (flag, parts) {
        let is_within_one = parts.iter().any(|part| contains(part, version));
        assert_eq!(contains(flag, version), is_within_one, "{version:?} in {range:?}");
    }
}

/// Checks that a whole version is a range that has itself within.
fn check_version(version: &str) {
    let numbers = version.split(['-', '+']).next().unwrap_or_default();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = numbers.split('.').count() == 3
        && numbers.strip_prefix('v').unwrap_or(numbers).split('.').all(is_number)
        && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte));
    if !is_whole || version.len() > MAX_VERSION {
        return;
    }
    if let Some(flag) = compile(version) {
        assert!(contains(&flag, version), "{version:?} is not within itself");
    }
}
