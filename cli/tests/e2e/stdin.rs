//! Contexts from stdin, asked about over the network: many at once, told in their order.

use std::io::Write;
use std::net::TcpStream;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::Fake;

/// How many requests are under way at once?
const AT_ONCE: usize = 16;

/// How many requests arrived, and how many of them were let go.
#[derive(Default)]
struct Rounds {
    counts: Mutex<(usize, usize)>,
    moved: Condvar,
}

impl Rounds {
    /// Holds a request until a round of them is there and those that arrived later were let go.
    fn pass(&self) {
        let mut counts = self.counts.lock().unwrap();
        let mine = counts.0;
        counts.0 += 1;
        self.moved.notify_all();
        let (begin, place) = (mine - mine % AT_ONCE, mine % AT_ONCE);
        let turn = |counts: &mut (usize, usize)| *counts != (begin + AT_ONCE, begin + AT_ONCE - 1 - place);
        let (mut counts, waited) =
            self.moved.wait_timeout_while(counts, Duration::from_secs(10), turn).unwrap();
        // Whoever waited in vain answers nothing, and the test fails.
        assert!(!waited.timed_out(), "{counts:?} requests arrived and were let go");
        counts.1 += 1;
        self.moved.notify_all();
    }
}

fn answer(stream: &mut TcpStream, body: &Value) {
    let body = body.to_string();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

fn key(body: &str) -> Value {
    let body: Value = serde_json::from_str(body).unwrap();
    let context = body.get("context").unwrap_or(&body["variables"]["context"]);
    context["targetingKey"].clone()
}

/// Evaluates for twice as many as are asked about at once; each is told their own key.
fn told(fake: &Fake, features: &str, via: &str) -> Vec<(Value, Value)> {
    let lines = 2 * AT_ONCE / features.split(' ').count();
    let vars = [("FGCTL_SERVER", fake.address()), ("FGCTL_EDGE", fake.address()), ("FGCTL_TEAM", "demo")];
    let script = format!(
        "for i in $(seq {lines}); do echo '{{\"targetingKey\": \"u'$i'\"}}'; done | $FGCTL eval {features} -e dev --stdin --via {via} -o json"
    );
    let run = fake.script(&vars, &script).ends(0).json();
    run.as_array().unwrap().iter().map(|one| (one["line"].clone(), one["value"].clone())).collect()
}

#[test]
fn nothing_from_stdin_is_no_set_of_files() {
    let fake = Fake::json(&json!({"data": {}}));
    let place = format!("--server {} --team demo", fake.address());
    for command in ["apply --prune gen --yes --confirm demo", "diff --prune gen", "validate"] {
        let run = fake.script(&[], &format!("printf '' | $FGCTL {command} -f - {place}")).ends(2);
        run.says("no definitions in standard input");
    }
    assert_eq!(fake.asked(), 0);
}

#[test]
fn many_are_asked_about_at_once_and_told_in_their_order() {
    let rounds = Rounds::default();
    let edge = Fake::new(move |body, stream| {
        rounds.pass();
        answer(
            stream,
            &json!({"key": "f", "value": key(body), "reason": "STATIC", "variant": "v", "metadata": {}}),
        );
    });
    let expected = |each: usize| -> Vec<(Value, Value)> {
        (0..2 * AT_ONCE)
            .map(|index| index / each + 1)
            .map(|line| (json!(line), json!(format!("u{line}"))))
            .collect()
    };
    assert_eq!(told(&edge, "f", "edge"), expected(1));
    assert_eq!(told(&edge, "f g", "edge"), expected(2));

    let rounds = Rounds::default();
    let backend = Fake::new(move |body, stream| {
        rounds.pass();
        let one = json!({
            "feature": "f", "value": key(body), "variant": "v", "reason": "STATIC", "version": 1, "criterion": null,
            "criterionName": null, "killSwitch": false, "blockedBy": null, "errorCode": null, "errorDetails": null,
        });
        answer(stream, &json!({"data": {"team": {"evaluations": [one]}}}));
    });
    assert_eq!(told(&backend, "f", "backend"), expected(1));
}
