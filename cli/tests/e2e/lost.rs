//! What was done is never lost: what cannot be shown is told before anything is sent, or is shown another way.

use std::io::Write;
use std::process::Stdio;
use std::sync::{Arc, Barrier, Mutex};

use serde_json::{Value, json};

use crate::fake::Fake;

const AT: &str = "2026-11-20T09:57:02Z";
const ID: &str = "0193b5f0-0000-7000-8000-000000000000";

/// All commands that print a secret, and the command that makes another one.
const SECRETS: [(&[&str], &str); 6] = [
    (&["client", "create", "web", "--kind", "backend"], "fgctl client rotate web"),
    (
        &["client", "rotate", "web"],
        "fgctl client revoke-key web abcdefgh --yes, then fgctl client rotate web",
    ),
    (&["token", "create", "ci", "--expires", "1d"], "fgctl token rotate ci"),
    (&["token", "rotate", "ci"], "fgctl token rotate ci, which ends all former keys at once"),
    (&["user", "create", "dev"], "fgctl user reset-password dev"),
    (&["user", "reset-password", "dev", "--yes"], "fgctl user reset-password dev"),
];

/// Returns what a server says of a secret that it has made, whatever of.
fn made() -> Value {
    let client = json!({
        "id": ID, "name": "web", "kind": "BACKEND", "environment": null, "enabled": true, "keyIds": ["abcdefgh"],
        "keys": [{"id": "abcdefgh", "createdAt": AT, "notAfter": null}], "origins": [], "createdAt": AT,
    });
    let token = json!({
        "id": ID, "name": "ci", "owner": "dev", "roles": [], "environments": [], "state": "ACTIVE", "keys": [],
        "createdAt": AT, "expiresAt": AT, "revokedAt": null, "lastUsedAt": null,
    });
    let user = json!({
        "id": ID, "username": "dev", "name": "", "email": null, "active": true, "systemAdmin": false,
        "mustChangePassword": true, "memberships": [],
    });
    json!({"data": {"secret": {"client": client, "token": token, "key": "fgc_secret"}, "user": user}})
}

#[test]
fn what_a_result_cannot_have_is_told_before_anything_is_sent() {
    let fake = Fake::json(&made());
    let create = ["client", "create", "web", "--kind", "backend"];
    for shown in [
        ["--json", "key,kee"],
        ["--json", "client.nmae"],
        ["-t", "{{ kee }}"],
        ["-t", "{{ it.kee }}"],
        ["-t", "{% for k in client.kees %}{{ k.id }}{% endfor %}"],
    ] {
        fake.run(&[&create[..], &shown].concat())
            .ends(2)
            .says("the result has no field")
            .says("nothing was sent");
        let run = fake.run(&[&create[..], &shown, &["-o", "json"]].concat()).ends(2);
        assert_eq!(run.stdout, "");
    }
    fake.run(&[&create[..], &["--json", "kee"]].concat()).ends(2).says("Did you mean key?");
    for (command, wrong) in [
        (&["change", "cancel", "7"][..], "nubmer"),
        (&["policy", "delete", "x", "--yes"], "kee"),
        (&["token", "revoke", "ci", "--yes"], "sate"),
    ] {
        fake.run(&[command, &["--json", wrong]].concat()).ends(2).says("nothing was sent");
    }
    assert_eq!(fake.asked(), 0);
    let shown = [
        (["--json", "key,client.name"], "{\"client\":{\"name\":\"web\"},\"key\":\"fgc_secret\"}\n"),
        (["-t", "{{ key }} {{ it.client.name }}"], "fgc_secret web\n"),
        (["-t", "{% for k in client.keys %}{{ loop.index }}{{ k.id }}{% endfor %}"], "1abcdefgh\n"),
        (["-q", ".key"], "fgc_secret\n"),
    ];
    for (flags, text) in shown {
        assert_eq!(fake.run(&[&create[..], &flags].concat()).ends(0).stdout, text);
    }
    let reset = ["user", "reset-password", "dev", "--yes", "--json", "user.username,password"];
    assert_eq!(fake.run(&reset).ends(0).json()["user"], json!({"username": "dev"}));
}

#[test]
fn what_was_done_and_cannot_be_shown_as_asked_is_shown_whole() {
    let fake = Fake::json(&made());
    let create = ["client", "create", "web", "--kind", "backend"];
    for shown in [
        ["-q", ".key.foo"],
        ["-q", ".kee"],
        ["-q", "empty"],
        ["-t", "{{ key|timeago }}"],
        ["-t", "{{ client.keys[0].secret }}"],
        // Others have it.
        ["--json", "password"],
    ] {
        let before = fake.asked();
        let run = fake.run(&[&create[..], &shown].concat()).ends(1);
        assert_eq!(fake.asked(), before + 1);
        assert_eq!(run.json()["key"], "fgc_secret", "{run:#?}");
        run.says("it was done, but cannot be shown as asked").says("do not repeat it");
    }
    // What only reads ends as before.
    let fake = Fake::json(&json!({"data": {"x": 1}}));
    let run = fake.run(&["api", "--query", "{ x }", "--json", "dta"]).ends(2);
    assert!(run.stdout.is_empty() && !run.stderr.contains("done"), "{run:#?}");
    fake.run(&["api", "--query", "mutation { x }", "--json", "dta"]).ends(2).says("nothing was sent");
    let run = fake.run(&["api", "--query", "mutation { x }", "--json", "data.y"]).ends(1);
    assert_eq!(run.json()["data"]["x"], 1);
}

#[test]
fn a_secret_that_nobody_could_read_is_not_made() {
    let fake = Fake::json(&made());
    let place = format!("--server {} --team demo", fake.address());
    for (command, _) in SECRETS {
        let command = command.join(" ");
        let run = fake.script(&[], &format!("$FGCTL {command} {place} >&-")).ends(2);
        run.says("stdout is closed").says("nothing was sent");
    }
    assert_eq!(fake.asked(), 0);
    // Who sends it nowhere by name means it, and what has no secret in it needs no stdout.
    fake.script(&[], &format!("$FGCTL client rotate web {place} >/dev/null")).ends(0);
    fake.script(&[], &format!("echo right | $FGCTL user create dev --password-stdin {place} >&-")).ends(0);
    assert_eq!(fake.asked(), 2);
}

#[test]
fn a_secret_that_was_not_written_is_no_success() {
    for (command, again) in SECRETS {
        let fake = Fake::json(&made());
        let place = format!("--server {} --team demo", fake.address());
        let full = format!("$FGCTL {} {place} >/dev/full", command.join(" "));
        fake.script(&[], &full).ends(1).says("its secret is lost").says(again);

        // The reader has gone before there is an answer.
        let gone = Arc::new(Barrier::new(2));
        let waits = Arc::clone(&gone);
        let body = made().to_string();
        let fake = Fake::new(move |_, stream| {
            waits.wait();
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        });
        let mut fgctl = fake.command(env!("CARGO_BIN_EXE_fgctl"), &[]);
        fgctl.args(command).args(["--server", fake.address(), "--team", "demo"]);
        let mut child = fgctl.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        gone.wait();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("its secret is lost") && said.contains(again), "{said}");
    }
}

#[test]
fn what_is_neither_watched_nor_secret_needs_no_stdout() {
    let fake = Fake::json(&made());
    let place = format!("--server {} --team demo", fake.address());
    for (command, code) in [
        ("version", 0),
        ("--help", 0),
        ("feature list --help", 0),
        ("exit-codes -o json", 0),
        ("completion bash", 0),
        ("config list", 0),
        ("user view dev", 0),
        ("user view dev -o json", 0),
        ("user edit dev --name x", 0),
        ("api --query '{ x }'", 0),
        ("env list", 1),
        ("context list", 0),
        ("watch audit", 2),
        ("watch edges", 2),
        ("watch", 2),
        ("audit tail", 2),
        ("status -w", 2),
        ("nosuch", 2),
        ("context use nosuch", 6),
    ] {
        let flags = if command.contains("help") || command == "nosuch" { "" } else { &place };
        for streams in [">&-", ">&- 2>&-", ">&- 2>&- <&-"] {
            let run = fake.script(&[], &format!("$FGCTL {command} {flags} {streams}")).ends(code);
            assert!(!run.stderr.contains("panic"), "{run:#?}");
            let lost = code == 2 && command != "nosuch";
            assert_eq!(run.stderr.contains("stdout is closed"), lost && streams == ">&-", "{run:#?}");
        }
    }
}

/// A server that knows no dry runs would do what is only to be tried.
#[test]
fn nothing_is_tried_where_it_would_be_done() {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&bodies);
    let fake = Fake::new(move |body, stream| {
        heard.lock().unwrap().push(body.to_owned());
        let body = json!({"data": {"server": {"version": "0.0.9"}, "environment": null}}).to_string();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        let _ = stream.write_all(format!("{head}{body}").as_bytes());
    });
    let run = fake.run(&["env", "create", "qa", "--type", "dev", "--dry-run"]);
    assert!(run.code != 0 && run.stderr.contains("it knows no dry runs; nothing was tried"), "{run:#?}");
    let bodies = bodies.lock().unwrap();
    assert!(!bodies.is_empty() && bodies.iter().all(|body| !body.contains("mutation")), "{bodies:#?}");
}

#[test]
fn what_has_no_end_is_not_read_for_ever() {
    let fake = Fake::json(&made());
    let place = format!("--server {} --team demo", fake.address());
    for command in ["api -f /dev/zero", "api < /dev/zero", "user create q --password-stdin < /dev/zero"] {
        let run = fake.script(&[], &format!("ulimit -v 4000000; $FGCTL {place} {command}"));
        assert!(run.code == 2 || run.code == 1, "{run:#?}");
        assert!(!run.stderr.contains("panic") && !run.stderr.contains("allocation"), "{run:#?}");
    }
}
