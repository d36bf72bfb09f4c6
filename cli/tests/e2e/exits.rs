//! Each exit code of the table, and what a script finds with it: a result on stdout, or one error on stderr.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::poll::until;
use crate::run::{fgctl, fgctl_with, run};
use crate::world::World;

/// A command and how it ends.
struct Case {
    code: i32,
    person: &'static str,
    args: Vec<String>,
    says: &'static str,
}

fn case(code: i32, person: &'static str, args: &[&str], says: &'static str) -> Case {
    Case { code, person, args: args.iter().map(|arg| (*arg).to_owned()).collect(), says }
}

/// Returns the number of a change that is open in prod, of a feature of its own.
fn open_change(world: &World, key: &str) -> String {
    world.run("dev", &["feature", "create", key, "--type", "simple", "--enabled"]).ends(0);
    world.run("dev", &["promote", key, "--to", "staging"]).ends(0);
    let promote = ["promote", key, "--to", "prod", "--yes", "-o", "json"];
    world.run("dev", &promote).ends(8).json()["change"]["number"].to_string()
}

#[test]
fn every_way_to_end_has_its_code() {
    let world = World::shared();
    let open = open_change(&world, "exits-open");
    let rejected = open_change(&world, "exits-rejected");
    world.run("lead", &["change", "reject", &rejected, "--reason", "wait for INC-2291"]).ends(0);
    let cancelled = open_change(&world, "exits-cancelled");
    world.run("dev", &["change", "cancel", &cancelled]).ends(0);
    let long = "x".repeat(1_001);
    let create = ["feature", "create", "exits-open", "--type", "simple"];
    let promote = ["promote", "exits-open", "--to", "prod"];
    let promoted = [&promote[..], &["--yes"]].concat();
    let waiting = [&promoted[..], &["--wait", "--timeout", "1s"]].concat();
    let planned = ["feature", "withdraw", "exits-open", "-e", "dev", "--apply-at", "2h"];
    let planned_waiting = [&planned[..], &["--wait", "--timeout", "1s"]].concat();
    let cases = [
        case(0, "dev", &["feature", "list"], "exits-open"),
        case(0, "dev", &["feature", "enable", "exits-open", "-e", "dev"], "already on"),
        case(0, "dev", &["promote", "exits-open", "--to", "staging"], "already so"),
        case(0, "dev", &[&promote[..], &["--dry-run"]].concat(), "(dry run)"),
        case(1, "dev", &["change", "comment", &open, &long], "more than 1000 characters"),
        case(2, "dev", &["feature", "veiw"], "unrecognized subcommand"),
        case(2, "dev", &["feature", "list", "--filter", "onwer:x"], "no field \"onwer\"; there are owner"),
        case(2, "dev", &promote, "needs --yes"),
        case(
            2,
            "dev",
            &["kill", "exits-open", "-e", "prod", "--yes", "--reason", "x"],
            "--confirm exits-open",
        ),
        case(2, "dev", &["feature", "tag", "exits-open"], "required"),
        case(2, "dev", &["rule", "move", "exits-open", "1", "-e", "dev"], "--to N"),
        case(3, "dev", &["change", "diff", &open, "--exit-code"], "+ enabled"),
        case(5, "dev", &["approve", &open], "you"),
        case(5, "lead", &["change", "override", &open, "--yes", "--reason", "x"], "TEAM_ADMIN"),
        case(6, "dev", &["feature", "view", "exits-opne"], "Did you mean exits-open?"),
        case(6, "dev", &["promote", "exits-open", "--to", "nowhere", "--yes"], "nowhere"),
        case(7, "dev", &create, "fgctl feature view exits-open"),
        case(7, "dev", &["change", "rebase", &open, "--yes"], "only a stale change is rebased"),
        case(8, "dev", &promoted, "pending approval"),
        case(8, "dev", &["change", "view", &open], "0 of 1"),
        case(8, "dev", &waiting, "still pending after 1s: 0 of 1. The change stays open: fgctl change wait"),
        case(8, "dev", &planned, "scheduled"),
        case(8, "dev", &planned_waiting, "still waiting for its time after 1s: it applies at"),
        case(9, "dev", &["promote", "holiday-banner", "--to", "prod", "--yes"], "fgctl promote"),
        case(
            9,
            "dev",
            &["variant", "remove", "exits-open", "on", "-e", "dev"],
            "is served in dev by: default",
        ),
        case(10, "dev", &["change", "wait", &rejected], "rejected by lead: \"wait for INC-2291\""),
        case(10, "dev", &["change", "wait", &cancelled], "was cancelled"),
        case(11, "dev", &["feature", "list", "--server", "http://127.0.0.1:9"], "cannot reach"),
    ];
    for case in &cases {
        let args: Vec<&str> = case.args.iter().map(String::as_str).collect();
        world.run(case.person, &args).ends(case.code).says(case.says);
        let run = world.run(case.person, &[&args[..], &["-o", "json"]].concat()).ends(case.code);
        // What failed leaves stdout to nobody; clap speaks for itself.
        if run.stdout.is_empty() && !run.stderr.starts_with("error: ") {
            assert_eq!(run.error()["exit"], case.code, "{run:#?}");
        }
    }
    let strange = run(world.command("dev", &["feature", "list"]).env("FGCTL_TOKEN", "no-token"), "").ends(4);
    strange.says("fgctl login");

    // Several: what worked is on stdout, what did not is an error each on stderr, and tells its number once.
    let both = ["approve", "998", "999"];
    let run = world.run("dev", &both).ends(6);
    run.says("✗ no change \"#998\"").says("fgctl change list --all");
    assert_eq!(run.stderr.matches("#999").count(), 1, "{run:#?}");
    let run = world.run("dev", &[&both[..], &["-o", "json"]].concat()).ends(6);
    assert!(run.stdout.is_empty(), "{run:#?}");
    let errors: Vec<Value> = run.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(errors.iter().map(|error| &error["error"]["exit"]).collect::<Vec<_>>(), [6, 6]);
    let run = world.run("lead", &["approve", &open, "999", "-o", "json"]).ends(1);
    assert_eq!(run.json().as_array().map(Vec::len), Some(1), "{run:#?}");
    run.says("{\"error\":{").says("\"exit\":6");

    let tried: BTreeSet<i32> = cases.iter().map(|case| case.code).chain([4, 130, 143]).collect();
    let table = world.run("dev", &["exit-codes", "-o", "json"]).ends(0).json();
    let codes =
        table.as_array().unwrap().iter().map(|row| i32::try_from(row["code"].as_i64().unwrap()).unwrap());
    assert_eq!(tried, codes.collect(), "each code of the table has a case");
}

#[test]
fn a_signal_ends_the_wait_and_not_the_change() {
    let world = World::shared();
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        stopped_by(&world, signal, code);
    }
}

fn stopped_by(world: &World, signal: Signal, code: i32) {
    let open = open_change(world, &format!("exits-stopped-{code}"));
    let mut waiting = world
        .command("dev", &["change", "wait", &open, "--timeout", "5m"])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(waiting.stderr.take().unwrap()).lines();
    // From here on it listens.
    assert!(stderr.any(|line| line.unwrap().contains("waiting up to 5m")));
    kill(Pid::from_raw(i32::try_from(waiting.id()).unwrap()), signal).unwrap();
    assert_eq!(waiting.wait().unwrap().code(), Some(code));
    let said: Vec<String> = stderr.map(Result::unwrap).collect();
    let said = said.join("\n");
    assert!(said.contains(&format!("#{open} is still open")), "{said}");
    assert!(
        said.contains(&format!("fgctl change wait {open} to go on, fgctl change cancel {open}")),
        "{said}"
    );
    let change = world.run("dev", &["change", "view", &open, "-o", "json"]).ends(8).json();
    assert_eq!(change["status"], Value::from("PENDING"));
}

#[test]
fn what_was_so_already_is_waited_for_at_the_edges_too() {
    let world = World::start();
    world.run("dev", &["feature", "create", "stopped", "--type", "contextual", "--enabled"]).ends(0);
    world.run("dev", &["feature", "disable", "stopped", "-e", "dev", "--wait=edges"]).ends(0);
    let enable = ["feature", "enable", "stopped", "-e", "dev", "--wait=edges", "--timeout", "1s"];
    let promote = ["promote", "stopped", "--to", "staging", "--wait=edges", "--timeout", "1s"];
    let edge = world.pid("edge");
    kill(edge, Signal::SIGSTOP).unwrap();
    let switch =
        ["kill", "stopped", "-e", "dev", "--yes", "--confirm", "stopped", "--reason", "x", "--timeout", "1s"];
    let rule = ["rule", "add", "stopped", "-e", "dev", "--name", "one", "--serve", "on"];
    let rule = [&rule[..], &["--wait=edges", "--timeout", "1s"]].concat();
    for again in [&enable[..], &enable, &promote, &promote, &rule, &rule, &switch, &switch] {
        world.run("dev", again).ends(1).says("may still serve the old value");
    }
    // Its connection dies of silence, and it is known still: it may serve what it has.
    let log = world.data().join("backend.log");
    let log = || std::fs::read_to_string(&log).unwrap();
    until("the backend gives the connection up", log, |log| log.contains("an edge is gone"));
    for _ in 0..2 {
        let killed = world.run("dev", &switch).ends(1);
        killed.says("0 of 1 edges confirmed").says(" is unreachable and may still serve the old value");
    }
    world.run("dev", &["edge", "list", "--exit-code"]).ends(3).says("away");
    world.run("dev", &["status"]).ends(0).says("not connected");
    kill(edge, Signal::SIGCONT).unwrap();
    let again = [&enable[..enable.len() - 1], &["30s"]].concat();
    world.run("dev", &again).ends(0).says("1 of 1 edges have it");
}

#[test]
fn a_file_with_more_than_a_token_is_no_token() {
    let world = World::shared();
    let file = world.config().join("not-a-token");
    for text in ["", "this key is shown once: keep it now\nfgt_aaaaaaaa_b\n"] {
        std::fs::write(&file, text).unwrap();
        let settings = [("FGCTL_TOKEN_FILE", file.to_str().unwrap())];
        let run = fgctl_with(&world.config(), &["status", "--context", "dev"], "", &settings);
        run.ends(4).says("does not hold one token and nothing else");
    }
}

#[test]
fn a_session_that_has_ended_ends_with_4_however_often() {
    let world = World::shared();
    let (server, config) = (world.address("backend"), world.config().with_file_name("ended"));
    let login = ["login", "--server", &server, "--username", "dev", "--password-stdin", "--context", "mine"];
    fgctl(&config, &[&login[..], &["--team", "demo"]].concat(), "demo-dev\n").ends(0);
    let path = config.join("credentials/mine.json");
    let mut saved: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    fgctl(&config, &["logout"], "").ends(0);
    // As another machine's copy of it, a quarter of an hour later.
    saved["accessExpiresAt"] = Value::from("2026-01-01T00:00:00Z");
    std::fs::write(&path, saved.to_string()).unwrap();
    // The context that was asked for is the one to sign in to, and not the current one.
    fgctl(
        &config,
        &["login", "--server", &server, "--username", "lead", "--password-stdin", "--context", "lead"],
        "demo-lead\n",
    )
    .ends(0);
    fgctl(&config, &["feature", "list", "--context", "mine"], "").ends(4).says("fgctl login --context mine");
    let doctor = fgctl(&config, &["doctor", "--context", "mine"], "").ends(3);
    doctor.says("fgctl login --context mine");
    let other = ["login", "--username", "dev", "--password-stdin"];
    fgctl(&config, &other, "demo-dev\n").ends(0).says("context lead was lead's, is dev's now");
    let again = fgctl(&config, &other, "demo-dev\n").ends(0);
    assert!(!again.stderr.contains("dev's"), "{again:#?}");
    fgctl(&config, &["context", "use", "mine"], "").ends(0);
    // The server hears a wrong secret only so often.
    for _ in 0..8 {
        fgctl(&config, &["feature", "list"], "").ends(4).says("fgctl login");
    }
}
