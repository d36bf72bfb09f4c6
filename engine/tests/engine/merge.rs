//! Two edits of one document: both are kept, or it is told where they meet.

use fluxgate_engine::{FlagConfig, diff, merge};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::strategies::config;

fn document(changes: Value) -> FlagConfig {
    let mut document = json!({
        "enabled": false,
        "variants": { "a": 1, "b": 2 },
        "default": "a",
        "off": "a",
        "criteria": [{ "name": "x", "serve": "a" }, { "name": "y", "serve": "b" }],
    });
    for (field, value) in changes.as_object().unwrap() {
        document[field] = value.clone();
    }
    FlagConfig::from_value(&document).unwrap()
}

fn merged(mine: Value, theirs: Value) -> Result<FlagConfig, Vec<String>> {
    merge(&document(json!({})), &document(mine), &document(theirs))
}

#[test]
fn edits_of_different_parts_are_both_kept() {
    let mine = json!({ "enabled": true, "variants": { "a": 1, "b": 2, "c": 3 } });
    let theirs = json!({ "default": "b", "variants": { "a": 7, "b": 2 }, "criteria": [] });
    let both = json!({
        "enabled": true, "default": "b", "variants": { "a": 7, "b": 2, "c": 3 }, "criteria": [],
    });
    assert_eq!(merged(mine.clone(), theirs), Ok(document(both)));
    assert_eq!(merged(mine.clone(), mine.clone()), Ok(document(mine)), "the same edit twice");
}

#[test]
fn criteria_are_merged_by_name() {
    let with =
        |x: &str, y: &str| json!({ "criteria": [{ "name": "x", "serve": x }, { "name": "y", "serve": y }] });
    assert_eq!(merged(with("b", "b"), with("a", "a")), Ok(document(with("b", "a"))));
    let added = json!({ "criteria": [{ "name": "new", "serve": "a" }] });
    assert_eq!(merged(with("b", "b"), added), Err(vec!["criteria".to_owned()]));
}

#[test]
fn what_both_changed_is_told() {
    let mine = json!({ "default": "b", "variants": { "a": 5, "b": 2 }, "salt": "m" });
    let theirs = json!({ "default": null, "variants": { "a": 6, "b": 2 }, "salt": "t" });
    assert_eq!(merged(mine, theirs), Err(["default", "salt", "variants.a"].map(str::to_owned).to_vec()));
    let x = |serve: Value| json!({ "criteria": [serve, { "name": "y", "serve": "b" }] });
    let mine = x(json!({ "name": "x", "serve": "b" }));
    let theirs = x(json!({ "name": "x", "serve": "a", "rollout": 5 }));
    assert_eq!(merged(mine, theirs), Err(vec!["criteria[\"x\"]".to_owned()]));
}

proptest! {
    #[test]
    fn one_side_alone_wins(base in config(), mine in config()) {
        for both in [merge(&base, &mine, &base), merge(&base, &base, &mine), merge(&base, &mine, &mine)] {
            let both = both.map_err(|paths| TestCaseError::fail(paths.join(", ")))?;
            prop_assert_eq!(diff(Some(&mine), &both), []);
            prop_assert_eq!(both.to_json(), mine.to_json());
        }
    }
}
