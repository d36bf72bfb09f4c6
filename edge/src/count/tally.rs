//! What one worker has counted: exact counts by the minute, sketches of units by the hour, a few samples.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use uuid::Uuid;

use super::Asked;
use super::outcome::Outcome;
use super::reservoir::Reservoir;
use super::sheet::Sheet;
use super::units::Units;
use crate::flag::ServedFlag;
use crate::listing::Listing;

/// From how many bytes on should a tally be taken before its time?
const FULL: usize = 4 * 1024 * 1024;
/// From how many on is nothing new counted in it, should nobody take it?
const MOST: usize = 4 * FULL;
/// How many sheets are there before they are added up?
const MAX_SHEETS: usize = 32;
/// How many bytes does a count take, roughly?
const BYTES_A_COUNT: usize = 96;
const MINUTE_MS: i64 = 60_000;

/// For keys that nobody chooses: addresses and ids.
pub(super) type Mixed = BuildHasherDefault<Mix>;

/// What one worker has counted.
#[derive(Debug)]
pub(super) struct Tally {
    minute: i64,
    counts: Counts,
    units: Units,
    /// Of minutes and hours that are over.
    pub(super) earlier: Vec<(i64, Counts)>,
    pub(super) earlier_units: Vec<(i64, Units)>,
    pub(super) samples: Reservoir,
    /// How many evaluations were not counted for want of room.
    pub(super) dropped: u64,
    bytes: usize,
    was_full: bool,
}

/// The counts of one minute.
#[derive(Debug, Default)]
pub(super) struct Counts {
    cells: HashMap<Key, Cell, Mixed>,
    sheets: Vec<Sheet>,
}

/// The address stands for the flag, which the cell holds, and with it for its environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    flag: usize,
    client: (u64, u64),
    outcome: Outcome,
}

#[derive(Debug)]
struct Cell {
    n: u64,
    flag: Arc<ServedFlag>,
    environment: Uuid,
}

/// One count.
#[derive(Debug)]
pub(super) struct Count<'t> {
    pub(super) flag: &'t ServedFlag,
    pub(super) environment: Uuid,
    pub(super) client: Uuid,
    pub(super) outcome: Outcome,
    pub(super) n: u64,
}

impl Tally {
    /// Starts with a random number, and with room for so many counts.
    pub(super) fn new(seed: u64, room: usize) -> Self {
        Self {
            minute: 0,
            counts: Counts::with_room(room),
            units: Units::default(),
            earlier: Vec::new(),
            earlier_units: Vec::new(),
            samples: Reservoir::new(seed),
            dropped: 0,
            bytes: 0,
            was_full: false,
        }
    }

    /// Returns how many counts it has of this minute, but for those in sheets.
    pub(super) fn room(&self) -> usize {
        self.counts.cells.len()
    }

    /// Counts one evaluation.
    pub(super) fn count(&mut self, asked: &Asked<'_>, flag: &Arc<ServedFlag>, outcome: Outcome) {
        self.turn(asked.unix_ms);
        self.cell(asked, flag, outcome);
        if self.bytes < MOST {
            self.bytes += self.units.note(asked, flag);
        }
        if self.samples.is_due() {
            self.samples.keep(asked, flag, outcome);
        }
    }

    /// Counts one evaluation, neither its unit nor its sample.
    pub(super) fn cell(&mut self, asked: &Asked<'_>, flag: &Arc<ServedFlag>, outcome: Outcome) {
        let client = (asked.environment, asked.client);
        let counted = self.counts.add(client, (flag, outcome, 1), &mut self.bytes);
        self.dropped += u64::from(!counted);
    }

    /// Notes the unit that asked for all flags.
    pub(super) fn note_all(&mut self, asked: &Asked<'_>, group: (&Arc<Listing>, bool)) {
        if self.bytes < MOST {
            self.bytes += self.units.note_all(asked, group);
        }
    }

    /// Goes on to the minute of a time.
    pub(super) fn turn(&mut self, unix_ms: i64) {
        let minute = unix_ms.div_euclid(MINUTE_MS);
        if minute == self.minute {
            return;
        }
        let before = std::mem::replace(&mut self.minute, minute);
        if !self.counts.is_empty() {
            let next = Counts::with_room(self.room());
            self.earlier.push((before, std::mem::replace(&mut self.counts, next)));
        }
        if before.div_euclid(60) != minute.div_euclid(60) {
            self.earlier_units.push((before.div_euclid(60), std::mem::take(&mut self.units)));
        }
    }

    /// Returns the sheet of a client for a listing; none when there is no room for one.
    pub(super) fn sheet(&mut self, asked: &Asked<'_>, listing: &Arc<Listing>) -> Option<usize> {
        let sheets = &mut self.counts.sheets;
        if let Some(place) = sheets.iter().rposition(|sheet| sheet.is_of(listing, asked.client)) {
            return Some(place);
        }
        if self.bytes >= MOST {
            return None;
        }
        if sheets.len() >= MAX_SHEETS {
            self.fold();
        }
        let sheet = Sheet::new(listing, asked.environment, asked.client);
        self.bytes += sheet.footprint();
        self.counts.sheets.push(sheet);
        Some(self.counts.sheets.len() - 1)
    }

    /// Counts in a sheet; returns whether there was room.
    pub(super) fn mark(&mut self, sheet: Option<usize>, place: usize, outcome: Outcome) -> bool {
        let sheet = sheet.and_then(|sheet| self.counts.sheets.get_mut(sheet));
        sheet.is_some_and(|sheet| sheet.count(place, outcome))
    }

    /// Adds up the sheets of this minute.
    fn fold(&mut self) {
        for sheet in std::mem::take(&mut self.counts.sheets) {
            self.bytes = self.bytes.saturating_sub(sheet.footprint());
            let (client, counts) = sheet.counts();
            for (flag, outcome, n) in counts {
                if !self.counts.add(client, (flag, outcome, n), &mut self.bytes) {
                    self.dropped += n;
                }
            }
        }
    }

    /// Returns whether it should be taken now; once.
    pub(super) fn becomes_full(&mut self) -> bool {
        let becomes = self.bytes >= FULL && !self.was_full;
        self.was_full |= becomes;
        becomes
    }

    /// Ends the minute and the hour that are not over.
    pub(super) fn end(&mut self) {
        self.turn(i64::MIN);
    }
}

impl Counts {
    fn with_room(room: usize) -> Self {
        Self { cells: HashMap::with_capacity_and_hasher(room, Mixed::default()), sheets: Vec::new() }
    }

    fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.sheets.is_empty()
    }

    /// Adds to a count; returns whether there was room.
    fn add(
        &mut self,
        (environment, client): (Uuid, Uuid),
        (flag, outcome, n): (&Arc<ServedFlag>, Outcome, u64),
        bytes: &mut usize,
    ) -> bool {
        let key = Key { flag: Arc::as_ptr(flag).addr(), client: client.as_u64_pair(), outcome };
        if let Some(cell) = self.cells.get_mut(&key) {
            cell.n += n;
            return true;
        }
        let room = *bytes < MOST;
        if room {
            *bytes += BYTES_A_COUNT;
            self.cells.insert(key, Cell { n, flag: Arc::clone(flag), environment });
        }
        room
    }

    /// Returns every count; a key may stand there more than once.
    pub(super) fn all(&self) -> impl Iterator<Item = Count<'_>> {
        let cells = self.cells.iter().map(|(key, cell)| Count {
            flag: &cell.flag,
            environment: cell.environment,
            client: Uuid::from_u64_pair(key.client.0, key.client.1),
            outcome: key.outcome,
            n: cell.n,
        });
        let sheets = self.sheets.iter().flat_map(|sheet| {
            let ((environment, client), counts) = sheet.counts();
            counts.map(move |(flag, outcome, n)| Count { flag, environment, client, outcome, n })
        });
        cells.chain(sheets)
    }
}

/// Folds words together with one multiplication each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64((*byte).into()));
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
        let [low, high] = [product & u128::from(u64::MAX), product >> 64];
        self.0 = u64::try_from(low ^ high).unwrap_or_default();
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}
