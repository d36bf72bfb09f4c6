//! Each rule of a written document, with the path and the message of its breach.

use fluxgate_engine::FlagConfig;
use serde_json::{Value, json};

const A_KEY: &str =
    "a key has up to 100 of a-z, A-Z, 0-9, '.', '_' and '-', and begins with a letter or digit";

fn document() -> Value {
    json!({ "enabled": true, "variants": { "control": 1, "express": 2 }, "default": "control", "off": null })
}

fn violations(document: &Value) -> Vec<String> {
    match FlagConfig::from_value(document) {
        Ok(_) => Vec::new(),
        Err(invalid) => invalid.0.iter().map(ToString::to_string).collect(),
    }
}

/// Returns what is wrong when one field is another.
fn with(field: &str, value: Value) -> Vec<String> {
    let mut document = document();
    document[field] = value;
    violations(&document)
}

fn criterion(criterion: Value) -> Vec<String> {
    with("criteria", json!([criterion]))
}

fn condition(op: &str, value: Value) -> Vec<String> {
    let condition = json!({ "key": "x", "op": op, "value": value });
    let when = json!({ "any": [condition] });
    let found = criterion(json!({ "when": when, "serve": "control" }));
    let cut = |line: &String| {
        let rest = line.strip_prefix("criteria[0].when.any[0].value: ");
        rest.unwrap_or(line).to_owned()
    };
    found.iter().map(cut).collect()
}

#[test]
fn required_and_unknown_fields() {
    assert_eq!(
        violations(&json!({ "criterias": [] })),
        [
            "criterias: is no field here; did you mean \"criteria\"?",
            "enabled: is required: true or false",
            "variants: is required: at least one key with its value",
            "default: is required: a variant's key, or null for the application's own default",
            "off: is required: a variant's key, or null for the application's own default",
        ]
    );
    assert_eq!(violations(&json!([])), ["must be an object, not a list"]);
    assert_eq!(
        criterion(json!({ "serve": "control", "rolout": 5 })),
        ["criteria[0].rolout: is no field here; did you mean \"rollout\"?"]
    );
}

#[test]
fn null_is_nothing_where_something_is_required() {
    let share = json!({ "variant": "control", "weight": 100 });
    let document = |field: &str, value: Value| {
        let mut document = document();
        document["dependsOn"] = json!([{ "feature": "f" }]);
        let when = json!({ "not": { "key": "country", "op": "equals", "value": "US" } });
        document["criteria"] = json!([{ "when": when, "split": [share] }]);
        *document.pointer_mut(field).unwrap() = value;
        document
    };
    for (field, path, message) in [
        ("/criteria/0/when/not/key", "criteria[0].when.not.key", "is required: an attribute's key"),
        ("/criteria/0/when/not/op", "criteria[0].when.not.op", "is required: an operator such as \"equals\""),
        (
            "/criteria/0/when/not/value",
            "criteria[0].when.not.value",
            "equals needs a value: a string, a number or a boolean",
        ),
        ("/criteria/0/split/0/variant", "criteria[0].split[0].variant", "is required: a variant's key"),
        ("/criteria/0/split/0/weight", "criteria[0].split[0].weight", "is required: a percentage"),
        ("/dependsOn/0/feature", "dependsOn[0].feature", "is required: another feature's key"),
        ("/enabled", "enabled", "must be true or false, not null"),
        ("/variants", "variants", "must be an object of keys and values, not null"),
    ] {
        let document = document(field, Value::Null);
        assert_eq!(violations(&document), [format!("{path}: {message}")]);
        // Whoever reads the shape alone must not take it for everyone either.
        let shape = serde_json::from_value::<FlagConfig>(document.clone());
        assert_eq!(shape.is_err(), !field.ends_with("value"), "{field}");
        // In a file nothing at all is no value, not even null.
        let yaml = document.to_string().replace(":null", ": ").replace("\"off\": ", "\"off\": null");
        let problems = FlagConfig::from_yaml(&yaml).unwrap_err().problems;
        let found: Vec<_> = problems.iter().map(|problem| (&*problem.path, &*problem.message)).collect();
        assert_eq!(found, [(path, "is empty; leave the field out or give a value")], "{yaml}");
    }
    for field in ["/default", "/off"] {
        assert_eq!(violations(&document(field, Value::Null)), [""; 0]);
    }
}

#[test]
fn what_cannot_be_read_of_a_condition_is_reported() {
    for (name, value) in [("key", json!(1)), ("op", json!(1)), ("op", json!("is")), ("key", json!([]))] {
        let mut condition = json!({ "key": "x", "op": "equals", "value": 1 });
        condition[name] = value;
        for when in [condition.clone(), json!({ "not": condition }), json!({ "any": [condition] })] {
            let found = criterion(json!({ "when": when, "serve": "control" }));
            assert_eq!(found.len(), 1, "{when}: {found:?}");
            assert!(found[0].contains(name), "{found:?}");
        }
    }
}

#[test]
fn the_keys_of_dependencies() {
    assert_eq!(
        with("dependsOn", json!([{ "feature": "f", "variants": ["on", "", "a b", null] }])),
        [
            "dependsOn[0].variants[3]: must be a string, not null".to_owned(),
            format!("dependsOn[0].variants[1]: is no variant's key: {A_KEY}"),
            format!("dependsOn[0].variants[2]: is no variant's key: {A_KEY}"),
        ]
    );
    assert_eq!(
        with("dependsOn", json!([{ "feature": "-" }])),
        [format!("dependsOn[0].feature: is no feature's key: {A_KEY}")]
    );
}

#[test]
fn a_key_is_as_long_as_is_said() {
    let variants = |chars| with("variants", json!({ "control": 1, "express": 2, "k".repeat(chars): 3 }));
    assert_eq!(variants(100), [""; 0]);
    assert_eq!(variants(101), [format!("variants.{}: {A_KEY}", "k".repeat(100) + "…")]);
}

#[test]
fn all_errors_at_once() {
    let mut document = document();
    document["enabled"] = json!("yes");
    document["default"] = json!("contrl");
    document["salt"] = json!("");
    document["criteria"] =
        json!([7, { "when": { "any": [{ "op": "equal" }, "x"] }, "rollout": -1, "serve": "no" }]);
    assert_eq!(
        violations(&document),
        [
            "enabled: must be true or false, not a string",
            "criteria[0]: must be an object, not a number",
            "criteria[1].when.any[0].key: is required: an attribute's key",
            "criteria[1].when.any[0].op: no operator \"equal\"; did you mean \"equals\"?",
            "criteria[1].when.any[1]: must be an object with all, any, not or a condition, not a string",
            "default: no variant \"contrl\"; did you mean \"control\"?",
            "salt: is empty; leave it out for the feature's key",
            "criteria[1].rollout: -1 is no percentage; it is from 0 to 100",
            "criteria[1].serve: no variant \"no\"; there are control, express",
        ]
    );
}

#[test]
fn variants() {
    assert_eq!(with("variants", json!({})), ["variants: is empty; a feature has at least one variant"]);
    assert_eq!(with("variants", json!(1)), ["variants: must be an object of keys and values, not a number"]);
    assert_eq!(
        with("variants", json!({ "control": true, "b": "x", "c": [], "d": null })),
        [
            "variants.c: must be a boolean, a string, a number or an object, not a list",
            "variants.control: is a boolean where \"b\" is a string; all values of a feature have one type",
            "variants.d: must be a boolean, a string, a number or an object, not null",
        ]
    );
    // What may be no value at all is no reason to blame the others.
    assert_eq!(
        with("variants", json!({ "a": null, "control": 1, "express": 2, "z": "x" })),
        [
            "variants.a: must be a boolean, a string, a number or an object, not null",
            "variants.z: is a string where \"control\" is a number; all values of a feature have one type",
        ]
    );
    let found = with("variants", json!({ "control": 1, "a b": 2 }));
    assert!(found[0].starts_with("variants[\"a b\"]: a key has up to 100 of"), "{found:?}");
}

#[test]
fn serve_and_split() {
    let neither = "criteria[0]: needs a variant to serve or a split that is not empty";
    assert_eq!(criterion(json!({})), [neither]);
    assert_eq!(criterion(json!({ "split": [] })), [neither]);
    let share = |variant: &str, weight: f64| json!({ "variant": variant, "weight": weight });
    assert_eq!(
        criterion(json!({ "serve": "control", "split": [share("control", 1.0)] })),
        ["criteria[0]: has both serve and split; exactly one decides"]
    );
    assert_eq!(
        criterion(
            json!({ "split": [share("control", 33.333), share("expres", 66.667), share("control", 0.001)] })
        ),
        [
            "criteria[0].split[1].variant: no variant \"expres\"; did you mean \"express\"?",
            "criteria[0].split: the weights add up to 100.001 %; at most 100 %",
        ]
    );
    assert_eq!(
        criterion(json!({ "split": [share("control", -1.0), share("control", 0.0005), { "weight": "5" }] })),
        [
            "criteria[0].split[2].variant: is required: a variant's key",
            "criteria[0].split[2].weight: must be a number, not a string",
            "criteria[0].split[0].weight: -1 is no percentage; it is from 0 to 100",
            "criteria[0].split[1].weight: 0.0005 has more than three decimals",
        ]
    );
    assert!(criterion(json!({ "split": [share("control", 33.333), share("express", 66.667)] })).is_empty());
}

#[test]
fn rollout_and_bucket() {
    for rollout in [0.0, 0.001, 12.345, 99.999, 100.0] {
        assert!(criterion(json!({ "rollout": rollout, "serve": "control" })).is_empty());
    }
    for (rollout, message) in [
        (100.001, "100.001 is no percentage; it is from 0 to 100"),
        (1.2345, "1.2345 has more than three decimals"),
    ] {
        let found = criterion(json!({ "rollout": rollout, "serve": "control" }));
        assert_eq!(found, [format!("criteria[0].rollout: {message}")]);
    }
    assert_eq!(
        criterion(json!({ "bucketBy": "", "serve": "control" })),
        ["criteria[0].bucketBy: is empty; leave it out for targetingKey"]
    );
}

#[test]
fn values_fit_their_operators() {
    for (op, value, message) in [
        ("equals", json!([1]), "equals takes a string, a number or a boolean, not a list"),
        ("not_equals", Value::Null, "not_equals needs a value: a string, a number or a boolean"),
        ("in", json!("a"), "in takes a list of strings, numbers or booleans, not a string"),
        ("in", json!([]), "in takes 1 to 1000 values, and these are 0"),
        (
            "not_in",
            json!(["a", null]),
            "not_in takes a list of strings, numbers or booleans, and one is null",
        ),
        ("less_than", json!("1"), "less_than takes a number, not a string"),
        ("contains", json!([1]), "contains takes a string or a list of strings, and one is a number"),
        ("starts_with", json!([]), "starts_with takes 1 to 1000 values, and these are 0"),
        (
            "regex",
            json!("\\w{20}"),
            "is too expensive a regex: compiled it takes more than 1048576 bytes; repeat less, or use smaller classes, such as [0-9A-Za-z_] for \\w",
        ),
        ("regex", json!("a("), "is no regex: unclosed group"),
        (
            "regex",
            json!("\\w{1000}"),
            "is too expensive a regex: compiled it takes more than 1048576 bytes; repeat less, or use smaller classes, such as [0-9A-Za-z_] for \\w",
        ),
        ("regex", json!("a".repeat(1025)), "a regex has at most 1024 characters, and this one has 1025"),
        (
            "semver",
            json!(">=2.0.0, <3.0.0"),
            "is no version range: comparators are separated by spaces, alternatives by || (at byte 7)",
        ),
        (
            "semver",
            json!("foo >=2.0.0"),
            "is no version range: \"foo\" is no version or comparator, such as 1.2.3, 1.x or >=2.0.0 (at byte 0)",
        ),
        ("semver", json!("1.x ||"), "is no version range: an alternative is empty (at byte 6)"),
        (
            "semver",
            json!("1.2+none"),
            "is no version range: \"1.2+none\" is no version or comparator, such as 1.2.3, 1.x or >=2.0.0 (at byte 0)",
        ),
        ("semver", json!(2), "semver takes a version range, not a number"),
        (
            "before",
            json!("2026-06-01T10:00:00"),
            "before takes an instant such as \"2026-06-01T10:00:00Z\", with its offset, or Unix milliseconds, not \"2026-06-01T10:00:00\"",
        ),
        ("exists", json!(true), "exists takes no value"),
    ] {
        assert_eq!(condition(op, value), [message], "{op}");
    }
    for (op, value) in [
        ("in", json!(vec![1; 1000])),
        ("contains", json!(["a", "b"])),
        ("before", json!(1_780_000_000_000_u64)),
        ("after", json!("2026-06-01t12:00:00.5+02:00")),
        ("not_exists", Value::Null),
        ("regex", json!("a".repeat(1024))),
        ("regex", json!("\\w{10}")),
    ] {
        assert_eq!(condition(op, value), [""; 0], "{op}");
    }
    assert_eq!(condition("in", json!(vec![1; 1001])), ["in takes 1 to 1000 values, and these are 1001"]);
}

#[test]
fn limits() {
    let rule = json!({ "serve": "control" });
    assert_eq!(with("criteria", json!(vec![rule.clone(); 201])), ["criteria: has 201 criteria; at most 200"]);
    assert!(with("criteria", json!(vec![rule; 200])).is_empty());

    let exists = json!({ "key": "x", "op": "exists" });
    let when = |count| json!({ "when": { "all": vec![exists.clone(); count] }, "serve": "control" });
    assert_eq!(criterion(when(201)), ["criteria[0].when: has 201 conditions; at most 200"]);
    assert!(criterion(when(200)).is_empty());

    let nested = |levels| (1..levels).fold(exists.clone(), |tree, _| json!({ "not": tree }));
    assert!(criterion(json!({ "when": nested(8), "serve": "control" })).is_empty());
    let path = format!("criteria[0].when{}", ".not".repeat(8));
    let found = criterion(json!({ "when": nested(9), "serve": "control" }));
    assert_eq!(found, [format!("{path}: is nested deeper than 8")]);

    let found = with("salt", json!("s".repeat(256 * 1024)));
    assert_eq!(found, ["the document has 262238 bytes as compact JSON; at most 262144"]);

    let parts = |count| json!({ "when": { "all": vec![json!({ "any": [] }); count] }, "serve": "control" });
    assert!(criterion(parts(999)).is_empty());
    let message = "criteria[0].when: has 1001 parts, all, any and not counted; at most 1000";
    assert_eq!(criterion(parts(1000)), [message]);

    let split = |count| json!({ "split": vec![json!({ "variant": "control", "weight": 1 }); count] });
    assert!(criterion(split(100)).is_empty());
    assert_eq!(criterion(split(101)), ["criteria[0].split: has 101 shares; at most 100"]);

    let variants = |count| {
        let more = (2..count).map(|number| format!("v{number}"));
        let keys = ["control", "express"].map(str::to_owned).into_iter().chain(more);
        with("variants", keys.map(|key| (key, json!(1))).collect())
    };
    assert!(variants(200).is_empty());
    assert_eq!(variants(201), ["variants: has 201 variants; at most 200"]);

    let dependency = |count| with("dependsOn", json!([{ "feature": "f", "variants": vec!["v"; count] }]));
    assert!(dependency(100).is_empty());
    assert_eq!(dependency(101), ["dependsOn[0].variants: has 101 variants; at most 100"]);

    assert!(condition("semver", json!(vec!["<1"; 100].join("||"))).is_empty());
    let found = condition("semver", json!(vec!["1"; 51].join(" ")));
    assert_eq!(found, ["is no version range: it has 102 comparators; at most 100 (at byte 0)"]);
}

#[test]
fn names_are_short_and_what_they_look_like() {
    let places = [
        ("salt", "is empty; leave it out for the feature's key"),
        ("criteria[0].name", "is empty; leave it out"),
        ("criteria[0].bucketBy", "is empty; leave it out for targetingKey"),
        ("criteria[0].when.key", "is empty; it is an attribute's key"),
    ];
    for (path, empty) in places {
        let named = |name: &str| {
            let mut document = document();
            document["criteria"] = json!([{ "when": { "key": "x", "op": "exists" }, "serve": "control" }]);
            let pointer = format!("/{}", path.replace("[0]", "/0").replace('.', "/"));
            let (parent, field) = pointer.rsplit_once('/').unwrap();
            document.pointer_mut(parent).unwrap()[field] = json!(name);
            violations(&document)
        };
        assert_eq!(named(&"é".repeat(200)), [""; 0]);
        assert_eq!(named("Zoë 東京"), [""; 0]);
        assert_eq!(named(&"é".repeat(201)), [format!("{path}: has 201 characters; at most 200")]);
        assert_eq!(named(""), [format!("{path}: {empty}")]);
        for (hidden, code) in
            [("\u{202e}", "202E"), ("\u{3164}", "3164"), ("\u{1b}", "001B"), ("\u{e0041}", "E0041")]
        {
            let message = format!("{path}: has the character U+{code}, which cannot be seen; leave it out");
            assert_eq!(named(&format!("x{hidden}")), [message]);
        }
    }
}

#[test]
fn no_more_is_told_than_anyone_reads() {
    let wrong: Vec<Value> = (0..50_000).map(|number| json!({ "serve": format!("contrl{number}") })).collect();
    let found = with("criteria", json!(wrong[..150]));
    assert_eq!(found.len(), 101);
    assert_eq!(found[100], "and more is wrong; these are the first 100");
    assert_eq!(found.iter().filter(|line| line.contains("did you mean")).count(), 10);
    // What is too much is not looked at.
    assert_eq!(
        with("criteria", json!(wrong)),
        ["the document has 1188987 bytes as compact JSON; at most 262144"]
    );
    assert_eq!(with("criteria", json!(wrong[..201])), ["criteria: has 201 criteria; at most 200"]);
    // Nor is what cannot be read repeated, however long it is.
    let mut document = document();
    document[".".repeat(100_000)] = json!(1);
    document["default"] = json!("x".repeat(1000));
    let found = violations(&document);
    assert!(found.iter().all(|line| line.len() < 250), "{found:?}");
}

#[test]
fn a_regex_searches_no_long_text() {
    use crate::alone::holds;
    let tree = fluxgate_engine::parse("a matches \"a$\"").unwrap();
    for (length, expected) in [(4096, true), (4097, false)] {
        let mut context = fluxgate_engine::Context::new();
        context.push("a", "a".repeat(length).into());
        assert_eq!(holds(&tree, &context), expected);
    }
}

#[test]
fn regexes_are_few() {
    let with = |count: usize| {
        let regex = json!({ "key": "x", "op": "regex", "value": "^a+$" });
        criterion(json!({ "when": { "any": vec![regex; count] }, "serve": "control" }))
    };
    assert!(with(50).is_empty());
    let message = "criteria[0].when.any[50].value: is one regex too many; at most 50 in a document";
    assert_eq!(with(51), [message]);
}

#[test]
fn a_dependency_stands_once() {
    let found = with("dependsOn", json!([{ "feature": "f" }, { "feature": "g" }, { "feature": "f" }]));
    assert_eq!(found, ["dependsOn[2].feature: stands here more than once; once is enough"]);
}

#[test]
fn long_names_are_not_repeated() {
    let (long, other) = ("A".repeat(10_000), "a".repeat(10_000));
    let variants = json!({ long: true, other: 1, "a": 2, "b": 3 });
    let criteria = json!([{ "serve": "x" }, { "serve": "y" }]);
    let document =
        json!({ "enabled": true, "variants": variants, "default": null, "off": null, "criteria": criteria });
    let found: Vec<String> = FlagConfig::from_value(&document)
        .unwrap_err()
        .0
        .into_iter()
        .map(|violation| violation.message)
        .collect();
    assert!(found.contains(
        &"is a number where the first is a boolean; all values of a feature have one type".to_owned()
    ));
    assert!(found.contains(&"no variant \"x\"; there are a, b".to_owned()));
    assert!(found.iter().all(|message| message.len() < 200), "{found:?}");
}
