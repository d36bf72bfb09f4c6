//! A disk that is full: no file of an edge's process may grow, its log included.

use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::Outcome;
use super::program::Program;
use super::proxy::Mode;
use super::system::System;

/// How long may the edge take to notice? It seals every second.
const PATIENCE: Duration = Duration::from_secs(10);

/// Fills an edge's disk until the edge has noticed and some time has passed, and makes room again; while that is so, the
/// edge may reach nobody.
pub(super) async fn fill(system: &mut System, edge: usize, (alone, while_): (bool, Duration)) -> Outcome<()> {
    if alone {
        system.set_network(edge, Mode::Cut);
    }
    limit(&system.edges[edge], "0").await?;
    let deadline = Instant::now() + PATIENCE;
    let seen = Arc::clone(&system.seen[edge]);
    while seen.status().await?["events"]["failing"].is_null() {
        if Instant::now() > deadline {
            system.violations.add(&format!("edge {edge} does not say that its disk is full"));
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    sleep(while_).await;
    limit(&system.edges[edge], "unlimited").await?;
    system.set_network(edge, Mode::Well);
    Ok(())
}

async fn limit(program: &Program, bytes: &str) -> Outcome<()> {
    let pid = program.pid().ok_or_else(|| format!("{} does not run", program.name))?.to_string();
    let limit = format!("--fsize={bytes}:unlimited");
    let output = Command::new("prlimit").args(["--pid", &pid, &limit]).output().await;
    let output = output.map_err(|error| format!("prlimit, of the package util-linux: {error}"))?;
    if !output.status.success() {
        return Err(format!("prlimit: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
    }
    Ok(())
}
