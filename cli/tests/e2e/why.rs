//! Why somebody gets a value, and what thousands get: `explain`, `eval`, `diff`, `drift`, `stale` and `lint`.

use std::path::Path;

use serde_json::{Value, json};

use crate::run::{Run, fgctl};
use crate::world::World;

const FEATURES: [&str; 5] = ["BetaUsers", "checkout-redesign", "holiday-banner", "limits", "theme"];

/// A system with features of every type of value, a dependency, a rollout and a split that is not a whole one.
fn world() -> World {
    let world = World::start();
    let dev = |args: &[&str]| world.run("dev", args).ends(0);
    let create = |key: &str, variants: [&str; 2]| {
        let args = ["feature", "create", key, "--type", "contextual", "--enabled", "--variant", variants[0]];
        dev(&[&args[..], &["--variant", variants[1]]].concat());
    };
    create("limits", ["none=0", "some=2.5"]);
    create("theme", ["plain={}", "dark={\"contrast\": 3}"]);
    let when = "plan in [\"pro\", \"team\"] and not (country == \"KP\" or trial == true)";
    dev(&[
        "rule",
        "add",
        "limits",
        "-e",
        "dev",
        "--name",
        "paying",
        "--when",
        when,
        "--rollout",
        "60",
        "--serve",
        "some",
    ]);
    let split = ["--split", "plain=33.333,dark=33.333", "--bucket-by", "company"];
    dev(&[&["rule", "add", "theme", "-e", "dev", "--when", "exists company"][..], &split].concat());
    dev(&["dependency", "add", "theme", "limits", "--variant", "some", "-e", "dev"]);
    world
}

/// Many different contexts, some of them short of what is needed.
fn contexts() -> Vec<Value> {
    (0..60)
        .map(|n: usize| {
            let country = ["US", "DE", "KP"][n % 3];
            let mut context = json!({ "targetingKey": format!("user-{n}"), "country": country });
            if n.is_multiple_of(2) {
                context["plan"] = Value::from(["pro", "free", "team", "pro"][n % 4]);
            }
            match n % 5 {
                0 => context["company"] = json!(n),
                1 => context["company"] = json!(["a", "list"]),
                2 => context["role"] = json!("admin"),
                3 => context["trial"] = json!(n.is_multiple_of(2)),
                _ => context["targetingKey"] = Value::Null,
            }
            context
        })
        .collect()
}

/// What an answer says, whoever gave it.
fn said(answer: &Value) -> Value {
    let error = answer.get("errorCode").or_else(|| answer["error"].get("code"));
    json!([answer["value"], answer["variant"], answer["reason"], error])
}

#[test]
fn everybody_comes_to_the_same() {
    let world = world();
    let asked = contexts();
    let lines: String = asked.iter().map(|context| format!("{context}\n")).collect();
    let eval = |via: &str| -> Vec<Value> {
        let args = [&["eval"][..], &FEATURES, &["-e", "dev", "--stdin", "--via", via, "-o", "json"]].concat();
        let run = fgctl(&world.config(), &[&args[..], &["--context", "dev"]].concat(), &lines);
        run.json().as_array().unwrap().clone()
    };
    let (local, backend) = (eval("local"), eval("backend"));
    assert_eq!(local.len(), asked.len() * FEATURES.len());
    for (index, (ours, theirs)) in local.iter().zip(&backend).enumerate() {
        assert_eq!(ours, theirs);
        assert_eq!(ours["line"], index / FEATURES.len() + 1);
        assert_eq!(ours["feature"], FEATURES[index % FEATURES.len()]);
    }
    let reasons: std::collections::BTreeSet<&str> =
        local.iter().filter_map(|answer| answer["reason"].as_str()).collect();
    assert_eq!(reasons.len(), 5, "every reason: {reasons:?}");
    assert!(local.iter().any(|answer| answer["errorCode"] == "TARGETING_KEY_MISSING"));

    // Explained one by one, with the backend asked as well: every feature, and contexts of every kind.
    let file = world.config().join("context.json");
    for (index, context) in asked.iter().enumerate().take(15) {
        std::fs::write(&file, context.to_string()).unwrap();
        for (place, feature) in FEATURES.iter().enumerate() {
            let answer = &local[index * FEATURES.len() + place];
            let args = ["explain", feature, "-e", "dev", "--via", "backend", "-o", "json", "--context-file"];
            let run = world.run("dev", &[&args[..], &[file.to_str().unwrap()]].concat());
            let trace = run.json();
            assert_eq!(said(&trace["result"]), said(answer), "{context} {trace:#}");
            assert_eq!(
                (&trace["second"]["agrees"], &trace["version"]),
                (&json!(true), &json!(version(&world, feature)))
            );
            assert_eq!(run.code, i32::from(answer["errorCode"] != Value::Null), "{run:#?}");
        }
    }
    offline(&world);
    exit_status(&world);
    differences(&world);
}

/// Returns the number of what is live in dev.
fn version(world: &World, feature: &str) -> i64 {
    let view = world.run("dev", &["feature", "view", feature, "-o", "json"]).ends(0).json();
    view["stages"][0]["live"]["number"].as_i64().unwrap()
}

/// Without any server, from files: the documents as they are live.
fn offline(world: &World) {
    let folder = world.config().join("flags");
    std::fs::create_dir(&folder).unwrap();
    for feature in FEATURES {
        let view = world.run("dev", &["feature", "view", feature, "-o", "json"]).ends(0).json();
        std::fs::write(
            folder.join(format!("{feature}.json")),
            view["stages"][0]["live"]["config"].to_string(),
        )
        .unwrap();
    }
    let nobody = world.config().join("nobody");
    let alone =
        |args: &[&str]| -> Run { fgctl(&nobody, &[args, &["-f", folder.to_str().unwrap()]].concat(), "") };
    let whom = ["--key", "user-4", "--attr", "plan=pro", "--attr", "company=acme", "--attr", "colour=red"];
    for feature in FEATURES {
        let explained = alone(&[&["explain", feature, "-o", "json"][..], &whom].concat()).ends(0).json();
        let evaluated = alone(&[&["eval", feature, "-o", "json"][..], &whom].concat()).ends(0).json();
        let live = world
            .run("dev", &[&["explain", feature, "-e", "dev", "-o", "json"][..], &whom].concat())
            .ends(0)
            .json();
        assert_eq!(said(&explained["result"]), said(&evaluated[0]));
        for field in ["result", "steps", "unusedAttributes"] {
            assert_eq!(explained[field], live[field]);
        }
    }
    alone(&["explain", "theem", "--key", "u"]).ends(6).says("Did you mean theme?");
    alone(&["eval", "theme", "--via", "backend"]).ends(2).says("--via local");
    std::fs::write(folder.join("broken.yaml"), "enabled: true\nvariants: {}\ndefault: a\noff: a\n").unwrap();
    alone(&["explain", "theme", "--key", "u"]).ends(2).says("broken.yaml:2:");
}

/// A gate in CI: yes is 0, no is 3, whatever the type of the value, and an error is no answer.
fn exit_status(world: &World) {
    let eval = |args: &[&str]| {
        let args = [&["eval", "-e", "dev", "--exit-status"][..], args].concat();
        world.run("dev", &args)
    };
    eval(&["holiday-banner"]).ends(0);
    eval(&["BetaUsers", "--key", "u"]).ends(3).says("false\toff\tDEFAULT");
    eval(&["BetaUsers", "--key", "u", "--attr", "role=admin"]).ends(0);
    eval(&["limits", "--key", "u"]).ends(3);
    eval(&["theme", "--key", "u"]).ends(3);
    eval(&["checkout-redesign", "--attr", "country=DE"]).ends(0);
    eval(&["checkout-redesign", "holiday-banner", "BetaUsers", "--key", "u"]).ends(3);
    eval(&["checkout-redesign", "--attr", "country=US"]).ends(1).says("TARGETING_KEY_MISSING");
    eval(&["no-such-thing", "--key", "u"]).ends(6);
    world.run("dev", &["eval", "BetaUsers", "-e", "dev", "--key", "u"]).ends(0);
    let stdin = |text: &str, more: &[&str]| {
        let args =
            [&["eval", "BetaUsers", "-e", "dev", "--stdin", "--exit-status", "--context", "dev"][..], more]
                .concat();
        fgctl(&world.config(), &args, text)
    };
    assert_eq!(
        stdin("{}\n{\"targetingKey\": \"u\"}\n", &["--attr", "role=admin"]).ends(0).stdout,
        "-\ttrue\ton\tTARGETING_MATCH\trule \"admins\"\t1\nu\ttrue\ton\tTARGETING_MATCH\trule \"admins\"\t1\n"
    );
    stdin("{\"role\": \"admin\"}\n{}\n", &[]).ends(3);
    let bad = stdin("{}\n\n{\"role\": }\n", &[]).ends(2);
    bad.says("line 3: not JSON");
    assert_eq!(bad.stdout, "");
    stdin("", &[]).ends(2).says("stdin has no context");

    // The edge, asked as applications ask it.
    let key = world.config().join("key");
    std::fs::write(&key, world.status()["client"]["key"].as_str().unwrap()).unwrap();
    let at_edge = |key: &Path, url: &str| {
        let args = ["BetaUsers", "--key", "u", "--attr", "role=admin", "--via", "edge", "--edge-url", url];
        eval(&[&args[..], &["--edge-key-file", key.to_str().unwrap()]].concat())
    };
    let url = world.address("edge");
    at_edge(&key, &url).ends(0).says("true\ton\tTARGETING_MATCH");
    at_edge(Path::new("/nowhere"), &url).ends(2);
    std::fs::write(&key, format!("fgc_AAAAAAAA_{}", "A".repeat(43))).unwrap();
    at_edge(&key, &url).ends(4).says("fgctl client create");
    at_edge(&key, "http://127.0.0.1:1").ends(11).says("address of an edge");
    eval(&["BetaUsers", "--via", "edge"]).ends(2).says("FGCTL_EDGE");
}

/// What differs between stages and versions, and what is probably not meant.
fn differences(world: &World) {
    let run = |args: &[&str]| world.run("dev", args);
    run(&["promote", "limits", "--to", "staging"]).ends(0);
    run(&["drift", "limits"]).ends(0).says("limits\tstaging\t1\tprod\t-\t-\tnot deployed in prod");
    run(&["rule", "add", "limits", "-e", "dev", "--when", "true", "--serve", "none", "--first"]).ends(0);
    run(&["feature", "disable", "limits", "-e", "dev"]).ends(0);
    let drift = run(&["drift", "limits", "--exit-code"]).ends(3);
    drift.says("limits\tdev\t4\tstaging\t1\t2\tenabled, rule 1");
    run(&["drift", "limit"]).ends(6).says("Did you mean limits?");

    let diff = run(&["feature", "diff", "limits", "--from", "staging", "--to", "dev", "--exit-code"]).ends(3);
    assert_eq!(
        diff.stdout,
        "limits  staging v1 → dev v4\n  ~ enabled                      true → false\n  + rule 1                       position 1: true: serve none\n"
    );
    let versions =
        run(&["feature", "diff", "limits", "-e", "dev", "--versions", "2..3", "--exit-code"]).ends(3);
    assert_eq!(
        versions.stdout,
        "limits  dev v2 → dev v3\n  + rule 1                       position 1: true: serve none\n"
    );
    run(&["feature", "diff", "limits", "-e", "dev", "--versions", "4..", "--exit-code"])
        .ends(0)
        .says("= no difference");
    run(&["feature", "diff", "limits", "-e", "dev", "--versions", "2..9"])
        .ends(6)
        .says("fgctl feature history limits -e dev");
    run(&["feature", "diff", "limits", "--from", "staging", "--to", "prd"])
        .ends(6)
        .says("Did you mean prod?");
    run(&["feature", "diff", "limits"]).ends(2);

    let lint = run(&["lint", "limits", "--exit-code"]).ends(3);
    lint.says("limits\tdev\tunreachable-criterion\trule 2");
    run(&["lint", "BetaUsers", "--exit-code"]).ends(0).says("nothing found in 3 live documents");
    assert!(
        run(&["lint", "-o", "json"])
            .ends(0)
            .json()
            .as_array()
            .unwrap()
            .iter()
            .all(|found| found["feature"] == "limits" || found["rule"] == "partial-split")
    );
    run(&["stale", "--exit-code"]).ends(0).says("nothing is stale");

    // What waits for a stage, and what it would make of an answer.
    let promote = ["promote", "limits", "--to", "prod", "--yes"];
    let change = run(&[&promote[..], &["-o", "json"]].concat()).ends(8).json()["change"]["number"].clone();
    let none = run(&["explain", "limits", "-e", "prod", "--key", "u"]).ends(6);
    none.says("serves nothing in prod")
        .says(&format!("After #{change} this user would get none, reason DEFAULT."));
    world.run("lead", &["approve", &change.to_string(), "--wait=edges", "--timeout", "30s"]).ends(0);
    run(&["explain", "limits", "-e", "prod", "--key", "u"]).ends(0).says("1 of 1 edges have this version.");
    let kill = ["kill", "limits", "-e", "prod", "--yes", "--confirm", "limits", "--reason", "5xx"];
    run(&kill).ends(0);
    run(&["explain", "limits", "-e", "prod", "--key", "u", "--via", "backend"])
        .ends(0)
        .says("✗ killed by dev: 5xx   ◀ none");
}
