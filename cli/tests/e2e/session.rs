//! One flag from a terminal through an approval to an edge, and off again: the session of the README.

use serde_json::Value;

use crate::world::World;

const RULE: &str = "country == \"US\" and not beta == true";

#[test]
fn a_flag_travels_from_a_terminal_to_an_edge() {
    let world = World::start();
    let prod = world.env("prod");
    let served = |country: &str| world.value("new-checkout", &prod, country);

    // A feature with a rule, in the first environment: nobody needs to be asked.
    let create = ["feature", "create", "new-checkout", "--type", "contextual", "--enabled"];
    let variants = ["--variant", "control=\"classic\"", "--variant", "express=\"one-page\""];
    world.run("dev", &[&create[..], &variants].concat()).ends(0).says("new-checkout");
    let rule =
        ["rule", "add", "new-checkout", "-e", "dev", "--name", "US", "--when", RULE, "--serve", "express"];
    world.run("dev", &rule).ends(0);
    world.run("dev", &["rule", "list", "new-checkout", "-e", "dev"]).ends(0).says(RULE);
    world.run("dev", &["promote", "new-checkout", "--to", "staging"]).ends(0);

    // Production has a policy: the promotion waits, and not for its own author.
    let promote =
        ["promote", "new-checkout", "--to", "prod", "--yes", "--reason", "release 47", "-o", "json"];
    let change = world.run("dev", &promote).ends(8).json()["change"]["number"].to_string();
    world.run("dev", &["approve", &change]).ends(5);
    assert_eq!(world.evaluate("new-checkout", &prod, "US").unwrap().body["errorCode"], "FLAG_NOT_FOUND");

    // Once it has ended, every edge serves the new value: no waiting here.
    let approved = world.run("lead", &["approve", &change, "--wait=edges", "--timeout", "30s"]).ends(0);
    approved.says("edge-local").says("1 of 1 edges have it after ");
    assert_eq!(served("US"), "one-page");
    assert_eq!(served("DE"), "classic");
    world.run("dev", &["change", "view", &change]).ends(0).says("release 47");

    // Off within a moment, and back, both without an approval.
    let kill =
        ["kill", "new-checkout", "-e", "prod", "--yes", "--confirm", "new-checkout", "--reason", "5xx spike"];
    world.run("dev", &kill).ends(0).says("edge-local");
    let killed = world.evaluate("new-checkout", &prod, "US").unwrap();
    assert_eq!(
        (&killed.body["value"], &killed.body["reason"]),
        (&Value::from("classic"), &Value::from("DISABLED"))
    );
    let restore = ["feature", "restore", "new-checkout", "-e", "prod", "--yes", "--wait=edges"];
    world.run("dev", &restore).ends(5);
    world.run("lead", &restore).ends(0);
    assert_eq!(served("US"), "one-page");

    history_has_names(&world);
}

/// The audit log shows all of it, each line with names that a person knows.
fn history_has_names(world: &World) {
    let audit =
        world.run("lead", &["audit", "list", "--feature", "new-checkout", "-o", "json"]).ends(0).json();
    let entries = audit.as_array().unwrap();
    let seen = |action: &str, actor: &str| {
        let found = entries.iter().any(|entry| entry["action"] == action && entry["actor"] == actor);
        assert!(found, "no {action} by {actor} in {audit:#}");
    };
    seen("feature.create", "dev");
    seen("change.propose", "dev");
    seen("change.approve", "lead");
    seen("change.apply", "lead");
    seen("feature.kill", "dev");
    seen("feature.restore", "lead");
    for entry in entries {
        for field in ["actor", "subject", "environment"] {
            let text = entry[field].as_str().unwrap_or_default();
            assert!(uuid::Uuid::try_parse(text).is_err(), "{field} is an id in {entry:#}");
        }
    }
    let table = world.run("lead", &["audit", "list"]).ends(0);
    table.says("5xx spike").says("release 47").says("prod");
}
