//! The script of `docs/ci` as a pipeline runs it: released, waiting, blocked, rejected.

use std::path::Path;

use crate::run::{Run, command, run};
use crate::world::World;

/// Runs the script, with `fgctl` on its path, as one of the people.
fn release(world: &World, person: &str, features: &[&str]) -> Run {
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
    run(&mut job, "")
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
