//! P6: from the commit of a change to the moment when every connected edge answers with it.
//!
//! One edge is a real one and is asked over HTTP; the others are a crowd in this process. Commits are timed by the database.

use std::fmt::Write as _;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail, ensure};
use serde_json::json;

use super::Pace;
use super::furnish::{CHANGED, Team, text};
use super::process::{Cores, said};
use super::system::System;
use super::table::{Rounds, Row, Table, Wanted};
use crate::crowd::Crowd;
use crate::http::{Connection, post};

/// How many edges are there?
const EDGES: [usize; 3] = [1, 10, 50];
/// How long is the pause between two changes, so that each meets an idle system?
const PAUSE: Duration = Duration::from_millis(20);
/// How often is the real edge asked? All the time would take the core that it needs.
const ASK: Duration = Duration::from_micros(100);
/// How often may the real edge be asked for one change?
const MOST: u32 = 50_000;

pub(crate) async fn measure(
    system: &System,
    teams: [&Team; 2],
    pace: Pace,
    table: &mut Table,
) -> anyhow::Result<()> {
    let wanted = [Wanted::AtMost(25.0, 7.0), Wanted::AtMost(35.0, 12.0)];
    let mut heard = Rounds::default();
    let mut found = Vec::new();
    for (team, wanted) in teams.into_iter().zip(wanted) {
        for edges in EDGES {
            // Commits to compare with are taken all along.
            floor(system, pace, &mut heard)?;
            found.push((team, edges, wanted, travel(system, team, (edges, pace)).await?));
        }
    }
    for (team, edges, wanted, took) in found {
        for (name, per_mille, wanted) in [("p50", 500, Wanted::Nothing), ("p99", 990, wanted)] {
            let what = format!("P6 {} flags, edges: {edges}, commit to visible, {name} ms", team.flags);
            let (reached, floor) = (took.at(per_mille), Some(heard.at(per_mille)));
            table.put(Row { what, reached, floor, wanted })?;
        }
    }
    Ok(())
}

/// Times bare commits with a NOTIFY until somebody hears it.
fn floor(system: &System, pace: Pace, heard: &mut Rounds) -> anyhow::Result<()> {
    let mut commits = system.program("examples/heard", Cores::Any);
    commits.args([&system.database, &(pace.changes * pace.rounds).to_string()]);
    for line in said(&mut commits)?.lines() {
        heard.push(line.parse()?);
    }
    Ok(())
}

async fn travel(system: &System, team: &Team, (edges, pace): (usize, Pace)) -> anyhow::Result<Rounds> {
    let _edge = system.serving(team, Cores::Any)?;
    let crowd = Arc::new(Crowd::start(&system.grpc, &team.edge_key, edges - 1)?);
    crowd.wait(0)?;
    let mut poller = Poller::open(system, team)?;
    let mut above = edit(system, team, "before").await?;
    crowd.wait(above - 1)?;
    poller.until("before")?;
    let mut seen = String::new();
    for change in 0..pace.changes * pace.rounds {
        let value = format!("{edges} edges, change {change}");
        let (tell, told) = mpsc::sync_channel(2);
        // Both are already looking when the change is sent.
        let (watched, tell_watched) = (Arc::clone(&crowd), tell.clone());
        thread::spawn(move || tell_watched.send(watched.wait(above).and_then(|()| unix_us())));
        let polled = value.clone();
        let polling = thread::spawn(move || {
            // Nobody to hear it means that the measurement failed.
            let _ = tell.send(poller.until(&polled));
            poller
        });
        above = edit(system, team, &value).await?;
        let visible = told.recv()??.max(told.recv()??);
        poller = polling.join().ok().context("the poller failed")?;
        writeln!(seen, "{above}\t{visible}")?;
        tokio::time::sleep(PAUSE).await;
    }
    since_commit(system, &seen)
}

/// Changes the flag and returns the revision of that.
async fn edit(system: &System, team: &Team, value: &str) -> anyhow::Result<u64> {
    let input = json!({ "team": team.key, "feature": CHANGED, "environment": "dev", "config": text(value) });
    let made = system.admin.run("editStage", input, "change { revision }").await?;
    made["change"]["revision"].as_u64().with_context(|| format!("a change was not applied: {made}"))
}

/// Returns how many milliseconds after its commit each revision was seen.
fn since_commit(system: &System, seen: &str) -> anyhow::Result<Rounds> {
    let sql = format!(
        "CREATE TEMP TABLE seen (revision bigint PRIMARY KEY, at_us bigint NOT NULL);\nCOPY seen FROM STDIN;\n{seen}\\.\n\
         SELECT at_us / 1000.0 - extract(epoch FROM pg_xact_commit_timestamp(xid::xid)) * 1000\n\
         FROM seen JOIN (SELECT DISTINCT revision, xid FROM delivery_item) item USING (revision);\n"
    );
    let mut took = Rounds::default();
    for line in system.ask_database(&sql)?.lines() {
        took.push(line.parse()?);
    }
    ensure!(took.count() == seen.lines().count(), "some changes have no commit time");
    Ok(took)
}

/// Asks the real edge over one connection, again and again.
struct Poller {
    connection: Connection,
    request: Vec<u8>,
}

impl Poller {
    fn open(system: &System, team: &Team) -> anyhow::Result<Self> {
        let address = system.address(0);
        let body = json!({ "flagKey": CHANGED, "context": {} }).to_string();
        let request = post(&address, "/evaluate", (&team.caller_key, &body));
        Ok(Self { connection: Connection::open(&address)?, request })
    }

    /// Asks until the value is answered; returns when that was, in Unix microseconds.
    fn until(&mut self, value: &str) -> anyhow::Result<u128> {
        let needle = format!("\"value\":\"{value}\"");
        for _ in 0..MOST {
            let answer = self.connection.ask(&self.request)?;
            if answer.windows(needle.len()).any(|window| window == needle.as_bytes()) {
                return unix_us();
            }
            thread::sleep(ASK);
        }
        bail!("{value:?} was never served")
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement compares with the database's clock")]
fn unix_us() -> anyhow::Result<u128> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())
}
