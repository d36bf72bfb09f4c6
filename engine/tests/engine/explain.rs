//! Why a feature is what it is, step by step.

mod examples;
mod properties;

use fluxgate_engine::{Context, Explanation, FlagConfig, Kept, OwnedEvaluation, Step, evaluate, explain};
use serde_json::{Value, json};

use crate::runner::{Written, documents};

/// A flag with the variants `on` and `off`, without criteria, with these changes.
fn flag(changes: Value) -> Value {
    let mut flag = FlagConfig::simple(true).to_value();
    for (field, value) in changes.as_object().unwrap() {
        flag[field] = value.clone();
    }
    flag
}

fn explained(flags: Value, feature: &str, context: Value, kept: &dyn Kept) -> Value {
    let documents = documents(&flags).unwrap();
    let context = Context::from_value(&context).unwrap();
    serde_json::to_value(explain(&documents, feature, &context, kept)).unwrap()
}

/// Returns how many features an explanation explains.
fn size(explanation: &Explanation) -> usize {
    let nested = explanation.steps.iter().filter_map(|step| match step {
        Step::Dependency(step) => step.explanation.as_ref(),
        _ => None,
    });
    1 + nested.map(size).sum::<usize>()
}

#[test]
fn what_is_shared_along_many_ways_is_explained_once() {
    // Each of 12 features depends on all the later ones, so 2¹⁰ ways lead from the first to the last.
    let key = |place: usize| format!("f-{place}");
    let needs = |place: usize| (place + 1..12).map(|other| json!({ "feature": key(other) })).collect();
    let flags = (0..12).map(|place| {
        let depends_on: Vec<Value> = needs(place);
        (key(place), flag(json!({ "dependsOn": depends_on })))
    });
    let documents = documents(&Value::Object(flags.collect())).unwrap();
    let explanation = explain(&documents, "f-0", &Context::new(), &());
    assert!(explanation.steps.len() < 20);
    // Once for each level, as what is too deep depends on it.
    assert!(size(&explanation) <= 12 * 8, "{} explanations", size(&explanation));
}

#[test]
fn nine_levels_are_one_too_many() {
    let chain = (0..10).map(|place| {
        let depends_on = match place {
            9 => json!([]),
            _ => json!([{ "feature": format!("f-{}", place + 1) }]),
        };
        (format!("f-{place}"), flag(json!({ "dependsOn": depends_on })))
    });
    let mut explained = explained(Value::Object(chain.collect()), "f-0", json!({}), &());
    for _ in 0..8 {
        assert_eq!(explained["result"]["reason"], "DISABLED");
        explained = explained["steps"][3]["explanation"].take();
    }
    let expected = json!({
        "step": "DEPENDENCY",
        "feature": "f-9",
        "outcome": "NOT_SATISFIED",
        "whyNot": {
            "code": "TOO_DEEP",
            "message": "it is more than 8 levels below the feature asked for",
        },
    });
    assert_eq!(explained["steps"][3], expected);
}

#[test]
fn what_is_deep_along_one_way_is_not_along_another() {
    // `x` is 1 and 8 levels below `f-0`, so what it needs is 2 and 9: there too deep.
    let mut flags = json!({
        "f-0": flag(json!({ "dependsOn": [{ "feature": "x" }, { "feature": "f-1" }] })),
        "f-7": flag(json!({ "dependsOn": [{ "feature": "x" }] })),
        "x": flag(json!({ "dependsOn": [{ "feature": "y" }] })),
        "y": flag(json!({})),
    });
    for place in 1..7 {
        let needs = json!([{ "feature": format!("f-{}", place + 1) }]);
        flags[format!("f-{place}")] = flag(json!({ "dependsOn": needs }));
    }
    let documents = documents(&flags).unwrap();
    let environment = documents.compile().unwrap();
    let result = evaluate(&environment, "f-0", &Context::new());
    assert_eq!(result.as_ref().unwrap().blocked_by, Some("f-1"));
    let explanation = explain(&documents, "f-0", &Context::new(), &());
    assert_eq!(explanation.result, result.map(OwnedEvaluation::from));
}

#[test]
fn what_was_never_validated_does_not_panic() {
    let bad: FlagConfig = serde_json::from_value(json!({
        "enabled": true,
        "variants": {},
        "default": "ghost",
        "off": null,
        "salt": "",
        "dependsOn": [],
        "criteria": [
            { "when": { "key": "a", "op": "regex", "value": "(" }, "serve": "ghost" },
            { "when": { "not": { "key": "a", "op": "in", "value": {} } }, "rollout": -1, "split": [] },
            { "split": [{ "variant": "ghost", "weight": 1e300 }] },
        ],
    }))
    .unwrap();
    let documents = Written([("bad".to_owned(), (bad, false))].into());
    let context = json!({ "a": "a", "targetingKey": "user-1" });
    let context = Context::from_value(&context).unwrap();
    let explained = serde_json::to_value(explain(&documents, "bad", &context, &())).unwrap();
    assert_eq!(explained["result"], json!({ "reason": "DEFAULT" }));
    let outcomes = ["NOT_MATCHED", "MATCHED", "NOT_REACHED"];
    for (step, outcome) in explained["steps"].as_array().unwrap()[3..].iter().zip(outcomes) {
        assert_eq!(step["outcome"], outcome);
    }
}
