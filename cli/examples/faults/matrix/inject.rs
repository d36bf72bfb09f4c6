//! Does what an injection is: breaks something, lets it be for a while, and puts it right.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::{Instant, sleep};

use super::chance::Chance;
use super::injection::Kind;
use super::proxy::Mode;
use super::system::{BACKENDS, EDGES, System};
use super::{Outcome, disk, restore};

/// How soon is something noticed that only a heartbeat tells? There is one every five seconds.
const NOTICED: Duration = Duration::from_secs(6);
/// How often is that looked at?
const LOOK: Duration = Duration::from_millis(10);

/// Injects a fault and returns when it has ended.
pub(super) async fn inject(system: &mut System, kind: Kind, chance: &mut Chance) -> Outcome<()> {
    let (edge, backend) = (chance.below(EDGES), chance.below(BACKENDS));
    let while_ = chance.millis(300, 3000);
    match kind {
        Kind::EdgeCut => network(system, edge, (Mode::Cut, while_)).await,
        Kind::EdgeHung => network(system, edge, (Mode::Hung, while_)).await,
        Kind::EdgeHungLong => network(system, edge, (Mode::Hung, Duration::from_secs(16))).await,
        Kind::BackendCut => {
            system.set_backend_network(backend, Mode::Cut);
            sleep(while_).await;
            system.set_backend_network(backend, Mode::Well);
        }
        Kind::Slow => {
            let longer = chance.millis(20, 400);
            (0..EDGES).for_each(|edge| system.set_network(edge, Mode::Slow(longer)));
            sleep(while_).await;
            (0..EDGES).for_each(|edge| system.set_network(edge, Mode::Well));
        }
        Kind::SlowConsumer => {
            system.desk.set_ballast(24 * 1024);
            network(system, edge, (Mode::Narrow(400), Duration::from_secs(4))).await;
            system.desk.set_ballast(super::writer::BALLAST);
        }
        Kind::Spoiled => spoil(system, edge).await?,
        Kind::BackendKilled => end_backend(system, backend, (Signal::SIGKILL, while_)).await?,
        Kind::BackendStopped => end_backend(system, backend, (Signal::SIGTERM, while_)).await?,
        Kind::BackendFrozen => {
            system.backends[backend].signal(Signal::SIGSTOP)?;
            sleep(while_).await;
            system.backends[backend].signal(Signal::SIGCONT)?;
        }
        Kind::BackendsKilled => {
            system.backends[0].end(Signal::SIGKILL).await?;
            system.backends[1].end(Signal::SIGKILL).await?;
            sleep(while_ * 2).await;
            system.start_backend(0).await?;
            system.start_backend(1).await?;
        }
        Kind::EdgeKilled => end_edge(system, edge, (Signal::SIGKILL, while_)).await?,
        Kind::EdgeStopped => end_edge(system, edge, (Signal::SIGTERM, while_)).await?,
        Kind::EdgeFrozen => {
            system.seen[edge].set_away(true);
            system.edges[edge].signal(Signal::SIGSTOP)?;
            sleep(while_).await;
            system.edges[edge].signal(Signal::SIGCONT)?;
            system.seen[edge].set_away(false);
        }
        Kind::EdgeAlone => {
            system.set_network(edge, Mode::Cut);
            end_edge(system, edge, (Signal::SIGKILL, Duration::ZERO)).await?;
            sleep(while_).await;
            system.set_network(edge, Mode::Well);
        }
        Kind::DatabaseStopped => end_database(system, (Signal::SIGQUIT, while_)).await?,
        Kind::DatabaseKilled => end_database(system, (Signal::SIGKILL, while_)).await?,
        Kind::DatabaseFrozen => {
            system.database.signal_all(Signal::SIGSTOP)?;
            sleep(while_).await;
            system.database.signal_all(Signal::SIGCONT)?;
        }
        Kind::FullDisk => disk::fill(system, edge, (chance.below(2) == 0, while_)).await?,
        Kind::TrimmedLog => trim(system, edge, while_).await?,
        Kind::RestoredBackup => restore::restore(system, while_).await?,
    }
    Ok(())
}

async fn network(system: &System, edge: usize, (mode, while_): (Mode, Duration)) {
    system.set_network(edge, mode);
    sleep(while_).await;
    system.set_network(edge, Mode::Well);
}

/// Spoils one delta, and lets nothing new come over it until the edge has noticed.
async fn spoil(system: &mut System, edge: usize) -> Outcome<()> {
    let seen = Arc::clone(&system.seen[edge]);
    let before = seen.status().await?["stream"]["counters"].clone();
    seen.spoiled.store(true, Ordering::SeqCst);
    system.set_network(edge, Mode::Spoiling);
    let deadline = Instant::now() + NOTICED;
    while !system.has_spoiled(edge) && Instant::now() < deadline {
        sleep(LOOK).await;
    }
    system.set_network(edge, Mode::Well);
    let desk = Arc::clone(&system.desk);
    let _pause = desk.pause().await;
    let deadline = Instant::now() + NOTICED;
    while seen.status().await?["stream"]["counters"] == before && Instant::now() < deadline {
        sleep(LOOK).await;
    }
    // What was written in the same moment may have replaced what was spoiled.
    let after = seen.status().await?["stream"]["counters"].clone();
    let field = "digestDifferences";
    system.noticed.0 += u32::from(after[field] != before[field]);
    system.noticed.1 += u32::from(after != before && after[field] == before[field]);
    Ok(())
}

async fn end_backend(system: &mut System, backend: usize, (by, while_): (Signal, Duration)) -> Outcome<()> {
    system.backends[backend].end(by).await?;
    sleep(while_).await;
    system.start_backend(backend).await
}

async fn end_edge(system: &mut System, edge: usize, (by, while_): (Signal, Duration)) -> Outcome<()> {
    system.end_edge(edge, by).await?;
    sleep(while_).await;
    system.start_edge((edge, by == Signal::SIGTERM)).await
}

async fn end_database(system: &mut System, (by, while_): (Signal, Duration)) -> Outcome<()> {
    system.database.end(by).await?;
    sleep(while_).await;
    system.database.up().await
}

/// Moves the end of the log above what an edge has that is away, as retention does once the log is old enough.
async fn trim(system: &mut System, edge: usize, while_: Duration) -> Outcome<()> {
    system.set_network(edge, Mode::Cut);
    sleep(while_).await;
    // What is trimmed must be known, or nobody could say what was true then.
    let desk = Arc::clone(&system.desk);
    let pause = desk.pause().await;
    system.truth.read(&system.database).await?;
    let through = system.truth.head;
    system.database.sql(&format!("SELECT compact_delivery({through})")).await?;
    drop(pause);
    system.database.sql("SELECT trim_delivery(1000000)").await?;
    system.set_network(edge, Mode::Well);
    Ok(())
}
