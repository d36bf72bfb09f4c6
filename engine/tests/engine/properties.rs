//! What must hold for every document and every context.

use fluxgate_engine::{Condition, Context, Flag, FlagConfig, Match, Op, evaluate, parse};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::runner::{environment, to_value};

fn attribute() -> impl Strategy<Value = Value> {
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

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "a.b", "targetingKey", "in", "not"]).prop_map(str::to_owned),
        1 => ".{0,4}",
    ]
}

fn context() -> impl Strategy<Value = Value> {
    prop::collection::btree_map(key(), attribute(), 0..6).prop_map(|map| json!(map))
}

/// Conditions that validate.
fn condition() -> impl Strategy<Value = Condition> {
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

fn tree() -> impl Strategy<Value = Match> {
    condition().prop_map(Match::Condition).prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Match::All),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Match::Any),
            inner.prop_map(|tree| Match::Not(Box::new(tree))),
        ]
    })
}

fn document(when: &Match, rollout: f64) -> Value {
    json!({
        "enabled": true,
        "variants": { "on": true, "off": false },
        "default": "off",
        "off": "off",
        "criteria": [{ "when": when, "rollout": rollout, "serve": "on" }],
    })
}

/// Any JSON near enough to a document to get past the first check.
fn nearly_a_document() -> impl Strategy<Value = Value> {
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

proptest! {
    #[test]
    fn an_expression_parses_back_to_its_tree(tree in tree()) {
        // Numbers in their one form, which is what a text can hold.
        let tree: Match = serde_json::from_value(serde_json::to_value(&tree).unwrap()).unwrap_or(tree);
        let text = tree.to_string();
        let again = parse(&text).map_err(|error| TestCaseError::fail(error.render(&text)))?;
        prop_assert_eq!(again, tree, "{}", text);
    }

    #[test]
    fn no_text_panics_the_parser(text in ".{0,40}") {
        if let Err(error) = parse(&text) {
            error.render(&text);
        }
    }

    #[test]
    fn a_document_comes_back_the_same(document in nearly_a_document()) {
        if let Ok(config) = FlagConfig::from_value(&document) {
            prop_assert_eq!(&FlagConfig::from_json(&config.to_json()).unwrap(), &config);
            prop_assert_eq!(&FlagConfig::from_value(&config.to_value()).unwrap(), &config);
            prop_assert!(Flag::compile("f", &config).is_ok());
        } else if let Ok(config) = serde_json::from_value::<FlagConfig>(document) {
            prop_assert!(config.validate().is_err());
            let _ = Flag::compile("f", &config);
        }
    }

    #[test]
    fn evaluating_is_deterministic_and_never_panics(tree in tree(), value in context(), rollout in 0..=1000_u32) {
        let flags = json!({ "f": document(&tree, f64::from(rollout) / 10.0) });
        // A tree may be deeper than a document allows.
        if let Ok(environment) = environment(&flags) {
            let context = Context::from_value(&value).unwrap();
            let first = to_value(evaluate(&environment, "f", &context));
            prop_assert_eq!(&to_value(evaluate(&environment, "f", &context)), &first);
            let text = value.to_string();
            let parsed: Context<'_> = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&to_value(evaluate(&environment, "f", &parsed)), &first);
        }
    }

    #[test]
    fn raising_the_rollout_takes_nobody_out(unit in ".{1,12}", low in 0..=100_000_u32, high in 0..=100_000_u32) {
        let (low, high) = (low.min(high), low.max(high));
        let is_in = |thousandths: u32| {
            let flags = json!({ "f": document(&Match::All(Vec::new()), f64::from(thousandths) / 1000.0) });
            let context = json!({ "targetingKey": unit });
            let context = Context::from_value(&context).unwrap();
            evaluate(&environment(&flags).unwrap(), "f", &context).unwrap().variant == Some("on")
        };
        prop_assert!(is_in(high) || !is_in(low));
    }

    #[test]
    fn not_and_de_morgan(trees in prop::collection::vec(tree(), 0..3), value in context()) {
        let not = |tree: Match| Match::Not(Box::new(tree));
        let holds = |tree: &Match| {
            let flags = json!({ "f": document(tree, 100.0) });
            let context = Context::from_value(&value).unwrap();
            let environment = environment(&flags).ok()?;
            Some(evaluate(&environment, "f", &context).unwrap().variant == Some("on"))
        };
        let negated: Vec<Match> = trees.iter().cloned().map(not).collect();
        let all = holds(&not(Match::All(trees)));
        let any = holds(&Match::Any(negated));
        if let (Some(all), Some(any)) = (all, any) {
            prop_assert_eq!(all, any);
        }
    }
}
