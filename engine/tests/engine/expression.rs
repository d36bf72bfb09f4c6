//! The expression language: trees, texts that come back the same, and errors with a caret.

use fluxgate_engine::{Condition, Match, Op, parse, parse_split};
use serde_json::{Value, json};

/// Returns the tree of an expression, in the form of documents.
fn tree(text: &str) -> Value {
    match parse(text) {
        Ok(tree) => serde_json::to_value(tree).unwrap(),
        Err(error) => panic!("{}", error.render(text)),
    }
}

fn error(text: &str) -> String {
    parse(text).unwrap_err().render(text)
}

#[test]
fn precedence() {
    let [a, b, c] = ["a", "b", "c"].map(|key| json!({ "key": key, "op": "equals", "value": 1 }));
    assert_eq!(tree("a == 1 or b == 1 and not c == 1"), json!({ "any": [a, { "all": [b, { "not": c }] }] }));
    assert_eq!(tree("(a == 1 or b == 1) and c == 1"), json!({ "all": [{ "any": [a, b] }, c] }));
}

#[test]
fn operators() {
    let condition = |op: &str, value: Value| json!({ "key": "x.y", "op": op, "value": value });
    assert_eq!(tree("x.y != 1.50"), condition("not_equals", json!(1.5)));
    assert_eq!(tree("x.y in [\"a\", 1, true]"), condition("in", json!(["a", 1, true])));
    assert_eq!(tree("x.y not in [-1]"), condition("not_in", json!([-1])));
    assert_eq!(tree("x.y<=18"), condition("less_than_or_equal", json!(18)));
    assert_eq!(tree("x.y starts  with \"a\\\"b\""), condition("starts_with", json!("a\"b")));
    assert_eq!(tree("x.y ends with [\"a\"]"), condition("ends_with", json!(["a"])));
    assert_eq!(tree("x.y matches \"^\\\\d+$\""), condition("regex", json!("^\\d+$")));
    assert_eq!(tree("x.y semver \"^1.2\""), condition("semver", json!("^1.2")));
    assert_eq!(tree("x.y before 1e3"), condition("before", json!(1000)));
    assert_eq!(
        tree("`in` contains~ \"a\""),
        json!({ "key": "in", "op": "contains", "value": "a", "ignoreCase": true })
    );
}

#[test]
fn not_exists_is_an_operator() {
    let exists = json!({ "key": "x", "op": "exists" });
    assert_eq!(tree("exists x"), exists);
    assert_eq!(tree("not exists x"), json!({ "key": "x", "op": "not_exists" }));
    assert_eq!(tree("not (exists x)"), json!({ "not": exists }));
}

#[test]
fn every_tree_has_its_text() {
    for text in [
        "true",
        "false",
        "true and a == 1",
        "false or a == 1",
        "(true) and a == 1",
        "(false) or a == 1",
        "true and true",
        "(true) and true",
        "true and a == 1 and b == 1",
        "(a == 1 and b == 1) and c == 1",
        "a == 1 and b == 1 or c == 1",
        "(a == 1 or b == 1) or c == 1",
        "not (true and a == 1)",
        "not not exists a",
        "not (not exists a)",
        "not (exists a)",
        "not true",
        "``  == \"\"",
        "`a``b c` ==~ \"Ü\\n\"",
        "`12` > 1e+21",
        "x in [\"a\", -0.5, false]",
    ] {
        let tree = parse(text).unwrap();
        assert_eq!(parse(&tree.to_string()).unwrap(), tree, "{text} became {tree}");
    }
    let only = Match::All(vec![Match::All(vec![Match::Any(Vec::new())])]);
    assert_eq!(only.to_string(), "true and (true and false)");
}

#[test]
fn prints_like_a_person() {
    let condition = Condition {
        key: "email".to_owned(),
        op: Op::EndsWith,
        value: Some(json!("@corp.com")),
        ignore_case: true,
    };
    assert_eq!(condition.to_string(), r#"email ends with~ "@corp.com""#);
    let text = r#"email ends with~ "@corp.com" or beta == true and not country in ["KP", "IR"]"#;
    assert_eq!(parse(text).unwrap().to_string(), text);
}

#[test]
fn what_is_hidden_is_shown_escaped_or_refused() {
    let hidden = json!({ "key": "a", "op": "equals", "value": "x\u{202e}\u{7f}\u{e0041}" });
    let tree: Match = serde_json::from_value(hidden).unwrap();
    assert_eq!(tree.to_string(), r#"a == "x\u202e\u007f\udb40\udc41""#);
    assert_eq!(parse(&tree.to_string()).unwrap(), tree);
    assert_eq!(
        error("`a\u{200b}` == 1"),
        "`a\\u{200b}` == 1\n  ^ expected an attribute without hidden characters, found \\u{200b}"
    );
    assert_eq!(
        error("сountry == 1"),
        "сountry == 1\n^ expected an attribute of a-z and A-Z, or one in backticks, found с"
    );
    assert_eq!(parse("`größe` == 1").unwrap().to_string(), "`größe` == 1");
}

#[test]
fn errors_are_short() {
    let text = format!("{} b", "x".repeat(100_000));
    let found = error(&format!("{} {text}", "a == 1 and ".repeat(1000)));
    assert!(found.len() < 600, "{found}");
    let text = format!("a == 1 {}", "x".repeat(1000));
    assert_eq!(parse(&text).unwrap_err().found, format!("{}…", "x".repeat(60)));
    let shares = vec!["a=0"; 1001].join(",");
    assert_eq!(parse_split(&shares).unwrap_err().to_string(), "expected at most 1000 shares, found 1001");
    assert_eq!(parse_split(&shares[4..]).unwrap().len(), 1000);
    assert!(
        error(&"x".repeat(600_000)).contains("an expression of at most 524288 bytes, found one of 600000")
    );
}

#[test]
fn errors_point_at_the_place() {
    assert_eq!(error("country = \"US\""), "country = \"US\"\n        ^ expected ==, found =");
    assert_eq!(
        error("country == US"),
        "country == US\n           ^ expected a string in double quotes or a number or true or false, found US"
    );
    assert_eq!(
        error("age > 18 and"),
        "age > 18 and\n            ^ expected an attribute, not, exists, true, false or (, found the end"
    );
    assert_eq!(
        error("age > 18\nand (plan == \"pro\""),
        "and (plan == \"pro\"\n                  ^ expected and, or, or a closing ), found the end"
    );
    assert_eq!(error("`ü` == \"a"), "`ü` == \"a\n         ^ expected a closing \", found the end");
    assert_eq!(error("a == 1 && b == 2"), "a == 1 && b == 2\n       ^ expected and, found &");
    assert_eq!(
        error("a == 18years"),
        "a == 18years\n     ^ expected a number such as 18, 0.5 or 1e6, found 18years"
    );
    assert_eq!(
        error("a in []"),
        "a in []\n      ^ expected a string in double quotes or a number or true or false, found ]"
    );
    assert_eq!(error("a starts \"b\""), "a starts \"b\"\n         ^ expected with, found \"b\"");
    assert_eq!(error("a == 1 b"), "a == 1 b\n       ^ expected and, or, or the end, found b");
    assert_eq!(
        error("plan is \"pro\""),
        "plan is \"pro\"\n     ^ expected an operator (==, !=, <, <=, >, >=, in, not in, contains, starts with, \
         ends with, matches, semver, before, after), found is"
    );
    assert!(error("").ends_with("found the end"));
    assert!(error(&"(".repeat(100_000)).contains("fewer parentheses"));
    assert!(error(&"not ".repeat(100_000)).contains("fewer parentheses"));
}

#[test]
fn splits() {
    let split = parse_split("control=50, express = 12.5").unwrap();
    assert_eq!(
        serde_json::to_value(split).unwrap(),
        json!([{ "variant": "control", "weight": 50 }, { "variant": "express", "weight": 12.5 }])
    );
    let error = |text: &str| parse_split(text).unwrap_err().render(text);
    assert_eq!(error("a=50, b"), "a=50, b\n       ^ expected = and a weight, found nothing");
    assert_eq!(error("a=50, b=x"), "a=50, b=x\n        ^ expected a percentage such as 50 or 0.125, found x");
    assert_eq!(error("a=1e999"), "a=1e999\n  ^ expected a percentage such as 50 or 0.125, found 1e999");
    assert_eq!(
        error("a=50,"),
        "a=50,\n     ^ expected a variant and its weight, such as on=50, found nothing"
    );
    assert_eq!(error("=5"), "=5\n^ expected a variant's key, found nothing");
}
