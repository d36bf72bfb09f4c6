//! What properties are shown for: generated attributes, contexts, conditions, trees and documents.

use fluxgate_engine::{Condition, Criterion, Dependency, FlagConfig, Match, Op, Split};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Any attribute of a context, lists and objects included.
pub(crate) fn attribute() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec!["", "a", "US", "18", "true", "1.2.3", "2026-06-01T10:00:00Z", "ÜBER"])
            .prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key(), inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

/// A scalar as a condition's value or as an attribute, from those that equal each other in one way or another.
pub(crate) fn literal() -> impl Strategy<Value = Value> {
    let texts =
        ["", "a", "A", "ab", "ÜB", "üb", "1", "1.0", "10e-1", "01", "-0", "true", "True", "false", "aß1"];
    let numbers = [0.0, -0.0, 1.0, 1.5, -1.0, 1e21, 9_007_199_254_740_992.0];
    prop_oneof![
        4 => prop::sample::select(texts.to_vec()).prop_map(Value::from),
        3 => prop::sample::select(numbers.to_vec()).prop_map(Value::from),
        1 => (-2..3_i64).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
    ]
}

/// A key of an attribute, from a few, so that conditions and contexts meet.
pub(crate) fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "a.b", "targetingKey", "in", "not"]).prop_map(str::to_owned),
        1 => "[a-zA-Z0-9 .`~\"'_üß東🙂-]{1,4}",
    ]
}

/// An object of attributes.
pub(crate) fn context() -> impl Strategy<Value = Value> {
    prop::collection::btree_map(key(), attribute(), 0..6).prop_map(|map| json!(map))
}

/// Conditions that validate.
pub(crate) fn condition() -> impl Strategy<Value = Condition> {
    let text = || prop_oneof!["[a-cA-C]{0,2}", ".{0,6}"].prop_map(Value::from);
    let number = || prop_oneof![any::<i32>().prop_map(Value::from), any::<f64>().prop_map(Value::from)];
    let scalar = || prop_oneof![text(), number(), any::<bool>().prop_map(Value::from)];
    let list = || prop::collection::vec(scalar(), 1..4).prop_map(Value::from);
    let texts = || prop_oneof![text(), prop::collection::vec(text(), 1..3).prop_map(Value::from)];
    let one_of = |values: Vec<&'static str>| prop::sample::select(values).prop_map(Value::from);
    let pair = prop_oneof![
        (prop::sample::select(vec![Op::Equals, Op::NotEquals]), scalar().prop_map(Some)),
        (prop::sample::select(vec![Op::In, Op::NotIn]), list().prop_map(Some)),
        (
            prop::sample::select(vec![
                Op::GreaterThan,
                Op::GreaterThanOrEqual,
                Op::LessThan,
                Op::LessThanOrEqual
            ]),
            number().prop_map(Some)
        ),
        (prop::sample::select(vec![Op::Contains, Op::StartsWith, Op::EndsWith]), texts().prop_map(Some)),
        (Just(Op::Regex), one_of(vec!["a", "^\\d+$", "[A-Z]"]).prop_map(Some)),
        (Just(Op::Semver), one_of(vec!["^1.2", "1.x || >=2", ""]).prop_map(Some)),
        (
            prop::sample::select(vec![Op::Before, Op::After]),
            prop_oneof![number(), one_of(vec!["2026-06-01T10:00:00Z"])].prop_map(Some)
        ),
        (prop::sample::select(vec![Op::Exists, Op::NotExists]), Just(None)),
    ];
    (key(), pair, any::<bool>()).prop_map(|(key, (op, value), ignore_case)| Condition {
        key,
        op,
        value,
        ignore_case,
    })
}

/// Equality with a short string, of a few attributes and strings: what long lists of criteria are passed over by.
pub(crate) fn word_asked() -> impl Strategy<Value = Match> {
    let pair =
        (prop::sample::select(vec!["a", "b"]), prop::sample::select(vec!["", "a", "US", "18", "true"]));
    let asked = pair.prop_map(|(key, word)| {
        let (key, value) = (key.to_owned(), Some(Value::from(word)));
        Match::Condition(Condition { key, op: Op::Equals, value, ignore_case: false })
    });
    (asked, prop::option::weighted(0.2, condition())).prop_map(|(asked, more)| match more {
        Some(more) => Match::All(vec![more.into(), asked]),
        None => asked,
    })
}

/// Any tree, some deeper than a document allows.
pub(crate) fn tree() -> impl Strategy<Value = Match> {
    condition().prop_map(Match::Condition).prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Match::All),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Match::Any),
            inner.prop_map(|tree| Match::Not(Box::new(tree))),
        ]
    })
}

/// Returns the document of a feature that is on for whom the tree matches, as far as the rollout takes them in.
pub(crate) fn document(when: &Match, rollout: f64) -> Value {
    json!({
        "enabled": true,
        "variants": { "on": true, "off": false },
        "default": "off",
        "off": "off",
        "criteria": [{ "when": when, "rollout": rollout, "serve": "on" }],
    })
}

/// Any JSON near enough to a document to get past the first check.
pub(crate) fn nearly_a_document() -> impl Strategy<Value = Value> {
    let field = prop::sample::select(vec![
        "enabled",
        "variants",
        "default",
        "off",
        "salt",
        "sticky",
        "dependsOn",
        "criteria",
        "when",
        "x",
    ]);
    let change = (field, attribute(), 0..4_u8);
    (tree(), prop::collection::vec(change, 0..3)).prop_map(|(tree, changes)| {
        let mut document = document(&tree, 50.0);
        for (field, value, place) in changes {
            match place {
                0 => document["criteria"] = json!([{ "when": { "all": [value] }, "serve": "on" }]),
                1 => document["criteria"] = json!([{ "serve": "on", field: value }]),
                2 => document["criteria"] = json!([{ "split": [{ field: value }] }]),
                _ => document[field] = value,
            }
        }
        document
    })
}

/// A criterion of a feature with the variants `a`, `b` and `c`, as a valid document has it.
pub(crate) fn criterion() -> impl Strategy<Value = Criterion> {
    let effect = prop_oneof![
        variant().prop_map(|variant| (Some(variant), Vec::new())),
        prop::collection::vec((variant(), 0..=33_333_u32), 1..=3).prop_map(|shares| {
            let split =
                shares.into_iter().map(|(variant, weight)| Split { variant, weight: percent(weight) });
            (None, split.collect())
        }),
    ];
    let rollout = prop::option::of((0..=100_000_u32).prop_map(percent));
    // Everyone is the one who makes a criterion the last.
    let when = prop_oneof![1 => Just(None), 4 => tree().prop_map(Some), 4 => word_asked().prop_map(Some)];
    (when, rollout, prop::option::of(prop::sample::select(vec!["a", "targetingKey"])), effect).prop_map(
        |(when, rollout, bucket_by, (serve, split))| Criterion {
            name: None,
            when,
            rollout,
            bucket_by: bucket_by.map(str::to_owned),
            serve,
            split,
        },
    )
}

/// A percentage of so many thousandths.
pub(crate) fn percent(thousandths: u32) -> f64 {
    f64::from(thousandths) / 1000.0
}

fn variant() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned)
}

/// A config of any shape that compiles, not all of them valid: deep trees, any weights, dependencies in a circle.
pub(crate) fn config() -> impl Strategy<Value = FlagConfig> {
    let any_weights = (criterion(), any::<f64>()).prop_map(|(mut criterion, number)| {
        criterion.split.iter_mut().for_each(|share| share.weight = number);
        criterion.rollout = criterion.rollout.map(|_| number);
        criterion.bucket_by = Some(String::new());
        criterion
    });
    let criteria = prop::collection::vec(prop_oneof![4 => criterion(), 1 => any_weights], 0..8);
    let feature = prop::sample::select(vec!["f", "g", "h", "ghost"]).prop_map(str::to_owned);
    let dependency = (feature, prop::collection::vec(variant(), 0..3));
    let depends_on = dependency.prop_map(|(feature, variants)| Dependency { feature, variants });
    (
        prop::bool::weighted(0.9),
        any::<bool>(),
        prop::option::of(variant()),
        prop::option::of(variant()),
        prop::option::of(".{0,3}"),
        prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(depends_on, 1..3)],
        criteria,
    )
        .prop_map(|(enabled, sticky, default, off, salt, depends_on, criteria)| FlagConfig {
            variants: ["a", "b", "c"].map(|key| (key.to_owned(), Value::from(key))).into(),
            client_side: false,
            enabled,
            sticky,
            default,
            off,
            salt,
            depends_on,
            criteria,
        })
}
