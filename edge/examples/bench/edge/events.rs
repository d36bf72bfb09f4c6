//! P11: whether every evaluation is counted once, while the backend is killed and comes back and the edge is told to end
//! and starts again.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;

use super::Pace;
use super::furnish::{Team, single};
use super::load::{begin, found};
use super::process::{Cores, Process};
use super::system::System;
use super::table::{Row, Table, Wanted};

/// At what rates is the edge asked?
const RATES: [u64; 2] = [10_000, 20_000];
/// How long is the backend away?
const AWAY: Duration = Duration::from_secs(10);
/// How long may it take until everything is counted?
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn measure(system: &System, pace: Pace, table: &mut Table) -> anyhow::Result<()> {
    for (rate, wanted) in RATES.into_iter().zip([Wanted::AtMost(0.0, 0.0), Wanted::Nothing]) {
        let team = Team::make(&system.admin, &format!("bench-events-{rate}"), 2).await?;
        let [lost, doubled] = through_an_outage(system, &team, (rate, pace.long))?;
        for (name, figure) in [("lost", lost), ("doubled", doubled)] {
            let what = format!("P11 {rate} events/s for {} s, {name}", pace.long);
            table.put(Row { what, reached: figure.into(), floor: None, wanted })?;
        }
    }
    Ok(())
}

fn through_an_outage(system: &System, team: &Team, (rate, seconds): (u64, u64)) -> anyhow::Result<[f64; 2]> {
    let state = format!("{}/{}", system.folder, team.key);
    let grpc = system.address(3);
    let edge = || -> anyhow::Result<Process> {
        let mut edge = system.edge(team, Cores::First);
        edge.env("EDGE_BACKEND_GRPC", format!("http://{grpc}")).env("EDGE_STATE_DIR", &state);
        Process::start(edge.env("EDGE_EVALUATION_FLUSH_SECS", "1"))
    };
    let backend = Process::start(&mut replica(system, &grpc))?;
    let first = edge()?;
    system.answer(team)?;
    let address = system.address(0);
    let began = Instant::now();
    let request = system.request(&address, (&team.caller_key, &single()?))?;
    let load = begin(system, &address, (rate, seconds), &request)?;
    let until = |part: u32| Duration::from_secs(seconds) * part / 8;
    pause(began, until(1));
    drop(backend);
    pause(began, until(1) + AWAY);
    let _backend = Process::start(&mut replica(system, &grpc))?;
    pause(began, until(1) + AWAY + until(1));
    first.end()?;
    let second = edge()?;
    let load = found(load)?;
    second.end()?;
    // The first answer of all counts as well.
    let asked = load.answered + 1;
    let sql = format!(
        "SELECT coalesce(sum(n), 0) FROM evaluation_count JOIN environment ON environment.id = environment_id \
         JOIN team ON team.id = team_id WHERE team.key = '{}'",
        team.key
    );
    let mut counted = 0_u64;
    let ended = Instant::now();
    while counted < asked && ended.elapsed() < PATIENCE {
        counted = system.ask_database(&sql)?.trim().parse()?;
        thread::sleep(Duration::from_millis(200));
    }
    ensure!(load.answered >= rate * seconds / 2, "only {} requests were answered", load.answered);
    // A connection that ended may have ended before or after its request was evaluated.
    let lost = asked.saturating_sub(counted);
    let doubled = counted.saturating_sub(asked + load.failed);
    Ok([lost as f64, doubled as f64])
}

fn replica(system: &System, grpc: &str) -> Command {
    let mut backend = system.program("fluxgate-backend", Cores::Any);
    backend.env("DATABASE_URL", &system.database).env("FLUXGATE_GRPC_ADDR", grpc);
    backend.env("FLUXGATE_HTTP_ADDR", system.address(2)).env("FLUXGATE_LOG", "error");
    backend.env("FLUXGATE_MASTER_KEY_FILE", format!("{}/data/master.key", system.folder));
    backend
}

fn pause(began: Instant, until: Duration) {
    thread::sleep(until.saturating_sub(began.elapsed()));
}
