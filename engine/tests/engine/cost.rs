//! What hostile documents and contexts cost: bounded by counting what is allocated and evaluated.

use std::cell::Cell;

use allocation_counter::measure;
use fluxgate_engine::{
    Context, FlagConfig, Kept, Split, dependency_cycle, evaluate_kept, explain, lint, reweight,
};
use serde_json::{Value, json};

use crate::runner::documents;

fn config(when: Value) -> FlagConfig {
    let mut document = FlagConfig::simple(true).to_value();
    document["criteria"] = json!([{ "when": when, "serve": "on" }]);
    FlagConfig::from_value(&document).unwrap()
}

/// Returns how many allocations something takes.
fn allocations<T>(run: impl FnOnce() -> T) -> u64 {
    measure(|| drop(run())).count_total
}

#[test]
fn lint_gives_up_on_many_choices() {
    let nothing = |width: usize, empty: Value| json!({ "any": vec![empty; width] });
    for width in [2, 8, 100] {
        let mut parts = vec![nothing(width, json!({ "all": [] })); 7];
        parts.push(nothing(width + 1, json!({ "all": [{ "any": [] }] })));
        let config = config(json!({ "all": parts }));
        assert!(allocations(|| lint(&config)) < 1_000_000, "{width}");
    }
}

#[test]
fn lint_gives_up_on_heavy_tests() {
    let values = |last: usize| {
        let values = (0..999).map(|number| format!("x{number}")).chain([format!("xzz{last}")]);
        json!({ "key": "k", "op": "in", "value": values.collect::<Vec<_>>() })
    };
    let needles = |last: usize| {
        let needles = (0..998).map(|number| format!("9{number}")).chain([format!("!{last}"), "x".to_owned()]);
        json!({ "not": { "key": "k", "op": "contains", "value": needles.collect::<Vec<_>>() } })
    };
    let mut parts = vec![json!({ "any": (0..4).map(values).collect::<Vec<_>>() })];
    parts.push(json!({ "any": (0..4).map(needles).collect::<Vec<_>>() }));
    parts.extend(vec![json!({ "any": [{ "all": [] }, { "all": [] }] }); 10]);
    let config = config(json!({ "all": parts }));
    assert!(allocations(|| lint(&config)) < 200_000);
}

#[test]
fn a_long_chain_of_dependencies_is_no_long_path() {
    let next = |key: &str| match key.parse::<usize>().unwrap() {
        4999 => Vec::new(),
        number => vec![(number + 1).to_string()],
    };
    let used = measure(|| assert_eq!(dependency_cycle(next, "0"), None));
    assert!(used.count_total < 50_000, "{}", used.count_total);
}

#[test]
fn a_cycle_is_named_from_its_start() {
    let next = |key: &str| vec![((key.parse::<usize>().unwrap() + 1) % 4).to_string()];
    assert_eq!(dependency_cycle(next, "2").unwrap(), ["2", "3", "0", "1", "2"]);
}

struct Counted(Cell<usize>);

impl Kept for Counted {
    fn variant(&self, _feature: &str, _salt: &str, _unit: &str) -> Option<&str> {
        self.0.set(self.0.get() + 1);
        None
    }
}

#[test]
fn a_leaf_below_many_features_is_evaluated_once() {
    let mut leaf = FlagConfig::simple(true).to_value();
    leaf["sticky"] = json!(true);
    leaf["criteria"] = json!([{ "split": [{ "variant": "on", "weight": 100 }] }]);
    let depending = |features: Vec<String>| {
        let mut flag = FlagConfig::simple(true).to_value();
        flag["dependsOn"] = features.into_iter().map(|feature| json!({ "feature": feature })).collect();
        flag
    };
    let mut flags = json!({ "leaf": leaf });
    let keys: Vec<String> = (0..100).map(|number| format!("m{number}")).collect();
    for key in &keys {
        flags[key] = depending(vec!["leaf".to_owned()]);
    }
    flags["f"] = depending(keys);
    let environment = documents(&flags).unwrap().compile().unwrap();
    let context = json!({ "targetingKey": "user-1" });
    let kept = Counted(Cell::new(0));
    let context = Context::from_value(&context).unwrap();
    assert_eq!(evaluate_kept(&environment, "f", &context, &kept).unwrap().variant, Some("on"));
    assert_eq!(kept.0.get(), 1);
}

#[test]
fn what_is_seen_is_cut() {
    let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    let flags = |count: usize| {
        let mut flag = FlagConfig::simple(true).to_value();
        flag["criteria"] =
            json!([{ "when": { "all": vec![json!({ "key": "k", "op": "exists" }); count] }, "serve": "on" }]);
        documents(&json!({ "f": flag })).unwrap()
    };
    let seen = |value: Value| {
        let context = json!({ "k": value });
        let context = Context::from_value(&context).unwrap();
        let text = serde_json::to_string(&explain(&flags(1), "f", &context, &())).unwrap();
        let read: Value = serde_json::from_str(&text).unwrap();
        read["steps"][3]["when"]["children"][0].clone()
    };
    for (whole, cut, left) in [
        (json!("é".repeat(512)), json!("é".repeat(513)), json!("é".repeat(512))),
        (json!(vec![1; 100]), json!(vec![1; 60_000]), json!(vec![1; 100])),
        (nested(16), nested(120), (0..16).fold(Value::Null, |inner, _| json!([inner]))),
    ] {
        let step = seen(whole.clone());
        assert_eq!((&step["saw"], step.get("sawCut")), (&whole, None));
        let step = seen(cut);
        assert_eq!((&step["saw"], &step["sawCut"]), (&left, &json!(true)));
    }
    let context = json!({ "k": "x".repeat(60_000) });
    let context = Context::from_value(&context).unwrap();
    let documents = flags(200);
    assert!(measure(|| drop(explain(&documents, "f", &context, &()))).bytes_total < 1 << 20);
}

#[test]
fn empty_objects_take_no_room() {
    let text = format!("{{\"a\":[{}]}}", vec!["{}"; 20_000].join(","));
    let used = measure(|| drop(serde_json::from_str::<Context<'_>>(&text).unwrap()));
    assert!(used.bytes_max < 4 << 20, "{}", used.bytes_max);
}

#[test]
fn a_large_split_is_given_new_weights() {
    // As many as a document is to have: 100 variants, 200 shares.
    let share = |number: usize, weight: f64| Split { variant: format!("v{}", number % 100), weight };
    let old: Vec<Split> = (0..200).map(|number| share(number, 0.5)).collect();
    let new: Vec<Split> = (0..100).map(|number| share(number, if number < 50 { 1.5 } else { 0.5 })).collect();
    let used = measure(|| drop(reweight(&old, &new)));
    assert!(used.count_total < 10_000, "{}", used.count_total);
}
