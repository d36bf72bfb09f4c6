//! P8 and P13: how much memory an edge has, whether users make it grow, and what it costs while nobody asks.

use std::thread;
use std::time::Duration;

use anyhow::ensure;

use super::Pace;
use super::furnish::{Team, for_each_user, single};
use super::load::{begin, found, most};
use super::process::Cores;
use super::system::System;
use super::table::{Rounds, Row, Table, Wanted};

/// At what rate does every user ask once?
const RATE: u64 = 60_000;
/// How long after its start is an edge at rest?
const REST: Duration = Duration::from_secs(6);
const MIB: f64 = 1024.0;

pub(crate) fn measure(
    system: &System,
    [none, many]: [&Team; 2],
    pace: Pace,
    table: &mut Table,
) -> anyhow::Result<()> {
    let edge = system.serving(none, Cores::First)?;
    thread::sleep(REST);
    let empty = edge.memory()?;
    drop(edge);
    let edge = system.serving(many, Cores::First)?;
    thread::sleep(REST);
    let full = edge.memory()?;
    let address = system.address(0);
    // What serving as such takes is there before users are counted.
    most(system, (&edge, &address, "/evaluate"), (&many.caller_key, &single()?), pace.seconds)?;
    let before = edge.memory()?;
    let request = system.request(&address, (&many.caller_key, &for_each_user()?))?;
    let seconds = pace.users.div_ceil(RATE);
    let load = begin(system, &address, (RATE, seconds), &request)?;
    let mut most_used = before;
    let users = thread::scope(|scope| {
        let asking = scope.spawn(|| found(load));
        while !asking.is_finished() {
            most_used = most_used.max(edge.memory().unwrap_or_default());
            thread::sleep(Duration::from_millis(100));
        }
        asking.join()
    });
    let users = users.map_err(|_| anyhow::anyhow!("the load failed"))??;
    ensure!(users.failed == 0, "{} of {} requests failed", users.failed, users.answered);
    let flags = many.flags;
    let row = |what: String, reached: f64, wanted| Row { what, reached: reached.into(), floor: None, wanted };
    table.put(row(format!("P8 memory with {flags} flags, MiB"), full / MIB, Wanted::AtMost(64.0, 40.0)))?;
    let each = (full - empty) / flags as f64;
    table.put(row("P8 memory a flag, KiB".to_owned(), each, Wanted::AtMost(5.0, 2.5)))?;
    let what = format!("P8 growth by {} distinct users of 1,000 flags, at most, MiB", users.answered);
    table.put(row(what, (most_used - before) / MIB, Wanted::AtMost(32.0, 8.0)))
}

/// Lets an edge without flags do nothing.
pub(crate) fn idle(system: &System, none: &Team, pace: Pace, table: &mut Table) -> anyhow::Result<()> {
    let edge = system.serving(none, Cores::First)?;
    thread::sleep(REST);
    let before = edge.cpu()?;
    thread::sleep(Duration::from_secs(pace.long));
    let busy = edge.cpu()?.saturating_sub(before).as_secs_f64() / pace.long as f64;
    let memory = edge.memory()? / MIB;
    let row = |what: String, reached: f64, wanted| {
        let reached: Rounds = reached.into();
        Row { what, reached, floor: None, wanted }
    };
    let what = format!("P13 idle for {} s, percent of a core", pace.long);
    table.put(row(what, busy * 100.0, Wanted::AtMost(0.3, 0.1)))?;
    table.put(row("P13 memory without flags, MiB".to_owned(), memory, Wanted::AtMost(20.0, 12.0)))
}
