//! Servers, terminals and files that are not as one would wish: one line that says so, the right code, never a panic.

use std::io::Write;

use serde_json::{Value, json};

use crate::fake::Fake;
use crate::run::Run;

/// Text that tries to steer a terminal and to deceive its reader.
const EVIL: &str = "a\u{1b}[31m\u{9b}2J\u{202e}\u{200b}\u{7}b\nc";

fn environments(name: &str) -> Value {
    let node = json!({
        "id": "0193b5f0-0000-7000-8000-000000000000", "key": "dev", "name": name, "type": "DEVELOPMENT",
        "colour": name, "position": 1, "active": true,
    });
    json!({"data": {"team": {"page": {
        "nodes": [node], "pageInfo": {"hasNextPage": false, "endCursor": null}, "totalCount": 1,
    }}}})
}

/// Makes sure that nothing reached the terminal that steers it.
#[track_caller]
fn harmless(run: &Run) {
    let bad = |c: char| c != '\n' && c != '\t' && (c.is_control() || matches!(c, '\u{200b}' | '\u{202e}'));
    assert!(!run.stdout.contains(bad) && !run.stderr.contains(bad), "{run:#?}");
}

/// Makes sure that a failure is told in a few lines, as JSON too.
#[track_caller]
fn told(fake: &Fake, code: i32, words: &str) {
    let run = fake.run(&["env", "list"]).ends(code);
    run.says(words);
    assert!(run.stderr.lines().count() <= 3 && run.stdout.is_empty(), "{run:#?}");
    let run = fake.run(&["env", "list", "-o", "json"]).ends(code);
    assert_eq!(run.error()["exit"], code, "{run:#?}");
}

#[test]
fn answers_that_are_none() {
    let html = "<!DOCTYPE html><html><body>Sign in to the Wi-Fi</body></html>";
    told(&Fake::saying("200 OK", html), 1, "did not answer like a FluxGate server: 200 OK without JSON");
    told(&Fake::saying("404 Not Found", html), 1, "404 Not Found without JSON");
    told(&Fake::saying("200 OK", "{\"data\":"), 1, "without JSON");
    told(&Fake::saying("200 OK", "[]"), 1, "without data");
    told(&Fake::saying("200 OK", "{\"data\":{\"team\":7}}"), 1, "did not answer like a FluxGate server");
    told(&Fake::saying("200 OK", format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000))), 1, "without JSON");
    told(&Fake::saying("503 Service Unavailable", html), 11, "503");
    // Proxies and portals speak for themselves.
    told(&Fake::saying("401 Unauthorized", html), 4, "401 Unauthorized from http://127.0.0.1");
    told(&Fake::saying("401 Unauthorized", "{\"message\":\"who?\"}"), 4, "not by FluxGate");
    told(&Fake::saying("407 Proxy Authentication Required", html), 4, "does not sign in to a proxy");
    told(&Fake::saying("403 Forbidden", html), 5, "not by FluxGate");
    told(
        &Fake::saying("429 Too Many Requests\r\nRetry-After: 17", html),
        1,
        "try again in 17s (Retry-After)",
    );
    told(&Fake::saying("429 Too Many Requests", html), 1, "too many requests");
    // An error without words is one all the same.
    for wordless in ["{\"errors\":[{}]}", "{\"errors\":[null]}", "{\"errors\":[{\"message\":\"\"}]}"] {
        told(&Fake::saying("200 OK", wordless), 1, "the server refused, and does not say why");
    }
    // A redirect could lead a token elsewhere.
    told(&Fake::saying("302 Found\r\nLocation: http://127.0.0.1:1/", ""), 1, "302");
}

#[test]
fn an_answer_that_breaks_off_is_no_answer() {
    let fake = Fake::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"data\":");
    });
    told(&fake, 11, "the answer broke off");
    // What changes something is sent once, and nobody knows whether it was done.
    let before = fake.asked();
    fake.run(&["api", "--query", "mutation { x }"]).ends(11).says("may have been done");
    assert_eq!(fake.asked(), before + 1);
}

#[test]
fn a_huge_answer_is_not_read_to_its_end() {
    let fake = Fake::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        let spaces = vec![b' '; 1 << 20];
        while stream.write_all(&spaces).is_ok() {}
    });
    fake.run(&["env", "list"]).ends(1).says("more than 128 MiB");
}

#[test]
fn nothing_that_a_server_says_steers_the_terminal() {
    let fake = Fake::json(&environments(EVIL));
    let formats = ["table", "wide", "json", "jsonl", "yaml", "csv", "name"];
    for format in formats {
        for width in ["0", "80", "20"] {
            let vars = [("FGCTL_FORCE_TTY", width), ("NO_COLOR", "1")];
            let place = ["--server", fake.address(), "--team", "demo"];
            let run = fake.with(&vars, &[&["env", "list", "-o", format], &place[..]].concat()).ends(0);
            harmless(&run);
            assert!(!run.stdout.is_empty());
        }
    }
    harmless(&fake.run(&["env", "list", "-q", ".[].name"]).ends(0));
    harmless(
        &fake.run(&["env", "list", "-t", "{% for e in it %}{{ e.name }}{{ e|tojson }}{% endfor %}"]).ends(0),
    );
    harmless(&fake.run(&["api", "--query", "{ x }"]).ends(0));
    // Still the same text for a program.
    let run = fake.run(&["env", "list", "-o", "json"]);
    assert_eq!(run.json()[0]["name"], EVIL);

    let fake = Fake::json(&json!({"errors": [{"message": EVIL, "extensions": {
        "code": "BLOCKED", "requestId": EVIL, "hint": EVIL,
        "gates": [{"gate": EVIL, "passed": false, "message": EVIL, "hint": EVIL}],
        "violations": [{"path": EVIL, "message": EVIL}],
    }}]}));
    harmless(&fake.run(&["env", "list"]).ends(9));
    let run = fake.run(&["env", "list", "-o", "json"]).ends(9);
    harmless(&run);
    assert_eq!(run.error()["message"], EVIL);
    harmless(&fake.run(&["api", "--query", "{ x }"]).ends(9));
    // Nor what a script passes on.
    for words in
        [&["no\u{1b}[31msuch"][..], &["env", "list", "--x\u{202e}"], &["env", "list", "-o", "\u{9b}2J"]]
    {
        harmless(&fake.with(&[], words).ends(2));
        harmless(&fake.with(&[("FGCTL_OUTPUT", "json")], words).ends(2));
    }
    harmless(&fake.run(&["feature", "view", EVIL]).ends(9));
}

#[test]
fn nothing_that_somebody_did_steers_the_terminal() {
    let evil = format!("{EVIL}\u{85}\u{7f}");
    let entry = json!({
        "number": 7, "at": "2026-11-20T10:39:00Z", "actor": evil, "actorKind": "USER", "owner": null,
        "action": "feature.edit", "subject": evil, "environment": null, "reason": evil,
        "before": {"name": evil}, "after": null, "address": null,
    });
    let fake = Fake::json(&json!({"data": {"team": {"page": {
        "nodes": [entry], "pageInfo": {"hasNextPage": false, "endCursor": null}, "totalCount": 1,
    }}}}));
    let lines = fake.run(&["audit", "export"]).ends(0);
    harmless(&lines);
    // Still the same text for a program.
    assert_eq!((&lines.json()["reason"], &lines.json()["before"]["name"]), (&json!(evil), &json!(evil)));
    let csv = fake.run(&["audit", "export", "--format", "csv"]).ends(0);
    harmless(&csv);
    csv.says("a\\u{1b}[31m").says("\\u{7f}");
    let before = fake.asked();
    fake.run(&["audit", "export", "-o", "csv"]).ends(2).says("--format csv|jsonl");
    assert_eq!(fake.asked(), before);
}

#[test]
fn a_token_that_is_over_says_what_to_do() {
    let fake = Fake::json(
        &json!({"errors": [{"message": "token expired", "extensions": {"code": "UNAUTHENTICATED"}}]}),
    );
    let place = ["env", "list", "--server", fake.address(), "--team", "demo"];
    fake.with(&[("FGCTL_TOKEN", "fgp_expired")], &place).ends(4).says("token expired").says("FGCTL_TOKEN");
    fake.with(&[], &place).ends(4).says("fgctl login");
}

#[test]
fn what_cannot_be_written_is_no_success() {
    let fake = Fake::json(&environments("x"));
    fake.script(&[], "$FGCTL exit-codes >/dev/full").ends(1).says("cannot write the result");
    fake.script(&[], "$FGCTL --help >/dev/full").ends(1);
    fake.script(&[], "$FGCTL completion bash >/dev/full").ends(1);
    // A reader that leaves has seen what it wanted.
    let run =
        fake.script(&[], "set -o pipefail; $FGCTL completion bash --static | head -n 1 >/dev/null").ends(0);
    assert_eq!(run.stderr, "");
    for (script, code) in [("2>&- <&-", 0), (">/dev/null", 0), (">&-", 0), (">&- 2>&- <&-", 0)] {
        fake.script(&[], &format!("$FGCTL exit-codes {script}")).ends(code);
    }
    fake.script(&[], "$FGCTL nosuch >&- 2>&-").ends(2);
}

#[test]
fn small_dumb_and_odd_terminals() {
    let fake = Fake::json(&environments("Größe ユーザー with a very long name that nobody can read"));
    let list = ["env", "list", "--server", fake.address(), "--team", "demo"];
    for width in ["2", "5", "20", "33", "80", "100000"] {
        let run = fake.with(&[("FGCTL_FORCE_TTY", width), ("NO_COLOR", "1")], &list).ends(0);
        let room = width.parse().unwrap_or(usize::MAX);
        assert!(run.stdout.lines().all(|line| line.chars().count() <= room), "{width}: {run:#?}");
    }
    let escapes = |vars: &[(&str, &str)]| fake.with(vars, &["exit-codes"]).ends(0).stdout.contains('\u{1b}');
    assert!(!escapes(&[]), "a pipe has no colours");
    assert!(escapes(&[("FGCTL_FORCE_TTY", "80")]));
    assert!(!escapes(&[("FGCTL_FORCE_TTY", "80"), ("NO_COLOR", "1")]));
    assert!(!escapes(&[("FGCTL_FORCE_TTY", "80"), ("TERM", "dumb")]));
    let state = ["context", "list"];
    fake.file("config/config.toml", "current = \"here\"\n[contexts.here]\nserver = \"http://127.0.0.1:1\"\n");
    assert!(fake.with(&[("CLICOLOR_FORCE", "1")], &state).ends(0).stdout.contains('\u{1b}'));
    let ascii = [("FGCTL_FORCE_TTY", "80"), ("NO_COLOR", "1")];
    assert!(fake.with(&ascii, &state).ends(0).stdout.contains("● here"));
    assert!(fake.with(&ascii, &["context", "list", "--ascii"]).ends(0).stdout.contains("* here"));
}

#[test]
fn a_home_that_cannot_be_written() {
    let fake = Fake::json(&environments("x"));
    let home =
        [("FGCTL_CONFIG_DIR", "/dev/null/fgctl"), ("XDG_CACHE_HOME", "/dev/null"), ("HOME", "/dev/null")];
    let list = ["env", "list", "--server", fake.address(), "--team", "demo"];
    // What needs no file of its own works.
    fake.with(&[&home[..], &[("FGCTL_TOKEN", "t")]].concat(), &list).ends(0);
    fake.with(&home, &list).ends(2).says("/dev/null/fgctl");
    let set = ["context", "set", "x", "--server", fake.address()];
    let run = fake.with(&home, &set);
    assert!(matches!(run.code, 1 | 2), "{run:#?}");
    run.says("/dev/null/fgctl");
    // A sign-in that cannot be written again is not renewed: the server would take the new one for the only one.
    fake.file(
        "config/config.toml",
        &format!("current = \"here\"\n[contexts.here]\nserver = {:?}\n", fake.address()),
    );
    let saved = json!({
        "server": fake.address(), "username": "dev", "accessToken": "a", "refreshToken": "r",
        "accessExpiresAt": "2026-01-01T00:00:00Z",
    });
    fake.file("config/credentials/here.json", &saved.to_string());
    std::fs::create_dir(fake.place().join("config/credentials/here.lock")).unwrap();
    let before = fake.asked();
    fake.with(&[], &["env", "list", "--team", "demo"])
        .ends(1)
        .says("cannot keep the renewed sign-in")
        .says("FGCTL_CONFIG_DIR");
    assert_eq!(fake.asked(), before);
    fake.with(&home, &["--help"]).ends(0);
    fake.with(&home, &["version"]).ends(0);
}
