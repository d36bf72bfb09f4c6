//! The start of a spool: what waits from before, what was lost, and where to go on. It comes when the folder can be used,
//! which may be long after the start of the process.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use fluxgate_proto::v1::{EventBatch, Tombstone, TombstoneReason};
use tracing::{error, info, warn};
use uuid::Uuid;

use super::disk::{Disk, Place};
use super::ledger::{Facts, Ledger};
use super::owner::{Owner, Whose};
use super::read::Found;
use super::record::Record;
use super::thin::in_order;
use super::{Held, Spool, SpoolStatus, Waiting};
use crate::clock;
use crate::disk::keep_identity;

/// What the last record says.
#[derive(Debug, Default)]
struct Past {
    last: u64,
    floor: u64,
    until_ms: i64,
    tombstones: Vec<Tombstone>,
    whole: bool,
}

/// Numbers that were given to batches that are not there, and what those were about.
type Lost = ((u64, u64), (i64, i64));

impl Spool {
    /// Starts without a disk.
    pub fn in_memory(edge: Uuid, limit: u64, unix_ms: i64) -> Self {
        Self {
            edge,
            owner: Owner::default(),
            limit,
            home: None,
            asks: false,
            disk: None,
            ledger: None,
            queue: VecDeque::new(),
            last: 0,
            until_ms: unix_ms,
            tombstones: Vec::new(),
            status: SpoolStatus::default(),
            has_lost: false,
        }
    }

    /// Says why no folder can be used as yet.
    pub fn wait_for_folder(&mut self, why: &str) {
        warn!(why, "what is counted waits in memory until the folder of the edge's state can be used");
        self.status.failing = Some(why.to_owned());
    }

    /// Notes whom this edge comes as, which may settle whose the events in its folder are.
    pub fn belong_to(&mut self, owner: Owner, unix_ms: i64) {
        if self.owner == owner {
            return;
        }
        self.owner = owner;
        if self.disk.is_none() {
            self.move_in(unix_ms);
        } else {
            self.write_down();
        }
    }

    /// Returns whom this edge comes as.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Goes on with what is in a folder, which is made when there is none, as the edge whose folder it is: now, or as soon
    /// as it can be read. Never fails: what a disk does not take waits in memory.
    pub fn settle(&mut self, folder: &Path, edge: Uuid, unix_ms: i64) {
        if self.disk.is_none() {
            self.home = Some((folder.to_owned(), edge));
            self.move_in(unix_ms);
        }
    }

    /// Tries to use the folder that it is to have.
    pub(super) fn move_in(&mut self, unix_ms: i64) {
        // While it is tried nothing else tries.
        let Some((folder, edge)) = self.home.take() else { return };
        if let Err(why) = self.try_folder(&folder, edge, unix_ms) {
            self.fail(&why);
            self.home = Some((folder, edge));
            return;
        }
        if self.status.failing.take().is_some() {
            info!(folder = %folder.display(), id = %self.edge, "events can be kept on disk");
        }
        self.status.folder = Some(folder);
        self.write_down();
        // That an edge begins has to be known, should it end before the first batch.
        let begun = self.facts();
        self.append(&begun, (unix_ms, true));
        self.take_to_disk(unix_ms);
    }

    fn try_folder(&mut self, folder: &Path, edge: Uuid, unix_ms: i64) -> io::Result<()> {
        let ledger = Ledger::of(folder);
        let known = ledger.read().unwrap_or_else(|why| {
            let what = format!("the last number that was given is not known: {why}");
            error!(folder = %folder.display(), "spool of events: {what}");
            self.status.set_aside.push(what);
            None
        });
        let whose = self.owner.judge(known.as_ref());
        self.asks = whose == Whose::Unknown;
        if self.asks {
            let why = "what is in the folder was counted with another key: a backend has to say whose";
            return Err(io::Error::new(ErrorKind::PermissionDenied, why));
        }
        let mut disk = Disk::new(folder, edge, self.limit);
        let found = disk.read()?;
        if whose == Whose::Theirs {
            return self.turn_out(folder, (disk, found), ledger);
        }
        if edge != self.edge {
            self.become_edge(edge, unix_ms);
        }
        (self.disk, self.ledger) = (Some(disk), Some(ledger));
        self.go_on(found, known.and_then(|known| known.of(edge)), unix_ms);
        Ok(())
    }

    /// Sets aside what another client counted, and goes on with an empty folder under an identity of this edge's own: to this
    /// client's team the former one's numbers would be missing.
    fn turn_out(&mut self, folder: &Path, (disk, found): (Disk, Found), ledger: Ledger) -> io::Result<()> {
        keep_identity(folder.parent().unwrap_or(folder), self.edge)?;
        let queue = replay(found.records, disk.edge, &mut Past::default());
        let evaluations: u64 = queue.iter().map(|waiting| waiting.evaluations).sum();
        if !queue.is_empty() {
            let theirs = folder.with_extension("foreign");
            match fs::remove_dir_all(&theirs) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => fs::rename(folder, &theirs)?,
            }
            let (batches, theirs) = (queue.len(), theirs.display());
            let what = format!(
                "{batches} batches with {evaluations} evaluations of another client: set aside as {theirs}"
            );
            error!("spool of events: {what}");
            self.status.set_aside.push(what);
            self.status.counters.dropped += batches as u64;
            self.status.counters.lost_evaluations += evaluations;
        } else {
            fs::remove_dir_all(folder)?;
        }
        (self.disk, self.ledger) = (Some(Disk::new(folder, self.edge, self.limit)), Some(ledger));
        Ok(())
    }

    /// Goes on under another identity, that of its folder. What waits keeps the number that it has.
    fn become_edge(&mut self, edge: Uuid, unix_ms: i64) {
        if !self.tombstones.is_empty() {
            // Only a batch of the former one can tell of them.
            let from_ms = self.until_ms.min(unix_ms);
            let last = EventBatch { from_ms, until_ms: unix_ms, ..EventBatch::default() };
            self.seal(last, clock::batch_id(unix_ms), unix_ms);
        }
        self.queue.iter_mut().for_each(|waiting| waiting.own = false);
        (self.edge, self.last, self.tombstones) = (edge, 0, Vec::new());
    }

    fn go_on(&mut self, found: Found, known: Option<Facts>, unix_ms: i64) {
        let Found { records, damaged, unread, told } = found;
        let mut past = Past::default();
        let mut lost: Vec<Lost> = damaged.into_iter().map(|at| between(&records, at, unix_ms)).collect();
        let before = (known.is_some(), records.iter().any(|(_, _, own)| *own));
        let mut queue = replay(records, self.edge, &mut past);
        self.status.errors += u64::from(unread);
        told.iter().for_each(|what| error!("spool of events: {what}"));
        self.status.set_aside.extend(told);
        let known = known.unwrap_or_default();
        past.floor = past.floor.max(known.floor);
        let from_ms = if before.1 { past.until_ms } else { known.from_ms };
        // What cannot be read now may still come: to the backend it is missing.
        if !unread {
            lost.push(((past.last + 1, known.last), (from_ms, unix_ms)));
        }
        self.count_on(lost, (&past, known.last.max(past.last)), (before, (from_ms, unix_ms)));
        if !queue.is_empty() {
            info!(batches = queue.len(), "events wait from before");
        }
        for waiting in &queue {
            if let (Held::Disk(place), Some(disk)) = (&waiting.held, &mut self.disk) {
                disk.hold(*place);
            }
        }
        queue.append(&mut self.queue);
        self.queue = queue;
    }

    /// Goes on after the last number that is known, and tells of those that were lost. Before this start there was one that
    /// wrote a number down, or a record.
    fn count_on(
        &mut self,
        mut lost: Vec<Lost>,
        (past, last): (&Past, u64),
        ((number, record), about): ((bool, bool), (i64, i64)),
    ) {
        lost.iter_mut().for_each(|((first, _), _)| *first = past.floor.max(*first));
        lost.retain(|((first, last), _)| first <= last);
        let at_the_end = lost.last().is_some_and(|((_, lost), _)| *lost == last);
        // A crash may come between a number and its batch, which was not sealed then.
        let unsealed = record && !past.whole && at_the_end && last == past.last + 1;
        let numbers = lost.iter().map(|((first, last), _)| last - first + 1).sum::<u64>();
        self.status.counters.dropped += numbers.saturating_sub(u64::from(unsealed));
        // Numbers that were given without a disk are this edge's too.
        self.last = self.last.max(last);
        if (number || record) && !past.whole && !at_the_end {
            warn!("the edge did not stop in order: what it counted last is lost");
            self.last += 1;
            lost.push(((self.last, self.last), about));
        }
        // Those of them that came all the same count: the backend knows.
        let (already, told) = (std::mem::take(&mut self.tombstones), past.tombstones.iter().cloned());
        self.tombstones = in_order(already.into_iter().chain(told).chain(lost.into_iter().map(broken)));
    }
}

/// Replays records.
fn replay(records: Vec<(Place, Record, bool)>, edge: Uuid, past: &mut Past) -> VecDeque<Waiting> {
    let mut waiting: Vec<Option<Waiting>> = Vec::new();
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    for (place, record, own) in records {
        if own {
            past.last = past.last.max(record.last);
            past.floor = past.floor.max(record.floor);
            (past.until_ms, past.tombstones, past.whole) = (record.until_ms, record.tombstones, record.whole);
        }
        for id in record.ended {
            if let Some(place) = places.remove(&id) {
                waiting[place] = None;
            }
        }
        let Some(batch) = record.batch else { continue };
        // A backend may have it: nobody knows what was sent.
        let found = Waiting { tried: true, ..Waiting::new(&batch, (edge, Held::Disk(place))) };
        if found.own {
            past.last = past.last.max(found.sequence);
        }
        match places.get(&batch.id) {
            Some(place) => waiting[*place] = Some(found),
            None => {
                places.insert(batch.id, waiting.len());
                waiting.push(Some(found));
            }
        }
    }
    waiting.into_iter().flatten().collect()
}

/// Which numbers were given between the records before a place and those after it? And when?
fn between(records: &[(Place, Record, bool)], at: usize, unix_ms: i64) -> Lost {
    let before = records[..at].iter().rev().find(|(_, _, own)| *own).map(|(_, record, _)| record);
    let (last, from_ms) = before.map_or((0, None), |record| (record.last, Some(record.until_ms)));
    let Some((_, after, _)) = records[at..].iter().find(|(_, _, own)| *own) else {
        // As far as they are known otherwise.
        return ((last + 1, last), (unix_ms, unix_ms));
    };
    let own = after.batch.as_ref().filter(|batch| batch.sequence == after.last);
    let until_ms = own.map_or(after.until_ms, |batch| batch.from_ms);
    ((last + 1, after.last - u64::from(own.is_some())), (from_ms.unwrap_or(until_ms), until_ms))
}

/// Tells of batches that were numbered and are not there.
fn broken(((first, last), about): Lost) -> Tombstone {
    let (from_ms, until_ms) = (about.0.min(about.1).max(0), about.0.max(about.1).max(0));
    Tombstone { first, last, from_ms, until_ms, lost: None, why: TombstoneReason::SpoolBroken.into() }
}

#[cfg(test)]
impl Spool {
    /// Starts with what is in a folder.
    pub(super) fn open(folder: &Path, edge: Uuid, limit: u64, unix_ms: i64) -> Self {
        let mut spool = Self::in_memory(clock::random_id(), limit, unix_ms);
        spool.settle(folder, edge, unix_ms);
        spool
    }
}
