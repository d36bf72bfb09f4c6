//! Everything that is refused says what failed, why, and what to do, with an exit code of its own.

use serde_json::Value;

use crate::http::post;
use crate::run::fgctl;
use crate::world::World;

/// Makes sure that an error says what to do.
#[track_caller]
fn hinted(error: &Value) -> &Value {
    assert!(!error["message"].as_str().unwrap_or_default().is_empty(), "{error:#}");
    assert!(!error["hint"].as_str().unwrap_or_default().is_empty(), "no hint: {error:#}");
    error
}

#[test]
fn a_promotion_names_every_closed_gate_at_once() {
    let world = World::shared();
    // It is not live in prod, and no pipeline leads back from there.
    let promote = ["promote", "holiday-banner", "--from", "prod", "--to", "dev", "--yes"];
    let error = world.run("dev", &[&promote[..], &["-o", "json"]].concat()).ends(9).error();
    assert_eq!(error["code"], "BLOCKED", "{error:#}");
    let gates = error["gates"].as_array().unwrap();
    let closed: Vec<&Value> = gates.iter().filter(|gate| gate["passed"] == false).collect();
    assert!(closed.len() >= 2, "{error:#}");
    let text = world.run("dev", &promote).ends(9);
    for gate in closed {
        text.says(gate["message"].as_str().unwrap());
    }
    // The ordinary case: the stage before has nothing to promote yet.
    let promote = ["promote", "holiday-banner", "--to", "prod", "--yes"];
    world.run("dev", &promote).ends(9).says("staging");
}

#[test]
fn an_unknown_key_gets_nothing_from_the_edge() {
    let world = World::shared();
    let body = r#"{"flagKey":"BetaUsers","context":{"targetingKey":"u","environment":"prod"}}"#;
    let key = format!("fgc_AAAAAAAA_{}", "A".repeat(43));
    let ask = |key: &str| {
        let headers = [("X-API-Key", key)];
        post(&world.address("edge"), "/evaluate", &headers, body).unwrap()
    };
    assert_eq!(ask(&key).status, 401);
    let good = world.status()["client"]["key"].as_str().unwrap().to_owned();
    assert_eq!(ask(&good).status, 200);
}

#[test]
fn a_wrong_password_ends_with_4() {
    let world = World::shared();
    let server = world.address("backend");
    let login = ["login", "--server", &server, "--username", "dev", "--password-stdin", "--context", "wrong"];
    let run = fgctl(&world.config(), &[&login[..], &["-o", "json"]].concat(), "not-it\n").ends(4);
    hinted(&run.error());
}

#[test]
fn an_unknown_feature_gets_the_nearest_name() {
    let world = World::shared();
    let run = world.run("dev", &["feature", "view", "chekout-redesign", "-o", "json"]).ends(6);
    let error = run.error();
    assert!(error["message"].as_str().unwrap().contains("checkout-redesign"), "{error:#}");
    world
        .run("dev", &["feature", "view", "chekout-redesign"])
        .ends(6)
        .says("Did you mean checkout-redesign?");
}

#[test]
fn a_bad_expression_gets_a_caret() {
    let world = World::shared();
    let add = ["rule", "add", "checkout-redesign", "-e", "dev", "--serve", "express", "--when"];
    let run = world.run("dev", &[&add[..], &["country = \"US\""]].concat()).ends(2);
    run.says("country = \"US\"").says("^");
    let before = world.run("dev", &["rule", "list", "checkout-redesign", "-e", "dev"]).ends(0).stdout;
    assert!(!before.contains("express\tcountry ="), "{before}");
}

#[test]
fn what_is_tried_in_the_wrong_place_says_so() {
    let world = World::shared();
    let dev = |args: &[&str], code| world.run("dev", args).ends(code);
    dev(&["feature", "create", "misplaced", "--type", "simple", "--enabled"], 0);
    dev(&["promote", "misplaced", "--to", "dev"], 1).says("fgctl feature enable misplaced -e dev");
    dev(&["rule", "add", "misplaced", "-e", "dev", "--serve", "on"], 1)
        .says("fgctl feature create KEY --type contextual");

    // Nothing is served in prod: the kill waits for it, and taking back what is not there is no news.
    let answers = ["--yes", "--confirm", "misplaced", "--reason", "wrong one"];
    dev(&[&["kill", "misplaced", "-e", "prod"][..], &answers].concat(), 0)
        .says("misplaced is not deployed in prod; it stays killed if it comes");
    dev(&["explain", "misplaced", "-e", "prod", "--key", "u"], 6)
        .says("It stays killed if it comes: by dev: wrong one");
    let restore = ["feature", "restore", "misplaced", "-e", "prod", "--yes"];
    world.run("lead", &restore).ends(0).says("restored at 1 of 1 edges");
    let again = world.run("lead", &restore).ends(0);
    assert!(again.stdout.contains("not killed") && !again.stderr.contains("restored"), "{again:#?}");
}
