//! Makes room: samples go first, then minutes become hours, then batches.

use fluxgate_proto::v1::{EventBatch, TombstoneReason};
use tracing::warn;

use super::thin::{merged, without_samples};
use super::{Held, Spool, Waiting};

impl Spool {
    /// Returns how many bytes it takes, on disk and in memory.
    pub(super) fn bytes(&self) -> u64 {
        let memory = self.queue.iter().map(|waiting| match &waiting.held {
            Held::Memory(bytes) => bytes.len() as u64,
            Held::Disk(_) => 0,
        });
        memory.sum::<u64>() + self.disk.as_ref().map_or(0, |disk| disk.bytes())
    }

    /// Makes room for so many bytes, as far as there is something that can go.
    pub(super) fn make_room(&mut self, bytes: u64, unix_ms: i64) {
        let before = self.status.counters;
        while self.bytes() + bytes > self.limit {
            if self.drop_samples(unix_ms) || self.merge(unix_ms) {
                continue;
            }
            if self.queue.is_empty() {
                break;
            }
            self.give_up(0, TombstoneReason::SpoolFull, unix_ms);
        }
        let now = self.status.counters;
        if now != before {
            let (merged, dropped) = (now.merged - before.merged, now.dropped - before.dropped);
            let samples = now.lost_samples - before.lost_samples;
            warn!(samples, merged, dropped, "the spool of events is full: something had to go");
        }
    }

    /// Takes the samples out of the oldest batch that has some; returns whether there was one.
    fn drop_samples(&mut self, unix_ms: i64) -> bool {
        let Some(place) = self.queue.iter().position(|waiting| waiting.samples) else { return false };
        self.queue[place].samples = false;
        let Ok(mut batch) = self.load(&self.queue[place].held) else { return true };
        let lost = without_samples(&mut batch);
        if self.replace(place, &batch, unix_ms) {
            self.status.counters.lost_samples += lost;
        }
        true
    }

    /// Makes one batch of the oldest two that can become one; returns whether there were such.
    fn merge(&mut self, unix_ms: i64) -> bool {
        for place in 1..self.queue.len() {
            let (first, second) = (&self.queue[place - 1], &self.queue[place]);
            if first.tried || second.tried || first.sealed_for_good || !first.own || !second.own {
                continue;
            }
            let both = self.load(&first.held).and_then(|one| Ok((one, self.load(&second.held)?)));
            let Some(batch) = both.ok().and_then(|(one, two)| merged(&one, &two)) else {
                self.queue[place - 1].sealed_for_good = true;
                continue;
            };
            if !self.replace(place, &batch, unix_ms) {
                return false;
            }
            self.remove(place - 1, unix_ms);
            self.status.counters.merged += 1;
            return true;
        }
        false
    }

    /// Puts a batch in place of another one; a disk that does not take it keeps the other one.
    fn replace(&mut self, place: usize, batch: &EventBatch, unix_ms: i64) -> bool {
        let former = self.queue[place].clone();
        let held = match (&former.held, self.write(batch, unix_ms)) {
            (Held::Disk(_), Held::Memory(_)) => return false,
            (_, held) => held,
        };
        if let (Held::Disk(place), Some(disk)) = (&former.held, &mut self.disk) {
            disk.release(*place);
        }
        self.queue[place] = Waiting { tried: former.tried, ..Waiting::new(batch, (self.edge, held)) };
        true
    }
}
