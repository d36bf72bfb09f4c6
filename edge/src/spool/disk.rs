//! Segments in a folder: records are added at the end of the newest one, and one of which nothing waits is removed.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::record::{self, HEAD, Record};

/// Which part of all that may wait is in one segment? What waits no more goes by whole segments.
const SEGMENTS: u64 = 32;
/// What the name of a segment ends with.
pub(super) const SUFFIX: &str = ".events";

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: u64,
    pub(super) offset: u64,
    pub(super) length: usize,
}

/// The segments of one folder.
#[derive(Debug)]
pub(super) struct Disk {
    pub(super) folder: PathBuf,
    pub(super) edge: Uuid,
    /// How long each is, and how many batches of it wait.
    pub(super) segments: BTreeMap<u64, (u64, usize)>,
    newest: Option<File>,
    /// About how many bytes may there be?
    pub(super) limit: u64,
    /// From which number on is a segment new?
    pub(super) after: u64,
    /// How many bytes are taken by what nobody sends: set aside, or not to be read.
    pub(super) aside: u64,
}

impl Disk {
    /// Looks at nothing yet. About `limit` bytes will wait at most.
    pub(super) fn new(folder: &Path, edge: Uuid, limit: u64) -> Self {
        let (segments, newest) = (BTreeMap::new(), None);
        Self { folder: folder.to_owned(), edge, segments, newest, limit, after: 0, aside: 0 }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns how many bytes it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.aside + self.segments.values().map(|(length, _)| length).sum::<u64>()
    }

    /// Writes a record, and brings it to the disk when it `matters`; on an error nothing of it is there.
    pub(super) fn append(&mut self, record: &Record, (unix_ms, matters): (i64, bool)) -> io::Result<Place> {
        let framed = record::frame(record);
        let (segment, offset) = self.newest(unix_ms)?;
        let Some(file) = &mut self.newest else { return Err(ErrorKind::NotFound.into()) };
        let written = file.write_all(&framed);
        let written = written.and_then(|()| if matters { file.sync_data() } else { Ok(()) });
        if let Err(error) = written {
            // Whatever of it is there is cut off now, or as a torn end when it is read.
            let _ = file.set_len(offset);
            self.newest = None;
            return Err(error);
        }
        let length = framed.len();
        if let Some((bytes, waiting)) = self.segments.get_mut(&segment) {
            *bytes += length as u64;
            *waiting += usize::from(record.batch.is_some());
        }
        Ok(Place { segment, offset, length })
    }

    /// Returns the segment to write in and where its end is.
    fn newest(&mut self, unix_ms: i64) -> io::Result<(u64, u64)> {
        if let Some((number, (length, _))) = self.segments.last_key_value()
            && self.newest.is_some()
            && *length < self.limit / SEGMENTS
        {
            return Ok((*number, *length));
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let number = self.after.max(u64::try_from(unix_ms).unwrap_or_default());
        let path = self.path(number);
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path)?;
        let begun =
            file.write_all(&record::head(self.edge)).and_then(|()| File::open(&self.folder)?.sync_all());
        if let Err(error) = begun {
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        self.newest = Some(file);
        self.after = number.saturating_add(1);
        self.segments.insert(number, (HEAD as u64, 0));
        self.clear();
        Ok((number, HEAD as u64))
    }

    /// Takes note that the batch of a record waits.
    pub(super) fn hold(&mut self, place: Place) {
        if let Some((_, waiting)) = self.segments.get_mut(&place.segment) {
            *waiting += 1;
        }
    }

    /// Takes note that it waits no more.
    pub(super) fn release(&mut self, place: Place) {
        if let Some((_, waiting)) = self.segments.get_mut(&place.segment) {
            *waiting = waiting.saturating_sub(1);
        }
        self.clear();
    }

    /// Removes segments of which nothing waits; the newest one holds what later records go on from.
    fn clear(&mut self) {
        let newest = self.segments.keys().next_back().copied();
        let empty: Vec<u64> =
            self.segments.iter().filter(|(_, (_, waiting))| *waiting == 0).map(|(n, _)| *n).collect();
        for number in empty {
            // One that cannot be removed is read again at the next start, and counted once all the same.
            if Some(number) != newest && fs::remove_file(self.path(number)).is_ok() {
                self.segments.remove(&number);
            }
        }
    }

    /// Reads a record again.
    pub(super) fn load(&self, place: Place) -> io::Result<Record> {
        let mut file = File::open(self.path(place.segment))?;
        file.seek(SeekFrom::Start(place.offset))?;
        let mut bytes = vec![0; place.length];
        file.read_exact(&mut bytes)?;
        let torn = || io::Error::new(ErrorKind::InvalidData, "its checksum differs");
        Ok(record::read(&bytes).ok_or_else(torn)?.0)
    }

    /// Puts another file in place of the newest segment's.
    #[cfg(test)]
    pub(super) fn break_newest(&mut self, file: File) {
        self.newest = Some(file);
    }

    pub(super) fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:016x}{SUFFIX}"))
    }
}
