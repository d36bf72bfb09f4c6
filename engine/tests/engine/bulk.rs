//! Many features at once: each comes to what it comes to alone, and what they share is evaluated once.

use std::cell::Cell;

use fluxgate_engine::{Context, Kept, Served, evaluate, evaluate_all};
use serde_json::{Value, json};

use crate::runner::{environment, to_value};

#[test]
fn each_comes_to_what_it_comes_to_alone() {
    let file: Value = serde_json::from_str(include_str!("../vectors/evaluation.json")).unwrap();
    let mut compared = 0;
    for group in file["groups"].as_array().unwrap() {
        let flags = environment(&group["flags"]).unwrap();
        for case in group["cases"].as_array().unwrap() {
            let context = Context::from_value(&case["context"]).unwrap();
            let served = flags.0.values().map(|(flag, killed)| Served { flag, killed: *killed });
            for (key, result) in flags.0.keys().zip(evaluate_all(&flags, served, &context, &())) {
                assert_eq!(to_value(result), to_value(evaluate(&flags, key, &context)), "{key} in {case}");
                compared += 1;
            }
        }
    }
    assert!(compared > 10_000, "only {compared} compared");
}

/// Counts how often a sticky split is decided.
#[derive(Default)]
struct Counting(Cell<usize>);

impl Kept for Counting {
    fn variant(&self, _feature: &str, _salt: &str, _unit: &str) -> Option<&str> {
        self.0.set(self.0.get() + 1);
        None
    }
}

#[test]
fn a_shared_dependency_is_evaluated_once() {
    let mut base =
        json!({ "enabled": true, "sticky": true, "variants": { "a": 1 }, "default": null, "off": null });
    base["criteria"] = json!([{ "split": [{ "variant": "a", "weight": 100 }] }]);
    let mut flags = json!({ "base": base });
    for n in 0..50 {
        flags[format!("f{n}")] = json!({
            "enabled": true,
            "variants": { "on": true },
            "default": "on",
            "off": null,
            "dependsOn": [{ "feature": "base" }],
        });
    }
    let flags = environment(&flags).unwrap();
    let context = json!({ "targetingKey": "user-1" });
    let context = Context::from_value(&context).unwrap();
    let dependent = flags.0.iter().filter(|(key, _)| *key != "base");
    let served = dependent.map(|(_, (flag, killed))| Served { flag, killed: *killed });
    let kept = Counting::default();
    let on = evaluate_all(&flags, served, &context, &kept)
        .filter(|result| result.as_ref().unwrap().variant.is_some());
    assert_eq!(on.count(), 50);
    assert_eq!(kept.0.get(), 1);
}

#[test]
fn guards_pass_over_no_criterion_that_matches() {
    // A number and a boolean equal the string that spells them; a list has one that does.
    let conditions = ["18", "true", "x", "", "a longer text than fits a word"];
    let criteria: Vec<Value> = conditions
        .iter()
        .map(|value| json!({ "when": { "all": [{ "key": "a", "op": "equals", "value": value }] }, "serve": "on" }))
        .collect();
    let flags = environment(&json!({ "f": {
        "enabled": true, "variants": { "on": true }, "default": null, "off": null, "criteria": criteria,
    }}))
    .unwrap();
    let cases = [
        (json!(18), Some(0)),
        (json!("18"), Some(0)),
        (json!(18.5), None),
        (json!(true), Some(1)),
        (json!(["y", "x"]), Some(2)),
        (json!([1, 18]), Some(0)),
        (json!(""), Some(3)),
        (json!("a longer text than fits a word"), Some(4)),
        (json!("a longer text than fits another"), None),
        (json!(null), None),
        (json!({ "a": "x" }), None),
    ];
    for (value, expected) in cases {
        let context = json!({ "a": value });
        let context = Context::from_value(&context).unwrap();
        let result = evaluate(&flags, "f", &context).unwrap();
        assert_eq!(result.criterion.map(|criterion| criterion.index), expected, "{value}");
    }
}
