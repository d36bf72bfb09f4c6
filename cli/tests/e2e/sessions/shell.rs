//! A shell that goes on from command to command, with its folder and its variables.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::page::{Step, Stream};
use crate::poll::until;
use crate::run::command;
use crate::terminal::on_terminal;
use crate::world::World;

/// How long may a command go on once the next block is through?
const PATIENCE: Duration = Duration::from_secs(15);
/// How wide is the reader's terminal?
const WIDTH: &str = "80";
/// What erases a line of a terminal.
const ERASED: &str = "\u{1b}[2K";
/// Takes up what the last command left, and leaves it for the next one.
const SCRIPT: &str = r#"set -a
[ ! -f "$2/env" ] || . "$2/env"
unset FGCTL_FORCE_TTY
[ -z "$3" ] || FGCTL_FORCE_TTY=$3
cd "$(cat "$2/cwd")"
trap 'export -p > "$2/env"; pwd > "$2/cwd"' EXIT
eval "$4 $1"
"#;

/// What a command really did.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) code: i32,
    pub(super) output: Vec<(Stream, String)>,
}

/// A command that is not waited for.
pub(super) struct Background {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

/// A shell in a folder of its own.
pub(super) struct Shell<'a> {
    world: &'a World,
    state: PathBuf,
    runs: usize,
}

impl<'a> Shell<'a> {
    pub(super) fn new(world: &'a World, place: &Path) -> Self {
        let (state, home) = (place.join("state"), place.join("home"));
        for folder in [&state, &home] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::write(state.join("cwd"), home.display().to_string()).unwrap();
        Self { world, state, runs: 0 }
    }

    /// Runs a command to its end.
    pub(super) fn run(&mut self, step: &Step) -> Seen {
        let piped =
            [" | ", " > ", "$("].iter().any(|sign| step.command.iter().any(|line| line.contains(sign)));
        let mut background = self.start(step, (if piped { "" } else { WIDTH }, ""));
        let code = background.child.wait().unwrap().code().unwrap_or(-1);
        background.seen(code, self)
    }

    /// Runs a command at a terminal, and types what stands behind the questions in the document.
    pub(super) fn run_on_terminal(&mut self, step: &Step) -> Seen {
        let answers: Vec<_> = step.output.iter().filter_map(|(_, line)| answer(line)).collect();
        let (code, shown) = on_terminal(self.prepare(step, ("", "")), &answers);
        let text = self.as_documented(shown);
        // Of a line that was drawn again, as while something is waited for, the last drawing stays.
        let lines = text.lines().filter_map(|line| line.rsplit(ERASED).next());
        Seen { code, output: lines.map(|line| (Stream::Out, line.to_owned())).collect() }
    }

    /// Starts a command that goes on in the background, as in a pipeline, and gets the signals itself.
    pub(super) fn go_on(&mut self, step: &Step) -> Background {
        self.start(step, ("", "exec"))
    }

    fn start(&mut self, step: &Step, how: (&str, &str)) -> Background {
        self.runs += 1;
        let file = |stream: &str| self.state.join(format!("{}.{stream}", self.runs));
        let (out, err) = (file("out"), file("err"));
        let mut shell = self.prepare(step, how);
        shell.stdin(Stdio::null()).stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        Background { child: shell.spawn().unwrap(), out, err }
    }

    fn prepare(&self, step: &Step, (width, how): (&str, &str)) -> Command {
        let lines: Vec<_> = step.command.iter().map(|line| line.get(2..).unwrap_or_default()).collect();
        let mut text = lines.join("\n");
        for (documented, real) in self.addresses() {
            text = text.replace(&documented, &real);
        }
        let bin = Path::new(env!("CARGO_BIN_EXE_fgctl")).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = command("sh", &self.world.config());
        shell
            .args(["-c", SCRIPT, "sh", &text, &self.state.display().to_string(), width, how])
            .env("NO_COLOR", "1")
            .env("LC_ALL", "C.UTF-8")
            .env("PATH", format!("{}:{path}", bin.display()));
        shell
    }

    /// Returns the addresses as a document has them, which are the usual ones, beside those of this system.
    fn addresses(&self) -> [(String, String); 4] {
        let address = |host: &str, documented: u16, offset: u16| {
            (format!("{host}:{documented}"), format!("{host}:{}", self.world.port_base() + offset))
        };
        let (v4, name) = ("127.0.0.1", "localhost");
        [address(v4, 8080, 0), address(v4, 8081, 1), address(name, 8080, 0), address(name, 8081, 1)]
    }

    fn as_documented(&self, mut text: String) -> String {
        for (documented, real) in self.addresses() {
            text = text.replace(&real, &documented);
        }
        text
    }
}

impl Background {
    /// Waits until it has printed some lines.
    pub(super) fn says(&self, lines: usize) {
        let printed = || [&self.out, &self.err].map(|file| fs::read_to_string(file).unwrap());
        until("the background says more", printed, |text| text.concat().lines().count() >= lines);
    }

    /// Waits for its end; a `^C` in the document ends it once it has said what stands before.
    pub(super) fn end(mut self, step: &Step, shell: &Shell<'_>) -> Seen {
        let stop = step.output.iter().position(|(_, line)| line == "^C");
        if let Some(lines) = stop {
            self.says(lines);
            self.interrupt();
        }
        let code = self.ended();
        let mut seen = self.seen(code, shell);
        if let Some(lines) = stop {
            seen.output.insert(lines.min(seen.output.len()), (step.output[lines].0, "^C".to_owned()));
        }
        seen
    }

    /// Returns how it ended; what does not end is interrupted, so that a page with a mistake holds up nobody.
    fn ended(&mut self) -> i32 {
        let deadline = Instant::now() + PATIENCE;
        let mut patient = true;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            if patient && Instant::now() > deadline {
                self.interrupt();
                patient = false;
            }
            thread::sleep(Duration::from_millis(25));
        }
    }

    fn interrupt(&self) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGINT).unwrap();
    }

    fn seen(&mut self, code: i32, shell: &Shell<'_>) -> Seen {
        let lines = |file: &Path, stream| {
            let text = shell.as_documented(fs::read_to_string(file).unwrap());
            text.lines().map(|line| (stream, line.to_owned())).collect::<Vec<_>>()
        };
        // Steps on the way have their time and come before the result, all else that is said comes after it.
        let (steps, notes): (Vec<_>, Vec<_>) =
            lines(&self.err, Stream::Err).into_iter().partition(|(_, line)| line.starts_with("20"));
        Seen { code, output: [steps, lines(&self.out, Stream::Out), notes].concat() }
    }
}

/// Returns the question of a line, and what somebody typed behind it.
fn answer(line: &str) -> Option<(&str, &str)> {
    let asked = ["[y/N] ", "Reason: "].into_iter().find_map(|question| {
        let (_, typed) = line.split_once(question)?;
        Some((question.trim_end(), typed))
    });
    asked.or_else(|| line.starts_with("Type ").then(|| line.split_once(": ")).flatten())
}
