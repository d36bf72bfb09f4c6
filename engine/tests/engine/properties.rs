//! What must hold for every document and every context.

use fluxgate_engine::{Condition, Criterion};
use fluxgate_engine::{
    Context, CriterionRef, Evaluation, EvaluationError, Flag, FlagConfig, Kept, Match, Op, Reason, evaluate,
    evaluate_kept, parse,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::alone::{One, alone, holds, served};
use crate::runner::{Environment, environment, to_value};
use crate::strategies::{config, context, criterion, document, nearly_a_document, percent, tree};

/// Whatever is asked for, this variant was served before.
struct Always(Option<String>);

impl Kept for Always {
    fn variant(&self, _feature: &str, _salt: &str, _unit: &str) -> Option<&str> {
        self.0.as_deref()
    }
}

fn features(configs: [(FlagConfig, bool); 3]) -> Environment {
    let features = ["f", "g", "h"].into_iter().zip(configs);
    let features = features
        .map(|(key, (config, killed))| (key.to_owned(), (Flag::compile(key, &config).unwrap(), killed)));
    Environment(features.collect())
}

/// Returns the flag `f` with these criteria, whose default is no variant of theirs.
fn with_criteria(criteria: &[Criterion]) -> Flag {
    let mut config = FlagConfig::simple(true);
    for key in ["a", "b", "c"] {
        config.variants.insert(key.to_owned(), Value::from(true));
    }
    config.criteria = criteria.to_vec();
    Flag::compile("f", &config).unwrap()
}

/// Returns the result with the criterion's index apart from the rest.
fn decided<'f>(
    flags: &'f One<'_>,
    context: &Context<'_>,
) -> (Option<usize>, Result<Evaluation<'f>, EvaluationError>) {
    let result = evaluate(flags, "f", context);
    let index =
        result.as_ref().ok().and_then(|result| result.criterion).map(|CriterionRef { index, .. }| index);
    (index, result.map(|result| Evaluation { criterion: None, ..result }))
}

/// A tree that matches in no context that any test makes.
fn nobody() -> impl Strategy<Value = Match> {
    let condition = |key: &str, op, value| Condition { key: key.to_owned(), op, value, ignore_case: false };
    let absent = Match::from(condition("not there", Op::NotEquals, Some(json!("a"))));
    prop_oneof![
        Just(Match::Any(Vec::new())),
        Just(Match::Not(Box::new(Match::All(Vec::new())))),
        Just(Match::from(condition("not there", Op::Exists, None))),
        tree().prop_map(move |tree| Match::All(vec![tree, absent.clone()])),
    ]
}

fn for_whom(criterion: &Criterion, context: &Context<'_>) -> bool {
    criterion.when.as_ref().is_none_or(|when| holds(when, context))
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
    fn what_compiles_evaluates(document in nearly_a_document(), value in context()) {
        if let Ok(config) = serde_json::from_value::<FlagConfig>(document)
            && let Ok(flag) = Flag::compile("f", &config)
        {
            let _ = evaluate(&One(&flag), "f", &Context::from_value(&value).unwrap());
        }
    }

    #[test]
    fn evaluating_is_deterministic_and_never_panics(
        configs in prop::array::uniform3((config(), prop::bool::weighted(0.1))),
        kept in prop::option::of("[a-d]"),
        value in context(),
    ) {
        let flags = features(configs.clone());
        let again = features(configs);
        let context = Context::from_value(&value).unwrap();
        let text = value.to_string();
        let parsed: Context<'_> = serde_json::from_str(&text).unwrap();
        let kept = Always(kept);
        for feature in ["f", "g", "h", "ghost"] {
            let first = to_value(evaluate(&flags, feature, &context));
            prop_assert_eq!(&to_value(evaluate(&flags, feature, &context)), &first);
            prop_assert_eq!(&to_value(evaluate(&again, feature, &parsed)), &first);
            prop_assert_eq!(&to_value(evaluate_kept(&again, feature, &parsed, &())), &first);
            let first = to_value(evaluate_kept(&flags, feature, &context, &kept));
            prop_assert_eq!(&to_value(evaluate_kept(&again, feature, &parsed, &kept)), &first);
        }
    }

    #[test]
    fn a_context_of_no_json_panics_nothing(config in config(), number: f64) {
        let flag = Flag::compile("f", &config).unwrap();
        let mut context = Context::new();
        for key in ["a", "b", "targetingKey"] {
            context.push(key, number.into());
        }
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            context.push("a", number.into());
            let _ = evaluate(&One(&flag), "f", &context);
        }
    }

    #[test]
    fn a_document_as_text_evaluates_as_the_one_it_is_of(
        tree in tree(),
        value in context(),
        rollout in 0..=100_000_u32,
    ) {
        let flags = json!({ "f": document(&tree, percent(rollout)) });
        // A tree may be deeper than a document allows.
        if let Ok(flags) = environment(&flags) {
            let context = Context::from_value(&value).unwrap();
            let first = to_value(evaluate(&flags, "f", &context));
            let when = parse(&tree.to_string()).unwrap();
            let serve = Some("on".to_owned());
            let flag = alone(Criterion {
                when: Some(when),
                rollout: Some(percent(rollout)),
                serve,
                ..Criterion::default()
            });
            prop_assert_eq!(to_value(evaluate(&One(&flag), "f", &context)), first);
        }
    }

    #[test]
    fn raising_a_rollout_takes_nobody_out(unit in ".{1,12}", low in 0..=100_000_u32, high in 0..=100_000_u32) {
        let (low, high) = (low.min(high), low.max(high));
        // Two criteria of one feature: who is in at one's lower rollout is in at the other's higher one.
        let only = |plan: &str, rollout| Criterion {
            when: Some(parse(&format!("plan == {plan:?}")).unwrap()),
            rollout: Some(percent(rollout)),
            serve: Some("a".to_owned()),
            ..Criterion::default()
        };
        let is_in = |criteria: [Criterion; 2], plan: &str| {
            let context = json!({ "targetingKey": unit, "plan": plan });
            let flag = with_criteria(&criteria);
            let (_, reason) = served(&flag, &Context::from_value(&context).unwrap());
            matches!(reason, Reason::Split | Reason::TargetingMatch)
        };
        let before = is_in([only("free", low), only("paid", high)], "free");
        prop_assert!(!before || is_in([only("free", low), only("paid", high)], "paid"));
        prop_assert!(!before || is_in([only("free", high), only("paid", low)], "free"));
    }

    #[test]
    fn the_bucket_is_of_the_unit_alone(
        unit in ".{1,12}",
        rollout in 0..=100_000_u32,
        more in context(),
        other in tree(),
    ) {
        let criterion = Criterion {
            rollout: Some(percent(rollout)),
            bucket_by: Some("unit".to_owned()),
            serve: Some("a".to_owned()),
            ..Criterion::default()
        };
        let mut context = json!({ "unit": unit });
        let first = served(&with_criteria(std::slice::from_ref(&criterion)), &Context::from_value(&context).unwrap());
        context.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let context = Context::from_value(&context).unwrap();
        let not = Criterion { when: Some(Match::Not(Box::new(other.clone()))), ..criterion.clone() };
        let criteria = [Criterion { when: Some(other), ..criterion }, not];
        prop_assert_eq!(served(&with_criteria(&criteria), &context), first);
    }

    #[test]
    fn what_cannot_match_changes_nothing(
        criteria in prop::collection::vec(criterion(), 0..4),
        others in prop::collection::vec((criterion(), nobody(), 0..8_usize), 0..4),
        value in context(),
    ) {
        let context = Context::from_value(&value).unwrap();
        let flag = with_criteria(&criteria);
        let flags = One(&flag);
        let (index, result) = decided(&flags, &context);
        let mut more: Vec<(bool, Criterion)> = criteria.into_iter().map(|criterion| (true, criterion)).collect();
        for (criterion, when, place) in others {
            let place = place.min(more.len());
            more.insert(place, (false, Criterion { when: Some(when), ..criterion }));
        }
        // No criteria at all is another reason.
        if result.as_ref().is_ok_and(|result| result.reason == Reason::Static) {
            more.clear();
        }
        let shifted = index.map(|index| {
            let places = more.iter().enumerate().filter(|(_, (is_old, _))| *is_old);
            places.map(|(place, _)| place).nth(index).unwrap()
        });
        let criteria: Vec<Criterion> = more.into_iter().map(|(_, criterion)| criterion).collect();
        let flag = with_criteria(&criteria);
        let flags = One(&flag);
        prop_assert_eq!(decided(&flags, &context), (shifted, result));
    }

    #[test]
    fn the_first_match_decides_however_the_rest_is_ordered(
        criteria in prop::collection::vec(criterion(), 1..5),
        places in prop::collection::vec(0..8_usize, 5),
        value in context(),
    ) {
        let context = Context::from_value(&value).unwrap();
        let flag = with_criteria(&criteria);
        let flags = One(&flag);
        let (_, result) = decided(&flags, &context);
        let (mut order, others): (Vec<_>, Vec<_>) =
            criteria.into_iter().partition(|criterion| for_whom(criterion, &context));
        // Behind the first that matches, the order of those that match is free as well.
        order.get_mut(1..).unwrap_or_default().reverse();
        for (criterion, place) in others.into_iter().zip(places) {
            order.insert(place.min(order.len()), criterion);
        }
        let flag = with_criteria(&order);
        let flags = One(&flag);
        let (index, again) = decided(&flags, &context);
        prop_assert_eq!(&again, &result);
        let first = order.iter().position(|criterion| for_whom(criterion, &context));
        prop_assert!(index.is_none() || index == first);
        if let Some(first) = first {
            let flag = with_criteria(&order[..=first]);
            let flags = One(&flag);
            prop_assert_eq!(decided(&flags, &context), (index, result));
        }
    }

    #[test]
    fn only_what_a_split_still_has_is_kept(criterion in criterion(), kept in "[a-d]", value in context()) {
        let context = Context::from_value(&value).unwrap();
        let mut config = FlagConfig::simple(true);
        config.variants.extend(["a", "b", "c"].map(|key| (key.to_owned(), Value::from(true))));
        config.sticky = true;
        config.criteria = vec![Criterion { rollout: None, ..criterion.clone() }];
        let flag = Flag::compile("f", &config).unwrap();
        let flags = One(&flag);
        let without = evaluate(&flags, "f", &context);
        let with = evaluate_kept(&flags, "f", &context, &Always(Some(kept.clone())));
        let is_in_split = criterion.split.iter().any(|share| share.variant == kept);
        if is_in_split && for_whom(&criterion, &context) && without.is_ok() {
            let with = with.unwrap();
            prop_assert_eq!((with.variant, with.reason), (Some(&*kept), Reason::Split));
        } else {
            prop_assert_eq!(with, without);
        }
    }
}
