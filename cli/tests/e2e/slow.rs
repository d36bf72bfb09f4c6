//! Servers that are slow, or silent: the time that was given is for all of a request, and somebody at a terminal hears why.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::fake::Fake;
use crate::terminal::on_terminal;

/// How long is a server silent that says nothing? Longer than any test waits.
const SILENT: Duration = Duration::from_secs(120);

fn unavailable(stream: &mut TcpStream) {
    let _ = stream
        .write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

#[test]
fn the_time_that_is_given_is_for_all_tries() {
    let silent = Fake::new(|_, _| thread::sleep(SILENT));
    let begun = Instant::now();
    silent.run(&["env", "list", "--timeout", "1s"]).ends(11).says("no answer in time");
    assert!(begun.elapsed() < Duration::from_millis(2_500), "{:?}", begun.elapsed());

    let busy = Fake::new(|_, stream| {
        thread::sleep(Duration::from_millis(700));
        unavailable(stream);
    });
    let begun = Instant::now();
    busy.run(&["env", "list", "--timeout", "1s"]).ends(11).says("2 tries");
    assert!(begun.elapsed() < Duration::from_millis(2_000), "{:?}", begun.elapsed());
}

#[test]
fn a_retry_is_told_at_a_terminal() {
    let slow = |_: &str, stream: &mut TcpStream| {
        thread::sleep(Duration::from_millis(1_100));
        unavailable(stream);
    };
    let fake = Fake::new(slow);
    let run = fake.run(&["env", "list"]).ends(11);
    assert!(!run.stderr.contains("retrying"), "{run:#?}");
    for (format, told) in [("table", true), ("json", false)] {
        let mut command = fake.command(env!("CARGO_BIN_EXE_fgctl"), &[]);
        command.args(["env", "list", "-o", format, "--server", fake.address(), "--team", "demo"]);
        let (code, shown) = on_terminal(command, &[]);
        assert_eq!(code, 11, "{shown}");
        assert_eq!(shown.contains("retrying, try 3 of 3"), told, "{shown}");
        assert!(!shown.contains("try 2 of 3"), "{shown}");
    }
}

#[test]
fn what_was_sent_and_not_answered_may_have_been_done() {
    let silent = Fake::new(|_, _| thread::sleep(SILENT));
    let create = ["feature", "create", "ghost", "--type", "simple", "--timeout", "1s"];
    let run = silent.run(&create).ends(11);
    run.says("but no answer came in time; it may have been done").says("look before you repeat it");
    let error = silent.run(&[&create[..], &["-o", "json"]].concat()).ends(11).error();
    assert_eq!(error["code"], "UNANSWERED", "{error:#}");
    // Where nothing listens, nothing was sent.
    let nobody = [&create[..], &["--server", "http://127.0.0.1:9", "--team", "demo"]].concat();
    let run = silent.with(&[], &nobody).ends(11);
    run.says("cannot reach http://127.0.0.1:9").says("nothing was sent");
}

#[test]
fn a_doctor_comes_to_an_end() {
    let silent = Fake::new(|_, _| thread::sleep(SILENT));
    let begun = Instant::now();
    let run = silent.run(&["doctor"]).ends(3);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    run.says("no answer").says("not looked at: the server was not reached");

    // It says what it is, and then nothing any more.
    let stuck = Fake::new(|body, stream| {
        if !body.contains("GetServer") {
            thread::sleep(SILENT);
        }
        let body = r#"{"data":{"server":{"version":"1","bootstrapped":true,"revision":7}}}"#;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        let _ = stream.write_all(format!("{head}{body}").as_bytes());
    });
    let begun = Instant::now();
    stuck.run(&["doctor", "--timeout", "1s"]).ends(3).says("sign-in").says("nobody is signed in");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
