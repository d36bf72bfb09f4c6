//! Counting what is evaluated, exactly: each worker of the HTTP server counts for itself, and `gather` adds it up when a
//! batch is sealed.
//!
//! An evaluation never waits for that. A worker has two tallies and takes the one that is free; whoever gathers holds one
//! at a time, for as long as it takes to put an empty one in its place.

mod bulk;
mod gather;
mod outcome;
mod reservoir;
mod sheet;
mod tally;
mod told;
mod totals;
mod units;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use tokio::sync::Notify;
use uuid::Uuid;

use crate::clock;
use crate::flag::ServedFlag;
use crate::listing::Listing;

pub(crate) use bulk::Bulk;
use gather::Gathered;
pub use outcome::Outcome;
use tally::Tally;
pub(crate) use told::Told;
pub use totals::{Measured, Totals};
pub(crate) use totals::{Meter, Window};

/// Who asked, where, when and for whom: what counts beside what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'c> {
    /// Where.
    pub environment: Uuid,
    /// Nil where nobody said who asks: the edge's own client then.
    pub client: Uuid,
    /// For whom; none when nobody was named.
    pub unit: Option<&'c str>,
    /// When, in Unix milliseconds.
    pub unix_ms: i64,
}

/// What all workers have counted.
#[derive(Debug, Default)]
pub struct Counting {
    workers: Mutex<Vec<Arc<Worker>>>,
    /// Wakes whoever gathers, before its time.
    full: Notify,
}

#[derive(Debug)]
struct Worker {
    tallies: [Mutex<Tally>; 2],
    totals: Totals,
}

/// Counts for one worker. Others may use it as well, but then they wait for each other.
#[derive(Debug)]
pub struct Counter {
    worker: Arc<Worker>,
    counting: Arc<Counting>,
}

impl Counting {
    /// Makes a counter for another worker.
    pub fn counter(self: &Arc<Self>) -> Counter {
        let tallies = [(); 2].map(|()| Mutex::new(Tally::new(clock::seed(), 0)));
        let worker = Arc::new(Worker { tallies, totals: Totals::default() });
        lock(&self.workers).push(Arc::clone(&worker));
        Counter { worker, counting: Arc::clone(self) }
    }

    /// Takes everything that was counted since the last time.
    pub(crate) fn take(&self) -> Gathered {
        let mut gathered = Gathered::default();
        let workers = lock(&self.workers).clone();
        for tally in workers.iter().flat_map(|worker| &worker.tallies) {
            // As large as the last one, so that it need not grow while evaluations wait.
            let room = lock(tally).room();
            let empty = Tally::new(clock::seed(), room);
            let counted = std::mem::replace(&mut *lock(tally), empty);
            gathered.add(counted);
        }
        gathered
    }

    /// Takes everything that was counted since the last time, and returns how many rows of batches it makes.
    pub fn collect(&self) -> usize {
        self.take().into_rows(None).len()
    }

    /// Adds up what was ever counted.
    pub fn totals(&self) -> Totals {
        let sum = Totals::default();
        lock(&self.workers).iter().for_each(|worker| sum.add(&worker.totals));
        sum
    }

    /// Waits until some worker has counted so much that it should be taken.
    pub(crate) async fn full(&self) {
        self.full.notified().await;
    }
}

impl Counter {
    /// Counts one evaluation of a flag.
    pub fn one(&self, asked: &Asked<'_>, flag: &Arc<ServedFlag>, outcome: Outcome) {
        self.worker.totals.count(outcome, 1);
        let mut tally = self.tally();
        tally.count(asked, flag, outcome);
        self.look(&mut tally);
    }

    /// Begins to count what all flags of an environment come to.
    pub(crate) fn bulk<'c>(
        &'c self,
        asked: Asked<'c>,
        listing: &Arc<Listing>,
        client_side_only: bool,
    ) -> Bulk<'c> {
        Bulk::begin(self, self.tally(), asked, (listing, client_side_only))
    }

    /// Counts an evaluation of something that there is not: as a total only, as anybody can ask for anything.
    pub(crate) fn missing(&self) {
        self.worker.totals.missing();
    }

    /// Measures how long evaluations take: one of several, as looking at the clock takes longer than an evaluation.
    pub(crate) fn meter(&self) -> Meter<'_> {
        self.worker.totals.meter()
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        for tally in &self.worker.tallies {
            match tally.try_lock() {
                Ok(tally) => return tally,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        lock(&self.worker.tallies[0])
    }

    fn look(&self, tally: &mut Tally) {
        if tally.becomes_full() {
            self.counting.full.notify_one();
        }
    }
}

/// What these locks protect is whole between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(crate) mod tests;
