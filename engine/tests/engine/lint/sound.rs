//! No claim of a lint is ever false: what it says cannot happen is tried.
//!
//! Few keys and few values, so that conditions bear on each other and contexts make them true.

use fluxgate_engine::{
    Condition, Context, Flag, FlagConfig, Kept, LintRule, Match, Op, Reason, Split, bucket, evaluate,
    evaluate_kept, lint,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::runner::Environment;

/// What conditions compare with and contexts have.
fn scalars() -> Vec<Value> {
    let texts = [
        "",
        "a",
        "A",
        "ab",
        "abc",
        "ABC",
        "bc",
        "5",
        "5.0",
        "05",
        "0",
        "-0",
        "true",
        "True",
        "1.2.3",
        "2.0.0",
        "1970-01-01T00:00:00.005Z",
        "ΑΣ",
        "ΑΣΑ",
        "ας",
        "ασα",
        "K",
        "k",
        "s",
        "ſ",
    ];
    let numbers = [json!(0), json!(-0.0), json!(4.5), json!(5), json!(5.5), json!(1e300)];
    let bools = [json!(true), json!(false)];
    texts.into_iter().map(Value::from).chain(numbers).chain(bools).collect()
}

fn scalar() -> impl Strategy<Value = Value> {
    select(scalars())
}

fn text() -> impl Strategy<Value = Value> {
    select(scalars().into_iter().filter(Value::is_string).collect::<Vec<_>>())
}

fn attribute() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => scalar(),
        3 => prop::collection::vec(scalar(), 1..4).prop_map(Value::from),
        1 => select(vec![Value::Null, json!([]), json!({}), json!([{}, null])]),
    ]
}

fn context() -> impl Strategy<Value = Value> {
    prop::collection::btree_map(select(vec!["x", "y"]), attribute(), 0..3).prop_map(|map| json!(map))
}

fn condition() -> impl Strategy<Value = Match> {
    let number = || select(vec![json!(0), json!(4.5), json!(5), json!(5.5)]);
    let instant = select(vec![json!(5), json!(4.5), json!("1970-01-01T00:00:00.005Z")]);
    let needles = || prop_oneof![3 => text(), 1 => subsequence(vec!["a", "b", "c", "5"], 1..3).prop_map(|list| json!(list))];
    let pair = prop_oneof![
        6 => (select(vec![Op::Equals, Op::NotEquals]), scalar().prop_map(Some)),
        4 => (
            select(vec![Op::In, Op::NotIn]),
            prop::collection::vec(scalar(), 1..4).prop_map(|list| Some(json!(list))),
        ),
        3 => (
            select(vec![Op::GreaterThan, Op::GreaterThanOrEqual, Op::LessThan, Op::LessThanOrEqual]),
            number().prop_map(Some),
        ),
        4 => (select(vec![Op::Contains, Op::StartsWith, Op::EndsWith]), needles().prop_map(Some)),
        1 => (Just(Op::Regex), select(vec!["a", "^[A-B]", ""]).prop_map(|text| Some(json!(text)))),
        1 => (Just(Op::Semver), select(vec!["1.x", "^1", ">=2"]).prop_map(|text| Some(json!(text)))),
        1 => (select(vec![Op::Before, Op::After]), instant.prop_map(Some)),
        3 => (select(vec![Op::Exists, Op::NotExists]), Just(None)),
    ];
    let key = prop_oneof![4 => Just("x"), 1 => Just("y")];
    (key, pair, prop::bool::weighted(0.3)).prop_map(|(key, (op, value), ignore_case)| {
        Match::Condition(Condition { key: key.to_owned(), op, value, ignore_case })
    })
}

fn tree() -> impl Strategy<Value = Match> {
    condition().prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Match::All),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Match::Any),
            inner.prop_map(|tree| Match::Not(Box::new(tree))),
        ]
    })
}

/// Returns a document whose criteria each serve a variant of their own; the last one's is the default.
fn config(trees: &[Match]) -> FlagConfig {
    let variants: serde_json::Map<_, _> =
        (0..trees.len()).map(|index| (format!("v{index}"), json!(index))).collect();
    let criteria: Vec<_> = trees
        .iter()
        .enumerate()
        .map(|(index, when)| json!({ "when": when, "serve": format!("v{index}") }))
        .collect();
    let last = format!("v{}", trees.len() - 1);
    let document = json!({
        "enabled": true, "variants": variants, "default": last, "off": null, "criteria": criteria,
    });
    FlagConfig::from_value(&document).unwrap()
}

/// Returns the criterion that decides, and the variant.
fn decided(config: &FlagConfig, contexts: &[Value]) -> Vec<(Option<usize>, Option<String>)> {
    let mut flags = Environment::default();
    flags.0.insert("f".to_owned(), (Flag::compile("f", config).unwrap(), false));
    let decide = |context: &Value| {
        let context = Context::from_value(context).unwrap();
        let result = evaluate(&flags, "f", &context).unwrap();
        (result.criterion.map(|criterion| criterion.index), result.variant.map(ToOwned::to_owned))
    };
    contexts.iter().map(decide).collect()
}

/// Returns for which contexts a part of a document holds.
fn holding(config: &FlagConfig, path: &str, contexts: &[Value]) -> Vec<bool> {
    let pointer = format!("/{}", path.replace(['.', '['], "/").replace(']', ""));
    let document = config.to_value();
    let part: Match = serde_json::from_value(document.pointer(&pointer).unwrap().clone()).unwrap();
    decided(&self::config(&[part]), contexts).into_iter().map(|(criterion, _)| criterion.is_some()).collect()
}

fn check(config: &FlagConfig, contexts: &[Value]) -> Result<(), TestCaseError> {
    for lint in lint(config) {
        let index = || lint.path["criteria[".len()..].split(']').next().unwrap().parse::<usize>().unwrap();
        match lint.rule {
            LintRule::ImpossibleCriterion => {
                prop_assert!(!holding(config, &lint.path, contexts).contains(&true), "{}", lint);
            }
            LintRule::UnreachableCriterion => {
                let deciding = decided(config, contexts).into_iter().map(|(criterion, _)| criterion);
                prop_assert!(!deciding.into_iter().any(|found| found == Some(index())), "{}", lint);
            }
            LintRule::ConstantCondition => {
                let wrong = lint.message.starts_with("never");
                prop_assert!(!holding(config, &lint.path, contexts).contains(&wrong), "{}", lint);
            }
            LintRule::CriterionWithoutEffect => {
                let mut without = config.clone();
                without.criteria.remove(index());
                let variants = |config| -> Vec<_> {
                    decided(config, contexts).into_iter().map(|(_, variant)| variant).collect()
                };
                prop_assert_eq!(variants(config), variants(&without), "{}", lint);
            }
            LintRule::DuplicateValue => {
                let tree = |config: &FlagConfig| config.criteria[index()].when.clone().unwrap();
                let mut without = config.clone();
                leave_out_repeated(without.criteria[index()].when.as_mut().unwrap());
                let holding = |config| decided(&self::config(&[tree(config)]), contexts);
                prop_assert_eq!(holding(config), holding(&without), "{}", lint);
            }
            _ => {}
        }
    }
    Ok(())
}

/// As it is written, such a text equals a boolean or a number, which in another case it does not.
fn spells(text: &str) -> bool {
    matches!(text, "true" | "false") || text.parse::<f64>().is_ok()
}

/// Leaves out of all lists of a tree what stands in them for the second time.
fn leave_out_repeated(tree: &mut Match) {
    match tree {
        Match::All(children) | Match::Any(children) => children.iter_mut().for_each(leave_out_repeated),
        Match::Not(child) => leave_out_repeated(child),
        Match::Condition(Condition { value: Some(Value::Array(values)), ignore_case, .. }) => {
            let mut seen = Vec::new();
            values.retain(|value| {
                let same = match value {
                    // In another case it equals no boolean and no number: not the same as the text that does.
                    Value::String(text) if *ignore_case && !spells(text) => json!([text.to_lowercase()]),
                    Value::Number(number) => json!(number.as_f64().unwrap() + 0.0),
                    other => other.clone(),
                };
                let is_new = !seen.contains(&same);
                seen.push(same);
                is_new
            });
        }
        Match::Condition(_) => {}
    }
}

/// Every unit kept this variant.
struct Keeps(Option<&'static str>);

impl Kept for Keeps {
    fn variant(&self, _feature: &str, _salt: &str, _unit: &str) -> Option<&str> {
        self.0
    }
}

/// Returns what a split of the feature `f` serves the units, and why.
fn served(config: &FlagConfig, units: &[String], kept: &Keeps) -> Vec<(Option<String>, Reason)> {
    let mut flags = Environment::default();
    flags.0.insert("f".to_owned(), (Flag::compile("f", config).unwrap(), false));
    let serve = |unit: &String| {
        let context = json!({ "targetingKey": unit });
        let context = Context::from_value(&context).unwrap();
        let result = evaluate_kept(&flags, "f", &context, kept).unwrap();
        (result.variant.map(ToOwned::to_owned), result.reason)
    };
    units.iter().map(serve).collect()
}

fn check_split(config: &FlagConfig, units: &[String], kept: &Keeps) -> Result<(), TestCaseError> {
    let split = &config.criteria[0].split;
    let results = served(config, units, kept);
    let lints = lint(config);
    let partial = lints.iter().find(|lint| lint.rule == LintRule::PartialSplit);
    let sum: f64 = split.iter().map(|share| share.weight * 1000.0).sum();
    for (unit, (_, reason)) in units.iter().zip(&results) {
        let is_rest = f64::from(bucket("f", "split", unit)) >= sum.round();
        let gets_default = *reason == Reason::Default;
        prop_assert!(!gets_default || is_rest && partial.is_some(), "{unit}");
        if let Some(lint) = partial.filter(|_| is_rest && !gets_default) {
            prop_assert!(lint.message.contains("unless they keep"), "{}", lint);
        }
    }
    for lint in lints.iter().filter(|lint| lint.rule == LintRule::ZeroWeight) {
        let share = &lint.path["criteria[0].split[".len()..];
        let share = share.split(']').next().unwrap().parse::<usize>().unwrap();
        let variant = &split[share].variant;
        if !lint.message.contains("nobody more") {
            prop_assert!(!results.contains(&(Some(variant.clone()), Reason::Split)), "{}", lint);
        }
        let mut without = config.clone();
        without.criteria[0].split.remove(share);
        prop_assert_eq!(&served(&without, units, kept), &results, "{}", lint);
    }
    Ok(())
}

proptest! {
    #[test]
    fn claims_about_splits(
        shares in prop::collection::vec((select(vec!["v0", "v1", "v2"]), select(vec![0.0, 0.0, 25.0, 33.333])), 1..4),
        sticky in any::<bool>(),
        kept in select(vec![None, Some("v0"), Some("v1")]),
        units in prop::collection::vec("[a-z]{1,6}", 24),
    ) {
        let trees = [Match::All(Vec::new()), Match::All(Vec::new()), Match::All(Vec::new())];
        let mut config = config(&trees);
        config.sticky = sticky;
        config.criteria.truncate(1);
        config.criteria[0].serve = None;
        let share = |(variant, weight): (&str, f64)| Split { variant: variant.to_owned(), weight };
        config.criteria[0].split = shares.into_iter().map(share).collect();
        check_split(&config, &units, &Keeps(kept))?;
    }

    #[test]
    fn claims_about_lists(
        op in select(vec![Op::In, Op::NotIn]),
        values in prop::collection::vec(scalar(), 2..8),
        ignore_case in any::<bool>(),
        contexts in prop::collection::vec(context(), 24),
    ) {
        let value = Some(json!(values));
        let condition = Condition { key: "x".to_owned(), op, value, ignore_case };
        check(&config(&[Match::Condition(condition)]), &contexts)?;
    }

    #[test]
    fn claims_about_criteria(
        trees in prop::collection::vec(tree(), 1..5),
        contexts in prop::collection::vec(context(), 24),
    ) {
        check(&config(&trees), &contexts)?;
    }

    #[test]
    fn claims_about_flat_criteria(
        trees in prop::collection::vec(prop::collection::vec(condition(), 1..3).prop_map(Match::All), 2..5),
        contexts in prop::collection::vec(context(), 24),
    ) {
        check(&config(&trees), &contexts)?;
    }

    #[test]
    fn a_text_operator_means_what_the_regex_does(
        pattern in r"\^?(\.\*)?(a|b|\.|\\.|\\\\|\\\$|\*|\$){0,3}(\.\*)?\$?",
        texts in prop::collection::vec(r"(a|b|\.|\\|\$|\*|\n|x){0,5}", 24),
    ) {
        let condition = |op, value| {
            Match::Condition(Condition { key: "x".to_owned(), op, value: Some(value), ignore_case: false })
        };
        let regex = condition(Op::Regex, json!(pattern));
        let value = serde_json::to_value(&regex).unwrap();
        let document = json!({
            "enabled": true, "variants": { "v0": 0 }, "default": "v0", "off": null,
            "criteria": [{ "when": value, "serve": "v0" }],
        });
        let Ok(found) = FlagConfig::from_value(&document) else {
            return Ok(());
        };
        let lints = lint(&found);
        let Some(lint) = lints.iter().find(|lint| lint.rule == LintRule::NeedlessRegex) else {
            return Ok(());
        };
        let same = lint.message.strip_prefix("needs no regex: ").unwrap();
        let (op, text) = same.strip_suffix(" means the same and is cheaper").unwrap().split_once(' ').unwrap();
        let same = condition(Op::from_name(op).unwrap(), serde_json::from_str(text).unwrap());
        let contexts: Vec<Value> = texts.iter().map(|text| json!({ "x": text })).collect();
        prop_assert_eq!(decided(&config(&[regex]), &contexts), decided(&config(&[same]), &contexts), "{}", lint);
    }
}
