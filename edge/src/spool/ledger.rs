//! What must be known of a spool whatever becomes of its segments: the last number that was given, and whose it is.
//!
//! It stands beside the segments, in two places that are written in turn, each with a checksum: a torn write leaves the
//! other one. A number is written before a batch has it, so that none is given twice.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use prost::Message;
use uuid::Uuid;

use super::record;

/// What its name ends with: it is that of the folder of segments otherwise.
const EXTENSION: &str = "ledger";
/// Where the places begin.
const PLACES: [u64; 2] = [0, 512];

/// What was known when a number was given last.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Facts {
    /// The edge that gave it.
    #[prost(bytes = "vec", tag = "1")]
    pub(super) edge: Vec<u8>,
    #[prost(uint64, tag = "2")]
    pub(super) last: u64,
    /// No batch with a number below this waited.
    #[prost(uint64, tag = "3")]
    pub(super) floor: u64,
    /// What the oldest batch that waited is about, in Unix milliseconds.
    #[prost(int64, tag = "4")]
    pub(super) from_ms: i64,
    /// The hash of the key that the edge came with.
    #[prost(bytes = "vec", tag = "5")]
    pub(super) key: Vec<u8>,
    /// Whom a backend took it for; empty when none has said so.
    #[prost(bytes = "vec", tag = "6")]
    pub(super) client: Vec<u8>,
    /// The hash of what its team's units are hashed with; empty likewise.
    #[prost(bytes = "vec", tag = "7")]
    pub(super) team: Vec<u8>,
}

/// The file.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    file: Option<File>,
    place: usize,
    /// The number that was written last.
    last: Option<u64>,
}

impl Ledger {
    /// That of a folder of segments; looks at nothing yet.
    pub(super) fn of(folder: &Path) -> Self {
        Self { path: folder.with_extension(EXTENSION), file: None, place: 0, last: None }
    }

    /// Reads what was written last; none when nothing ever was.
    pub(super) fn read(&self) -> io::Result<Option<Facts>> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let place = |at: &u64| {
            let (facts, _) = record::read::<Facts>(bytes.get(usize::try_from(*at).ok()?..)?)?;
            Some(facts)
        };
        let found: Vec<Facts> = PLACES.iter().filter_map(place).collect();
        let whole = found.len() == PLACES.len();
        let newest = found.into_iter().max_by_key(|facts| facts.last);
        let Some(mut facts) = newest else {
            return Err(io::Error::new(ErrorKind::InvalidData, "its checksums differ"));
        };
        // The place that cannot be read may have had the next one.
        facts.last += u64::from(!whole);
        Ok(Some(facts))
    }

    /// Writes into both places.
    pub(super) fn begin(&mut self, facts: &Facts) -> io::Result<()> {
        self.write(facts)?;
        self.write(facts)
    }

    /// Writes unless that number is written.
    pub(super) fn keep(&mut self, facts: &Facts) -> io::Result<()> {
        if self.last == Some(facts.last) { Ok(()) } else { self.write(facts) }
    }

    /// Writes into the place that was not written last, and brings it to the disk.
    fn write(&mut self, facts: &Facts) -> io::Result<()> {
        let place = PLACES[self.place];
        let file = match &mut self.file {
            Some(file) => file,
            empty => {
                let mut options = OpenOptions::new();
                let options = options.create(true).truncate(false).write(true).mode(0o600);
                empty.insert(options.open(&self.path)?)
            }
        };
        let written = file.write_all_at(&record::frame(facts), place).and_then(|()| file.sync_data());
        match written {
            Ok(()) => (self.place, self.last) = ((self.place + 1) % PLACES.len(), Some(facts.last)),
            Err(_) => (self.file, self.last) = (None, None),
        }
        written
    }
}

impl Facts {
    /// Returns what they say of an edge's numbers.
    pub(super) fn of(self, edge: Uuid) -> Option<Self> {
        (self.edge == edge.as_bytes()).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(last: u64) -> Facts {
        Facts { edge: vec![1; 16], last, floor: 1, key: vec![3; 32], ..Facts::default() }
    }

    #[test]
    fn no_damage_of_one_place_makes_a_number_come_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::of(&folder.path().join("spool"));
        assert_eq!(ledger.read().unwrap(), None);
        ledger.begin(&facts(6)).unwrap();
        for last in 7..=9 {
            ledger.write(&facts(last)).unwrap();
        }
        assert_eq!(ledger.read().unwrap(), Some(facts(9)));
        let path = folder.path().join("spool.ledger");
        let whole = fs::read(&path).unwrap();
        for at in [0, 13, 30, 512, 525, 540] {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(&path, flipped).unwrap();
            let last = ledger.read().unwrap().unwrap().last;
            assert!((9..=10).contains(&last), "byte {at}: {last}");
        }
        fs::write(&path, "nonsense").unwrap();
        assert!(ledger.read().is_err());
    }
}
