//! What conditions mean, shown as laws that hold for every tree and every context.

use fluxgate_engine::{Attribute, Condition, Context, Match, Op};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::alone::holds;
use crate::strategies::{attribute, condition, context, key, literal, tree};

fn not(tree: Match) -> Match {
    Match::Not(Box::new(tree))
}

fn asks(key: &str, op: Op, value: Value, ignore_case: bool) -> Match {
    Match::Condition(Condition { key: key.to_owned(), op, value: Some(value), ignore_case })
}

fn presence(key: &str, op: Op) -> Match {
    Match::Condition(Condition { key: key.to_owned(), op, value: None, ignore_case: false })
}

fn holds_in(when: &Match, context: &Value) -> bool {
    holds(when, &Context::from_value(context).unwrap())
}

/// One attribute `a`, or none: a scalar or a list that has a chance to equal something.
fn context_of_a() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => literal().prop_map(|value| json!({ "a": value })),
        4 => prop::collection::vec(literal(), 0..4).prop_map(|list| json!({ "a": list })),
        1 => attribute().prop_map(|value| json!({ "a": value })),
        1 => Just(json!({})),
    ]
}

fn text_operator() -> impl Strategy<Value = Op> {
    prop::sample::select(vec![Op::Contains, Op::StartsWith, Op::EndsWith])
}

/// A condition on `a`, with values that have a chance to fit what a list holds.
fn condition_on_a() -> impl Strategy<Value = Condition> {
    let equality = (prop::sample::select(vec![Op::Equals, Op::NotEquals]), literal(), any::<bool>());
    let equality = equality.prop_map(|(op, value, ignore_case)| (op, Some(value), ignore_case));
    let other = condition().prop_map(|condition| (condition.op, condition.value, condition.ignore_case));
    prop_oneof![equality, other].prop_map(|(op, value, ignore_case)| {
        let key = "a".to_owned();
        Condition { key, op, value, ignore_case }
    })
}

fn is_negative(op: Op) -> bool {
    matches!(op, Op::NotEquals | Op::NotIn)
}

proptest! {
    #[test]
    fn de_morgan(trees in prop::collection::vec(tree(), 0..3), context in context()) {
        let negated: Vec<Match> = trees.iter().cloned().map(not).collect();
        let (all, any) = (Match::All(trees.clone()), Match::Any(trees));
        let (all_not, any_not) = (Match::All(negated.clone()), Match::Any(negated));
        prop_assert_eq!(holds_in(&not(all), &context), holds_in(&any_not, &context));
        prop_assert_eq!(holds_in(&not(any), &context), holds_in(&all_not, &context));
    }

    #[test]
    fn two_nots_are_none(tree in tree(), context in context()) {
        let held = holds_in(&tree, &context);
        prop_assert_eq!(holds_in(&not(tree.clone()), &context), !held);
        prop_assert_eq!(holds_in(&not(not(tree)), &context), held);
    }

    #[test]
    fn order_and_grouping_do_not_matter(
        trees in prop::collection::vec(tree(), 0..4),
        turn in 0..4_usize,
        context in context(),
    ) {
        let mut turned = trees.clone();
        turned.rotate_left(turn.min(trees.len()));
        for list in [Match::All, Match::Any] {
            let held = holds_in(&list(trees.clone()), &context);
            prop_assert_eq!(holds_in(&list(turned.clone()), &context), held);
            let (left, right) = trees.split_at(turn.min(trees.len()));
            let grouped = list(vec![list(left.to_vec()), list(right.to_vec())]);
            prop_assert_eq!(holds_in(&grouped, &context), held);
        }
    }

    #[test]
    fn in_is_any_of_equals(
        values in prop::collection::vec(literal(), 1..14),
        ignore_case: bool,
        context in context_of_a(),
    ) {
        let each = |op| values.iter().map(|value| asks("a", op, value.clone(), ignore_case)).collect();
        let listed = |op| asks("a", op, json!(values), ignore_case);
        prop_assert_eq!(holds_in(&listed(Op::In), &context), holds_in(&Match::Any(each(Op::Equals)), &context));
        prop_assert_eq!(holds_in(&listed(Op::NotIn), &context), holds_in(&Match::All(each(Op::NotEquals)), &context));
    }

    #[test]
    fn not_equals_differs_from_not_equal_when_missing_only(
        value in literal(),
        ignore_case: bool,
        context in context_of_a(),
    ) {
        let is_missing = !holds_in(&presence("a", Op::Exists), &context);
        for (op, negative, value) in [
            (Op::Equals, Op::NotEquals, value.clone()),
            (Op::In, Op::NotIn, json!([value])),
        ] {
            let one = holds_in(&asks("a", negative, value.clone(), ignore_case), &context);
            let other = holds_in(&not(asks("a", op, value, ignore_case)), &context);
            prop_assert_eq!(one != other, is_missing);
            prop_assert!(!(is_missing && one));
        }
    }

    #[test]
    fn a_list_of_texts_is_any_of_them(
        op in text_operator(),
        texts in prop::collection::vec("[a-bÜß1]{0,2}", 1..4),
        ignore_case: bool,
        context in context_of_a(),
    ) {
        let each = texts.iter().map(|text| asks("a", op, json!(text), ignore_case)).collect();
        let listed = asks("a", op, json!(texts), ignore_case);
        prop_assert_eq!(holds_in(&listed, &context), holds_in(&Match::Any(each), &context));
    }

    #[test]
    fn exists_or_not(key in key(), context in context()) {
        let exists = holds_in(&presence(&key, Op::Exists), &context);
        prop_assert_eq!(holds_in(&presence(&key, Op::NotExists), &context), !exists);
        let found = Context::from_value(&context).unwrap().get(&key).is_some();
        prop_assert_eq!(exists, found);
    }

    #[test]
    fn another_element_makes_nothing_positive_false(
        condition in condition_on_a(),
        mut elements in prop::collection::vec(prop_oneof![3 => literal(), 1 => attribute()], 0..4),
        more in prop_oneof![3 => literal(), 1 => attribute()],
        place in 0..4_usize,
    ) {
        let op = condition.op;
        let tree = Match::Condition(condition);
        let before = holds_in(&tree, &json!({ "a": elements }));
        elements.insert(place.min(elements.len()), more);
        let after = holds_in(&tree, &json!({ "a": elements }));
        if is_negative(op) {
            prop_assert!(before || !after);
        } else {
            prop_assert!(after || !before);
        }
    }

    #[test]
    fn a_list_is_tried_element_by_element(
        condition in condition_on_a(),
        elements in prop::collection::vec(literal(), 1..4),
    ) {
        let op = condition.op;
        let tree = Match::Condition(condition);
        let mut each = elements.iter().map(|element| holds_in(&tree, &json!({ "a": element })));
        let expected = if is_negative(op) { each.all(|held| held) } else { each.any(|held| held) };
        prop_assert_eq!(holds_in(&tree, &json!({ "a": elements })), expected);
    }

    #[test]
    fn what_is_no_scalar_equals_nothing(
        condition in condition_on_a(),
        nested in prop::collection::vec(literal(), 0..3),
    ) {
        let expected = is_negative(condition.op) || condition.op == Op::Exists;
        let tree = Match::Condition(condition);
        let elements = json!([nested, { "a": nested }, null]);
        for nothing in [json!([]), json!({}), json!({ "a": nested }), elements] {
            prop_assert_eq!(holds_in(&tree, &json!({ "a": nothing })), expected, "{}", nothing);
        }
    }

    #[test]
    fn a_missing_attribute_makes_everything_false_but_not_exists(condition in condition_on_a()) {
        let expected = condition.op == Op::NotExists;
        let mut condition = condition;
        for context in [json!({}), json!({ "a": null }), json!({ "b": "a", "b.a": 1, "A": true })] {
            prop_assert_eq!(holds_in(&Match::Condition(condition.clone()), &context), expected);
        }
        condition.key = "a.b".to_owned();
        for context in [
            json!({ "a": { "b": null } }),
            json!({ "a": { "c": 1 } }),
            json!({ "a": [{ "b": 1 }] }),
            json!({ "a": "b" }),
            // The exact key is there, and null: the path is not tried.
            json!({ "a.b": null, "a": { "b": 1 } }),
        ] {
            prop_assert_eq!(holds_in(&Match::Condition(condition.clone()), &context), expected, "{}", context);
        }
    }

    #[test]
    fn null_is_missing(tree in tree(), context in context()) {
        let mut without = context.clone();
        // A null under a key with a dot is not as none: it hides the path.
        without.as_object_mut().unwrap().retain(|key, value| key.contains('.') || !value.is_null());
        prop_assert_eq!(holds_in(&tree, &context), holds_in(&tree, &without));
    }

    #[test]
    fn the_exact_key_wins_over_the_path(condition in condition_on_a(), one in literal(), other in literal()) {
        let flat = holds_in(&Match::Condition(condition.clone()), &json!({ "a": one }));
        let tree = Match::Condition(Condition { key: "a.b.c".to_owned(), ..condition });
        let path = json!({ "a": { "b": { "c": one } } });
        prop_assert_eq!(holds_in(&tree, &path), flat);
        prop_assert_eq!(holds_in(&tree, &json!({ "a": { "b": { "c": other } }, "a.b.c": one })), flat);
        // Only the whole key is exact: no part of the path is.
        prop_assert_eq!(holds_in(&tree, &json!({ "a": { "b": { "c": one } }, "a.b": { "c": other } })), flat);
    }

    #[test]
    fn of_doubled_keys_the_last_counts(tree in tree(), first in attribute(), last in attribute()) {
        let once = json!({ "a": last, "b": { "a": last } });
        let text = format!(r#"{{"a": {first}, "b": {{"a": {first}, "a": {last}}}, "\u0061": {last}}}"#);
        let doubled: Context<'_> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(holds(&tree, &doubled), holds_in(&tree, &once));
        let mut pushed = Context::from_value(&once).unwrap();
        pushed.push("a", Attribute::from(&first));
        pushed.push("a", Attribute::from(&last));
        prop_assert_eq!(holds(&tree, &pushed), holds_in(&tree, &once));
    }

    #[test]
    fn what_nothing_asks_for_changes_nothing(tree in tree(), context in context(), more in attribute()) {
        let held = holds_in(&tree, &context);
        let mut context = context;
        context["not asked for"] = more;
        prop_assert_eq!(holds_in(&tree, &context), held);
    }
}
