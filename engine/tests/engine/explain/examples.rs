//! Worked examples: what each step looks like.

use fluxgate_engine::Kept;
use serde_json::{Value, json};

use super::{explained, flag};

const USER: &str = "user-10001";

fn passed(step: &str) -> Value {
    json!({ "step": step, "outcome": "PASSED" })
}

fn decided(step: &str) -> Value {
    json!({ "step": step, "outcome": "DECIDED" })
}

fn not_reached(step: &str) -> Value {
    json!({ "step": step, "outcome": "NOT_REACHED" })
}

/// Every unit was served this variant before.
struct Before(&'static str);

impl Kept for Before {
    fn variant(&self, _feature: &str, _salt: &str, _unit: &str) -> Option<&str> {
        Some(self.0)
    }
}

fn checkout() -> Value {
    json!({
        "payments-v2": flag(json!({})),
        "checkout-redesign": {
            "enabled": true,
            "variants": { "control": "classic", "variant-a": "one-page" },
            "default": "control",
            "off": "control",
            "dependsOn": [{ "feature": "payments-v2", "variants": ["on"] }],
            "criteria": [
                {
                    "name": "internal users",
                    "when": { "any": [
                        { "key": "email", "op": "ends_with", "value": "@acme.com" },
                        { "key": "betaTester", "op": "equals", "value": true },
                    ] },
                    "serve": "variant-a",
                },
                {
                    "name": "pro users on 2.x",
                    "when": { "all": [
                        { "key": "tier", "op": "in", "value": ["pro", "enterprise"] },
                        { "key": "appVersion", "op": "semver", "value": ">=2.0.0 <3.0.0" },
                    ] },
                    "split": [
                        { "variant": "control", "weight": 90 },
                        { "variant": "variant-a", "weight": 10 },
                    ],
                },
                { "name": "everyone else", "serve": "control" },
            ],
        },
    })
}

#[test]
fn why_is_this_user_getting_this() {
    let context = json!({ "targetingKey": USER, "tier": "pro", "country": "DE", "appVersion": "2.4.1" });
    let expected = json!({
        "feature": "checkout-redesign",
        "result": {
            "variant": "variant-a",
            "value": "one-page",
            "reason": "SPLIT",
            "criterion": { "index": 1, "name": "pro users on 2.x" },
        },
        "steps": [
            passed("FOUND"),
            passed("KILL_SWITCH"),
            passed("ENABLED"),
            {
                "step": "DEPENDENCY",
                "feature": "payments-v2",
                "variants": ["on"],
                "outcome": "SATISFIED",
                "cameTo": { "variant": "on", "reason": "STATIC" },
                "explanation": {
                    "feature": "payments-v2",
                    "result": { "variant": "on", "value": true, "reason": "STATIC" },
                    "steps": [
                        passed("FOUND"), passed("KILL_SWITCH"), passed("ENABLED"), decided("DEFAULT"),
                    ],
                },
            },
            {
                "step": "CRITERION",
                "index": 0,
                "name": "internal users",
                "outcome": "NOT_MATCHED",
                "when": {
                    "node": "ANY",
                    "holds": false,
                    "children": [
                        {
                            "node": "CONDITION",
                            "holds": false,
                            "expression": "email ends with \"@acme.com\"",
                            "key": "email",
                        },
                        {
                            "node": "CONDITION",
                            "holds": false,
                            "expression": "betaTester == true",
                            "key": "betaTester",
                        },
                    ],
                },
            },
            {
                "step": "CRITERION",
                "index": 1,
                "name": "pro users on 2.x",
                "outcome": "MATCHED",
                "when": {
                    "node": "ALL",
                    "holds": true,
                    "children": [
                        {
                            "node": "CONDITION",
                            "holds": true,
                            "expression": "tier in [\"pro\", \"enterprise\"]",
                            "key": "tier",
                            "saw": "pro",
                        },
                        {
                            "node": "CONDITION",
                            "holds": true,
                            "expression": "appVersion semver \">=2.0.0 <3.0.0\"",
                            "key": "appVersion",
                            "saw": "2.4.1",
                        },
                    ],
                },
                "bucketBy": { "key": "targetingKey", "unit": USER },
                "split": {
                    "bucket": 93566,
                    "shares": [
                        { "variant": "control", "from": 0, "upto": 90000, "chosen": false },
                        { "variant": "variant-a", "from": 90000, "upto": 100_000, "chosen": true },
                    ],
                },
            },
            { "step": "CRITERION", "index": 2, "name": "everyone else", "outcome": "NOT_REACHED" },
            not_reached("DEFAULT"),
        ],
        "unusedAttributes": ["country"],
    });
    assert_eq!(explained(checkout(), "checkout-redesign", context, &()), expected);
}

#[test]
fn unknown() {
    let expected = json!({
        "feature": "ghost",
        "result": {
            "error": { "code": "FLAG_NOT_FOUND", "message": "no feature \"ghost\" in this environment" },
        },
        "steps": [decided("FOUND")],
        "unusedAttributes": ["tier"],
    });
    assert_eq!(explained(checkout(), "ghost", json!({ "tier": "pro" }), &()), expected);
}

#[test]
fn killed_and_disabled() {
    let off = json!({ "variant": "off", "value": false, "reason": "DISABLED" });
    let criteria = json!([{ "serve": "on" }]);
    let killed = json!({ "f": flag(json!({ "killed": true, "enabled": false, "criteria": criteria })) });
    let explained_one = explained(killed, "f", json!({}), &());
    let expected = json!({
        "feature": "f",
        "result": { "variant": "off", "value": false, "reason": "DISABLED", "killSwitch": true },
        "steps": [
            passed("FOUND"),
            decided("KILL_SWITCH"),
            not_reached("ENABLED"),
            { "step": "CRITERION", "index": 0, "outcome": "NOT_REACHED" },
            not_reached("DEFAULT"),
        ],
    });
    assert_eq!(explained_one, expected);
    let disabled = json!({ "f": flag(json!({ "enabled": false })) });
    let explained_one = explained(disabled, "f", json!({}), &());
    assert_eq!(explained_one["result"], off);
    let steps = json!([passed("FOUND"), passed("KILL_SWITCH"), decided("ENABLED"), not_reached("DEFAULT")]);
    assert_eq!(explained_one["steps"], steps);
}

#[test]
fn blocked() {
    let flags = json!({
        "f": flag(json!({ "dependsOn": [{ "feature": "g" }, { "feature": "h" }] })),
        "g": flag(json!({ "criteria": [{ "when": { "key": "beta", "op": "exists" }, "serve": "on" }], "default": "off" })),
        "h": flag(json!({})),
    });
    let expected = json!({
        "feature": "f",
        "result": { "variant": "off", "value": false, "reason": "DISABLED", "blockedBy": "g" },
        "steps": [
            passed("FOUND"),
            passed("KILL_SWITCH"),
            passed("ENABLED"),
            {
                "step": "DEPENDENCY",
                "feature": "g",
                "outcome": "NOT_SATISFIED",
                "cameTo": { "variant": "off", "reason": "DEFAULT" },
                "whyNot": { "code": "OFF", "message": "it is off" },
                "explanation": {
                    "feature": "g",
                    "result": { "variant": "off", "value": false, "reason": "DEFAULT" },
                    "steps": [
                        passed("FOUND"),
                        passed("KILL_SWITCH"),
                        passed("ENABLED"),
                        {
                            "step": "CRITERION",
                            "index": 0,
                            "outcome": "NOT_MATCHED",
                            "when": {
                                "node": "CONDITION",
                                "holds": false,
                                "expression": "exists beta",
                                "key": "beta",
                            },
                        },
                        decided("DEFAULT"),
                    ],
                },
            },
            { "step": "DEPENDENCY", "feature": "h", "outcome": "NOT_REACHED" },
            not_reached("DEFAULT"),
        ],
    });
    assert_eq!(explained(flags, "f", json!({}), &()), expected);
}

#[test]
fn why_a_dependency_is_not_satisfied() {
    let why_not = |needs: Value, other: Value| {
        let flags = json!({ "f": flag(json!({ "dependsOn": [needs] })), "g": flag(other) });
        let explained = explained(flags, "f", json!({}), &());
        let why_not = &explained["steps"][3]["whyNot"];
        format!("{}: {}", why_not["code"].as_str().unwrap(), why_not["message"].as_str().unwrap())
    };
    let any = json!({ "feature": "g" });
    let on_or_more = json!({ "feature": "g", "variants": ["on", "more"] });
    let off = json!({ "enabled": false });
    let missing_key = json!({ "criteria": [{ "rollout": 50, "serve": "on" }] });
    assert_eq!(
        why_not(json!({ "feature": "ghost" }), off.clone()),
        "FLAG_NOT_FOUND: no feature \"ghost\" in this environment"
    );
    assert_eq!(why_not(any.clone(), off.clone()), "OFF: it is off");
    assert_eq!(why_not(any.clone(), json!({ "enabled": false, "off": null })), "OFF: it is off");
    assert_eq!(why_not(any.clone(), json!({ "default": null })), "NO_VARIANT: it serves no variant");
    assert_eq!(why_not(on_or_more, off), "OTHER_VARIANT: it is \"off\", not \"on\" or \"more\"");
    assert!(why_not(any, missing_key).starts_with("TARGETING_KEY_MISSING: the context needs"));
}

#[test]
fn a_dependency_is_shown_once() {
    let needs_h = flag(json!({ "dependsOn": [{ "feature": "h" }] }));
    let flags = json!({
        "f": flag(json!({ "dependsOn": [{ "feature": "g" }, { "feature": "h" }] })),
        "g": needs_h,
        "h": flag(json!({})),
    });
    let expected = json!({
        "step": "DEPENDENCY",
        "feature": "h",
        "outcome": "SATISFIED",
        "cameTo": { "variant": "on", "reason": "STATIC" },
        "shownBefore": true,
    });
    assert_eq!(explained(flags, "f", json!({}), &())["steps"][4], expected);
}

#[test]
fn nothing_to_make_a_bucket_of() {
    let flags = json!({ "f": flag(json!({
        "criteria": [{ "rollout": 0, "bucketBy": "company.id", "serve": "on" }],
    })) });
    let context = json!({ "company": { "id": [] }, "targetingKey": USER });
    let explained = explained(flags, "f", context, &());
    let message = "the context needs \"company.id\", a string, number or boolean that is not empty, to decide who is in";
    let error = json!({ "code": "TARGETING_KEY_MISSING", "message": message });
    assert_eq!(explained["result"], json!({ "error": error }));
    let expected = json!({
        "step": "CRITERION",
        "index": 0,
        "outcome": "MATCHED",
        "bucketBy": { "key": "company.id" },
        "serve": "on",
    });
    assert_eq!(explained["steps"][3], expected);
    assert_eq!(explained["unusedAttributes"], json!(["targetingKey"]));
}

#[test]
fn left_out_by_the_rollout() {
    let split = json!([{ "variant": "on", "weight": 100 }]);
    let criteria = json!([{ "rollout": 12.345, "bucketBy": "age", "split": split }]);
    let flags = json!({ "f": flag(json!({ "criteria": criteria, "salt": "s" })) });
    let explained = explained(flags, "f", json!({ "age": 42.0 }), &());
    let bucket = fluxgate_engine::bucket("s", "rollout", "42");
    assert!(bucket >= 12345);
    let expected = json!({
        "step": "CRITERION",
        "index": 0,
        "outcome": "MATCHED",
        "bucketBy": { "key": "age", "unit": "42" },
        "rollout": { "bucket": bucket, "threshold": 12345, "takenIn": false },
    });
    assert_eq!(explained["steps"][3], expected);
    assert_eq!(explained["result"], json!({ "variant": "on", "value": true, "reason": "DEFAULT" }));
}

#[test]
fn kept_and_gone() {
    let split = json!([{ "variant": "off", "weight": 0 }, { "variant": "on", "weight": 100 }]);
    let with = |sticky: bool, before| {
        let flags = json!({ "f": flag(json!({ "sticky": sticky, "criteria": [{ "split": split }] })) });
        let explained = explained(flags, "f", json!({ "targetingKey": USER }), &Before(before));
        assert_eq!(explained["result"]["reason"], "SPLIT");
        let split = &explained["steps"][3]["split"];
        (split["kept"].clone(), split["shares"][0]["chosen"].clone())
    };
    let kept = |variant, decided| json!({ "variant": variant, "decided": decided });
    assert_eq!(with(true, "off"), (kept("off", true), json!(true)));
    assert_eq!(with(true, "gone"), (kept("gone", false), json!(false)));
    assert_eq!(with(false, "off"), (Value::Null, json!(false)));
}

#[test]
fn attributes_are_shown_as_they_were_sent_and_named_when_unused() {
    let when = json!({ "all": [
        { "key": "a.b", "op": "equals", "value": 1 },
        { "key": "c.d", "op": "exists" },
        { "key": "e", "op": "exists" },
        { "not": { "key": "list", "op": "in", "value": [2] } },
    ] });
    let flags = json!({ "f": flag(json!({ "criteria": [{ "when": when, "serve": "on" }] })) });
    let context = json!({
        "a": { "b": 1.0 },
        "c": { "d": 7 },
        "c.d": { "deep": [1, null, "x"] },
        "e": null,
        "list": [2.5, true],
        "targetingKey": USER,
    });
    let explained = explained(flags, "f", context, &());
    let children = &explained["steps"][3]["when"]["children"];
    assert_eq!(children[0]["saw"], json!(1));
    assert_eq!(children[1]["saw"], json!({ "deep": [1, null, "x"] }));
    assert_eq!(children[2].get("saw"), None, "a null is missing");
    assert_eq!(children[3]["child"]["saw"], json!([2.5, true]));
    assert_eq!(children[3]["holds"], true, "looked at although the one before does not hold");
    assert_eq!(explained["unusedAttributes"], json!(["c", "targetingKey"]));
}
