//! Batches that wait to be acknowledged: on disk where there is one, else in memory.
//!
//! Nothing here is on the way of an answer. A disk that fails is reported, and what it does not take waits in memory. What
//! there is no room for goes piece by piece, and each batch that goes leaves a tombstone with its number.

mod disk;
mod ledger;
mod open;
mod owner;
mod read;
mod record;
mod room;
mod status;
mod thin;

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;

use fluxgate_proto::event::MAX_TOMBSTONES;
use fluxgate_proto::v1::{EventBatch, Tombstone, TombstoneReason};
use prost::Message as _;
use tracing::{error, info, warn};
use uuid::Uuid;

use self::disk::{Disk, Place};
use self::ledger::{Facts, Ledger};
use self::record::Record;
use self::thin::in_order;
pub use owner::Owner;
pub use status::{Counters, SpoolStatus};

/// How many bytes may wait?
pub const LIMIT: u64 = 64 * 1024 * 1024;

/// All that waits.
#[derive(Debug)]
pub struct Spool {
    edge: Uuid,
    owner: Owner,
    limit: u64,
    /// Which folder to use as soon as that can be, and who this edge is there.
    home: Option<(PathBuf, Uuid)>,
    /// A backend has to say first whose that folder is.
    asks: bool,
    disk: Option<Disk>,
    ledger: Option<Ledger>,
    queue: VecDeque<Waiting>,
    /// The last number that was given.
    last: u64,
    /// Until when everything is sealed.
    until_ms: i64,
    tombstones: Vec<Tombstone>,
    status: SpoolStatus,
    /// Something that was sealed will not arrive.
    has_lost: bool,
}

/// One batch, as far as it is known without reading it.
#[derive(Clone, Debug)]
struct Waiting {
    id: Vec<u8>,
    sequence: u64,
    /// Whether its number is one of this edge's.
    own: bool,
    from_ms: i64,
    until_ms: i64,
    evaluations: u64,
    samples: bool,
    /// A backend may have it already.
    tried: bool,
    /// It does not become one with the next.
    sealed_for_good: bool,
    held: Held,
}

#[derive(Clone, Debug)]
enum Held {
    Disk(Place),
    Memory(Vec<u8>),
}

/// What became of a batch that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken in, but for some of it.
    Accepted {
        /// So many rows.
        refused_rows: u64,
        /// So many evaluations, which are in some of these rows.
        refused_evaluations: u64,
    },
    /// Taken in before.
    Duplicate,
    /// Never to be sent again.
    Refused,
}

impl Spool {
    /// Returns which edge's numbers its batches have.
    pub fn edge(&self) -> Uuid {
        self.edge
    }

    /// Returns until when everything is sealed.
    pub fn until_ms(&self) -> i64 {
        self.until_ms
    }

    /// Describes it.
    pub fn status(&self) -> SpoolStatus {
        let in_memory = self.queue.iter().filter(|waiting| matches!(waiting.held, Held::Memory(_))).count();
        SpoolStatus {
            waiting: self.queue.len() as u64,
            in_memory: in_memory as u64,
            bytes: self.bytes(),
            oldest_ms: self.queue.iter().map(|waiting| waiting.from_ms).min(),
            ..self.status.clone()
        }
    }

    /// Returns whether something that was sealed will not arrive; once.
    pub fn has_lost(&mut self) -> bool {
        std::mem::take(&mut self.has_lost)
    }

    /// Takes a batch in: rows and window are its maker's, everything else is put in here.
    pub fn seal(&mut self, mut batch: EventBatch, id: Uuid, unix_ms: i64) {
        self.take_to_disk(unix_ms);
        let lost = batch.dropped.map_or(0, |dropped| dropped.evaluations);
        self.status.counters.lost_evaluations += lost;
        self.make_room(batch.encoded_len() as u64, unix_ms);
        self.last += 1;
        self.until_ms = batch.until_ms;
        batch.id = id.as_bytes().to_vec();
        batch.edge_id = self.edge.as_bytes().to_vec();
        batch.sequence = self.last;
        batch.sealed_at_ms = unix_ms;
        let carried = self.tombstones.len().min(MAX_TOMBSTONES);
        batch.tombstones = self.tombstones.drain(..carried).collect();
        let held = self.write(&batch, unix_ms);
        self.queue.push_back(Waiting::new(&batch, (self.edge, held)));
        self.status.counters.sealed += 1;
    }

    /// Returns the batch to send, with its id; none when nothing waits. One that cannot be read is given up.
    pub fn next(&mut self, unix_ms: i64) -> Option<EventBatch> {
        while let Some(waiting) = self.queue.front() {
            match self.load(&waiting.held) {
                Ok(batch) => {
                    self.queue[0].tried = true;
                    return Some(batch);
                }
                Err(why) => {
                    error!(%why, number = waiting.sequence, "a batch of events cannot be read and is given up");
                    self.status.errors += 1;
                    self.give_up(0, TombstoneReason::SpoolBroken, unix_ms);
                }
            }
        }
        None
    }

    /// Ends a batch, which an answer of a backend does.
    pub fn end(&mut self, id: &[u8], outcome: Outcome, unix_ms: i64) {
        let Some(place) = self.queue.iter().position(|waiting| waiting.id == id) else { return };
        let counters = &mut self.status.counters;
        match outcome {
            Outcome::Accepted { refused_rows, refused_evaluations } => {
                counters.accepted += 1;
                counters.refused_rows += refused_rows;
                counters.lost_evaluations += refused_evaluations;
            }
            Outcome::Duplicate => counters.duplicate += 1,
            Outcome::Refused => {
                counters.refused += 1;
                return self.give_up(place, TombstoneReason::Refused, unix_ms);
            }
        }
        self.remove(place, unix_ms);
    }

    /// Lets the others go first.
    pub fn defer(&mut self, id: &[u8]) {
        if let Some(place) = self.queue.iter().position(|waiting| waiting.id == id)
            && let Some(waiting) = self.queue.remove(place)
        {
            self.queue.push_back(waiting);
        }
    }

    /// Notes that nothing was counted that is not sealed; the last thing that an edge does.
    pub fn close(&mut self, unix_ms: i64) -> SpoolStatus {
        self.take_to_disk(unix_ms);
        let whole = Record { whole: true, ..self.facts() };
        self.append(&whole, (unix_ms, true));
        self.status()
    }

    /// Gives up a batch, of which a tombstone tells.
    fn give_up(&mut self, place: usize, why: TombstoneReason, unix_ms: i64) {
        let Some(waiting) = self.queue.get(place).cloned() else { return };
        self.has_lost = true;
        self.status.counters.lost_evaluations += waiting.evaluations;
        if why != TombstoneReason::Refused {
            self.status.counters.dropped += 1;
        }
        if waiting.own {
            let carried = self.load(&waiting.held).map(|batch| batch.tombstones).unwrap_or_default();
            let own = Tombstone {
                first: waiting.sequence,
                last: waiting.sequence,
                from_ms: waiting.from_ms,
                until_ms: waiting.until_ms,
                lost: Some(waiting.evaluations),
                why: why.into(),
            };
            let known = std::mem::take(&mut self.tombstones);
            self.tombstones = in_order(known.into_iter().chain(carried).chain([own]));
        }
        self.remove(place, unix_ms);
    }

    /// Removes a batch; that it is gone need not be on the disk at once: sent again, it would be a duplicate.
    fn remove(&mut self, place: usize, unix_ms: i64) {
        let Some(waiting) = self.queue.remove(place) else { return };
        if let Held::Disk(held) = waiting.held {
            let ended = Record { ended: vec![waiting.id], ..self.facts() };
            self.append(&ended, (unix_ms, false));
            if let Some(disk) = &mut self.disk {
                disk.release(held);
            }
        }
    }

    fn facts(&self) -> Record {
        Record {
            last: self.last,
            until_ms: self.until_ms,
            tombstones: self.tombstones.clone(),
            floor: self.floor(),
            ..Record::default()
        }
    }

    /// Returns the first number that waits; the next one when none does.
    fn floor(&self) -> u64 {
        let own = self.queue.iter().filter(|waiting| waiting.own);
        own.map(|waiting| waiting.sequence).min().unwrap_or(self.last + 1)
    }

    /// Writes down what has to be known whatever becomes of the segments.
    fn write_down(&mut self) {
        let facts = self.to_write_down(self.floor(), self.until_ms);
        if let Some(Err(why)) = self.ledger.as_mut().map(|ledger| ledger.begin(&facts)) {
            self.fail(&why);
        }
    }

    /// Returns that; what does not wait yet is about what follows `from_ms`.
    fn to_write_down(&self, floor: u64, from_ms: i64) -> Facts {
        let own = self.queue.iter().filter(|waiting| waiting.own);
        let facts = Facts {
            edge: self.edge.as_bytes().to_vec(),
            last: self.last,
            floor,
            from_ms: own.map(|waiting| waiting.from_ms).fold(from_ms, i64::min),
            ..Facts::default()
        };
        self.owner.sign(facts)
    }

    fn load(&self, held: &Held) -> io::Result<EventBatch> {
        let invalid = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
        match held {
            Held::Memory(bytes) => {
                EventBatch::decode(&bytes[..]).map_err(|error| invalid(&error.to_string()))
            }
            Held::Disk(place) => {
                let disk = self.disk.as_ref().ok_or_else(|| invalid("there is no disk"))?;
                disk.load(*place)?.batch.ok_or_else(|| invalid("there is no batch"))
            }
        }
    }

    /// Writes a batch to the disk, or keeps it in memory.
    fn write(&mut self, batch: &EventBatch, unix_ms: i64) -> Held {
        let facts = self.facts();
        // It waits from now on.
        let floor =
            if batch.edge_id == self.edge.as_bytes() { facts.floor.min(batch.sequence) } else { facts.floor };
        let record = Record { batch: Some(batch.clone()), floor, ..facts };
        match self.append(&record, (unix_ms, true)) {
            Some(place) => Held::Disk(place),
            None => Held::Memory(batch.encode_to_vec()),
        }
    }

    /// Adds a record, once the last number is written down; none when there is no disk or it fails.
    fn append(&mut self, record: &Record, when: (i64, bool)) -> Option<Place> {
        let from_ms = record.batch.as_ref().map_or(self.until_ms, |batch| batch.from_ms);
        let facts = self.to_write_down(record.floor, from_ms);
        let (Some(disk), Some(ledger)) = (&mut self.disk, &mut self.ledger) else { return None };
        match ledger.keep(&facts).and_then(|()| disk.append(record, when)) {
            Ok(place) => {
                if self.status.failing.take().is_some() {
                    info!(folder = %disk.folder().display(), "events can be kept on disk again");
                }
                Some(place)
            }
            Err(why) => {
                self.fail(&why);
                None
            }
        }
    }

    /// Notes that the disk cannot be used.
    fn fail(&mut self, why: &io::Error) {
        if self.status.failing.is_none() {
            error!(%why, "events cannot be kept on disk; they wait in memory");
        }
        self.status.failing = Some(why.to_string());
        self.status.errors += 1;
    }

    /// Writes what waits in memory, now that the disk may work again.
    fn take_to_disk(&mut self, unix_ms: i64) {
        if self.disk.is_none() && !self.asks {
            self.move_in(unix_ms);
        }
        if self.disk.is_none() {
            return;
        }
        for place in 0..self.queue.len() {
            let Held::Memory(bytes) = &self.queue[place].held else { continue };
            let Ok(batch) = EventBatch::decode(&bytes[..]) else { continue };
            match self.write(&batch, unix_ms) {
                Held::Memory(_) => return,
                disk => self.queue[place].held = disk,
            }
        }
    }
}

impl Waiting {
    fn new(batch: &EventBatch, (edge, held): (Uuid, Held)) -> Self {
        Self {
            id: batch.id.clone(),
            sequence: batch.sequence,
            own: batch.edge_id == edge.as_bytes(),
            from_ms: batch.from_ms,
            until_ms: batch.until_ms,
            evaluations: batch.counts.iter().map(|count| count.n).sum(),
            samples: !batch.samples.is_empty(),
            tried: false,
            sealed_for_good: false,
            held,
        }
    }
}

/// Tells of what will be lost when the process ends.
pub fn note_left(status: &SpoolStatus) {
    if status.in_memory > 0 {
        warn!(
            batches = status.in_memory,
            "events that no backend has taken in are lost: they are not on a disk"
        );
    } else if status.waiting > 0 {
        info!(batches = status.waiting, "events wait on disk for the next start");
    }
}

#[cfg(test)]
mod tests;
