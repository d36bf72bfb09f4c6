//! Texts that are to hurt who reads them.

use fluxgate_engine::FlagConfig;

/// Returns the first problem of a text.
fn problem(text: &str) -> String {
    FlagConfig::from_yaml(text).unwrap_err().problems[0].to_string()
}

#[test]
fn a_text_is_not_too_long() {
    let comment = format!("# {}\n", "x".repeat(1024 * 1024));
    assert_eq!(problem(&comment), "1:1 the text has 1048579 bytes; at most 1048576");
    let comment = format!("#{}\nenabled: 1", "x".repeat(1024 * 1024 - 13));
    assert!(problem(&comment).contains("is required"));
    let large = "x".repeat(256 * 1024);
    let text = format!("enabled: true\nvariants: {{ a: {large} }}\ndefault: a\noff: a\n");
    assert_eq!(problem(&text), "1:1 the document has 262204 bytes as compact JSON; at most 262144");
}

#[test]
fn nesting_does_not_overflow_the_stack() {
    let too_deep = "lists and mappings nest deeper than 128 here";
    for (text, place) in [
        (format!("{}{}", "[".repeat(200), "]".repeat(200)), "1:130 "),
        ("- ".repeat(200), "1:259 "),
        ("? ".repeat(200), "1:259 "),
        (format!("{}1{}", "{a: ".repeat(200), "}".repeat(200)), "1:517 "),
    ] {
        assert_eq!(problem(&text), format!("{place}{too_deep}"));
    }
    for text in ["[", "{", "{a: ", "- ", "? ", "[{a: ", "- a: ", "a: &a ", "!!x "] {
        let count = 1024 * 1024 / text.len();
        problem(&text.repeat(count));
    }
    // As deep as a value may be.
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let value = format!("{}1{}", open.repeat(31), close.repeat(31));
        let json =
            format!(r#"{{"enabled":true,"variants":{{"a":{{"b":{value}}}}},"default":"a","off":null}}"#);
        let config = FlagConfig::from_json(&json).unwrap();
        assert_eq!(FlagConfig::from_yaml(&json).as_ref(), Ok(&config));
        assert_eq!(FlagConfig::from_yaml(&config.to_yaml()).unwrap(), config);
    }
}

#[test]
fn aliases_do_not_multiply() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    let mut deep = "a0: &a0 []\n".to_owned();
    for n in 1..200 {
        let above = n - 1;
        laughs.push_str(&format!("a{n}: &a{n} [{}]\n", vec![format!("*a{above}"); 9].join(", ")));
        deep.push_str(&format!("a{n}: &a{n} [*a{above}]\n"));
    }
    assert_eq!(
        problem(&laughs),
        "6:9 anchors and aliases make too much of the text; write it out, or less of it"
    );
    assert_eq!(problem(&deep), "128:14 lists and mappings nest deeper than 128 here");
    assert_eq!(problem("a: &x [*x]"), "1:8 a[0]: is an alias of what it is a part of");
    let anchors = format!("{}{}{}", "&a [".repeat(100), "1,".repeat(100_000), "]".repeat(100));
    assert!(problem(&anchors).contains("anchors and aliases make too much"));
}

#[test]
fn many_problems_are_no_problem() {
    let unknown: String = (0..20_000).map(|n| format!("u{n}: 1\n")).collect();
    let variants: String = (0..20_000).map(|n| format!("  \"v {n}\": 1\n")).collect();
    let error = FlagConfig::from_yaml(&format!("{unknown}variants:\n{variants}")).unwrap_err();
    assert_eq!(error.problems.len(), 101);
    let criteria = "{when: x},".repeat(20_000);
    let error = FlagConfig::from_yaml(&format!("criteria: [{criteria}]")).unwrap_err();
    assert!(error.problems.len() >= 100);
}
