//! Watching: what another process does is told as it happens, also while the backend is killed and comes back; and what a
//! status says of it all.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::poll::until;
use crate::run::command;
use crate::world::World;

/// A running `fgctl` whose lines are read as they come.
struct Watching {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    stderr: Option<JoinHandle<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Watching {
    fn start(world: &World, args: &[&str]) -> Self {
        let mut child = command(env!("CARGO_BIN_EXE_fgctl"), &world.config())
            .args(args)
            .args(["--context", "lead"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let (stdout, told) = (child.stdout.take().unwrap(), Arc::clone(&lines));
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                told.lock().unwrap().push(line.unwrap());
            }
        });
        let mut stderr = child.stderr.take().unwrap();
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        Self { child, lines, stderr: Some(stderr), reader: Some(reader) }
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits until something was told.
    #[track_caller]
    fn tells(&self, text: &str) {
        until(
            &format!("{text:?} is told"),
            || self.lines(),
            |lines| lines.iter().any(|line| line.contains(text)),
        );
    }

    /// Ends it as Ctrl-C does; returns its code and what it said.
    fn interrupt(mut self) -> (i32, Vec<String>, String) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGINT).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        self.reader.take().unwrap().join().unwrap();
        let stderr = self.stderr.take().unwrap().join().unwrap();
        (code, self.lines(), stderr)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Proposes something that is applied at once, and returns its number.
fn change(world: &World, verb: &str) -> i64 {
    let run = world.run("dev", &["feature", verb, "watched", "-e", "dev", "-o", "json"]).ends(0);
    run.json()["change"]["number"].as_i64().unwrap()
}

#[test]
fn nothing_is_missed_or_told_twice_while_the_backend_is_killed() {
    let world = World::start();
    world.run("dev", &["feature", "create", "watched", "--type", "simple", "--enabled"]).ends(0);
    let changes = Watching::start(&world, &["watch", "changes", "watched", "-o", "jsonl"]);
    let kills = Watching::start(&world, &["watch", "kills"]);
    let status = Watching::start(&world, &["status", "-w", "-o", "json"]);
    status.tells("\"attention\":[]");

    // The first ones show that both listen: a cursor is from before the first line.
    let mut made = vec![];
    let seen = |wanted: i64| {
        changes.lines().iter().any(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            event["change"]["number"] == json!(wanted)
        })
    };
    until(
        "a change is told",
        || {
            let verb = if made.len() % 2 == 0 { "disable" } else { "enable" };
            made.push(change(&world, verb));
            seen(made[made.len() - 1])
        },
        |seen| *seen,
    );
    let first = made[made.len() - 1];

    // Killed, it says goodbye to nobody; what happens once it is back may be over before anybody listens again.
    for round in 0..3 {
        let backend = world.pid("backend");
        kill(backend, Signal::SIGKILL).unwrap();
        world.well();
        let number = change(&world, if made.len() % 2 == 0 { "disable" } else { "enable" });
        made.push(number);
        until(&format!("the change of round {round} is told"), || seen(number), |seen| *seen);
    }
    let kill =
        ["kill", "watched", "-e", "dev", "--yes", "--confirm", "watched", "--reason", "5xx\u{1b}[31m spike"];
    world.run("dev", &kill).ends(0);
    kills.tells("5xx");
    status.tells("\"kind\":\"killed\"");

    let (code, lines, _) = changes.interrupt();
    assert_eq!(code, 130);
    let events: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let applied: Vec<i64> = events
        .iter()
        .filter(|event| {
            event["action"] == "change.apply" && event["change"]["number"].as_i64() >= Some(first)
        })
        .map(|event| event["change"]["number"].as_i64().unwrap())
        .collect();
    let from = made.iter().position(|number| *number == first).unwrap();
    assert_eq!(applied, made[from..], "each once, in their order");
    let mut cursors: Vec<&str> = events.iter().map(|event| event["cursor"].as_str().unwrap()).collect();
    let all = cursors.len();
    cursors.sort_unstable();
    cursors.dedup();
    assert_eq!(cursors.len(), all, "no event has the place of another");

    let (code, lines, said) = kills.interrupt();
    assert_eq!(code, 130);
    assert!(said.contains("(reconnected after ") && said.contains(", nothing missed)"), "{said}");
    assert!(said.contains("the server is away, trying again"), "{said}");
    let line = lines.iter().find(|line| line.contains("feature.kill")).unwrap();
    assert!(line.contains("watched\tdev\tdev") && !line.contains('\u{1b}'), "{line:?}");
    assert_eq!(status.interrupt().0, 130);

    // Whoever has a cursor goes on behind it, at any time, and --timeout is an end that is no failure.
    let after = events[events.len() - 2]["cursor"].as_str().unwrap();
    let rest =
        ["watch", "changes", "watched", "-o", "json", "--after", after, "--timeout", "3s", "-q", ".action"];
    let rest = world.run("lead", &rest).ends(0);
    assert_eq!(rest.stdout, "change.apply\n", "{rest:#?}");
    world.run("lead", &["watch", "changes", "--after", "nonsense"]).ends(1).says("is no cursor");
    world.run("lead", &["watch", "changes", "nonsense"]).ends(6);
    world.run("lead", &["watch", "edges", "-e", "prod"]).ends(2).says("has no meaning");
}

#[test]
fn a_status_tells_what_needs_somebody() {
    let world = World::start();
    let calm = world.run("lead", &["status", "--exit-code", "-o", "json"]).ends(0).json();
    assert_eq!(calm["attention"], json!([]));
    world.run("lead", &["status"]).ends(0).says("nothing needs attention").says("1 of 1 in sync");
    world.run("lead", &["edge", "status", "--exit-code"]).ends(0).says("edge-local\tin sync");
    world.run("lead", &["doctor"]).ends(0).says("a WebSocket gets through").says("with APPROVER");

    world.run("dev", &["feature", "create", "shaky", "--type", "simple", "--enabled"]).ends(0);
    world.run("dev", &["promote", "shaky", "--to", "staging"]).ends(0);
    world.run("dev", &["promote", "shaky", "--to", "prod", "--yes"]).ends(8);
    let off = ["kill", "shaky", "-e", "staging", "--yes", "--confirm", "shaky", "--reason", "5xx spike"];
    world.run("dev", &off).ends(0);
    let revision = calm["revision"].as_i64().unwrap();
    let wait = ["edge", "wait", "--timeout", "20s", "--revision"];
    world.run("lead", &[&wait[..], &[&revision.to_string()]].concat()).ends(0).says("edge-local\thas it");
    let never = world.run("lead", &["edge", "wait", "--timeout", "1s", "--revision", "99999"]).ends(1);
    never.says("edge-local\thas it not yet").says("may still serve");

    // An edge that stops answering is away after a while.
    let edge = world.pid("edge");
    world.signal("supervisor", Signal::SIGSTOP);
    kill(edge, Signal::SIGKILL).unwrap();
    let status = until(
        "the edge is missed",
        || world.run("lead", &["status", "--exit-code", "-o", "json"]),
        |run| run.stdout.contains("\"kind\":\"edge\""),
    );
    let status = status.ends(3).json();
    let kinds: Vec<&str> =
        status["attention"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["killed", "edge"]);
    assert_eq!(status["attention"][0]["what"], "shaky");
    assert_eq!(status["attention"][0]["by"], "dev");
    assert_eq!(status["pending"]["waitingForMe"], 1);
    let table = world.run("lead", &["status"]).ends(0);
    table
        .says("killed\tshaky\tstaging\tby dev")
        .says("5xx spike")
        .says("edge\tedge-local")
        .says("1 you can decide");
    table.says("shaky  staging → prod  0 of 1");
    world.run("lead", &["edge", "list", "--exit-code"]).ends(3).says("away");
    let report = world.run("lead", &["doctor", "-o", "json"]).ends(3).json();
    let edges =
        report.as_array().unwrap().iter().find(|finding| finding["check"] == "edges").unwrap().clone();
    assert_eq!(edges["state"], "problem", "{report:#}");
    world.signal("supervisor", Signal::SIGCONT);
    world.well();
}

#[test]
fn a_doctor_names_what_is_wrong() {
    let world = World::shared();
    let dead = world.run("lead", &["doctor", "--server", "http://127.0.0.1:9", "-o", "json"]).ends(3).json();
    let findings = dead.as_array().unwrap();
    let of = |check: &str| findings.iter().find(|finding| finding["check"] == check).unwrap();
    assert_eq!(of("config")["state"], "ok");
    assert_eq!(of("server")["state"], "problem");
    assert!(of("server")["message"].as_str().unwrap().contains("127.0.0.1:9"), "{dead:#}");
    assert!(of("server")["hint"].is_string());
    assert_eq!(of("subscriptions")["state"], "skipped");
    for what in
        ["status", "watch", "watch edges", "watch changes", "watch evaluations", "edge list", "audit tail"]
    {
        let args: Vec<&str> = what.split(' ').chain(["--server", "http://127.0.0.1:9"]).collect();
        world.run("lead", &args).ends(11);
    }
    // Something that answers, and is no backend: the edge.
    let edge = world.address("edge");
    let other = world.run("lead", &["doctor", "--server", &edge]).ends(3);
    other.says("✗ server").says("did not answer like a FluxGate server");
    let backend = world.address("backend");
    let nobody = crate::run::fgctl(&world.config(), &["doctor", "--server", &backend, "--team", "demo"], "");
    // Another server than the context's gets none of its tokens, the same one does.
    nobody.ends(0).says("as lead");
    world.run("lead", &["doctor", "--team", "dmeo"]).ends(3).says("you are in demo");
    // Whoever is in none asks whether there is one.
    let none = world.run("admin", &["doctor", "--team", "nope"]).ends(3);
    none.says("✗ team").says("no team \"nope\"").says("nope instead of demo").says("- edges");
    // It listens, and speaks no TLS.
    let plain = backend.replace("http://", "https://");
    let plain = world.run("lead", &["doctor", "--server", &plain]).ends(3);
    plain.says("- encryption").says(&format!("https://{} instead of {backend}", &backend["http://".len()..]));
}

#[test]
fn an_audit_is_exported_whole() {
    let world = World::shared();
    // More than a page of the server's.
    for n in 0..40 {
        let key = format!("many-{n}");
        world.run("dev", &["feature", "create", &key, "--type", "simple", "--reason", "a,\"b\"\nc"]).ends(0);
    }
    for n in 0..40 {
        let key = format!("many-{n}");
        world.run("dev", &["feature", "enable", &key, "-e", "dev"]).ends(0);
    }
    let count = |run: &crate::run::Run| run.stdout.lines().count();
    let export = ["audit", "export", "--actor", "dev", "--since", "1h"];
    let lines = world.run("lead", &export).ends(0);
    let entries: Vec<Value> = lines.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(count(&lines) > 200, "{} entries are one page", count(&lines));
    let mut numbers: Vec<i64> = entries.iter().map(|entry| entry["number"].as_i64().unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a > b), "the newest first");
    let all = numbers.len();
    numbers.dedup();
    assert_eq!(numbers.len(), all);
    let list = ["audit", "list", "--actor", "dev", "--since", "1h", "-L", "100000", "-o", "json"];
    let listed = world.run("lead", &list).ends(0).json().as_array().unwrap().len();
    assert!(listed >= all, "{listed} are listed and {all} exported");

    let path = world.config().join("audit.csv");
    let file = path.display().to_string();
    let csv = ["--format", "csv", "--action", "feature.create", "--feature", "many-7", "--file", &file];
    world.run("lead", &[&export[..], &csv].concat()).ends(0).says("1 entries in ");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("number,at,actor,actorKind,owner,action,"), "{text}");
    assert!(text.contains("feature.create,many-7,") && text.contains("\"a,\"\"b\"\"\nc\""), "{text}");
    let nowhere = ["audit", "export", "--file", "/nowhere/audit.csv"];
    world.run("lead", &nowhere).ends(1).says("cannot write /nowhere/audit.csv");

    let killed =
        world.run("lead", &["audit", "list", "--action", "change.apply", "--env", "dev", "-L", "1"]).ends(0);
    assert!(killed.stdout.contains("change.apply"), "{killed:#?}");
    world.run("lead", &["audit", "list", "--system"]).ends(5);
    world.run("admin", &["audit", "list", "--system"]).ends(0).says("user.sign_in");
    let tail = ["audit", "tail", "-L", "3", "--actor", "dev", "-o", "json", "--timeout", "2s"];
    let tail = world.run("lead", &tail).ends(0);
    assert_eq!(count(&tail), 3, "{tail:#?}");
    let tail = ["audit", "tail", "-L", "3", "--action", "feature.", "-q", ".action", "--timeout", "2s"];
    let tail = world.run("lead", &tail).ends(0);
    assert!(count(&tail) >= 3 && tail.stdout.lines().all(|line| line.starts_with("feature.")), "{tail:#?}");
    let tail = ["audit", "tail", "-L", "3", "--actor", "dev", "-o", "csv", "--timeout", "2s"];
    let tail = world.run("lead", &tail).ends(0);
    let headers = tail.stdout.lines().filter(|line| line.starts_with("action,actor,")).count();
    assert!(count(&tail) >= 4 && headers == 1, "a header, once: {tail:#?}");
    for shown in [&["-o", "json"][..], &["--json", "action"], &["-q", ".action"], &["-t", "{{ action }}"]] {
        let refused = world.run("lead", &[&["audit", "export"][..], shown].concat()).ends(2);
        refused.says("has a format of its own: --format csv|jsonl");
    }
    world.run("lead", &["audit", "list", "--since", "soon"]).ends(2).says("is no time");
}

#[test]
fn evaluations_are_counted_and_say_how_complete_they_are() {
    let world = World::shared();
    let dev = world.env("dev");
    for _ in 0..20 {
        assert_eq!(world.evaluate("BetaUsers", &dev, "US").unwrap().status, 200);
    }
    let summary = ["analytics", "summary", "BetaUsers", "-e", "dev", "-o", "json"];
    let counted = until(
        "all are counted",
        || world.run("lead", &summary).ends(0).json(),
        |summary| summary["evaluations"].as_i64() >= Some(20),
    );
    assert_eq!(counted["byEnvironment"][0]["name"], "dev");
    assert!(counted["completeness"]["until"].is_string(), "{counted:#}");
    assert!(counted["units"]["units"].is_i64(), "{counted:#}");
    world.run("lead", &["analytics", "top", "-e", "dev", "--from", "1h"]).ends(0).says("BetaUsers");
    let series = ["analytics", "series", "BetaUsers", "--by", "variant,env", "--from", "10m"];
    world.run("lead", &series).ends(0).says("dev ").says("complete up to ");
    world
        .run("lead", &["analytics", "series", "--from", "1h", "--until", "2h"])
        .ends(2)
        .says("is not before");
    let watch = world.run("lead", &["watch", "evaluations", "-o", "json", "--timeout", "2s"]).ends(0);
    let figures: Value = serde_json::from_str(watch.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(figures["event"], "evaluations");
    assert!(
        figures["series"].as_array().unwrap().iter().any(|series| series["feature"]["key"] == "BetaUsers")
    );
    let edges = world.run("lead", &["watch", "edges", "--timeout", "2s"]).ends(0);
    assert!(edges.stdout.contains("edge\tedge-local\tin sync"), "{edges:#?}");
}
