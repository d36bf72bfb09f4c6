//! What can go wrong, each kind by its name, and the deck that it is drawn from.

use super::chance::Chance;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// All ways of an edge are cut.
    EdgeCut,
    /// A backend is cut off from all edges.
    BackendCut,
    /// Connections of an edge stay open, and nothing comes through.
    EdgeHung,
    /// So long that the edge has to notice by itself.
    EdgeHungLong,
    /// Everything takes longer, for all edges.
    Slow,
    /// An edge reads a few hundred bytes a second while documents are large.
    SlowConsumer,
    /// A byte of a delta is another.
    Spoiled,
    BackendKilled,
    BackendFrozen,
    BackendStopped,
    /// Both backends at once.
    BackendsKilled,
    EdgeKilled,
    EdgeFrozen,
    EdgeStopped,
    /// An edge is killed and starts where it reaches nobody.
    EdgeAlone,
    DatabaseStopped,
    DatabaseKilled,
    DatabaseFrozen,
    /// An edge can write nothing more, half of the times while it reaches nobody.
    FullDisk,
    /// The log of revisions is trimmed while an edge is away.
    TrimmedLog,
    /// The database goes back to a dump.
    RestoredBackup,
}

impl Kind {
    pub(super) const ALL: [Self; 21] = [
        Self::EdgeCut,
        Self::BackendCut,
        Self::EdgeHung,
        Self::EdgeHungLong,
        Self::Slow,
        Self::SlowConsumer,
        Self::Spoiled,
        Self::BackendKilled,
        Self::BackendFrozen,
        Self::BackendStopped,
        Self::BackendsKilled,
        Self::EdgeKilled,
        Self::EdgeFrozen,
        Self::EdgeStopped,
        Self::EdgeAlone,
        Self::DatabaseStopped,
        Self::DatabaseKilled,
        Self::DatabaseFrozen,
        Self::FullDisk,
        Self::TrimmedLog,
        Self::RestoredBackup,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::EdgeCut => "edge cut off",
            Self::BackendCut => "backend cut off",
            Self::EdgeHung => "edge's network hangs",
            Self::EdgeHungLong => "edge's network hangs for long",
            Self::Slow => "network slow",
            Self::SlowConsumer => "slow consumer",
            Self::Spoiled => "delta spoiled",
            Self::BackendKilled => "backend killed",
            Self::BackendFrozen => "backend frozen",
            Self::BackendStopped => "backend stopped",
            Self::BackendsKilled => "both backends killed",
            Self::EdgeKilled => "edge killed",
            Self::EdgeFrozen => "edge frozen",
            Self::EdgeStopped => "edge stopped",
            Self::EdgeAlone => "edge killed, starts alone",
            Self::DatabaseStopped => "database stopped at once",
            Self::DatabaseKilled => "database killed",
            Self::DatabaseFrozen => "database frozen",
            Self::FullDisk => "edge's disk full",
            Self::TrimmedLog => "log trimmed",
            Self::RestoredBackup => "backup restored",
        }
    }
}

/// Draws so many kinds: at random, and each before any comes again.
pub(super) fn draw(count: usize, chance: &mut Chance) -> Vec<Kind> {
    let mut drawn = Vec::new();
    while drawn.len() < count {
        let mut deck = Kind::ALL;
        chance.shuffle(&mut deck);
        drawn.extend(deck);
    }
    drawn.truncate(count);
    drawn
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_seed_draws_the_same_and_every_kind_comes() {
        let drawn = |seed| draw(Kind::ALL.len() * 2, &mut Chance::new(seed));
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        assert_eq!(drawn(7)[..Kind::ALL.len()].iter().collect::<HashSet<_>>().len(), Kind::ALL.len());
    }
}
