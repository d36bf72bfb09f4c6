//! P3 and P7: how long an answer takes when requests come at fixed times, and while flags change.

use std::time::Duration;

use anyhow::ensure;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::Pace;
use super::furnish::{CHANGED, Team, single, text};
use super::load::{Latency, Pair, begin, found};
use super::process::Cores;
use super::system::System;
use super::table::{Rounds, Row, Table, Wanted};

/// At what rates is it asked, and by what factor may the floor be exceeded?
const RATES: [(u64, Wanted); 2] = [(5_000, Wanted::AtMost(2.5, 1.5)), (20_000, Wanted::AtMost(3.0, 1.5))];
/// At what rate is it asked while flags change?
const WHILE_CHANGING: u64 = 2_000;
/// How often does one change?
const CHANGE: Duration = Duration::from_millis(500);

pub(crate) fn measure(
    system: &System,
    (pair, team): (&Pair, &Team),
    pace: Pace,
    table: &mut Table,
) -> anyhow::Result<()> {
    let body = single()?;
    for (rate, wanted) in RATES {
        let (mut reached, mut floor) = (Rounds::default(), Rounds::default());
        for _ in 0..pace.rounds {
            for (address, rounds) in [(&pair.edge_at, &mut reached), (&pair.floor_at, &mut floor)] {
                let request = system.request(address, (&team.caller_key, &body))?;
                rounds.push(all(found(begin(system, address, (rate, pace.seconds), &request)?)?)?.p99);
            }
        }
        let what = format!("P3 open loop, {rate} requests/s, p99 ms");
        table.put(Row { what, reached, floor: Some(floor), wanted })?;
    }
    Ok(())
}

/// Asks an edge with many flags in quiet, and while one of them changes again and again.
pub(crate) async fn through_changes(
    system: &System,
    team: &Team,
    pace: Pace,
    table: &mut Table,
) -> anyhow::Result<()> {
    let _edge = system.serving(team, Cores::First)?;
    let address = system.address(0);
    let request = system.request(&address, (&team.caller_key, &single()?))?;
    // Only what the edge itself does for a change is to be seen.
    system.keep_to("1")?;
    let load = || begin(system, &address, (WHILE_CHANGING, pace.seconds + 1), &request);
    let (mut quiet, mut changing) = (Rounds::default(), Rounds::default());
    let (mut longest_quiet, mut longest) = (Rounds::default(), Rounds::default());
    for round in 0..pace.rounds {
        let found_quiet = all(found(load()?)?)?;
        let running = load()?;
        let began = Instant::now();
        for n in 0..pace.seconds * 2 {
            sleep_until(began + CHANGE * u32::try_from(n + 1)?).await;
            let value = format!("round {round}, change {n}");
            let input =
                json!({ "team": team.key, "feature": CHANGED, "environment": "dev", "config": text(&value) });
            let made = system.admin.run("editStage", input, "outcome").await?;
            ensure!(made["outcome"] == "APPLIED", "a change was not applied: {made}");
        }
        let found_changing = all(found(running)?)?;
        quiet.push(found_quiet.p99);
        longest_quiet.push(found_quiet.longest);
        changing.push(found_changing.p99);
        longest.push(found_changing.longest);
    }
    system.keep_to(&format!("0-{}", std::thread::available_parallelism()?.get() - 1))?;
    let flags = team.flags;
    table.put(Row {
        what: format!("P7 {flags} flags, a change every 500 ms, p99 ms of the quiet"),
        reached: changing,
        floor: Some(quiet),
        wanted: Wanted::AtMost(3.0, 1.3),
    })?;
    table.put(Row {
        what: "   the longest, ms".to_owned(),
        reached: longest,
        floor: Some(longest_quiet),
        wanted: Wanted::Nothing,
    })
}

fn all(latency: Latency) -> anyhow::Result<Latency> {
    ensure!(latency.failed == 0, "{} of {} requests failed", latency.failed, latency.answered);
    Ok(latency)
}
