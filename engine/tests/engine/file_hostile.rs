//! Texts that are to hurt who reads them.

use fluxgate_engine::FlagConfig;

/// Returns the first problem of a text.
fn problem(text: &str) -> String {
    FlagConfig::from_yaml(text).unwrap_err().problems[0].to_string()
}

#[test]
fn a_text_is_not_too_long() {
    let comment = format!("# {}\n", "x".repeat(2 * 1024 * 1024));
    assert_eq!(problem(&comment), "1:1 the text has 2097155 bytes; at most 2097152");
    let comment = format!("#{}\nenabled: 1", "x".repeat(2 * 1024 * 1024 - 13));
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
        "5:9 the text, or what anchors and aliases make of it, has more values than any flag config"
    );
    assert_eq!(problem(&deep), "128:14 lists and mappings nest deeper than 128 here");
    assert_eq!(problem("a: &x [*x]"), "1:8 a[0]: is an alias of what it is a part of");
    let anchors = format!("{}{}{}", "&a [".repeat(100), "1,".repeat(100_000), "]".repeat(100));
    assert!(problem(&anchors).contains("more values than any flag config"));
}

#[test]
fn many_problems_are_no_problem() {
    let unknown: String = (0..20_000).map(|n| format!("u{n}: 1\n")).collect();
    let variants: String = (0..20_000).map(|n| format!("  \"v {n}\": 1\n")).collect();
    let error = FlagConfig::from_yaml(&format!("{unknown}variants:\n{variants}")).unwrap_err();
    assert_eq!(error.problems.len(), 101);
    let criteria = "{when: x},".repeat(20_000);
    let error = FlagConfig::from_yaml(&format!("criteria: [{criteria}]")).unwrap_err();
    assert_eq!(error.problems.len(), 101);
    assert_eq!(error.problems[100].message, "and more");
    let text = format!("a: [{}]", vec!["!t"; 1000].join(","));
    let error = FlagConfig::from_yaml(&text).unwrap_err();
    assert!(error.problems[0].to_string().starts_with("1:7 a[0]: the tag"), "{error}");
    assert_eq!((error.problems.len(), &*error.problems[100].message), (101, "and more"));
    // Each of them stands within a long key.
    let text = format!("{}: [{}!t]", "k".repeat(10_000), "!t,".repeat(20_000));
    let peak = allocation_counter::measure(|| drop(FlagConfig::from_yaml(&text))).bytes_max;
    assert!(peak < 16 * 1024 * 1024, "{peak}");
    let split = format!("criteria: [{{split: \"{}\"}}]", vec!["a=0"; 100_000].join(","));
    let error = FlagConfig::from_yaml(&split).unwrap_err();
    assert_eq!(
        error.problems.iter().filter(|problem| problem.path == "criteria[0].split").count(),
        1,
        "{error}"
    );
}

#[test]
fn values_are_counted_after_aliases() {
    let text = format!("a: &a [{}]\nb: [{}]\n", vec!["[]"; 1000].join(","), vec!["*a"; 2000].join(","));
    let mut message = String::new();
    let peak = allocation_counter::measure(|| message = problem(&text)).bytes_max;
    assert!(message.contains("more values than any flag config"), "{message}");
    assert!(peak < 40 * 1024 * 1024, "{peak}");
    let list = format!("[{}]", vec!["0"; 500_000].join(","));
    let peak = allocation_counter::measure(|| message = problem(&list)).bytes_max;
    assert!(message.contains("more values than any flag config"), "{message}");
    assert!(peak < 40 * 1024 * 1024, "{peak}");
}

#[test]
fn texts_are_counted_together() {
    let criteria = "{when: true and true and true},".repeat(20_000);
    let message = FlagConfig::from_yaml(&format!("criteria: [{criteria}]")).unwrap_err().to_string();
    assert!(message.contains("more parts than any flag config"), "{message}");
}

#[test]
fn what_misleads_a_reader_is_refused() {
    for (text, expected) in [
        ("# note \rclientSide: true\n", "1:8 a carriage return alone is no line break; use a line feed"),
        ("a: 1\n# x \u{202e}y\n", "2:5 U+202E reorders what is read; in quotes write its escape"),
        ("a: 1 # \u{2028}b: 2\n", "1:8 U+2028 looks like a line break; in quotes write its escape"),
        ("\u{feff}\u{feff}a: 1\n", "1:1 a byte order mark stands only once, at the beginning"),
        ("%YAML 1.1\n---\n", "1:1 a text is read as YAML 1.2; leave the directive out"),
    ] {
        assert_eq!(problem(text), expected);
    }
    let digits = "9".repeat(1000) + "e999";
    let message = problem(&format!("salt: {digits}\n"));
    let expected = format!("1:7 salt: {}… is too large a number", &digits[..60]);
    assert!(
        FlagConfig::from_yaml(&format!("salt: {digits}\n")).unwrap_err().to_string().contains(&expected),
        "{message}"
    );
}

#[test]
fn an_empty_field_is_refused() {
    let document = "enabled: true\nvariants: { a: { x: } }\ndefault: a\noff: a\n";
    assert!(FlagConfig::from_yaml(document).is_ok());
    for (field, place) in [("when: # beta == true", "6:8"), ("rollout:", "6:11")] {
        let error =
            FlagConfig::from_yaml(&format!("{document}criteria:\n- {field}\n  serve: a\n")).unwrap_err();
        let name = field.split(':').next().unwrap();
        let end = format!("criteria[0].{name}: is empty; leave the field out or give a value");
        assert!(error.to_string().ends_with(&end) && error.problems.len() == 1, "{place} {error}");
    }
}

#[test]
fn the_largest_documents_come_back() {
    let deep =
        |value: &str, open: &str, close: &str| format!("{}{value}{}", open.repeat(29), close.repeat(29));
    let zeros = format!("[{}0]", "0,".repeat(130_000));
    let leaves: String = (0..20_000).map(|n| format!("\"{n}\":1,")).collect();
    for value in [
        deep(&zeros, "[", "]"),
        deep(&format!("[{}[]]", "[],".repeat(86_000)), "{\"a\":", "}"),
        deep(&format!("{{{leaves}\"x\":1}}"), "{\"a\":", "}"),
        format!("\"{}\"", "\u{7f}".repeat(262_000)),
        format!("\"{}\"", "\\n".repeat(130_000)),
    ] {
        let json = format!(
            "{{\"enabled\":true,\"variants\":{{\"a\":{{\"b\":{value}}}}},\"default\":\"a\",\"off\":null}}"
        );
        assert!(json.len() > 180_000);
        let config = FlagConfig::from_json(&json).unwrap();
        assert!(FlagConfig::from_yaml(&config.to_yaml()) == Ok(config));
    }
}
