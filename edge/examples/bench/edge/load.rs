//! Load from the second core: as much as goes, by wrk, or at fixed times, by `open`.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::furnish::Team;
use super::process::{Cores, Process, program, said};
use super::system::System;

/// How many connections does wrk have?
const CONNECTIONS: &str = "-c32";

/// An edge and its floor, both on the first core; one is asked at a time.
pub(crate) struct Pair {
    pub(crate) edge: Process,
    pub(crate) floor: Process,
    pub(crate) edge_at: String,
    pub(crate) floor_at: String,
}

impl Pair {
    /// Starts an edge of a team, and a floor that answers with the same bytes.
    pub(crate) fn start(system: &System, team: &Team) -> anyhow::Result<Self> {
        let (edge_at, floor_at) = (system.address(0), system.address(1));
        let edge = system.serving(team, Cores::First)?;
        let answer = system.answer(team)?;
        let floor = Process::start(&mut system.part(&["floor", &floor_at, &answer], Cores::First))?;
        Ok(Self { edge, floor, edge_at, floor_at })
    }
}

/// What wrk found.
pub(crate) struct Throughput {
    pub(crate) a_second: f64,
    pub(crate) cpu_us: f64,
}

/// Asks as often as answers come.
pub(crate) fn most(
    system: &System,
    (process, address, path): (&Process, &str, &str),
    (key, body): (&str, &str),
    seconds: u64,
) -> anyhow::Result<Throughput> {
    let script = format!("{}/wrk.lua", system.folder);
    let text = format!(
        "wrk.method = \"POST\"\nwrk.body = [[{body}]]\nwrk.headers[\"Content-Type\"] = \"application/json\"\n\
         wrk.headers[\"Authorization\"] = \"Bearer {key}\"\n"
    );
    fs::write(&script, text)?;
    let before = process.cpu()?;
    let mut wrk = program("wrk", Cores::Second);
    wrk.args([
        "-t1",
        CONNECTIONS,
        &format!("-d{seconds}s"),
        "-s",
        &script,
        &format!("http://{address}{path}"),
    ]);
    let said = said(&mut wrk)?;
    let cpu = process.cpu()?.saturating_sub(before);
    ensure!(!said.contains("Non-2xx") && !said.contains("Socket errors"), "requests failed: {said}");
    let number = |mut words: std::str::SplitWhitespace<'_>| words.next()?.parse::<f64>().ok();
    let requests = said.lines().find(|line| line.contains(" requests in "));
    let requests = requests.and_then(|line| number(line.split_whitespace())).context("no requests")?;
    let rate = said.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    let a_second = rate.and_then(|rate| number(rate.split_whitespace())).context("no rate")?;
    Ok(Throughput { a_second, cpu_us: cpu.as_secs_f64() * 1e6 / requests })
}

/// What a load at fixed times found; times in milliseconds.
#[derive(Debug)]
pub(crate) struct Latency {
    pub(crate) answered: u64,
    pub(crate) failed: u64,
    pub(crate) p99: f64,
    pub(crate) longest: f64,
}

/// Starts a load at fixed times; the request is in a file.
pub(crate) fn begin(
    system: &System,
    address: &str,
    (rate, seconds): (u64, u64),
    request: &str,
) -> anyhow::Result<Process> {
    let (rate, seconds) = (rate.to_string(), seconds.to_string());
    let mut load = system.part(&["open", address, &rate, &seconds, request], Cores::Second);
    Process::start(load.stdout(std::process::Stdio::piped()))
}

/// Waits for its end.
pub(crate) fn found(load: Process) -> anyhow::Result<Latency> {
    let said = load.output()?;
    let figures: Vec<u64> = said.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [answered, failed, _, p99, _, longest] = figures[..] else { anyhow::bail!("no figures: {said}") };
    let ms = |us: u64| Duration::from_micros(us).as_secs_f64() * 1000.0;
    Ok(Latency { answered, failed, p99: ms(p99), longest: ms(longest) })
}
