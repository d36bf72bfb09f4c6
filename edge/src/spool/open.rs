//! The start of a spool: what waits from before, what was lost, and where to go on.

use std::collections::{HashMap, VecDeque};
use std::path::Path;

use fluxgate_proto::v1::{Tombstone, TombstoneReason};
use tracing::{error, info, warn};
use uuid::Uuid;

use super::disk::{Disk, Found, Place};
use super::record::Record;
use super::thin::in_order;
use super::{Held, Spool, SpoolStatus, Waiting};

/// What the last record says, and how many batches were lost on the way to it.
#[derive(Debug, Default)]
struct Past {
    last: u64,
    until_ms: i64,
    tombstones: Vec<Tombstone>,
    whole: bool,
}

impl Spool {
    /// Starts without a disk.
    pub fn in_memory(edge: Uuid, limit: u64, unix_ms: i64) -> Self {
        Self {
            edge,
            limit,
            disk: None,
            queue: VecDeque::new(),
            last: 0,
            until_ms: unix_ms,
            tombstones: Vec::new(),
            status: SpoolStatus::default(),
            has_lost: false,
        }
    }

    /// Goes on with what is in a folder, which is made when there is none. Never fails: what a disk does not take waits in
    /// memory.
    pub fn open(folder: &Path, edge: Uuid, limit: u64, unix_ms: i64) -> Self {
        let mut spool = Self::in_memory(edge, limit, unix_ms);
        spool.status.folder = Some(folder.to_owned());
        let mut disk = Disk::new(folder, edge, limit);
        match disk.read() {
            Ok(found) => {
                spool.disk = Some(disk);
                spool.go_on(found, unix_ms);
            }
            Err(why) => {
                error!(%why, folder = %folder.display(), "the spool of events cannot be read; going on without");
                spool.status.errors += 1;
                spool.status.failing = Some(why.to_string());
                spool.disk = Some(Disk::new(folder, edge, limit));
            }
        }
        // That an edge begins has to be known, should it end before the first batch.
        let begun = spool.facts();
        spool.append(&begun, (unix_ms, true));
        spool
    }

    fn go_on(&mut self, found: Found, unix_ms: i64) {
        let (Found { damaged, records }, mut past) = (found, Past::default());
        let damaged: Vec<_> = damaged.into_iter().map(|(what, at)| (what, between(&records, at))).collect();
        let before = records.iter().any(|(_, _, own)| *own);
        self.queue = self.waiting(records, &mut past);
        self.last = past.last;
        for (what, numbers) in damaged {
            error!("spool of events: {what}");
            self.status.set_aside.push(what);
            // Those of them that came all the same count: the backend knows.
            past.tombstones.extend(broken(numbers, (past.until_ms, unix_ms)));
        }
        if before && !past.whole {
            warn!("the edge did not stop in order: what it counted last is lost");
            self.last += 1;
            past.tombstones.extend(broken((self.last, self.last), (past.until_ms, unix_ms)));
        }
        self.tombstones = in_order(past.tombstones);
        if !self.queue.is_empty() {
            info!(batches = self.queue.len(), "events wait from before");
        }
    }

    /// Replays records.
    fn waiting(&mut self, records: Vec<(Place, Record, bool)>, past: &mut Past) -> VecDeque<Waiting> {
        let mut waiting: Vec<Option<Waiting>> = Vec::new();
        let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
        for (place, record, own) in records {
            if own {
                past.last = past.last.max(record.last);
                (past.until_ms, past.tombstones, past.whole) =
                    (record.until_ms, record.tombstones, record.whole);
            }
            for id in record.ended {
                if let Some(place) = places.remove(&id) {
                    waiting[place] = None;
                }
            }
            let Some(batch) = record.batch else { continue };
            // A backend may have it: nobody knows what was sent.
            let found = Waiting { tried: true, ..Waiting::new(&batch, (self.edge, Held::Disk(place))) };
            match places.get(&batch.id) {
                Some(place) => waiting[*place] = Some(found),
                None => {
                    places.insert(batch.id, waiting.len());
                    waiting.push(Some(found));
                }
            }
        }
        let waiting: VecDeque<Waiting> = waiting.into_iter().flatten().collect();
        for one in &waiting {
            if let (Held::Disk(place), Some(disk)) = (&one.held, &mut self.disk) {
                disk.hold(*place);
            }
        }
        waiting
    }
}

/// Which numbers were given between the records before a place and those after it?
fn between(records: &[(Place, Record, bool)], at: usize) -> (u64, u64) {
    let before = records[..at].iter().rev().find(|(_, _, own)| *own).map_or(0, |(_, record, _)| record.last);
    let after = records[at..].iter().find(|(_, _, own)| *own).map_or(before, |(_, record, _)| {
        record.last - u64::from(record.batch.as_ref().is_some_and(|batch| batch.sequence == record.last))
    });
    (before + 1, after)
}

/// Batches that were numbered and are not there, as far as there are such numbers.
fn broken((first, last): (u64, u64), about: (i64, i64)) -> Option<Tombstone> {
    let (from_ms, until_ms) = (about.0.min(about.1).max(0), about.1.max(0));
    let why = TombstoneReason::SpoolBroken.into();
    (first <= last).then_some(Tombstone { first, last, from_ms, until_ms, lost: None, why })
}
