//! The script of `docs/ci` as a pipeline runs it: gated, released, waiting, blocked, rejected.

use std::path::Path;
use std::process::Command;
use std::thread;

use crate::poll::until;
use crate::run::{Run, command, run};
use crate::world::World;

/// Prepares the script, with `fgctl` on its path, as one of the people.
fn script(world: &World, person: &str, features: &[&str]) -> Command {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/ci/release");
    let bin = Path::new(env!("CARGO_BIN_EXE_fgctl")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut job = command("sh", &world.config());
    job.arg(script)
        .args(features)
        .env("PATH", format!("{}:{path}", bin.display()))
        .env("FGCTL_CONTEXT", person)
        .env("PATIENCE", "2s")
        .env_remove("TO")
        .env_remove("GATE");
    job
}

/// Runs the script.
fn release(world: &World, person: &str, features: &[&str]) -> Run {
    run(&mut script(world, person, features), "")
}

/// Runs the script behind the gate of the samples, while somebody decides on the change that it waits for.
fn decided(world: &World, feature: &str, decision: &[&str]) -> Run {
    let mut job = script(world, "dev", &[feature]);
    job.env("GATE", GATE).env("PATIENCE", "60s");
    thread::scope(|scope| {
        let job = scope.spawn(|| run(&mut job, ""));
        let open = until("it is proposed", || open(world, feature), |open| open.is_some()).unwrap();
        world.run("lead", &[decision[0], decision[1], &open, decision[2], decision[3]]).ends(0);
        job.join().unwrap()
    })
}

/// Returns the number of the change of a feature that waits.
fn open(world: &World, feature: &str) -> Option<String> {
    let list = world.run("dev", &["change", "list", "--feature", feature, "-o", "name"]).ends(0).stdout;
    list.trim().strip_prefix("change/").map(str::to_owned)
}

/// The gate of the samples.
const GATE: &str = "releases-allowed";

#[test]
fn a_gate_holds_everything_back_until_it_is_opened() {
    let world = World::shared();
    for key in ["ci-gated", "ci-refused"] {
        world.run("dev", &["feature", "create", key, "--type", "simple", "--enabled"]).ends(0);
        world.run("dev", &["promote", key, "--to", "staging"]).ends(0);
    }
    let gated = |feature: &str| run(script(&world, "dev", &[feature]).env("GATE", GATE), "");
    // There is no gate yet, so that nothing can pass it.
    gated("ci-gated").ends(6).says(GATE);

    // Made as docs/ci/README.md says; off in prod it lets nothing through, and nothing is asked for.
    world.run("dev", &["feature", "create", GATE, "--type", "simple"]).ends(0);
    world.run("dev", &["promote", GATE, "--to", "staging"]).ends(0);
    world.run("dev", &["promote", GATE, "--to", "prod", "--yes"]).ends(8);
    world.run("lead", &["approve", &open(&world, GATE).unwrap()]).ends(0);
    gated("ci-gated").ends(3).says("not released: releases-allowed is off in prod");
    assert_eq!(open(&world, "ci-gated"), None);

    world.run("dev", &["feature", "enable", GATE, "-e", "prod", "--yes"]).ends(8);
    world.run("lead", &["approve", &open(&world, GATE).unwrap()]).ends(0);
    let released = decided(&world, "ci-gated", &["change", "approve", "--comment", "ship it"]).ends(0);
    released
        .says("approved by lead, 1 of 1: \"ship it\"")
        .says("edges have it after")
        .says("released to prod");
    let refused =
        decided(&world, "ci-refused", &["change", "reject", "--reason", "not on a Friday"]).ends(10);
    refused.says("not on a Friday").says("not released: the change was rejected");
    let prod = world.run("dev", &["eval", "ci-gated", "-e", "prod", "--key", "ci", "--exit-status"]);
    prod.ends(0).says("true");
    world.run("dev", &["eval", "ci-refused", "-e", "prod", "--key", "ci"]).ends(6);
}

#[test]
fn a_pipeline_releases_and_reacts() {
    let world = World::shared();
    release(&world, "dev", &[]).ends(2).says("usage");
    for key in ["ci-one", "ci-two"] {
        world.run("dev", &["feature", "create", key, "--type", "simple", "--enabled"]).ends(0);
    }
    release(&world, "dev", &["ci-one", "ci-two"])
        .ends(9)
        .says("is not deployed in staging")
        .says("open the gates");
    world.run("dev", &["promote", "ci-one", "ci-two", "--to", "staging"]).ends(0);
    let waiting = release(&world, "dev", &["ci-one", "ci-two"]).ends(8);
    waiting.says("still pending after 2s: 0 of 1").says("run this job again");
    // The next run of the job joins the change, and finds it rejected.
    let open = world.run("dev", &["change", "list", "--feature", "ci-one", "-o", "name"]).ends(0).stdout;
    let number = open.trim().strip_prefix("change/").unwrap();
    release(&world, "dev", &["ci-one", "ci-two"]).ends(8).says(&format!("joined #{number}"));
    world.run("lead", &["change", "reject", number, "--reason", "not on a Friday"]).ends(0);
    let rejected = world.run("dev", &["change", "wait", number]).ends(10);
    rejected.says("not on a Friday");

    // Another one is approved, and once more there is nothing to do.
    release(&world, "dev", &["ci-one", "ci-two"]).ends(8);
    let open = world.run("dev", &["change", "list", "--feature", "ci-one", "-o", "name"]).ends(0).stdout;
    world.run("lead", &["approve", open.trim().strip_prefix("change/").unwrap(), "--wait=edges"]).ends(0);
    let done = release(&world, "dev", &["ci-one", "ci-two"]).ends(0);
    done.says("released to prod").says("already so");
}
