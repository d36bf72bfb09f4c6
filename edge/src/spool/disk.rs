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
const SUFFIX: &str = ".events";

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: u64,
    offset: u64,
    length: usize,
}

/// The segments of one folder.
#[derive(Debug)]
pub(super) struct Disk {
    folder: PathBuf,
    edge: Uuid,
    /// How long each is, and how many batches of it wait.
    segments: BTreeMap<u64, (u64, usize)>,
    newest: Option<File>,
    /// From which length on is a new segment begun?
    full: u64,
}

/// What was found in a folder.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Every record with its place, and whether this edge wrote it.
    pub(super) records: Vec<(Place, Record, bool)>,
    /// What could not be read, and how many records stand before it.
    pub(super) damaged: Vec<(String, usize)>,
}

impl Disk {
    /// Looks at nothing yet. About `limit` bytes will wait at most.
    pub(super) fn new(folder: &Path, edge: Uuid, limit: u64) -> Self {
        let (segments, newest) = (BTreeMap::new(), None);
        Self { folder: folder.to_owned(), edge, segments, newest, full: limit / SEGMENTS }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns how many bytes all segments have.
    pub(super) fn bytes(&self) -> u64 {
        self.segments.values().map(|(length, _)| length).sum()
    }

    /// Reads everything that is there, and cuts off what is torn.
    pub(super) fn read(&mut self) -> io::Result<Found> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
            names.extend(number.and_then(|number| u64::from_str_radix(number, 16).ok()));
        }
        names.sort_unstable();
        let mut found = Found::default();
        for number in names {
            self.read_segment(number, &mut found)?;
        }
        Ok(found)
    }

    fn read_segment(&mut self, number: u64, found: &mut Found) -> io::Result<()> {
        let path = self.path(number);
        let bytes = fs::read(&path)?;
        let Some(edge) = record::read_head(&bytes) else {
            // A crash may have come before its first record.
            if bytes.len() > HEAD {
                found.damaged.push((format!("{}: it is no spool", path.display()), found.records.len()));
            }
            let broken = path.with_extension("broken");
            return if bytes.len() > HEAD { fs::rename(path, broken) } else { fs::remove_file(path) };
        };
        let mut offset = HEAD;
        while let Some((record, length)) = record::read(&bytes[offset..]) {
            let place = Place { segment: number, offset: offset as u64, length };
            found.records.push((place, record, edge == self.edge));
            offset += length;
        }
        if offset < bytes.len() {
            let what = format!("{}: {} bytes at its end are torn", path.display(), bytes.len() - offset);
            found.damaged.push((what, found.records.len()));
            OpenOptions::new().write(true).open(&path)?.set_len(offset as u64)?;
        }
        self.segments.insert(number, (offset as u64, 0));
        Ok(())
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
            && *length < self.full
        {
            return Ok((*number, *length));
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let after = self.segments.last_key_value().map_or(0, |(number, _)| number + 1);
        let number = after.max(u64::try_from(unix_ms).unwrap_or_default());
        let path = self.path(number);
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path)?;
        let begun =
            file.write_all(&record::head(self.edge)).and_then(|()| File::open(&self.folder)?.sync_all());
        if let Err(error) = begun {
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        self.newest = Some(file);
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

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:016x}{SUFFIX}"))
    }
}
