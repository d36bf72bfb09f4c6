//! Many criteria that ask for words of several attributes: each is passed over for its own attribute alone.

use fluxgate_engine::{Context, evaluate};
use serde_json::{Value, json};

use crate::runner::environment;

/// Returns which of the criteria, each of an attribute and its word, decides.
fn decided(criteria: &[(&str, &str)], context: Value) -> Option<usize> {
    let criterion = |(key, word): &(&str, &str)| json!({ "when": { "key": key, "op": "equals", "value": word }, "serve": "on" });
    let criteria: Value = criteria.iter().map(criterion).collect();
    let flags = environment(&json!({ "f": {
        "enabled": true,
        "variants": { "on": true, "off": false },
        "default": "off",
        "off": "off",
        "criteria": criteria,
    }}))
    .unwrap();
    let context = Context::from_value(&context).unwrap();
    evaluate(&flags, "f", &context).unwrap().criterion.map(|criterion| criterion.index)
}

#[test]
fn neighbours_may_ask_for_another_attribute() {
    let mixed = [("a", "1"), ("b", "2"), ("a", "3"), ("b", "4"), ("a", "5")];
    for (context, expected) in [
        (json!({ "a": "x", "b": "2" }), Some(1)),
        (json!({ "a": "2", "b": "x" }), None),
        (json!({ "b": "4" }), Some(3)),
        (json!({ "a": "3", "b": "1" }), Some(2)),
        (json!({ "a": "5", "b": "5" }), Some(4)),
        (json!({ "a": "1", "b": "2" }), Some(0)),
        (json!({ "a": 3, "b": "x" }), Some(2)),
        (json!({ "a": ["5", "3"], "b": "x" }), Some(2)),
        (json!({ "a": "x", "b": 4 }), Some(3)),
        (json!({ "a": null }), None),
    ] {
        assert_eq!(decided(&mixed, context.clone()), expected, "{context}");
    }
}
