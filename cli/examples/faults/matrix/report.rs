//! What a run came to.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::injection::Kind;

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) violations: Vec<String>,
    pub(super) seed: u64,
    /// How long it took to be well again, by kind.
    pub(super) recoveries: BTreeMap<&'static str, Vec<Duration>>,
    pub(super) took: Duration,
    pub(super) changes: u64,
    /// Changes that were refused or not answered.
    pub(super) unanswered: u64,
    pub(super) evaluations: u64,
    /// How often an edge was seen to serve something else.
    pub(super) seen: usize,
    /// How many spoiled deltas were found out by their digest, and otherwise.
    pub(super) noticed: (u32, u32),
    /// The most that a process took, in KiB: a backend, an edge.
    pub(super) memory: (u64, u64),
}

impl Report {
    pub(super) fn recovered(&mut self, kind: Kind, took: Duration) {
        self.recoveries.entry(kind.name()).or_default().push(took);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:<32} {:>6} {:>12} {:>12}", "injection", "times", "p50, ms", "max, ms")?;
        for (kind, took) in &self.recoveries {
            line(f, kind, took)?;
        }
        let all: Vec<Duration> = self.recoveries.values().flatten().copied().collect();
        line(f, "all", &all)?;
        let seconds = self.took.as_secs();
        writeln!(f, "\n{} changes, {} without an answer or refused", self.changes, self.unanswered)?;
        writeln!(f, "{} evaluations counted, {} states seen at edges", self.evaluations, self.seen)?;
        let (digest, otherwise) = self.noticed;
        writeln!(
            f,
            "spoiled deltas: {digest} found by the edge's own look at the digest, {otherwise} by the backend's or otherwise"
        )?;
        let (backend, edge) = self.memory;
        writeln!(f, "at most {} MiB a backend, {} MiB an edge", backend / 1024, edge / 1024)?;
        writeln!(f, "{} violations in {seconds} s, seed {}", self.violations.len(), self.seed)?;
        self.violations.iter().try_for_each(|violation| writeln!(f, "  {violation}"))
    }
}

fn line(f: &mut fmt::Formatter<'_>, what: &str, took: &[Duration]) -> fmt::Result {
    let mut sorted = took.to_vec();
    sorted.sort_unstable();
    let middle = sorted.get(sorted.len() / 2).copied().unwrap_or_default().as_millis();
    let most = sorted.last().copied().unwrap_or_default().as_millis();
    writeln!(f, "{what:<32} {:>6} {middle:>12} {most:>12}", sorted.len())
}
