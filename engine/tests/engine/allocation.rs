//! Evaluating allocates nothing on the common path: counted, not believed.

use allocation_counter::measure;
use fluxgate_engine::{Context, Served, evaluate, evaluate_all};
use serde_json::{Value, json};

use crate::runner::{Environment, environment};

const BODY: &str = r#"{
    "targetingKey": "user-4711", "country": "US", "plan": "enterprise", "version": "2.4.1", "age": 34, "beta": true,
    "at": "2026-06-01T10:00:00Z", "tags": ["a", "b"], "company": { "id": 7, "name": "Acme" }, "spelt": "18"
}"#;

fn flag(criteria: Value) -> Value {
    json!({
        "enabled": true,
        "variants": { "on": true, "off": false },
        "default": "off",
        "off": "off",
        "criteria": criteria,
    })
}

/// Returns how many allocations evaluating every flag takes, one by one and all at once.
fn allocations(flags: &Environment) -> (u64, u64) {
    let context: Context<'_> = serde_json::from_str(BODY).unwrap();
    let one_by_one = || flags.0.keys().filter(|key| evaluate(flags, key, &context).is_ok()).count();
    let served = || flags.0.values().map(|(flag, killed)| Served { flag, killed: *killed });
    let at_once = || evaluate_all(flags, served(), &context, &()).filter(Result::is_ok).count();
    // Once before, as a regex makes its scratch memory when it is used first.
    assert_eq!((one_by_one(), at_once()), (flags.0.len(), flags.0.len()));
    let counted = |run: &dyn Fn() -> usize| measure(|| assert_eq!(run(), flags.0.len())).count_total;
    (counted(&one_by_one), counted(&at_once))
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(std::hint::black_box(String::from("x")))).count_total, 1);
}

#[test]
fn no_operator_allocates() {
    let conditions = [
        ("country", "equals", json!("US")),
        ("country", "not_equals", json!("a longer text than fits a word")),
        ("spelt", "equals", json!(18)),
        ("age", "in", json!(["34", 35, true])),
        ("country", "not_in", json!(["DE", "FR", "IT", "ES", "PT", "NL", "BE", "AT", "CH"])),
        ("age", "greater_than", json!(18)),
        ("spelt", "less_than_or_equal", json!(18)),
        ("age", "contains", json!(["9", "4"])),
        ("plan", "starts_with", json!("enter")),
        ("company.name", "ends_with", json!("me")),
        ("plan", "regex", json!("^[a-z]+$")),
        ("version", "semver", json!("^2.1 || 3.x")),
        ("at", "after", json!(1_700_000_000_000_u64)),
        ("tags", "equals", json!("b")),
        ("missing", "not_exists", Value::Null),
        ("company", "exists", Value::Null),
    ];
    let mut flags = json!({});
    for (index, (key, op, value)) in conditions.iter().enumerate() {
        for ignore_case in [false, true] {
            let condition = json!({ "key": key, "op": op, "value": value, "ignoreCase": ignore_case });
            let criterion = json!({ "when": condition, "rollout": 50, "bucketBy": "age", "serve": "on" });
            flags[format!("{index}-{ignore_case}")] = flag(json!([criterion]));
        }
    }
    assert_eq!(allocations(&environment(&flags).unwrap()), (0, 0));
}

#[test]
fn no_form_of_a_flag_allocates() {
    let rule = json!({ "all": [
        { "key": "country", "op": "equals", "value": "US" },
        { "any": [{ "key": "plan", "op": "equals", "value": "enterprise" }] },
        { "not": { "key": "beta", "op": "equals", "value": false } },
    ] });
    let one_of_many = |n: usize| json!({ "when": { "key": "plan", "op": "equals", "value": format!("p{n}") }, "serve": "on" });
    let flags = json!({
        "static": flag(json!([])),
        "rule": flag(json!([{ "name": "a rule", "when": rule, "rollout": 50, "serve": "on" }])),
        "split": flag(json!([{ "split": [{ "variant": "on", "weight": 30 }, { "variant": "off", "weight": 30 }] }])),
        "many": flag((0..100).map(one_of_many).collect()),
        "killed": { "enabled": true, "variants": { "on": true }, "default": "on", "off": null, "killed": true },
    });
    assert_eq!(allocations(&environment(&flags).unwrap()), (0, 0));
    let many: serde_json::Map<_, _> = (0..1000).map(|n| (format!("f{n}"), flags["rule"].clone())).collect();
    assert_eq!(allocations(&environment(&Value::Object(many)).unwrap()), (0, 0));
}

#[test]
fn only_what_is_shared_is_remembered() {
    let mut flags = json!({ "base": flag(json!([])) });
    for n in 0..8 {
        flags[format!("f{n}")] = flag(json!([]));
        flags[format!("f{n}")]["dependsOn"] = json!([{ "feature": "base", "variants": ["off"] }]);
    }
    let (one_by_one, at_once) = allocations(&environment(&flags).unwrap());
    assert_eq!(one_by_one, 0);
    assert!(at_once <= 2, "{at_once} allocations to remember one dependency");
}
