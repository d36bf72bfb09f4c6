//! What of the evaluations at an edge must be counted in the end, and what may be.

/// How many times must something be sealed after a look until that look's evaluations are sealed for sure? The first seal may
/// have been made of what was counted just before.
const SEALS: u64 = 2;

/// The evaluations of one edge by its caller.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Answered, by the process that runs.
    answered: u64,
    /// Perhaps counted, as no answer came.
    unsure: u64,
    /// Looks at the process that runs: how many were answered before, and how many batches were sealed then.
    looks: Vec<(u64, u64)>,
    /// Sealed and on disk, of those that the running process answered.
    sealed: u64,
    /// From processes that have ended: at least, and at most.
    before: (u64, u64),
}

impl Tally {
    pub(super) fn answered(&mut self) {
        self.answered += 1;
    }

    pub(super) fn unsure(&mut self) {
        self.unsure += 1;
    }

    pub(super) fn so_far(&self) -> u64 {
        self.answered
    }

    /// Notes a look at the edge: how many had been answered before it, how many batches were sealed, how many are on no disk.
    pub(super) fn look(&mut self, answered: u64, sealed: u64, in_memory: u64) {
        if in_memory == 0 {
            let done = self.looks.iter().filter(|(_, then)| then + SEALS <= sealed);
            self.sealed = self.sealed.max(done.map(|(answered, _)| *answered).max().unwrap_or_default());
            self.looks.retain(|(_, then)| then + SEALS > sealed);
        }
        if self.looks.last().is_none_or(|(_, then)| *then < sealed) {
            self.looks.push((answered, sealed));
        }
    }

    /// The process ended: in order, or with what it had not sealed.
    pub(super) fn end_life(&mut self, in_order: bool) {
        let least = if in_order { self.answered } else { self.sealed };
        self.before.0 += least;
        self.before.1 += self.answered;
        *self = Self { before: self.before, unsure: self.unsure, ..Self::default() };
    }

    /// Returns how many there must be in the end, at least and at most, once everything is sealed.
    pub(super) fn bounds(&self) -> (u64, u64) {
        (self.before.0 + self.answered, self.before.1 + self.answered + self.unsure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_edge_had_not_sealed_may_be_lost_and_nothing_else() {
        let mut tally = Tally::default();
        (0..10).for_each(|_| tally.answered());
        tally.look(10, 3, 0);
        (0..5).for_each(|_| tally.answered());
        tally.look(15, 4, 0);
        assert_eq!(tally.sealed, 0, "the fourth may have been begun before");
        tally.look(15, 5, 1);
        assert_eq!(tally.sealed, 0, "it is in memory");
        tally.look(15, 5, 0);
        assert_eq!(tally.sealed, 10);
        tally.unsure();
        tally.end_life(false);
        assert_eq!(tally.bounds(), (10, 16));
        tally.answered();
        tally.end_life(true);
        tally.answered();
        assert_eq!(tally.bounds(), (12, 18));
    }
}
