//! Single conditions: values that repeat, case that is ignored for nothing, regexes.

use serde_json::json;

use super::{NOTHING, criteria, of, rules};

#[test]
fn duplicate_values() {
    assert_eq!(
        of(&["exists x or y in [\"a\", 1, \"b\", \"a\", 1.0, \"a\"]"]),
        [
            "criteria[0].when.any[1].value: lists \"a\", 1 more than once; leave the others out [duplicate-value]"
        ]
    );
    assert_eq!(rules(&["x in~ [\"TRUE\", \"true\"]"]), NOTHING, "the boolean equals only the one");
    assert_eq!(rules(&["x in~ [\"US\", \"us\"]"]), ["duplicate-value criteria[0].when.value"]);
    assert_eq!(rules(&["x contains [\"a\", \"a\"]"]), ["duplicate-value criteria[0].when.value"]);
    assert_eq!(rules(&["x in [\"US\", \"us\", 1, \"1\", true, \"true\"]"]), NOTHING);
}

#[test]
fn ignored_ignore_case() {
    assert_eq!(
        of(&["x ==~ 1", "x >~ 1 or exists~ y"]),
        [
            "criteria[0].when.ignoreCase: has no effect on equals without a string; leave it out [ignored-ignore-case]",
            "criteria[1].when.any[0].ignoreCase: has no effect on greater_than; leave it out [ignored-ignore-case]",
            "criteria[1].when.any[1].ignoreCase: has no effect on exists; leave it out [ignored-ignore-case]",
        ]
    );
    assert_eq!(rules(&["x in~ [1, \"a\"]", "x contains~ \"b\"", "x matches~ \"[cd]\""]), NOTHING);
}

#[test]
fn expensive_regexes() {
    assert_eq!(
        of(&[r#"x matches "\\w{10}""#]),
        [
            r"criteria[0].when.value: is an expensive regex: compiled it takes more than 524288 bytes; repeat less, or use smaller classes, such as [0-9A-Za-z_] for \w [expensive-regex]"
        ]
    );
    for pattern in [r"^[\\w.+-]+@[\\w-]+\\.[\\w.-]+$", r"^(\\d{1,3}\\.){3}\\d{1,3}$", "[0-9A-Za-z_]{100}"] {
        assert_eq!(rules(&[&format!("x matches \"{pattern}\"")]), NOTHING, "{pattern}");
    }
}

#[test]
fn needless_regexes() {
    assert_eq!(
        of(&[r#"not (x matches "@corp\\.com$")"#]),
        [
            "criteria[0].when.not.value: needs no regex: ends_with \"@corp.com\" means the same and is cheaper [needless-regex]"
        ]
    );
    let suggestion = |pattern: &str| {
        let lines = criteria(
            json!([{ "when": { "key": "x", "op": "regex", "value": pattern }, "serve": "express" }]),
        );
        let line = lines.into_iter().next()?;
        let (_, rest) = line.split_once("no regex: ")?;
        Some(rest.split_once(" means")?.0.to_owned())
    };
    for (pattern, same) in [
        ("abc", "contains \"abc\""),
        ("^abc", "starts_with \"abc\""),
        ("abc$", "ends_with \"abc\""),
        (".*abc$", "ends_with \"abc\""),
        ("^abc.*", "starts_with \"abc\""),
        (r"a\\.*", "contains \"a\\\\\""),
        (r"a\$b", "contains \"a$b\""),
        ("ü ", "contains \"ü \""),
    ] {
        assert_eq!(suggestion(pattern).as_deref(), Some(same), "{pattern}");
    }
    for pattern in [
        "", "^", "$", ".*", "^abc$", "a.c", "a|b", "(?i)abc", r"\babc", r"\<abc", r"\d", r"abc\$", r"abc\.*",
        "ab?", "^.*a", "a.*$",
    ] {
        assert_eq!(suggestion(pattern), None, "{pattern}");
    }
    assert_eq!(rules(&["x matches~ \"abc\""]), NOTHING);
}
