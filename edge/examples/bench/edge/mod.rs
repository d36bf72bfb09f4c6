//! `scripts/bench edge`: everything that is wanted of an edge, each figure beside its floor in the same run.

mod counting;
mod events;
mod furnish;
mod latency;
mod load;
mod memory;
mod process;
mod start;
mod system;
mod table;
mod throughput;
mod travel;

use std::io::Write as _;

use furnish::Team;
use system::System;
use table::Table;

/// How long is everything measured?
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) rounds: u32,
    /// Of one round.
    pub(crate) seconds: u64,
    /// Of the two teams.
    pub(crate) flags: [usize; 2],
    /// How many changes are followed in a round?
    pub(crate) changes: u32,
    /// How many users ask, so that memory shows whether it grows?
    pub(crate) users: u64,
    /// How long does the edge do nothing, and how long is it asked through an outage?
    pub(crate) long: u64,
}

const WHOLE: Pace =
    Pace { rounds: 5, seconds: 4, flags: [1_000, 10_000], changes: 60, users: 5_000_000, long: 60 };
const QUICK: Pace = Pace { rounds: 2, seconds: 1, flags: [50, 200], changes: 10, users: 50_000, long: 16 };

pub(crate) async fn run(folder: &str, binaries: &str) -> anyhow::Result<()> {
    let pace = if std::env::var_os("BENCH_QUICK").is_some() { QUICK } else { WHOLE };
    let only = std::env::var("BENCH_ONLY").unwrap_or_default();
    let wanted =
        |names: &[&str]| only.is_empty() || names.iter().any(|name| only.split(',').any(|n| n == *name));
    let system = System::find(folder, binaries).await?;
    let none = Team::make(&system.admin, "bench-none", 0).await?;
    let some = Team::make(&system.admin, "bench-some", pace.flags[0]).await?;
    let flags = if wanted(&["P6", "P7", "P8", "P9"]) { pace.flags[1] } else { 0 };
    let many = Team::make(&system.admin, "bench-many", flags).await?;
    let mut table = Table::default();
    if wanted(&["P1", "P2", "P3", "P4"]) {
        let pair = load::Pair::start(&system, &some)?;
        if wanted(&["P1", "P2", "P4"]) {
            throughput::measure(&system, (&pair, &some), pace, &mut table)?;
        }
        if wanted(&["P3"]) {
            latency::measure(&system, (&pair, &some), pace, &mut table)?;
        }
    }
    if wanted(&["P6"]) {
        travel::measure(&system, [&some, &many], pace, &mut table).await?;
    }
    if wanted(&["P7"]) {
        latency::through_changes(&system, &many, pace, &mut table).await?;
    }
    if wanted(&["P9"]) {
        start::measure(&system, &many, pace, &mut table)?;
    }
    if wanted(&["P10"]) {
        counting::measure(pace, &mut table)?;
    }
    if wanted(&["P8"]) {
        memory::measure(&system, [&none, &many], pace, &mut table)?;
    }
    if wanted(&["P11"]) {
        events::measure(&system, pace, &mut table).await?;
    }
    if wanted(&["P13"]) {
        memory::idle(&system, &none, pace, &mut table)?;
    }
    let missed = table.print()?;
    if missed > 0 {
        writeln!(std::io::stderr(), "{missed} figures are not what they must be")?;
    }
    Ok(())
}
