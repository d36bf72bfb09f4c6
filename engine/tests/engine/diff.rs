//! Diffs read as a person would tell the change.

use fluxgate_engine::{DiffKind, FlagConfig, diff};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::strategies;

fn config(change: impl FnOnce(&mut Value)) -> FlagConfig {
    let mut document = json!({
        "enabled": true,
        "variants": { "control": "Buy now", "express": "Get started" },
        "default": "control",
        "off": "control",
        "dependsOn": [{ "feature": "payments" }, { "feature": "tax", "variants": ["on"] }],
        "criteria": [
            { "name": "staff", "when": { "key": "staff", "op": "equals", "value": true }, "serve": "express" },
            {
                "name": "US split",
                "when": { "key": "country", "op": "equals", "value": "US" },
                "rollout": 25,
                "split": [{ "variant": "control", "weight": 50 }, { "variant": "express", "weight": 50 }],
            },
            { "when": { "key": "beta", "op": "exists" }, "serve": "express" },
        ],
    });
    change(&mut document);
    FlagConfig::from_value(&document).unwrap()
}

fn lines(before: Option<&FlagConfig>, after: &FlagConfig) -> Vec<String> {
    diff(before, after)
        .into_iter()
        .map(|entry| {
            let kind = match entry.kind {
                DiffKind::Added => "+",
                DiffKind::Removed => "-",
                DiffKind::Changed => "~",
                DiffKind::Moved => ">",
            };
            let text = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
            let (before, after) = (text(entry.before), text(entry.after));
            format!("{kind} {}: {before} -> {after}", entry.path)
        })
        .collect()
}

fn changed(change: impl FnOnce(&mut Value)) -> Vec<String> {
    lines(Some(&config(|_| ())), &config(change))
}

#[test]
fn nothing_when_equal() {
    assert!(changed(|_| ()).is_empty());
    // Defaults that are written out, and numbers in another form, mean the same.
    assert!(
        changed(|document| {
            document["sticky"] = json!(false);
            document["criteria"][0]["rollout"] = json!(100.0);
            document["criteria"][1]["rollout"] = json!(25.0);
            document["criteria"][0]["bucketBy"] = json!("targetingKey");
        })
        .is_empty()
    );
    let mut written_out = config(|_| ());
    written_out.criteria[0].rollout = Some(100.0);
    assert!(lines(Some(&config(|_| ())), &written_out).is_empty());
}

#[test]
fn fields() {
    let found = changed(|document| {
        document["enabled"] = json!(false);
        document["variants"] = json!({ "control": "Buy", "express": "Get started", "new.one": "x" });
        document["off"] = Value::Null;
        document["salt"] = json!("again");
        document["clientSide"] = json!(true);
        document["dependsOn"] = json!([{ "feature": "tax" }, { "feature": "payments" }, { "feature": "eu" }]);
    });
    assert_eq!(
        found,
        [
            "~ enabled: true -> false",
            r#"~ variants.control: "Buy now" -> "Buy""#,
            r#"+ variants["new.one"]: none -> "x""#,
            "~ off: control -> null",
            "+ salt: none -> again",
            "~ clientSide: false -> true",
            r#"~ dependsOn["tax"]: tax at on -> tax on"#,
            r#"> dependsOn["payments"]: position 1 -> position 2"#,
            r#"+ dependsOn["eu"]: none -> eu on"#,
        ]
    );
}

#[test]
fn weights_stand_side_by_side() {
    let found = changed(|document| {
        document["criteria"][1]["rollout"] = json!(50.5);
        document["criteria"][1]["split"][0]["weight"] = json!(10);
        document["criteria"][1]["split"][1]["weight"] = json!(90);
    });
    assert_eq!(
        found,
        [
            r#"~ criteria["US split"].rollout: 25 -> 50.5"#,
            r#"~ criteria["US split"].split: control=50, express=50 -> control=10, express=90"#,
        ]
    );
}

#[test]
fn criteria_move_rename_come_and_go() {
    let found = changed(|document| {
        let criteria = document["criteria"].as_array_mut().unwrap();
        let last = criteria.pop().unwrap();
        criteria.insert(0, last);
        criteria[1]["name"] = json!("employees");
    });
    assert_eq!(
        found,
        ["> criteria[0]: position 3 -> position 1", r#"~ criteria["employees"].name: staff -> employees"#,]
    );
    let found = changed(|document| {
        document["criteria"][2]["when"] = json!({ "key": "beta", "op": "not_exists" });
        document["criteria"].as_array_mut().unwrap().remove(1);
        let everyone = json!({ "rollout": 5, "bucketBy": "companyId", "serve": "control" });
        document["criteria"].as_array_mut().unwrap().push(everyone);
    });
    assert_eq!(
        found,
        [
            r#"- criteria["US split"]: position 2: country == "US": 25 % split control=50, express=50 -> none"#,
            "~ criteria[1].when: exists beta -> not exists beta",
            "+ criteria[2]: none -> position 3: everyone: 5 % by companyId serve control",
        ]
    );
}

#[test]
fn serve_becomes_split() {
    let found = changed(|document| {
        document["criteria"][0] =
            json!({ "name": "staff", "split": [{ "variant": "express", "weight": 1 }] });
    });
    assert_eq!(
        found,
        [
            r#"~ criteria["staff"].when: staff == true -> everyone"#,
            r#"- criteria["staff"].serve: express -> none"#,
            r#"+ criteria["staff"].split: none -> express=1"#,
        ]
    );
}

#[test]
fn a_new_document_is_all_added() {
    assert_eq!(
        lines(None, &FlagConfig::simple(true)),
        [
            "+ enabled: none -> true",
            "+ variants.off: none -> false",
            "+ variants.on: none -> true",
            "+ default: none -> on",
            "+ off: none -> off",
        ]
    );
}

#[test]
fn a_variant_called_null_is_not_none() {
    let config = |default: Value| {
        let document = json!({ "enabled": true, "variants": { "null": 1 }, "default": default, "off": null });
        FlagConfig::from_value(&document).unwrap()
    };
    let (none, null) = (config(Value::Null), config(json!("null")));
    assert_eq!(lines(Some(&none), &null), ["~ default: null -> \"null\""]);
}

#[test]
fn top_and_bottom_differ() {
    let with = |at: usize| {
        lines(
            Some(&config(|_| ())),
            &config(|document| {
                let added = json!({ "name": "all", "serve": "control" });
                document["criteria"].as_array_mut().unwrap().insert(at, added);
            }),
        )
    };
    assert_eq!(with(0), [r#"+ criteria["all"]: none -> position 1: everyone: serve control"#]);
    assert_eq!(with(3), [r#"+ criteria["all"]: none -> position 4: everyone: serve control"#]);
}

#[test]
fn no_wording_hides_a_difference() {
    // One that nobody validated may have variants that are no keys.
    let with = |variants: &[&str]| {
        let mut config = config(|_| ());
        config.depends_on[1].variants = variants.iter().map(|key| (*key).to_owned()).collect();
        config
    };
    let found = lines(Some(&with(&["a", "b"])), &with(&["a or b"]));
    let json = |variants| format!(r#"{{"feature":"tax","variants":{variants}}}"#);
    let expected = format!(r#"~ dependsOn["tax"]: {} -> {}"#, json(r#"["a","b"]"#), json(r#"["a or b"]"#));
    assert_eq!(found, [expected]);
}

#[test]
fn hidden_characters_are_shown() {
    let found = changed(|document| document["variants"]["control"] = json!("\u{202e}\u{e0041}"));
    assert_eq!(found, [r#"~ variants.control: "Buy now" -> "\u202e\udb40\udc41""#]);
    let with = |value: &str| {
        let when = json!({ "key": "a", "op": "equals", "value": value });
        changed(move |document| document["criteria"][2]["when"] = when)
    };
    assert!(with("x\u{3164}")[0].is_ascii());
}

proptest! {
    #[test]
    fn a_diff_is_empty_exactly_when_the_canonical_forms_are_the_same(
        one in strategies::config(), other in strategies::config(), part in 0..12_usize,
    ) {
        let near = with_part(one.clone(), other.clone(), part);
        for (before, after) in [(&one, &one.clone()), (&one, &near), (&near, &one), (&one, &other)] {
            let same = before.to_json() == after.to_json();
            prop_assert_eq!(diff(Some(before), after).is_empty(), same, "{} {}", before.to_json(), after.to_json());
        }
    }
}

/// Returns a document in which one part is that of another.
fn with_part(mut one: FlagConfig, mut other: FlagConfig, part: usize) -> FlagConfig {
    match part {
        0 => one.default = other.default,
        1 => one.off = other.off,
        2 => one.salt = other.salt,
        3 => one.depends_on = other.depends_on,
        4 => one.depends_on.reverse(),
        5 => one.criteria.reverse(),
        6 => one.variants = [("a".to_owned(), json!(1.0)), ("b".to_owned(), json!(1))].into(),
        _ => {
            let (Some(first), Some(another)) = (one.criteria.first_mut(), other.criteria.pop()) else {
                return one;
            };
            match part {
                7 => first.when = another.when,
                8 => first.rollout = another.rollout,
                9 => first.bucket_by = another.bucket_by,
                10 => (first.serve, first.split) = (another.serve, another.split),
                _ => first.name = Some("null".to_owned()),
            }
        }
    }
    one
}
