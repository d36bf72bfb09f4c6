//! Makes batches of what was counted, and has the spool that they go to.

use std::path::Path;

use fluxgate_proto::unit::UnitKey;
use fluxgate_proto::v1::{Dropped, EventBatch};
use uuid::Uuid;

use crate::clock;
use crate::count::{Counting, Told};
use crate::spool::{Outcome, Spool, SpoolStatus};

/// The spool, and what backends know of the units in it.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) spool: Spool,
    told: Told,
}

impl Desk {
    pub(super) fn new(spool: Spool) -> Self {
        Self { spool, told: Told::default() }
    }

    /// Seals what was counted since the last time, in as many batches as it takes, even when it is nothing.
    pub(super) fn seal(&mut self, counting: &Counting, key: Option<&UnitKey>) {
        let mut rows = counting.take().into_rows(key);
        let unix_ms = clock::unix_ms();
        // The clock may have been set back.
        let from_ms = self.spool.until_ms().min(unix_ms);
        let mut dropped = rows.dropped();
        loop {
            self.forget_lost();
            let mut batch = EventBatch { from_ms, until_ms: unix_ms, ..EventBatch::default() };
            let evaluations = std::mem::take(&mut dropped);
            batch.dropped = (evaluations > 0).then_some(Dropped { evaluations, samples: 0 });
            let more = rows.fill(&mut batch, &mut self.told);
            self.spool.seal(batch, clock::batch_id(unix_ms), unix_ms);
            if !more {
                break;
            }
        }
        self.forget_lost();
    }

    /// Returns the batch to send.
    pub(super) fn next(&mut self) -> Option<EventBatch> {
        self.spool.next(clock::unix_ms())
    }

    pub(super) fn end(&mut self, id: &[u8], outcome: Outcome) {
        self.spool.end(id, outcome, clock::unix_ms());
        self.forget_lost();
    }

    /// Notes whom a backend takes this edge for.
    pub(super) fn belong_to(&mut self, client: Uuid, units: Option<&UnitKey>) {
        let mut owner = self.spool.owner().clone();
        owner.welcome(client, units);
        self.spool.belong_to(owner, clock::unix_ms());
    }

    /// Uses a folder, in which this edge has an identity.
    pub(super) fn settle(&mut self, folder: &Path, edge: Uuid) {
        self.spool.settle(folder, edge, clock::unix_ms());
    }

    pub(super) fn close(&mut self) -> SpoolStatus {
        self.spool.close(clock::unix_ms())
    }

    /// Units in a batch that will not arrive have to be told again when they come again.
    fn forget_lost(&mut self) {
        if self.spool.has_lost() {
            self.told.forget();
        }
    }
}
