//! What a person meets on a terminal: the differences, then the question, then why; and a wait that is redrawn in place.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use serde_json::json;

use crate::fake::Fake;
use crate::world::World;

/// How long may a command take in all?
const PATIENCE: Duration = Duration::from_secs(60);

/// What is an answer that stops it?
const CTRL_C: &str = "^C";

/// Runs a command on a terminal of 80 columns, types each answer once its question is there, and returns how it ended and
/// all that was shown.
pub(crate) fn on_terminal(command: Command, answers: &[(&str, &str)]) -> (i32, String) {
    on_terminal_of((80, "xterm"), command, answers)
}

/// The same on a terminal of so many columns, of that kind.
fn on_terminal_of(
    (ws_col, kind): (u16, &str),
    mut command: Command,
    answers: &[(&str, &str)],
) -> (i32, String) {
    let size = Winsize { ws_row: 40, ws_col, ws_xpixel: 0, ws_ypixel: 0 };
    let pty = openpty(&size, None).unwrap();
    let end = || Stdio::from(pty.slave.try_clone().unwrap());
    command.stdin(end()).stdout(end()).stderr(end()).env("TERM", kind).env("NO_COLOR", "1");
    let mut child = command.spawn().unwrap();
    // A question that nobody expected would be waited at for ever.
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
    let (ended, end) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        if end.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            kill(pid, Signal::SIGKILL).unwrap();
        }
    });
    // The last one who holds the other end is the child, so that its end is seen here.
    drop(command);
    drop(pty.slave);
    let mut terminal = File::from(pty.master);
    let (mut shown, mut seen, mut answers) = (String::new(), 0, answers.iter());
    let mut next = answers.next();
    let mut bytes = [0; 4_096];
    while let Ok(n @ 1..) = terminal.read(&mut bytes) {
        shown.push_str(&String::from_utf8_lossy(&bytes[..n]));
        while let Some((question, answer)) = next
            && let Some(at) = shown[seen..].find(question)
        {
            seen += at + question.len();
            match *answer {
                CTRL_C => kill(pid, Signal::SIGINT).unwrap(),
                answer => terminal.write_all(format!("{answer}\n").as_bytes()).unwrap(),
            }
            next = answers.next();
        }
    }
    let code = child.wait().unwrap().code();
    drop(ended);
    watch.join().unwrap();
    (code.unwrap_or_else(|| panic!("it waits at: {shown}")), shown.replace('\r', ""))
}

#[test]
fn production_is_asked_about_and_waited_for() {
    let world = World::shared();
    world.run("dev", &["feature", "create", "asked", "--type", "simple", "--enabled"]).ends(0);
    world.run("dev", &["promote", "asked", "--to", "staging"]).ends(0);
    let on = |args: &[&str], answers: &[(&str, &str)]| on_terminal(world.command("dev", args), answers);

    // Nothing, and anything but yes, is no; what would change is seen before.
    let promote = ["promote", "asked", "--to", "prod"];
    let (code, shown) = on(&promote, &[("[y/N]", "")]);
    assert_eq!(code, 130, "{shown}");
    let (differences, question) = (shown.find("+ enabled"), shown.find("[y/N]"));
    assert!(differences.is_some() && differences < question, "{shown}");
    assert!(shown.contains("policy \"Production\" needs 1 approval"), "{shown}");
    assert_eq!(world.run("dev", &["change", "list", "--feature", "asked"]).ends(0).stdout, "");

    // A policy covers it, so that those who approve get a reason.
    let (code, shown) = on(&promote, &[("[y/N]", "y"), ("Reason:", "release 47")]);
    assert_eq!(code, 8, "{shown}");
    let open = world.run("dev", &["change", "list", "--feature", "asked", "-o", "name"]).ends(0).stdout;
    let number = open.trim().strip_prefix("change/").unwrap();
    world.run("dev", &["change", "view", number]).ends(8).says("release 47");

    // The same again is the same change, which has a reason and was agreed to.
    let (code, shown) = on(&[&promote[..], &["--wait", "--timeout", "1s"]].concat(), &[]);
    assert_eq!(code, 8, "{shown}");
    assert!(shown.contains(&format!("joins #{number}, opened ")), "{shown}");
    assert!(shown.contains(" ago by dev\n") && !shown.contains("[y/N]"), "{shown}");
    assert!(!shown.contains("Reason:"), "{shown}");

    let (code, shown) = on(&["change", "wait", number, "--timeout", "1s"], &[]);
    assert_eq!(code, 8, "{shown}");
    assert!(shown.contains(&format!("#{number}")) && shown.contains("more"), "{shown}");
    assert!(shown.contains("policy \"Production\"  0 of 1"), "{shown}");

    // Ctrl-C leaves what was drawn as it is: nothing of it is drawn again below.
    let (code, shown) = on(&["change", "wait", number], &[("0 of 1", CTRL_C)]);
    assert_eq!(code, 130, "{shown}");
    let (_, last) = shown.rsplit_once("\x1b[J").unwrap();
    assert_eq!(last.matches("policy").count(), 0, "{shown}");
    assert!(last.starts_with(&format!("\x1b[K✗ stopped waiting; #{number} is still open\n")), "{last:?}");

    // What everybody sees at once takes the key in full.
    let kill = ["kill", "asked", "-e", "prod"];
    let (code, shown) = on(&kill, &[("Type asked", "y")]);
    assert_eq!(code, 130, "{shown}");
    let (code, shown) = on(&kill, &[("Type asked", "asked"), ("Reason:", ""), ("Reason:", "5xx spike")]);
    assert_eq!(code, 0, "{shown}");
    world.run("dev", &["feature", "kills", "-e", "prod"]).ends(0).says("asked\tprod\tdev").says("5xx spike");
}

#[test]
fn small_and_dumb_terminals_get_lines() {
    let node = json!({
        "id": "0193b5f0-0000-7000-8000-000000000000", "key": "dev", "type": "DEVELOPMENT", "colour": "",
        "name": "A name that is longer than the whole screen", "position": 1, "active": true,
    });
    let fake = Fake::json(&json!({"data": {"team": {"page": {
        "nodes": [node], "pageInfo": {"hasNextPage": false, "endCursor": null}, "totalCount": 1,
    }}}}));
    let refused = Fake::json(
        &json!({"errors": [{"message": "something is not as it should be", "extensions": {
            "code": "BLOCKED", "hint": "fgctl promote checkout --to staging",
            "gates": [{"gate": "stage", "passed": false, "message": "it is not live in staging", "hint": "go on"}],
        }}]}),
    );
    for (fake, code) in [(&fake, 0), (&refused, 9)] {
        for (terminal, room) in [((20, "xterm"), 20), ((20, "dumb"), 20), ((80, "dumb"), 80)] {
            let mut command = fake.command(env!("CARGO_BIN_EXE_fgctl"), &[]);
            command.args(["env", "list", "--server", fake.address(), "--team", "demo"]);
            let (ended, shown) = on_terminal_of(terminal, command, &[]);
            assert_eq!(ended, code, "{shown}");
            // A word may be longer than the screen; what is cut or broken elsewhere is not.
            let fits = |line: &str| line.chars().count() <= room || line.trim().split(' ').count() == 1;
            assert!(shown.lines().all(fits) && !shown.contains('\u{1b}'), "{terminal:?}: {shown}");
        }
    }
    for (terminal, words) in
        [((20, "xterm"), ["feature", "--help"]), ((80, "dumb"), ["exit-codes", "--ascii"])]
    {
        let mut command = fake.command(env!("CARGO_BIN_EXE_fgctl"), &[("FGCTL_PAGER", "")]);
        command.args(words);
        let (ended, shown) = on_terminal_of(terminal, command, &[]);
        assert!(ended == 0 && !shown.contains('\u{1b}'), "{shown}");
    }
}
