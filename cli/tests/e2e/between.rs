//! A signal between two waits of one command is heard, too.

use std::io::Write;
use std::process::Stdio;
use std::sync::{Arc, Barrier};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::fake::Fake;

#[test]
fn a_signal_after_the_first_of_several_waits_ends_it_all() {
    let applied = json!({
        "number": 12, "kind": "PROMOTE", "status": "APPLIED", "reason": null, "author": "dev", "token": null,
        "createdAt": "2026-11-20T09:57:02Z", "decidedAt": null, "appliedAt": "2026-11-20T10:09:48Z",
        "applyAt": null, "revision": 418, "failure": null, "override": null, "rebasedFrom": null,
        "viewerMayVote": false, "comments": [], "items": [], "policies": [], "votes": [],
    });
    let body = json!({"data": {"change": applied}}).to_string();
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let asked = Arc::new(Barrier::new(2));
        let (reached, body) = (Arc::clone(&asked), body.clone());
        // The first is applied at once; the vote on the second gets no answer.
        let fake = Fake::new(move |request, stream| {
            if request.contains("\"number\":13") {
                reached.wait();
                reached.wait();
            }
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        });
        let mut fgctl = fake.command(env!("CARGO_BIN_EXE_fgctl"), &[]);
        fgctl.args(["change", "approve", "12", "13", "14", "--wait", "--timeout", "20s"]);
        fgctl.args(["--server", fake.address(), "--team", "demo"]);
        let child = fgctl.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        asked.wait();
        kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        asked.wait();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains("stopped at #13") && said.contains("not approved: #14"), "{said}");
    }
}
