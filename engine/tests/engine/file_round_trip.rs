//! What a file says is what its JSON says, whatever stands in it.

use std::collections::BTreeMap;

use fluxgate_engine::{Context, FlagConfig, Violation, evaluate};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::runner::{environment, to_value};
use crate::strategies::{config, context, nearly_a_document, tree};

/// Strings that some reader of YAML takes for something else, or does not give back as they are.
const AWKWARD: &[&str] = &[
    "",
    " ",
    "on",
    "Off",
    "YES",
    "no",
    "y",
    "N",
    "true",
    "False",
    "~",
    "null",
    "NULL",
    "1.0",
    "1",
    "-1",
    "+1",
    "1e3",
    "1_000",
    "0x10",
    "010",
    "0o7",
    "0b1",
    "1:30",
    "1:30.5",
    "2026-01-01",
    "2026-01-01T10:00:00Z",
    ".inf",
    "-.INF",
    ".nan",
    "nan",
    "=",
    "<<",
    "-",
    "- a",
    "-a",
    "?",
    "? a",
    "?a",
    ":",
    ": a",
    ":a",
    "a: b",
    "a:b",
    "a:",
    "#",
    "# a",
    "a #b",
    "a#b",
    "[",
    "]",
    "{a}",
    "a, b",
    ",",
    "&a",
    "*a",
    "!a",
    "!!str",
    "|",
    ">",
    "%a",
    "@a",
    "`a`",
    "'",
    "''",
    "it's",
    "\"",
    "say \"x\"",
    "\\",
    "a\\b",
    "a\"b\\c",
    "---",
    "--- a",
    "...",
    " a",
    "a ",
    "\ta",
    "a\t",
    "a\tb",
    "\n",
    "a\n",
    "a\n\n",
    "\na",
    "a\nb",
    "a\nb\n",
    "a\n b\n",
    " a\nb",
    "a \nb",
    "a\n\nb",
    "a\n---\nb",
    "a\n# b",
    "\r",
    "a\rb",
    "a\r\nb\r\n",
    "\0",
    "\u{7}",
    "\u{1b}[0m",
    "\u{7f}",
    "\u{80}",
    "\u{85}",
    "a\u{85}b",
    "\u{a0}",
    "a\u{a0}b",
    "\u{2028}",
    "a\u{2029}b",
    "\u{feff}",
    "\u{feff}a",
    "a\u{feff}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{1fffe}",
    "\u{10ffff}",
    "\u{e000}",
    "\u{e0001}",
    "\u{202e}a",
    "\u{200b}",
    "\u{200d}",
    "ü",
    "日本語",
    "😀",
    "👩‍👩‍👧",
    "e\u{301}",
    "(a)",
    "é: è",
    "$a",
    "/a",
    "_a",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        select(AWKWARD).prop_map(str::to_owned),
        "[a-z]{1,6}",
        "\\PC{0,6}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 1..4)
        .prop_flat_map(|pieces| select(vec!["", " ", "\n"]).prop_map(move |separator| pieces.join(separator)))
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number))),
        text().prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..5).prop_map(|map| json!(map)),
        ]
    })
}

/// Documents, most of them valid, with anything anywhere.
fn document() -> impl Strategy<Value = Value> {
    let variants = prop_oneof![
        Just(json!({ "on": true, "off": false, "y": true })),
        prop::array::uniform3(text()).prop_map(|[a, b, c]| json!({ "on": a, "off": b, "y": c })),
        prop::array::uniform2(any::<f64>()).prop_map(|[a, b]| json!({ "on": a, "off": b, "y": 1 })),
        prop::collection::btree_map(text(), value(), 0..4)
            .prop_map(|map| json!({ "on": map, "off": {}, "y": {} })),
    ];
    let variant = || select(vec!["on", "off", "y"]);
    let share = (variant(), 0..=33_333_u32);
    let served = prop_oneof![
        variant().prop_map(|variant| ("serve", json!(variant))),
        prop::collection::vec(share, 1..4).prop_map(|shares| {
            let share =
                |(variant, weight)| json!({ "variant": variant, "weight": f64::from(weight) / 1000.0 });
            ("split", shares.into_iter().map(share).collect())
        }),
    ];
    let criterion = (
        prop::option::of(tree()),
        prop::option::of(text()),
        0..=100_000_u32,
        prop::option::of(text()),
        served,
    );
    let criterion = criterion.prop_map(|(when, name, rollout, bucket_by, (field, served))| {
        let rollout = f64::from(rollout) / 1000.0;
        json!({ "name": name, "when": when, "rollout": rollout, "bucketBy": bucket_by, field: served })
    });
    let dependency = (text(), prop::collection::vec(text(), 0..3))
        .prop_map(|(feature, variants)| json!({ "feature": feature, "variants": variants }));
    let document = (
        variants,
        prop::option::of(variant()),
        prop::option::of(text()),
        any::<[bool; 2]>(),
        prop::collection::vec(dependency, 0..3),
        prop::collection::vec(criterion, 0..4),
    );
    document.prop_map(|(variants, default, salt, [sticky, client_side], depends_on, criteria)| {
        json!({
            "enabled": true, "variants": variants, "default": default, "off": "off", "salt": salt,
            "sticky": sticky, "clientSide": client_side, "dependsOn": depends_on, "criteria": criteria,
        })
    })
}

/// Escapes in JSON what YAML does not take as it is.
fn printable(json: &str) -> String {
    let is_printable = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            && !matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    let escape = |c: char| if is_printable(c) { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) };
    json.chars().map(escape).collect()
}

/// Checks that a document in each of its forms is the same one, and returns those forms.
fn forms(config: &FlagConfig) -> [FlagConfig; 4] {
    let yaml = config.to_yaml();
    let from_yaml = |text: &str| match FlagConfig::from_yaml(text) {
        Ok(config) => config,
        Err(error) => panic!("{error}\n{text}"),
    };
    let long = serde_saphyr::to_string(&config.to_value()).unwrap();
    let long = if long == printable(&long).replace("\\u000a", "\n") { long } else { yaml.clone() };
    let again = from_yaml(&yaml);
    assert_eq!(again.to_yaml(), yaml);
    [
        again,
        from_yaml(&printable(&config.to_json())),
        FlagConfig::from_json(&config.to_json()).unwrap(),
        from_yaml(&long),
    ]
}

#[test]
fn awkward_strings_come_back() {
    // A name is not empty, and shows what it is.
    let is_shown = |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ';
    let name = |text: &'static str| {
        let is_name = !text.is_empty() && text.chars().all(is_shown);
        if is_name { text } else { "x" }
    };
    let object: BTreeMap<_, _> = AWKWARD.iter().map(|text| (*text, json!([text, { *text: text }]))).collect();
    let document = json!({ "enabled": true, "variants": { "a": object }, "default": "a", "off": "a",
        "criteria": AWKWARD.iter().map(|text| json!({
            "name": name(text),
            "when": { "key": name(text), "op": "equals", "value": text },
            "serve": "a",
        })).collect::<Vec<_>>() });
    let config = FlagConfig::from_value(&document).unwrap();
    for form in forms(&config) {
        assert_eq!(form, config);
    }
}

#[test]
fn long_keys_come_back() {
    for length in [999, 1000, 1001, 1024, 50_000] {
        let key = "k".repeat(length);
        let document = json!({ "enabled": true, "variants": { "a": { &key: { &key: 1 }, "l": [{ &key: [] }] } },
            "default": "a", "off": "a" });
        let config = FlagConfig::from_value(&document).unwrap();
        assert_eq!(FlagConfig::from_yaml(&config.to_yaml()).unwrap(), config);
        // The parser does not look further for the colon.
        assert_eq!(FlagConfig::from_yaml(&config.to_json()).is_ok(), length <= 16 * 1024);
        assert_eq!(config.to_yaml().contains("? "), length > 1000);
    }
}

#[test]
fn the_shared_vectors_come_back() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/evaluation.json")).unwrap();
    let groups = vectors["groups"].as_array().unwrap();
    let mut count = 0;
    for document in groups.iter().flat_map(|group| group["flags"].as_object().unwrap().values()) {
        let mut document = document.clone();
        document.as_object_mut().unwrap().remove("killed");
        let config = FlagConfig::from_value(&document).unwrap();
        for form in forms(&config) {
            assert_eq!(form, config);
            assert_eq!(form.to_json(), config.to_json());
        }
        count += 1;
    }
    assert!(count > 100, "has the file been cut? {count}");
}

proptest! {
    #[test]
    fn a_document_is_the_same_in_each_form(document in document()) {
        if let Ok(config) = FlagConfig::from_value(&document) {
            for form in forms(&config) {
                prop_assert_eq!(&form, &config);
                prop_assert_eq!(form.to_json(), config.to_json());
            }
        }
    }

    #[test]
    fn a_config_is_the_same_in_each_form(config in config()) {
        // It may break a rule, such as that weights add up to at most 100.
        if let Ok(config) = FlagConfig::from_value(&config.to_value()) {
            for form in forms(&config) {
                prop_assert_eq!(&form, &config);
            }
        }
    }

    #[test]
    fn what_is_nearly_a_document_is_so_in_each_form(document in nearly_a_document()) {
        let read = FlagConfig::from_value(&document);
        let text = FlagConfig::from_yaml(&printable(&document.to_string()));
        match (read, text) {
            (Ok(config), Ok(text)) => prop_assert_eq!(text, config),
            (Err(error), Err(text)) => {
                // A boolean is an expression in a file.
                let is_expression = |violation: &&Violation| {
                    violation.path.ends_with("].when") && violation.message.ends_with("not a boolean")
                };
                let count = error.0.len() - error.0.iter().filter(is_expression).count();
                // A text that is no expression, where JSON wants an object; neither is one problem more.
                prop_assert_eq!(text.problems.len(), count, "{} | {}", error, text);
            }
            // A boolean is an expression in a file.
            (Err(error), Ok(_)) => prop_assert!(error.to_string().contains("when: must be an object"), "{error}"),
            (Ok(_), Err(text)) => return Err(TestCaseError::fail(text.to_string())),
        }
    }

    #[test]
    fn each_form_evaluates_alike(document in document(), context in context()) {
        if let Ok(config) = FlagConfig::from_value(&document) {
            let context = Context::from_value(&context).unwrap();
            let result = |config: &FlagConfig| {
                let environment = environment(&json!({ "f": config })).unwrap();
                to_value(evaluate(&environment, "f", &context))
            };
            let expected = result(&config);
            for form in forms(&config) {
                prop_assert_eq!(result(&form), expected.clone());
            }
        }
    }

    #[test]
    fn no_text_panics_the_reader(pieces in prop::collection::vec(prop_oneof![
        select(vec!["enabled", "variants", "criteria", "when", "split", ": ", ":", "\n", "\n  ", "- ", "[", "]", "{", "}",
            ", ", "&a ", "*a", "? ", "'", "\"", "|\n", "a=50", "a == 1", "true", "# ", "---\n", "!!str ", "<<", "\t"])
            .prop_map(str::to_owned),
        text(),
    ], 0..20)) {
        let text = pieces.concat();
        if let Err(error) = FlagConfig::from_yaml(&text) {
            let lines = text.split(['\n', '\r']).count();
            prop_assert!(!error.problems.is_empty());
            for problem in &error.problems {
                prop_assert!(problem.line >= 1 && problem.column >= 1 && problem.line <= lines + 1, "{problem}");
            }
        }
    }
}
