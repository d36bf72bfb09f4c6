//! How many units a change moves, and that a diff says so.

use std::sync::LazyLock;

use fluxgate_engine::{
    Context, Deciding, FlagConfig, bucket, criterion_movement, diff, evaluate, movement, parse,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::reweight::{fine_shares, split};
use crate::runner::environment;

/// Returns a document with the one criterion, or the one split, and the default `a`.
pub(crate) fn config(criterion: Value) -> FlagConfig {
    FlagConfig::from_value(&document(criterion)).unwrap()
}

fn document(criterion: Value) -> Value {
    let criterion = if criterion.is_array() { json!({ "split": criterion }) } else { criterion };
    json!({
        "enabled": true,
        "variants": { "a": "a", "b": "b", "c": "c", "d": "d" },
        "default": "a",
        "off": "a",
        "salt": "s",
        "criteria": [criterion],
    })
}

/// Returns the movement of a criterion between two documents.
fn moved(old: &FlagConfig, new: &FlagConfig) -> Option<f64> {
    let of = |config| Deciding { config, criterion: &config.criteria[0] };
    criterion_movement(of(old), of(new))
}

#[test]
fn a_criterion_moves_by_rollout_split_and_default() {
    let serve = |rollout: f64, variant: &str| json!({ "rollout": rollout, "serve": variant });
    let share = |rollout: f64, shares: &str| json!({ "rollout": rollout, "split": split(shares) });
    for (old, new, percent) in [
        (serve(10.0, "b"), serve(25.0, "b"), 15.0),
        (serve(100.0, "b"), serve(0.0, "b"), 100.0),
        (serve(10.0, "b"), serve(10.0, "c"), 10.0),
        (serve(10.0, "b"), serve(25.0, "c"), 25.0),
        (serve(10.0, "a"), serve(25.0, "a"), 0.0),
        // Both parts of the default: what the rollout leaves out, and what a split leaves over or gives to it.
        (serve(10.0, "b"), share(10.0, "b=75"), 2.5),
        (share(100.0, "b=50"), share(100.0, "b=50, a=50"), 0.0),
        (share(100.0, "a=50, b=50"), share(50.0, "a=50, b=50"), 25.0),
        (share(50.0, "a=50, b=50"), share(60.0, "a=40, b=60"), 50.0 * 0.1 + 10.0 * 0.6),
        (share(0.001, "a=0.001, b=99.999"), share(0.001, "b=99.999, a=0.001"), 0.000_000_02),
    ] {
        let (old, new) = (config(old), config(new));
        assert_eq!(moved(&old, &new), Some(percent), "{} -> {}", old.to_json(), new.to_json());
        assert_eq!(moved(&new, &old), Some(percent));
    }
    let mut other = config(serve(10.0, "b"));
    other.default = None;
    assert_eq!(moved(&config(serve(10.0, "b")), &other), Some(90.0));
}

#[test]
fn some_movement_cannot_be_told() {
    let halves = || config(json!({ "split": split("a=50, b=50") }));
    let changed = |change: fn(&mut FlagConfig)| {
        let mut new = halves();
        new.criteria[0].split[1].weight = 40.0;
        change(&mut new);
        moved(&halves(), &new)
    };
    assert_eq!(changed(|_| ()), Some(10.0));
    assert_eq!(changed(|new| new.salt = Some("again".to_owned())), None);
    assert_eq!(changed(|new| new.criteria[0].bucket_by = Some("company".to_owned())), None);
    assert_eq!(changed(|new| new.criteria[0].bucket_by = Some("targetingKey".to_owned())), Some(10.0));
    assert_eq!(changed(|new| new.criteria[0].when = Some(parse("exists x").unwrap())), None);
    assert_eq!(changed(|new| new.sticky = true), None);
    assert_eq!(changed(|new| new.enabled = false), None);
    // Where all get the same, there is nothing to reshuffle.
    let mut everyone =
        config(json!({ "split": [{ "variant": "a", "weight": 0 }, { "variant": "b", "weight": 100 }] }));
    everyone.salt = Some("again".to_owned());
    assert_eq!(moved(&halves(), &everyone), Some(50.0));
}

#[test]
fn a_salt_written_out_counts_as_another() {
    // A diff does not know that the feature is called `checkout`.
    let old = FlagConfig { salt: None, ..config(json!({ "rollout": 50, "serve": "b" })) };
    let new = FlagConfig { salt: Some("checkout".to_owned()), ..old.clone() };
    let entries = diff(Some(&old), &new);
    assert_eq!(entries.len(), 1);
    assert!(entries[0].reshuffles && entries[0].path == "salt");
}

#[test]
fn a_diff_tells_it_once() {
    let told = |change: fn(&mut Value)| -> Vec<(String, Option<f64>, bool)> {
        let old = document(json!({ "name": "x", "rollout": 50, "split": split("a=50, b=50") }));
        let mut new = old.clone();
        change(&mut new);
        let [old, new] = [old, new].map(|document| FlagConfig::from_value(&document).unwrap());
        let entries = diff(Some(&old), &new).into_iter();
        entries
            .map(|entry| (entry.path.replace("criteria[\"x\"]", "x"), entry.movement, entry.reshuffles))
            .collect()
    };
    let entry = |path: &str, movement, reshuffles| (path.to_owned(), movement, reshuffles);
    assert_eq!(
        told(|new| {
            new["criteria"][0]["rollout"] = json!(100);
            new["criteria"][0]["split"] = json!(split("a=20, b=80"));
        }),
        [entry("x.rollout", None, false), entry("x.split", Some(55.0), false)]
    );
    assert_eq!(told(|new| new["criteria"][0]["rollout"] = json!(60)), [entry("x.rollout", Some(5.0), false)]);
    assert_eq!(
        told(|new| new["criteria"][0] = json!({ "name": "x", "rollout": 50, "serve": "b" })),
        [entry("x.serve", None, false), entry("x.split", Some(25.0), false)]
    );
    assert_eq!(
        told(|new| {
            new["salt"] = json!("again");
            new["criteria"][0]["bucketBy"] = json!("company");
            new["criteria"][0]["rollout"] = json!(60);
        }),
        [entry("salt", None, true), entry("x.rollout", None, false), entry("x.bucketBy", None, true)]
    );
    assert_eq!(
        told(|new| {
            new["salt"] = json!("again");
            new["criteria"][0] = json!({ "name": "x", "serve": "b" });
        }),
        [
            entry("salt", None, false),
            entry("x.rollout", None, false),
            entry("x.serve", None, false),
            entry("x.split", Some(75.0), false)
        ]
    );
}

/// Returns a unit for every bucket of splits salted with `s`.
fn units() -> &'static [String] {
    static UNITS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let mut units = vec![String::new(); 100_000];
        let mut left = units.len();
        for number in 0_u32.. {
            let unit = number.to_string();
            let place = &mut units[bucket("s", "split", &unit) as usize];
            if place.is_empty() {
                *place = unit;
                left -= 1;
            }
            if left == 0 {
                break;
            }
        }
        units
    });
    &UNITS
}

/// Returns how many of all buckets two documents serve another variant.
fn counted(old: &FlagConfig, new: &FlagConfig) -> usize {
    let flags = json!({ "old": old, "new": new });
    let environment = environment(&flags).unwrap();
    let differs = |unit: &&String| {
        let value = json!({ "targetingKey": unit });
        let context = Context::from_value(&value).unwrap();
        let [old, new] = ["old", "new"].map(|key| evaluate(&environment, key, &context).unwrap().variant);
        old != new
    };
    units().iter().filter(differs).count()
}

proptest! {
    #[test]
    fn it_is_a_distance(old in fine_shares(), new in fine_shares(), other in fine_shares()) {
        prop_assert_eq!(movement(&old, &old), 0.0);
        prop_assert_eq!(movement(&old, &new), movement(&new, &old));
        prop_assert!(movement(&old, &new) <= movement(&old, &other) + movement(&other, &new) + 1e-9);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn it_is_what_evaluating_every_bucket_counts(old in fine_shares(), new in fine_shares()) {
        let (old, new) = (config(json!(old)), config(json!(new)));
        let counted = counted(&old, &new) as f64 / 1000.0;
        prop_assert_eq!(moved(&old, &new), Some(counted));
        // Without a word on the default, it is never the same as a variant.
        prop_assert!(movement(&old.criteria[0].split, &new.criteria[0].split) >= counted);
    }
}
