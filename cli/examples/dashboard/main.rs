//! `scripts/bench dashboard`: reads the status of a development system from stdin, and prints how the dashboard does on a
//! terminal of 120 by 36: its first frame without any network, a key among 5,000 features, and what a minute of idling
//! and what each change cost in time, memory and bytes.

mod screen;

use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::screen::Screen;

/// The team that `scripts/bench administration` fills with 5,000 features.
const TEAM: &str = "bench";
/// How often is a frame, a key, a change measured?
const RUNS: usize = 30;
const KEYS: usize = 200;
/// For how long is it left alone?
const IDLE: Duration = Duration::from_secs(60);
/// How long may anything take?
const PATIENCE: Duration = Duration::from_secs(60);
/// After how long without a byte is a frame whole?
const QUIET: Duration = Duration::from_millis(300);

fn main() -> std::io::Result<()> {
    let status: Value = serde_json::from_reader(std::io::stdin()).unwrap_or_default();
    let fgctl = std::env::args().nth(1).unwrap_or_else(|| "fgctl".to_owned());
    let admin = status["users"].as_array().into_iter().flatten().find(|user| user["username"] == "admin");
    let (Some(server), Some(admin)) = (status["backend"].as_str(), admin) else {
        say("the status of a development system is wanted on stdin: fgctl dev status -o json");
        return Ok(());
    };
    let password = admin["password"].as_str().unwrap_or_default();
    sign_in(&fgctl, server, password);
    let (paint, floor) = first_paint(&fgctl)?;
    row("first frame, ms", paint, Some(("fgctl version", floor)));
    let screen = Screen::start(&fgctl, &["dashboard", "--context", TEAM])?;
    screen.wait_for("live", PATIENCE);
    screen.press(b"2");
    screen.wait_for("5000", PATIENCE);
    screen.quiet(QUIET, PATIENCE);
    row("a key among 5,000 features, ms", keys(&screen), None);
    row("bytes of a key", bytes(&screen, || screen.press(b"j")), None);
    let toggle = std::cell::Cell::new(false);
    let change = || {
        toggle.set(!toggle.get());
        let verb = if toggle.get() { "enable" } else { "disable" };
        let key = first_feature(&fgctl);
        run(Command::new(&fgctl).args(["feature", verb, &key, "-e", "dev", "--context", TEAM, "--yes"]));
    };
    row("bytes of a change", bytes(&screen, change), None);
    idle(&screen);
    screen.press(b"q");
    Ok(())
}

fn say(words: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{words}\n").as_bytes());
}

fn tell(words: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stdout(), format!("{words}\n").as_bytes());
}

fn run(command: &mut Command) -> String {
    let output = command.output().ok();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

fn sign_in(fgctl: &str, server: &str, password: &str) {
    let words = [
        "login",
        "--server",
        server,
        "--username",
        "admin",
        "--password-stdin",
        "--context",
        TEAM,
        "--team",
        TEAM,
    ];
    let mut child = Command::new(fgctl).args(words).stdin(std::process::Stdio::piped()).spawn().ok();
    if let Some(child) = &mut child {
        if let Some(mut stdin) = child.stdin.take() {
            let _ = std::io::Write::write_all(&mut stdin, format!("{password}\n").as_bytes());
        }
        let _ = child.wait();
    }
}

fn first_feature(fgctl: &str) -> String {
    let list = run(Command::new(fgctl).args(["feature", "list", "-L", "1", "-o", "name", "--context", TEAM]));
    list.trim().trim_start_matches("feature/").to_owned()
}

/// Returns how long it takes until the first frame, of a server that never answers; and how long the program takes to do nothing.
fn first_paint(fgctl: &str) -> std::io::Result<(Vec<f64>, Vec<f64>)> {
    let silent = TcpListener::bind("127.0.0.1:0").ok();
    let address = silent.as_ref().and_then(|silent| silent.local_addr().ok());
    let server = address.map_or_else(String::new, |address| format!("http://{address}"));
    let (mut paint, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let begun = Instant::now();
        run(Command::new(fgctl).arg("version"));
        floor.push(begun.elapsed().as_secs_f64() * 1e3);
        let begun = Instant::now();
        let screen = Screen::start(fgctl, &["dashboard", "--server", &server, "--team", "nobody"])?;
        screen.wait_for("connecting", PATIENCE);
        paint.push(begun.elapsed().as_secs_f64() * 1e3);
        screen.press(b"q");
    }
    Ok((paint, floor))
}

/// Returns how long each key takes until its frame begins to arrive.
fn keys(screen: &Screen) -> Vec<f64> {
    let mut times = Vec::new();
    for n in 0..KEYS {
        screen.quiet(Duration::from_millis(20), PATIENCE);
        let before = screen.seen();
        let begun = Instant::now();
        // Pages too, so that rows come that were not there.
        screen.press(if n % 4 == 0 { b"\x1b[6~" } else { b"j" });
        screen.more_than(before, PATIENCE);
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times
}

/// Returns how many bytes arrive after something was done.
fn bytes(screen: &Screen, act: impl Fn()) -> Vec<f64> {
    let mut all = Vec::new();
    for _ in 0..RUNS {
        screen.quiet(QUIET, PATIENCE);
        let before = screen.seen();
        act();
        screen.more_than(before, PATIENCE);
        screen.quiet(QUIET, PATIENCE);
        #[expect(clippy::cast_precision_loss, reason = "a screen has few bytes")]
        all.push((screen.seen() - before) as f64);
    }
    all
}

fn idle(screen: &Screen) {
    screen.quiet(QUIET, PATIENCE);
    let (before, begun) = (screen.seen(), Instant::now());
    let cpu = screen.cpu_seconds();
    std::thread::sleep(IDLE);
    let share = (screen.cpu_seconds() - cpu) / begun.elapsed().as_secs_f64() * 100.0;
    tell(&format!(
        "idle for a minute: {share:.2} % of a core, {} bytes, {} MiB resident",
        screen.seen() - before,
        screen.resident_mib()
    ));
}

/// Prints the median and the 99th of 100, and a ratio to the median of a floor.
fn row(name: &str, mut figures: Vec<f64>, floor: Option<(&str, Vec<f64>)>) {
    let at = |figures: &mut Vec<f64>, percent: usize| {
        figures.sort_by(f64::total_cmp);
        figures
            .get((figures.len() * percent / 100).min(figures.len().saturating_sub(1)))
            .copied()
            .unwrap_or(f64::NAN)
    };
    let (p50, p99) = (at(&mut figures, 50), at(&mut figures, 99));
    let ratio = floor.map_or_else(String::new, |(name, mut floor)| {
        let floor = at(&mut floor, 50);
        format!("   {name} {floor:.1}   ratio {:.2}", p50 / floor)
    });
    tell(&format!("{name:<34} p50 {p50:>8.1}   p99 {p99:>8.1}{ratio}"));
}
