//! Edges.

mod list;
mod view;
mod wait;

use fluxgate_client::edge;

pub(crate) use list::table;

use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// Edges: what serves flags to applications
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Edge {
    List(list::List),
    View(view::ViewEdge),
    Wait(wait::WaitFor),
}

impl Edge {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::View(command) => command.run(shell).await,
            Self::Wait(command) => command.run(shell).await,
        }
    }
}

/// Returns how an edge is, in a word or two.
fn state(edge: &edge::Edge) -> Cell {
    match (edge.connected, edge.in_sync) {
        (true, true) => Cell::State(Tone::Good, "in sync".into()),
        (true, false) => Cell::State(Tone::Waiting, "behind".into()),
        (false, _) => Cell::State(Tone::Bad, "away".into()),
    }
}

/// Returns how many evaluations a second an edge has; one that is away said once how many it had.
fn rate(edge: &edge::Edge) -> Option<f64> {
    edge.evaluations_per_second.filter(|_| edge.connected)
}

/// Returns nanoseconds as people read them.
fn latency(nanoseconds: Option<i64>) -> String {
    match nanoseconds {
        None => String::new(),
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        Some(ns) if ns < 1_000_000 => format!("{:.1}µs", ns as f64 / 1_000.0),
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        Some(ns) => format!("{:.1}ms", ns as f64 / 1_000_000.0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{edge::Edge, latency, rate};

    #[test]
    fn an_edge_that_is_away_evaluates_nothing() {
        for (connected, shown) in [(true, Some(1.8)), (false, None)] {
            let edge: Edge = serde_json::from_value(json!({
                "id": "018f0000-0000-7000-8000-000000000011", "name": "edge-eu-11", "version": "0.1.0",
                "client": "edges", "connected": connected, "inSync": connected, "revision": 418,
                "killsRevision": 410, "connectedAt": "2026-11-20T09:00:00Z", "seenAt": "2026-11-20T12:41:02Z",
                "ackedAt": "2026-11-20T12:41:02Z", "uptimeSeconds": 86_400, "evaluationsPerSecond": 1.8,
                "p99Ns": 1_900_000, "spooled": 3}))
            .unwrap();
            assert_eq!(rate(&edge), shown);
        }
    }

    #[test]
    fn latencies_have_their_unit() {
        assert_eq!(latency(Some(640)), "0.6µs");
        assert_eq!(latency(Some(1_900_000)), "1.9ms");
        assert_eq!(latency(None), "");
    }
}
