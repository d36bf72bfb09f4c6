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
    use super::latency;

    #[test]
    fn latencies_have_their_unit() {
        assert_eq!(latency(Some(640)), "0.6µs");
        assert_eq!(latency(Some(1_900_000)), "1.9ms");
        assert_eq!(latency(None), "");
    }
}
