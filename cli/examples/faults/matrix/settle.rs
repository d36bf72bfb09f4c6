//! After each injection: everything is well again within a few seconds, and nothing was ever wrong.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::Outcome;
use super::database::Database;
use super::system::System;
use super::truth::head;
use super::watch::Watch;

/// How long is waited beyond that, so that one fault counts once?
const PATIENCE: Duration = Duration::from_secs(40);
/// How often is an edge asked?
const LOOK: Duration = Duration::from_millis(25);

/// What is live: the key, the version, whether it is killed, and what it serves else.
const LIVE: &str =
    "SELECT f.key, s.live_version, s.killed_at IS NOT NULL, v.config -> 'variants' ->> 'on' FROM stage s
  JOIN feature f ON f.id = s.feature_id JOIN version v ON v.stage_id = s.id AND v.number = s.live_version";

/// Waits until every edge has what was there when the fault ended, while changes go on; then stops those and compares
/// everything. Returns how long the first took.
pub(super) async fn settle(system: &mut System, what: &str) -> Outcome<Duration> {
    let ended = Instant::now();
    let (epoch, revision) = head(&system.database).await?;
    let reached = |status: &Value| {
        status["epoch"].as_str() == Some(&epoch.to_string()) && status["revision"].as_u64() >= Some(revision)
    };
    until(system, (what, "catch up"), ended, reached).await?;
    let took = ended.elapsed();

    let desk = std::sync::Arc::clone(&system.desk);
    let pause = desk.pause().await;
    let quiet = Instant::now();
    system.truth.read(&system.database).await?;
    let head = system.truth.head;
    let there = |status: &Value| {
        status["revision"].as_u64() == Some(head) && status["stream"]["state"].as_str() == Some("connected")
    };
    until(system, (what, "agree"), quiet, there).await?;
    agree(system, what, quiet).await?;
    for change in desk.take() {
        if !system.truth.has(&change) {
            system.violations.add(&format!("{what}: acknowledged and missing: {change:?}"));
        }
    }
    for edge in &system.seen {
        edge.spoiled.store(false, Ordering::SeqCst);
        edge.turning.store(false, Ordering::SeqCst);
    }
    check_histories(system, what);
    drop(pause);
    Ok(took)
}

/// Asks every edge until it says what is wanted; not in time is a violation, not at all an error.
async fn until(
    system: &System,
    (what, to): (&str, &str),
    since: Instant,
    wanted: impl Fn(&Value) -> bool,
) -> Outcome<()> {
    let mut late = false;
    for edge in &system.seen {
        loop {
            let status = edge.status().await.unwrap_or_default();
            if wanted(&status) {
                break;
            }
            if since.elapsed() > system.promised && !std::mem::replace(&mut late, true) {
                let said =
                    format!("edge {} did not {to} within {:?}: {status}", edge.number, system.promised);
                system.violations.add(&format!("{what}: {said}"));
            }
            if since.elapsed() > PATIENCE {
                return Err(format!("{what}: edge {} does not {to}: {status}", edge.number).into());
            }
            sleep(LOOK).await;
        }
    }
    Ok(())
}

/// Waits until every edge serves what the database has, and all have the same digest.
async fn agree(system: &System, what: &str, since: Instant) -> Outcome<()> {
    let should = live(&system.database).await?;
    let mut late = false;
    while let Some(difference) = difference(system, &should).await? {
        if since.elapsed() > system.promised && !std::mem::replace(&mut late, true) {
            system.violations.add(&format!("{what}: after {:?}, {difference}", system.promised));
        }
        if since.elapsed() > PATIENCE {
            return Err(format!("{what}: {difference}").into());
        }
        sleep(LOOK).await;
    }
    Ok(())
}

async fn live(database: &Database) -> Outcome<BTreeMap<String, Shown>> {
    let rows = database.sql(LIVE).await?;
    let flag = |row: &Vec<String>| {
        let [key, version, killed, value] = row.as_slice() else { return None };
        Some((key.clone(), (version.parse().ok()?, (killed == "f").then(|| value.clone()))))
    };
    let live: Option<BTreeMap<String, Shown>> = rows.iter().map(flag).collect();
    Ok(live.ok_or_else(|| format!("odd rows {rows:?}"))?)
}

/// Returns what is different between the database and an edge, or between edges.
async fn difference(system: &System, should: &BTreeMap<String, Shown>) -> Outcome<Option<String>> {
    let mut digests: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for edge in &system.seen {
        let status = edge.status().await?;
        let flags = edge.all_flags().await.map_err(|silence| format!("{silence:?}"))?;
        let shown = shown(&flags.body).ok_or_else(|| format!("odd answer {}", flags.body))?;
        if shown != *should {
            return Ok(Some(format!("edge {} serves {shown:?}, the database {should:?}", edge.number)));
        }
        digests.entry(status["digest"].to_string()).or_default().push(edge.number);
    }
    Ok((digests.len() != 1).then(|| format!("digests differ: {digests:?}")))
}

/// The version of a flag, and its value unless it is killed.
type Shown = (u64, Option<String>);

fn shown(answer: &Value) -> Option<BTreeMap<String, Shown>> {
    let flag = |flag: &Value| {
        let killed = flag["metadata"]["killSwitch"] == true;
        let value = flag["value"].as_str()?.to_owned();
        Some((
            flag["key"].as_str()?.to_owned(),
            (flag["metadata"]["version"].as_u64()?, (!killed).then_some(value)),
        ))
    };
    answer["flags"].as_array()?.iter().map(flag).collect()
}

/// Passes what every edge was seen to serve to the validators, and begins anew.
fn check_histories(system: &System, what: &str) {
    for edge in &system.seen {
        let mut history = edge.history();
        let mut next = Watch::default();
        if let Some(last) = history.last.clone() {
            next.serves(last);
        }
        for watch in std::mem::replace(&mut history.watches, vec![next]) {
            for violation in watch.violations(&system.truth) {
                system.violations.add(&format!("{what}: edge {}: {violation}", edge.number));
            }
        }
    }
}
