//! `fgctl dev` itself: what it promises to scripts, starting twice, side by side, and leaving nothing behind.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Instant;

use nix::sys::signal::kill;
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::http::post;
use crate::poll::until;
use crate::run::fgctl;
use crate::world::World;

#[test]
fn the_status_has_the_promised_shape() {
    let world = World::shared();
    let status = world.status();
    let keys: Vec<&String> = status.as_object().unwrap().keys().collect();
    let promised =
        ["backend", "client", "databaseUrl", "edge", "environments", "grpc", "pids", "team", "users"];
    assert_eq!(keys, promised);
    assert_eq!(status["team"], "demo");
    for env in ["dev", "staging", "prod"] {
        let id = status["environments"][env].as_str().unwrap();
        assert!(uuid::Uuid::try_parse(id).is_ok(), "{env} is {id}");
    }
    assert!(status["databaseUrl"].as_str().unwrap().starts_with("postgres://"));
    assert!(status["client"]["key"].as_str().unwrap().starts_with("fgc_"));
    assert!(uuid::Uuid::try_parse(status["client"]["id"].as_str().unwrap()).is_ok());
    let dev = json!({ "username": "dev", "password": "demo-dev", "roles": ["REQUESTER"] });
    assert!(status["users"].as_array().unwrap().contains(&dev), "{status:#}");
    for part in ["postgres", "backend", "edge"] {
        assert!(status["pids"][part].is_u64(), "{part}: {status:#}");
    }
}

#[test]
fn the_documented_call_works_as_it_is_written() {
    let world = World::shared();
    let body = format!(
        r#"{{"feature_key":"BetaUsers",
  "environment_id":"{}","context":[{{"key":"userId","value":"15"}},{{"key":"role","value":"admin"}}]}}"#,
        world.env("prod")
    );
    let answer = post(&world.address("edge"), "/evaluate", &[], &body).unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["value"], true, "{:#}", answer.body);
}

#[test]
fn the_context_local_is_signed_in_as_admin() {
    let world = World::shared();
    let me = world.run("local", &["whoami", "-o", "json"]).ends(0).json();
    assert_eq!(me["user"]["username"], "admin");
}

#[test]
fn a_second_start_keeps_the_data_and_a_stop_leaves_nothing() {
    let world = World::start();
    let other = World::start();
    world.run("dev", &["feature", "create", "kept", "--type", "simple"]).ends(0);
    let before = world.status();
    assert_ne!(before["databaseUrl"], other.status()["databaseUrl"], "side by side, each has its own");
    let again = world.up();
    again.says("already running");

    let pids = pids(&world);
    world.dev(&["stop"]).ends(0).says("stopped");
    for pid in pids {
        until("the process is gone", || kill(pid, None).is_err(), |gone| *gone);
    }
    world.dev(&["status"]).ends(1).says("not running");
    world.dev(&["stop"]).ends(0);

    let since = Instant::now();
    world.up();
    println!("the second start took {:.2} s", since.elapsed().as_secs_f64());
    let after = world.status();
    for same in ["backend", "edge", "grpc", "environments", "client"] {
        assert_eq!(before[same], after[same]);
    }
    world.run("dev", &["feature", "view", "kept"]).ends(0);
    other.run("dev", &["feature", "view", "kept"]).ends(6);
}

#[test]
fn a_killed_system_is_cleared_up_by_the_next_start() {
    let world = World::start();
    let left = pids(&world);
    world.signal("supervisor", nix::sys::signal::Signal::SIGKILL);
    until("nobody supervises", || world.dev(&["status"]), |run| run.code == 1);
    world.up();
    let now = pids(&world);
    assert!(left.iter().all(|pid| !now.contains(pid)), "{left:?} {now:?}");

    // Another data folder on the same ports.
    let (data, port) = (world.config().display().to_string(), world.port_base().to_string());
    let busy = fgctl(&world.config(), &["dev", "--data-dir", &data, "--port-base", &port], "");
    busy.ends(1).says("in use").says("--port-base");
}

#[test]
fn whoever_has_the_database_has_no_more_than_that() {
    let world = World::shared();
    let url = world.status()["databaseUrl"].as_str().unwrap().to_owned();
    let ask = |sql: &str| {
        let output = Command::new("psql").args(["-XAtc", sql, &url]).output().unwrap();
        let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        (output.status.success(), text)
    };
    assert_eq!(ask("SHOW is_superuser"), (true, "off\n".to_owned()));
    assert_eq!(ask("SHOW track_commit_timestamp"), (true, "on\n".to_owned()));
    for sql in ["COPY (SELECT 1) TO PROGRAM 'true'", "CREATE ROLE other", "ALTER ROLE fluxgate SUPERUSER"] {
        let (done, said) = ask(sql);
        assert!(!done, "{sql}: {said}");
    }
}

#[test]
fn a_folder_that_happens_to_be_called_postgres_is_left_alone() {
    let place = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
    let theirs = place.path().join("postgres");
    std::fs::create_dir(&theirs).unwrap();
    std::fs::write(theirs.join("thesis"), "years").unwrap();
    let data = place.path().display().to_string();
    let config = place.path().join("config");
    for reset in [&[][..], &["--reset"]] {
        let args = [&["dev", "--data-dir", &data, "--port-base", "19990"], reset].concat();
        fgctl(&config, &args, "").ends(1).says(&theirs.display().to_string());
        assert_eq!(std::fs::read(theirs.join("thesis")).unwrap(), b"years");
    }
}

/// Returns the processes of a system, the supervising one too.
fn pids(world: &World) -> Vec<Pid> {
    let parts = ["postgres", "backend", "edge", "supervisor"];
    let status: Value = world.status();
    assert!(status["pids"].is_object());
    parts.iter().map(|part| world.pid(part)).collect()
}
