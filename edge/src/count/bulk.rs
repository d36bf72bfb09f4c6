//! Counts what all flags of an environment come to in one go: one lock, one look at the clock, one unit.

use std::sync::{Arc, MutexGuard};

use super::outcome::{Outcome, REASONS};
use super::tally::Tally;
use super::{Asked, Counter};
use crate::flag::ServedFlag;
use crate::listing::Listing;

/// A count that is under way; `finish` ends it.
#[must_use]
pub(crate) struct Bulk<'c> {
    counter: &'c Counter,
    tally: MutexGuard<'c, Tally>,
    asked: Asked<'c>,
    group: (Arc<Listing>, bool),
    sheet: Option<usize>,
    by_reason: [u64; REASONS.len()],
}

impl<'c> Bulk<'c> {
    pub(super) fn begin(
        counter: &'c Counter,
        mut tally: MutexGuard<'c, Tally>,
        asked: Asked<'c>,
        (listing, client_side_only): (&Arc<Listing>, bool),
    ) -> Self {
        tally.turn(asked.unix_ms);
        let sheet = tally.sheet(&asked, listing);
        let group = (Arc::clone(listing), client_side_only);
        Self { counter, tally, asked, group, sheet, by_reason: [0; REASONS.len()] }
    }

    /// Counts the flag at a place of the listing.
    pub(crate) fn count(&mut self, place: usize, flag: &Arc<ServedFlag>, outcome: Outcome) {
        self.by_reason[outcome.reason()] += 1;
        if !self.tally.mark(self.sheet, place, outcome) {
            self.tally.cell(&self.asked, flag, outcome);
        }
        if self.tally.samples.is_due() {
            self.tally.samples.keep(&self.asked, flag, outcome);
        }
    }

    /// Counts who it was for, once for all flags.
    pub(crate) fn finish(mut self) {
        self.tally.note_all(&self.asked, (&self.group.0, self.group.1));
        self.counter.worker.totals.count_all(self.by_reason);
        self.counter.look(&mut self.tally);
    }
}
