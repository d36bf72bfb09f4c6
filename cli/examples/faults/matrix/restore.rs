//! A backup that is restored: the database goes back to a dump, and everybody who knows more starts again.
//!
//! What was counted since the dump is lost with it, by design. So that nothing else is taken for that, evaluations count for
//! nobody meanwhile, and what was counted before is waited for.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::sleep;

use super::Outcome;
use super::figures;
use super::system::{BACKENDS, System};
use super::truth;

pub(super) async fn restore(system: &mut System, while_: Duration) -> Outcome<()> {
    count(system, false);
    figures::wait_until_told(system).await?;
    let desk = Arc::clone(&system.desk);
    let dump = system.place.path().join("backup.sql");
    let pause = desk.pause().await;
    system.truth.read(&system.database).await?;
    system.truth.dumped();
    system.database.dump(&dump).await?;
    drop(pause);
    // What comes now is lost, though it was acknowledged and served.
    sleep(while_).await;
    let pause = desk.pause().await;
    system.truth.read(&system.database).await?;
    desk.take();
    for backend in &mut system.backends {
        backend.end(Signal::SIGTERM).await?;
    }
    system.seen.iter().for_each(|edge| edge.turning.store(true, Ordering::SeqCst));
    let (before, _) = truth::head(&system.database).await?;
    system.database.restore(&dump).await?;
    std::fs::remove_file(&dump)?;
    for backend in 0..BACKENDS {
        system.start_backend(backend).await?;
    }
    if truth::head(&system.database).await?.0 == before {
        system.violations.add("a restored database goes on with the epoch that it had");
    }
    drop(pause);
    count(system, true);
    Ok(())
}

/// Decides whether evaluations count for the callers that are compared.
fn count(system: &System, counted: bool) {
    for edge in &system.seen {
        edge.uncounted.store(!counted, Ordering::SeqCst);
    }
}
