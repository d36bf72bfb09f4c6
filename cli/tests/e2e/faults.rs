//! What breaks, and what goes on regardless: the backend killed in the middle, PostgreSQL killed under it.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::poll::until;
use crate::run::Run;
use crate::world::World;

#[test]
fn an_edge_outlives_its_backend_and_catches_up() {
    let world = World::start();
    let (dev, prod) = (world.env("dev"), world.env("prod"));
    let promote = ["promote", "checkout-redesign", "--to", "prod", "--yes", "-o", "json"];
    let change = world.run("dev", &promote).ends(8).json()["change"]["number"].to_string();

    let killed = world.pid("backend");
    world.signal("supervisor", Signal::SIGSTOP);
    world.signal("backend", Signal::SIGKILL);
    // Nobody starts it again for now: the edge is on its own.
    // It may have been sent before the end: then it says that it may have been done.
    let refused = |run: &Run| run.stderr.contains("cannot reach");
    until("nothing is sent any more", || world.run("lead", &["approve", &change]).ends(11), refused);
    assert_eq!(world.value("holiday-banner", &dev, "US"), true);
    assert_eq!(world.evaluate("BetaUsers", &prod, "US").unwrap().body["reason"], "DEFAULT");

    world.signal("supervisor", Signal::SIGCONT);
    world.well();
    assert_ne!(world.pid("backend"), killed);
    // What was pending still is, and reaches the edge as ever.
    world.run("lead", &["approve", &change]).ends(0);
    let value =
        until("the edge catches up", || world.value("checkout-redesign", &prod, "DE"), Value::is_string);
    assert_eq!(value, "Buy now");
}

#[test]
fn a_dead_database_applies_nothing_by_half() {
    let world = World::start();
    let dev = world.env("dev");
    let disable = ["feature", "disable", "holiday-banner", "-e", "dev", "-o", "json"];
    let history = || world.run("dev", &["feature", "history", "holiday-banner", "-o", "json"]).ends(0).json();
    let before = history();

    world.signal("supervisor", Signal::SIGSTOP);
    world.signal("postgres", Signal::SIGKILL);
    let refused = world.run("dev", &disable);
    assert!([1, 11].contains(&refused.code), "{refused:#?}");
    let error = refused.error();
    assert!(!error["message"].as_str().unwrap().is_empty(), "{error:#}");
    assert_eq!(world.value("holiday-banner", &dev, "US"), true);

    world.signal("supervisor", Signal::SIGCONT);
    world.well();
    assert_eq!(history(), before, "what was refused left a trace");
    until("the backend has its database back", || world.run("dev", &disable), |run| run.code == 0);
    let reason = || world.evaluate("holiday-banner", &dev, "US").map(|answer| answer.body["reason"].clone());
    until("the edge has it", reason, |reason| *reason == Some("DISABLED".into()));
}
