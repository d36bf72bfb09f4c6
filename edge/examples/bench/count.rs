//! What counting an evaluation costs, beside a floor, and how much memory five million people take.

use std::hint::black_box;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use anyhow::Context as _;
use fluxgate_edge::count::{Asked, Counting, Outcome};
use fluxgate_edge::flag::ServedFlag;
use fluxgate_engine::{FlagConfig, Reason};
use uuid::Uuid;

const FLAGS: usize = 1_000;
const PEOPLE: u64 = 5_000_000;
const ROUNDS: usize = 5;
/// How many events are in a round?
const EVENTS: u64 = 1_000_000;
/// The beginning of an hour.
const HOUR_MS: i64 = 1_800_000_000_000;
/// How many events come between two times that everything is taken: half a minute of 20,000 a second.
const PERIOD: u64 = 600_000;

pub(crate) fn run() -> anyhow::Result<()> {
    let flags = (0..FLAGS).map(flag).collect::<anyhow::Result<Vec<_>>>()?;
    let counting = Arc::new(Counting::default());
    let counter = counting.counter();
    let floor = AtomicU64::new(0);
    let (mut floors, mut counts) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS as u64 {
        floors.push(time(|n| {
            // What nobody can do without: the name of somebody else each time, and one addition.
            black_box(unit(&mut [0; 32], round * EVENTS + n));
            floor.fetch_add(1, Relaxed);
        }));
        counts.push(time(|n| {
            let mut text = [0; 32];
            let unit = unit(&mut text, round * EVENTS + n);
            count(&counter, &flags, (n, unit));
        }));
    }
    black_box(counting.collect());
    let before = resident()?;
    let mut most = before;
    for n in 0..PEOPLE {
        let mut text = [0; 32];
        count(&counter, &flags, (n, unit(&mut text, n)));
        if n % PERIOD == PERIOD - 1 {
            most = most.max(resident()?);
            black_box(counting.collect());
            most = most.max(resident()?);
        }
    }
    let (floor, count) = (median(floors), median(counts));
    let mut out = std::io::stdout().lock();
    writeln!(out, "counting an event: {:.0} ns beyond a floor of {floor:.0} ns", count - floor)?;
    writeln!(
        out,
        "{PEOPLE} people over {FLAGS} flags: {:.1} MiB at most beyond {:.1} MiB",
        mib(most - before),
        mib(before)
    )?;
    Ok(())
}

fn count(counter: &fluxgate_edge::count::Counter, flags: &[Arc<ServedFlag>], (n, unit): (u64, &str)) {
    let place = usize::try_from(n).unwrap_or_default() % flags.len();
    let (environment, client) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let unix_ms = HOUR_MS + i64::try_from(n / 20).unwrap_or_default();
    let asked = Asked { environment, client, unit: Some(unit), unix_ms };
    counter.one(&asked, &flags[place], Outcome::new(Some((n % 2) as u16), Reason::Split));
}

fn flag(n: usize) -> anyhow::Result<Arc<ServedFlag>> {
    let json = r#"{"enabled":true,"variants":{"a":1,"b":2},"default":"a","off":"b"}"#;
    let config = FlagConfig::from_json(json)?;
    Ok(Arc::new(ServedFlag::compile(&format!("flag-{n}"), 1, &config, json.as_bytes())?))
}

/// Writes the name of a person.
fn unit(text: &mut [u8; 32], n: u64) -> &str {
    let mut rest: &mut [u8] = text;
    let written = write!(rest, "user-{n}").map(|()| 32 - rest.len()).unwrap_or_default();
    std::str::from_utf8(&text[..written]).unwrap_or_default()
}

/// Nanoseconds an event.
fn time(mut event: impl FnMut(u64)) -> f64 {
    let began = Instant::now();
    (0..EVENTS).for_each(&mut event);
    began.elapsed().as_nanos() as f64 / EVENTS as f64
}

fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

/// How many bytes of memory this process has.
fn resident() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
