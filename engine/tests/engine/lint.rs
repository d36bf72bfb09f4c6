//! Each rule of what is probably not meant: what it finds, and what comes near and is passed over.

mod conditions;
mod reach;
mod sound;

use fluxgate_engine::{FlagConfig, Lint, LintRule, lint, parse, parse_split};
use serde_json::{Value, json};

fn document() -> Value {
    json!({
        "enabled": true,
        "variants": { "control": "a", "express": "b" },
        "default": "control",
        "off": "control",
        "criteria": [{ "name": "rest", "when": { "key": "rest", "op": "exists" }, "serve": "express" }],
    })
}

fn found(document: &Value) -> Vec<String> {
    let config = FlagConfig::from_value(document).unwrap();
    lint(&config).iter().map(ToString::to_string).collect()
}

/// Returns what is found when one field is another.
fn with(field: &str, value: Value) -> Vec<String> {
    let mut document = document();
    document[field] = value;
    found(&document)
}

/// Returns what is found of criteria that each serve what is not the default.
fn criteria(criteria: Value) -> Vec<String> {
    with("criteria", criteria)
}

/// Returns a criterion of an expression; `everyone` has none.
fn criterion(when: &str) -> Value {
    match when {
        "everyone" => json!({ "serve": "express" }),
        when => json!({ "when": parse(when).unwrap(), "serve": "express" }),
    }
}

/// Returns what is found of criteria of these expressions.
fn of(expressions: &[&str]) -> Vec<String> {
    criteria(expressions.iter().map(|when| criterion(when)).collect())
}

/// Returns the rules that find something in criteria of these expressions, and where.
fn rules(expressions: &[&str]) -> Vec<String> {
    let criteria: Value = expressions.iter().map(|when| criterion(when)).collect();
    let mut document = document();
    document["criteria"] = criteria;
    let config = FlagConfig::from_value(&document).unwrap();
    lint(&config).into_iter().map(|Lint { rule, path, .. }| format!("{rule} {path}")).collect()
}

const NOTHING: [&str; 0] = [];

#[test]
fn names_and_descriptions() {
    for rule in LintRule::ALL {
        assert_eq!(json!(rule), json!(rule.as_str()));
        assert!(rule.description().ends_with('.'), "{rule}");
    }
    let lint = Lint { rule: LintRule::ZeroRollout, path: "criteria[0].rollout".into(), message: "x".into() };
    let value = json!({ "rule": "zero-rollout", "path": "criteria[0].rollout", "message": "x" });
    assert_eq!(json!(lint), value);
    assert_eq!(serde_json::from_value::<Lint>(value).unwrap(), lint);
}

#[test]
fn nothing_in_a_plain_document() {
    assert_eq!(found(&document()), NOTHING);
    assert_eq!(found(&FlagConfig::simple(true).to_value()), NOTHING);
}

#[test]
fn unused_variants() {
    let variants = json!({ "control": "a", "express": "b", "third": "c" });
    assert_eq!(
        with("variants", variants.clone()),
        [
            "variants.third: is served by nothing: neither default nor off nor a criterion; serve it or remove it [unused-variant]"
        ]
    );
    let mut document = document();
    document["variants"] = variants;
    let share = |variant: &str, weight: f64| json!({ "variant": variant, "weight": weight });
    document["criteria"] = json!([{ "split": [share("third", 0.0), share("express", 100.0)] }]);
    assert!(found(&document)[0].starts_with("variants.third: "));
    document["sticky"] = json!(true);
    assert_eq!(found(&document), NOTHING);
    document["sticky"] = json!(false);
    document["criteria"] = json!([{ "split": [share("third", 0.001), share("express", 99.999)] }]);
    assert_eq!(found(&document), NOTHING);
}

#[test]
fn sticky_without_split() {
    assert_eq!(
        with("sticky", json!(true)),
        ["sticky: keeps what a split served, and no criterion has one; leave it out [sticky-without-split]"]
    );
}

#[test]
fn duplicate_dependencies() {
    let on = |feature: &str, variants: &[&str]| json!({ "feature": feature, "variants": variants });
    // Validation refuses what is there twice; a document that is older than that rule is still told of it.
    let with = |_: &str, dependencies: Value| -> Vec<String> {
        let mut config = FlagConfig::simple(true);
        config.depends_on = serde_json::from_value(dependencies).unwrap();
        lint(&config).iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        with("dependsOn", json!([on("a", &[]), on("b", &[]), on("a", &["on"])])),
        [
            "dependsOn[2]: names \"a\", as dependsOn[0] does; keep one, with the variants that are meant [duplicate-dependency]"
        ]
    );
    assert_eq!(
        with("dependsOn", json!([on("a", &["x", "y"]), on("a", &["z"])])),
        [
            "dependsOn[1]: shares no variant of \"a\" with dependsOn[0], and both must be satisfied, so this feature is never on; list the variants in one entry [duplicate-dependency]"
        ]
    );
    assert_eq!(with("dependsOn", json!([on("a", &["x"]), on("b", &["x"])])), NOTHING);
}

#[test]
fn criteria_without_effect() {
    let rule = |serve: &str, when: &str| json!({ "when": parse(when).unwrap(), "serve": serve });
    let everyone = json!({ "serve": "control" });
    assert_eq!(
        criteria(json!([rule("express", "exists x"), rule("control", "exists y")])),
        [
            "criteria[1].serve: serves the default \"control\", which those it matches get without it, too; move it up if it is an exception, or remove it [criterion-without-effect]"
        ]
    );
    assert_eq!(
        criteria(json!([rule("express", "exists x"), rule("control", "exists y"), everyone])).len(),
        1
    );
    assert_eq!(
        criteria(json!([rule("control", "exists y"), rule("express", "exists x"), everyone])),
        NOTHING
    );
    let mut partial = rule("control", "exists y");
    partial["rollout"] = json!(50);
    assert_eq!(criteria(json!([rule("express", "exists x"), partial])), NOTHING);
}

#[test]
fn duplicate_names() {
    let rule =
        |name: Value, when: &str| json!({ "name": name, "when": parse(when).unwrap(), "serve": "express" });
    assert_eq!(
        criteria(json!([
            rule(json!("a"), "exists x"),
            rule(json!("b"), "exists y"),
            rule(json!("a"), "exists z")
        ])),
        ["criteria[2].name: is the name of criterion 1, too; give each its own [duplicate-name]"]
    );
    assert_eq!(criteria(json!([rule(Value::Null, "exists x"), rule(Value::Null, "exists y")])), NOTHING);
}

#[test]
fn rollouts_and_buckets() {
    let rule = |more: Value| {
        let mut rule = criterion("exists x");
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        criteria(json!([rule]))
    };
    assert_eq!(
        rule(json!({ "rollout": 0 })),
        [
            "criteria[0].rollout: takes nobody in: everyone who matches gets the default \"control\", and no later criterion is looked at; raise it or remove the criterion [zero-rollout]"
        ]
    );
    assert_eq!(
        rule(json!({ "bucketBy": "companyId" })),
        [
            "criteria[0].bucketBy: is not looked at: without a split and with a rollout of 100 no bucket is needed; leave it out [unused-bucket-by]"
        ]
    );
    assert_eq!(rule(json!({ "bucketBy": "targetingKey" })), NOTHING);
    assert_eq!(rule(json!({ "bucketBy": "companyId", "rollout": 0.001 })), NOTHING);
}

#[test]
fn splits() {
    let split = |weights: [f64; 2], more: Value| {
        let mut document = document();
        document["criteria"] = json!([{ "bucketBy": "companyId", "split": [
            { "variant": "control", "weight": weights[0] },
            { "variant": "express", "weight": weights[1] },
        ]}]);
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        found(&document)
    };
    let (none, sticky) = (json!({}), json!({ "sticky": true }));
    assert_eq!(
        split([33.3, 33.366], none.clone()),
        [
            "criteria[0].split: the weights add up to 66.666 %, and the other 33.334 % get the default \"control\"; raise a weight, or name who gets the rest [partial-split]"
        ]
    );
    assert!(
        split([1.0, 1.0], json!({ "default": null }))[0].contains("98 % get the application's own default;")
    );
    assert_eq!(
        split([100.0, 0.0], json!({ "off": "express" })),
        [
            "criteria[0].split[1].weight: gives \"express\" to nobody; raise the weight or leave the variant out [zero-weight]"
        ]
    );
    assert_eq!(split([100.0, 0.0], sticky), NOTHING);
    assert_eq!(
        split([33.3, 33.366], json!({ "sticky": true })),
        [
            "criteria[0].split: the weights add up to 66.666 %, and the other 33.334 % get the default \"control\", unless they keep a variant; raise a weight, or name who gets the rest [partial-split]"
        ]
    );
    let twice = parse_split("control=50, express=50, control=0").unwrap();
    assert_eq!(
        criteria(json!([{ "split": twice }])),
        [
            "criteria[0].split[2].weight: gives \"control\" to nobody more; raise the weight or leave this share out [zero-weight]"
        ]
    );
    assert_eq!(split([33.333, 66.667], none), NOTHING);
}

#[test]
fn a_document_that_is_not_valid_is_survived() {
    let mut config = FlagConfig::from_value(&document()).unwrap();
    let mut broken = parse("x == 1 and not (y == 1)").unwrap();
    if let fluxgate_engine::Match::All(parts) = &mut broken
        && let fluxgate_engine::Match::Condition(condition) = &mut parts[0]
    {
        condition.value = None;
    }
    config.criteria.insert(0, config.criteria[0].clone());
    config.criteria[0].when = Some(broken);
    config.criteria[0].rollout = Some(f64::NAN);
    config.criteria[0].name = None;
    assert!(lint(&config).iter().all(|lint| lint.rule == LintRule::ZeroRollout));
}
