//! Criteria that are never reached, never match, or have parts that are always the same.

use fluxgate_engine::parse;
use serde_json::json;

use super::{NOTHING, criteria, of, rules};

#[test]
fn unreachable_messages() {
    let all = json!([
        { "name": "everyone", "serve": "express" },
        { "name": "staff", "when": parse("exists staff").unwrap(), "serve": "express" },
    ]);
    assert_eq!(
        criteria(all.clone()),
        [
            "criteria[1]: is never reached: criterion 1 \"everyone\" above it decides for everyone; move it up or remove it [unreachable-criterion]"
        ]
    );
    let mut partial = all;
    partial[0]["rollout"] = json!(5);
    assert_eq!(
        criteria(partial),
        [
            "criteria[1]: is never reached: criterion 1 \"everyone\" above it decides for everyone, also for those whom its rollout leaves out; move it up or remove it [unreachable-criterion]"
        ]
    );
    assert_eq!(
        of(&["x == 1", "exists staff", "exists staff"]),
        [
            "criteria[2]: is never reached: criterion 2 above it has the same condition and decides; move it up or remove it [unreachable-criterion]"
        ]
    );
    assert_eq!(
        of(&["country in [\"US\", \"DE\"]", "country == \"US\""]),
        [
            "criteria[1]: is never reached: criterion 1 above it matches whenever this one does and decides; move it up or remove it [unreachable-criterion]"
        ]
    );
    assert_eq!(
        of(&["plan == \"a\"", "exists x", "plan != \"a\"", "exists plan and exists y"]),
        [
            "criteria[3]: is never reached: criterion 1 or criterion 3 above it matches whenever this one does; move it up or remove it [unreachable-criterion]"
        ]
    );
}

#[test]
fn unreachable() {
    for (above, below) in [
        ("true", "exists x"),
        ("not false", "exists x"),
        ("exists x or not exists x", "exists y"),
        ("x == \"a\"", "x == \"a\" and y == 1"),
        ("y == 1 and x == \"a\"", "x == \"a\" and exists z and y == 1"),
        ("x == \"a\" or exists y", "x == \"a\""),
        ("x == \"a\" or exists y", "x == \"a\" and exists z or exists y"),
        ("exists x", "x != \"a\""),
        ("exists x", "x not in [1, 2]"),
        ("not (x == 1)", "not exists x"),
        ("not (x == 1)", "x != 1"),
        ("x not in [1]", "x not in [1, 2]"),
        ("x != 1", "x not in [1, 2]"),
        ("x in [1, 2, 3]", "x in [3, 1]"),
        ("x in [1, true]", "x == true"),
        // A number equals all that spell it, a string only itself and what it spells.
        ("x == 5", "x == \"5\""),
        ("x == true", "x == \"true\""),
        ("x == \"true\"", "x == true"),
        ("x >= 5", "x == \"5\""),
        ("x >= 5", "x == 5"),
        ("x >= 5", "x > 5"),
        ("x > 4.5", "x >= 5"),
        ("x < 5", "x in [1, \"2\", 3]"),
        ("x ==~ \"us\"", "x == \"US\""),
        ("x ==~ \"us\"", "x ==~ \"US\""),
        ("x in~ [\"us\", \"de\"]", "x ==~ \"Us\""),
        ("x contains \"b\"", "x == \"abc\""),
        ("x contains \"b\"", "x starts with \"abc\""),
        ("x contains [\"b\", \"z\"]", "x starts with [\"abc\", \"z\"]"),
        ("x starts with \"a\"", "x starts with \"abc\""),
        ("x ends with~ \"C\"", "x ends with \"abc\""),
        ("x ends with~ \"C\"", "x ==~ \"ABC\""),
        ("x matches \"^a+$\"", "x == \"aa\""),
        ("x matches \"^a+$\"", "exists y and x matches \"^a+$\""),
        ("x semver \"^1.2\"", "x == \"1.3.0\""),
        ("x semver \"^1.2\"", "x semver \">=1.2.0 <2.0.0-0\""),
        ("x before \"2026-06-01T10:00:00Z\"", "x before \"2026-06-01T11:00:00+02:00\""),
        ("x after 1000", "x after \"2026-06-01T10:00:00Z\""),
    ] {
        let found = rules(&[above, below]);
        assert!(found.contains(&"unreachable-criterion criteria[1]".to_owned()), "{above}, {below}");
    }
}

#[test]
fn reachable() {
    for (above, below) in [
        ("x == \"a\" and exists y", "x == \"a\""),
        ("x in [\"US\", \"DE\"]", "x in [\"US\", \"FR\"]"),
        // A list may have an element for each.
        ("x == \"US\"", "x == \"US\" and x == \"DE\" or exists z"),
        ("x < 5", "x > 5"),
        // A missing attribute is neither, and a list may be empty.
        ("x == 1", "x != 1"),
        ("x != 1", "not (x == 1)"),
        ("x == 1", "exists x"),
        ("x >= 0 or x < 0", "exists x"),
        ("x contains \"\"", "exists x"),
        // The string equals one spelling, the number all of them.
        ("x == \"5\"", "x == 5"),
        ("x in [\"5\"]", "x == 5"),
        ("x == 5", "x ==~ \"five\""),
        ("x > 5", "x >= 5"),
        ("x > 5", "x == 5"),
        ("x == \"US\"", "x ==~ \"US\""),
        ("x starts with \"b\"", "x starts with \"abc\""),
        ("x starts with \"abc\"", "x starts with \"a\""),
        ("x starts with \"a\"", "x contains \"abc\""),
        // Which of the two small sigmas a capital one becomes hangs on what follows it.
        ("x starts with~ \"ΑΣ\"", "x starts with \"ΑΣ\""),
        ("x starts with \"a\"", "x starts with~ \"a\""),
        ("x matches \"^a+$\"", "x matches~ \"^a+$\""),
        ("x semver \"^1.2\"", "x semver \"^1\""),
        ("x before 1000", "x before 1001"),
        // The number is an instant, the string that spells it is none.
        ("x after 1000", "x == 2000"),
        ("x == 1", "y == 1"),
        // A dotted key is looked up by itself first.
        ("exists a", "exists a.b"),
    ] {
        assert_eq!(rules(&[above, below]), NOTHING, "{below}");
    }
}

#[test]
fn unreachable_together() {
    let unreachable = ["unreachable-criterion criteria[2]"];
    assert_eq!(rules(&["exists x", "not exists x", "exists y"]), unreachable);
    assert_eq!(rules(&["x == \"US\"", "x == \"DE\"", "x in [\"DE\", \"US\"] and exists y"]), unreachable);
    assert_eq!(rules(&["x == 1 and y == 1", "x == 1", "x == 1 and y == 2"]), unreachable);
    assert_eq!(
        rules(&["exists x", "exists y", "exists x and exists z or exists y and not exists z"]),
        unreachable
    );
    assert_eq!(
        rules(&["exists x and exists y", "exists x and not exists y", "exists x and exists z"]),
        unreachable
    );
    assert_eq!(
        rules(&["exists x and exists y", "exists x and not exists z", "exists x and exists z"]),
        NOTHING
    );
    assert_eq!(rules(&["x == \"US\"", "x == \"DE\"", "x in [\"DE\", \"US\", \"FR\"]"]), NOTHING);
    assert_eq!(rules(&["exists x", "everyone", "exists y"])[0], unreachable[0]);
    let many: Vec<String> = (0..6).map(|index| format!("x == {index}")).collect();
    let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
    many.push("x in [0, 1, 2, 3, 4, 5]");
    assert_eq!(
        of(&many),
        [
            "criteria[6]: is never reached: one of 6 criteria above it matches whenever this one does; move it up or remove it [unreachable-criterion]"
        ]
    );
}

#[test]
fn impossible() {
    for when in [
        "false",
        "not true",
        "not (exists x or not exists x)",
        "exists x and not exists x",
        "x == \"a\" and not exists x",
        "x != \"a\" and not exists x",
        "x == \"a\" and x != \"a\"",
        "x == \"5\" and x != 5",
        "x in [1, 2] and x not in [1, 2, 3]",
        "x in [\"a\", \"b\"] and x != \"a\" and x != \"b\"",
        "x > 5 and not (x > 4)",
        "x starts with \"ab\" and not (x contains \"a\")",
        "x matches \"[ab]\" and not (x matches \"[ab]\")",
        "(exists x or exists y) and not exists x and not exists y",
        "(exists x or exists y) and (exists x or not exists y) and (not exists x or exists y) and (not exists x or not exists y)",
    ] {
        assert_eq!(rules(&[when]), ["impossible-criterion criteria[0].when"], "{when}");
    }
    for when in [
        // `x: ["US", "DE"]` and `x: [1, 9]`
        "x == \"US\" and x == \"DE\"",
        "x > 5 and x < 3",
        "x == \"a\" and x not in [\"b\"]",
        "x == 5 and x != \"5\"",
        "x before 1000 and x after 2000",
        "not (x == 1) and not (x != 1)",
        "x == true and not (x ==~ \"TRUE\")",
        "(exists x or exists y) and not exists x",
    ] {
        assert_eq!(rules(&[when]), NOTHING, "{when}");
    }
}

#[test]
fn what_only_the_longer_search_finds() {
    // So much is asked of each pair of these that nothing is left to ask of the pairs that follow.
    let hard = |n: usize| {
        let choice = |choice: usize| {
            let options: Vec<String> = (0..24).map(|k| format!("exists a{n}x{choice}x{k}")).collect();
            format!("({})", options.join(" or "))
        };
        (0..8).map(choice).collect::<Vec<_>>().join(" and ")
    };
    let hard: Vec<String> = (0..40).map(hard).collect();
    let last_of = |last: &str| {
        let all = ["x in [1, 2]"].into_iter().chain(hard.iter().map(String::as_str)).chain([last]);
        of(&all.collect::<Vec<_>>())
    };
    assert_eq!(
        last_of("x == 1"),
        [
            "criteria[41]: is never reached: criterion 1 above it matches whenever this one does and decides; move it up or remove it [unreachable-criterion]"
        ]
    );
    assert_eq!(
        last_of("y == 1 and y != 1"),
        [
            "criteria[41]: is never reached: no context fulfils its condition; correct it or remove it [unreachable-criterion]"
        ]
    );
}

#[test]
fn impossible_messages() {
    assert_eq!(
        of(&["false"]),
        [
            "criteria[0].when: can never match: no context fulfils it; correct it or remove the criterion [impossible-criterion]"
        ]
    );
    assert_eq!(
        of(&["exists y and x == \"a\" and exists z and x != \"a\""]),
        [
            "criteria[0].when: can never match: (x == \"a\") and (x != \"a\") exclude each other; correct it or remove the criterion [impossible-criterion]"
        ]
    );
}

#[test]
fn constant_parts() {
    assert_eq!(
        of(&["exists x or (exists y and not exists y)"]),
        ["criteria[0].when.any[1]: never holds; correct it or leave it out [constant-condition]"]
    );
    assert_eq!(
        of(&["exists x and (exists y or not exists y)"]),
        [
            "criteria[0].when.all[1]: always holds; correct it, or leave it out if everyone is meant [constant-condition]"
        ]
    );
    assert_eq!(rules(&["exists x or not false"]), ["constant-condition criteria[0].when"]);
    assert_eq!(rules(&["not (exists x and false)"]), ["constant-condition criteria[0].when"]);
    assert_eq!(
        rules(&["not (exists x or exists y and false)"]),
        ["constant-condition criteria[0].when.not.any[1]"]
    );
    assert_eq!(rules(&["true"]), NOTHING);
}
