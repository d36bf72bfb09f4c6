//! Kept assignments: whom a split keeps, and what it never overrides.

use std::cell::RefCell;

use fluxgate_engine::{Context, Kept, Reason, evaluate, evaluate_all, evaluate_kept, explain};
use serde_json::{Value, json};

use crate::runner::{documents, environment};

/// Every unit was served this variant of this feature before, under the salt `first`.
struct Always(&'static str, &'static str);

impl Kept for Always {
    fn variant(&self, feature: &str, salt: &str, _unit: &str) -> Option<&str> {
        (feature == self.0 && salt == "first").then_some(self.1)
    }
}

fn flag(changes: Value) -> Value {
    let mut flag = json!({
        "enabled": true,
        "variants": { "a": "a", "b": "b", "c": "c", "off": "off" },
        "default": "off",
        "off": "off",
        "salt": "first",
        "sticky": true,
        "criteria": [{ "split": [{ "variant": "a", "weight": 0 }, { "variant": "b", "weight": 100 }] }],
    });
    for (field, value) in changes.as_object().unwrap() {
        flag[field] = value.clone();
    }
    flag
}

fn served(flags: Value, feature: &str, kept: &dyn Kept) -> (String, Reason) {
    let environment = environment(&flags).unwrap();
    let context = json!({ "targetingKey": "user-1" });
    let context = Context::from_value(&context).unwrap();
    let result = evaluate_kept(&environment, feature, &context, kept).unwrap();
    assert_eq!(result.criterion.is_some(), result.reason == Reason::Split);
    (result.variant.unwrap().to_owned(), result.reason)
}

#[test]
fn a_split_keeps_whom_it_served() {
    let b = ("b".to_owned(), Reason::Split);
    let with = |changes| served(json!({ "f": flag(changes) }), "f", &Always("f", "a"));
    assert_eq!(with(json!({})), ("a".to_owned(), Reason::Split), "even at a weight of 0");
    assert_eq!(with(json!({ "sticky": false })), b);
    assert_eq!(with(json!({ "salt": "second" })), b, "a new salt reshuffles everyone");
    let gone = json!({ "criteria": [{ "split": [{ "variant": "b", "weight": 100 }] }] });
    assert_eq!(with(gone), b, "what is no longer in the split is not kept");
    assert_eq!(served(json!({ "f": flag(json!({})) }), "f", &Always("g", "a")), b);
    assert_eq!(served(json!({ "f": flag(json!({})) }), "f", &()), b);
}

#[test]
fn it_overrides_nothing_else() {
    let kept = Always("f", "a");
    let with = |changes| served(json!({ "f": flag(changes) }), "f", &kept);
    let off = |reason| ("off".to_owned(), reason);
    assert_eq!(with(json!({ "killed": true })), off(Reason::Disabled));
    assert_eq!(with(json!({ "enabled": false })), off(Reason::Disabled));
    assert_eq!(with(json!({ "dependsOn": [{ "feature": "ghost" }] })), off(Reason::Disabled));
    let split = json!([{ "variant": "a", "weight": 50 }, { "variant": "b", "weight": 50 }]);
    let left_out = json!([{ "rollout": 0, "split": split }]);
    assert_eq!(with(json!({ "criteria": left_out })), off(Reason::Default));
    let no_match = json!([{ "when": { "key": "country", "op": "exists" }, "split": split }]);
    assert_eq!(with(json!({ "criteria": no_match })), off(Reason::Default));
}

#[test]
fn it_counts_for_a_dependency_too() {
    let flags = json!({
        "f": flag(json!({})),
        "g": flag(json!({ "dependsOn": [{ "feature": "f", "variants": ["a"] }] })),
    });
    assert_eq!(served(flags.clone(), "g", &Always("f", "a")).1, Reason::Split);
    assert_eq!(served(flags.clone(), "g", &()).1, Reason::Disabled);
    let environment = environment(&flags).unwrap();
    let context = Context::new();
    assert_eq!(evaluate(&environment, "f", &context).unwrap_err().code(), "TARGETING_KEY_MISSING");
}

/// Keeps what it is told, as an edge does.
#[derive(Default)]
struct Book {
    told: RefCell<Vec<String>>,
    kept: Option<&'static str>,
}

impl Kept for Book {
    fn variant(&self, _feature: &str, _salt: &str, _unit: &str) -> Option<&str> {
        self.kept
    }

    fn decided(&self, feature: &str, salt: &str, unit: &str, variant: &str) {
        self.told.borrow_mut().push(format!("{feature}/{salt}/{unit}={variant}"));
    }
}

#[test]
fn what_a_bucket_decides_is_told_once_and_only_where_nothing_was_kept() {
    let told = |flags: Value, kept| {
        let book = Book { kept, ..Book::default() };
        served(flags, "f", &book);
        book.told.into_inner()
    };
    let f = |changes| json!({ "f": flag(changes) });
    assert_eq!(told(f(json!({})), None), ["f/first/user-1=b"]);
    assert_eq!(told(f(json!({})), Some("a")), [""; 0], "it was kept");
    assert_eq!(told(f(json!({})), Some("c")), [""; 0], "it was kept, and is no longer in the split");
    assert_eq!(told(f(json!({ "sticky": false })), None), [""; 0]);
    assert_eq!(told(f(json!({ "killed": true })), None), [""; 0]);
    let out = json!({ "criteria": [{ "rollout": 0, "split": [{ "variant": "a", "weight": 100 }] }] });
    assert_eq!(told(f(out), None), [""; 0], "the rollout left it out");
    let past = json!({ "criteria": [{ "split": [{ "variant": "a", "weight": 0 }] }] });
    assert_eq!(told(f(past), None), [""; 0], "past the last share there is nothing to keep");
    let dependency = json!({ "g": flag(json!({})), "f": flag(json!({ "dependsOn": [{ "feature": "g" }] })) });
    assert_eq!(
        told(dependency, None),
        ["g/first/user-1=b", "f/first/user-1=b"],
        "a dependency was served, too"
    );
}

#[test]
fn bulk_evaluations_tell_and_explanations_do_not() {
    let flags = json!({ "f": flag(json!({})) });
    let written = documents(&flags).unwrap();
    let flags = environment(&flags).unwrap();
    let context = json!({ "targetingKey": "user-1" });
    let context = Context::from_value(&context).unwrap();
    let book = Book::default();
    let asked = [fluxgate_engine::Flags::get(&flags, "f").unwrap()];
    assert_eq!(evaluate_all(&flags, asked, &context, &book).filter(Result::is_ok).count(), 1);
    assert_eq!(book.told.borrow().len(), 1);
    let explanation = serde_json::to_value(explain(&written, "f", &context, &book)).unwrap();
    assert!(explanation.to_string().contains("SPLIT"), "{explanation}");
    assert_eq!(book.told.borrow().len(), 1);
}
