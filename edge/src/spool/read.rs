//! What a folder holds: every record that can be read, whatever is wrong with those around it, and what is wrong.
//!
//! Of a damaged segment a copy is kept, and what can be read of it stays; one that cannot be read at all does not keep
//! the others from being read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use super::disk::{Disk, Place, SUFFIX};
use super::record::{self, HEAD, Record};

/// What the name of a copy of a damaged segment ends with.
const BROKEN: &str = ".broken";
/// What is being written.
const UNFINISHED: &str = "unfinished";
/// Which part of all that may wait may be such copies? The oldest go first.
const COPIES: u64 = 8;

/// What was found in a folder.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Every record with its place, and whether this edge wrote it.
    pub(super) records: Vec<(Place, Record, bool)>,
    /// Where something is missing: how many records stand before it.
    pub(super) damaged: Vec<usize>,
    /// There is something that cannot be read now, and perhaps can at the next start.
    pub(super) unread: bool,
    /// What is wrong, for people.
    pub(super) told: Vec<String>,
}

/// What a segment is made of.
struct Parts {
    /// The records, and where they stand.
    records: Vec<(usize, usize, Record)>,
    /// Before which of them there is something else, and how long that is.
    gaps: Vec<(usize, usize)>,
}

impl Disk {
    /// Reads everything that is there.
    pub(super) fn read(&mut self) -> io::Result<Found> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let (mut numbers, mut found) = (Vec::new(), Found::default());
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(SUFFIX)) else { continue };
            match number(stem) {
                Some(number) => numbers.push(number),
                None => {
                    found.told.push(format!("{stem}{SUFFIX}: no segment has such a name; it is not read"))
                }
            }
        }
        numbers.sort_unstable();
        self.after = numbers.last().map_or(0, |last| last.saturating_add(1));
        for number in numbers {
            if let Err(why) = self.read_segment(number, &mut found) {
                let path = self.path(number);
                self.aside += fs::symlink_metadata(&path).map_or(0, |about| about.len());
                found.unread = true;
                let path = path.display();
                found
                    .told
                    .push(format!("{path}: it cannot be read ({why}); it is tried again at the next start"));
            }
        }
        self.aside += self.bound_copies()?;
        Ok(found)
    }

    fn read_segment(&mut self, number: u64, found: &mut Found) -> io::Result<()> {
        let bytes = fs::read(self.path(number))?;
        let parts = parts(&bytes);
        let head = record::read_head(&bytes);
        if parts.records.is_empty() {
            self.set_aside(number, (&bytes, head.is_some()), found);
            return Ok(());
        }
        let before = found.records.len();
        found.damaged.extend(parts.gaps.iter().map(|(at, _)| before + at));
        let mended = if parts.gaps.is_empty() && head.is_some() {
            None
        } else {
            Some(self.mend(number, &bytes, &parts))
        };
        if let Some(mended) = &mended {
            let lost: usize = parts.gaps.iter().map(|(_, bytes)| bytes).sum();
            let copy = match mended {
                Ok(()) => format!("a copy is kept, which ends with {BROKEN}"),
                Err(why) => format!("it is left as it is, as no copy can be kept: {why}"),
            };
            let what = if lost == 0 { "its head".to_owned() } else { format!("{lost} bytes") };
            found.told.push(format!("{}: {what} cannot be read; {copy}", self.path(number).display()));
        }
        let moved = matches!(mended, Some(Ok(())));
        let mut end = HEAD;
        for (offset, length, record) in parts.records {
            let offset = if moved { end } else { offset };
            end = offset + length;
            let place = Place { segment: number, offset: offset as u64, length };
            // Nobody else's segments are here, unless their head says so.
            let own = head.is_none_or(|edge| edge == self.edge);
            found.records.push((place, record, own));
        }
        let length = if moved { end } else { bytes.len() };
        self.segments.insert(number, (length as u64, 0));
        Ok(())
    }

    /// Takes away a segment in which there is no record.
    fn set_aside(&self, number: u64, (bytes, is_spool): (&[u8], bool), found: &mut Found) {
        let path = self.path(number);
        // A crash may have come before its first record.
        if bytes.len() <= HEAD {
            let _ = fs::remove_file(path);
            return;
        }
        found.damaged.push(found.records.len());
        let what = if is_spool { "no record in it can be read" } else { "it is no spool" };
        let copy = match fs::rename(&path, self.copy(number)) {
            Ok(()) => format!("set aside, its name ends with {BROKEN} now"),
            Err(error) => format!("it cannot be set aside: {error}"),
        };
        found.told.push(format!("{}: {what}; {copy}", path.display()));
    }

    /// Keeps a copy of a damaged segment, and leaves in it what can be read.
    fn mend(&self, number: u64, bytes: &[u8], parts: &Parts) -> io::Result<()> {
        let (path, copy) = (self.path(number), self.copy(number));
        match fs::remove_file(&copy) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // Where a file has one name only, it is copied.
        if fs::hard_link(&path, &copy).is_err() {
            fs::copy(&path, &copy)?;
        }
        let unfinished = self.folder.join(UNFINISHED);
        let mut options = OpenOptions::new();
        let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(&unfinished)?;
        let head = record::read_head(bytes).unwrap_or(self.edge);
        let sound = parts.records.iter().map(|(offset, length, _)| &bytes[*offset..offset + length]);
        let written = file.write_all(&record::head(head));
        let written = sound.fold(written, |written, record| written.and_then(|()| file.write_all(record)));
        written.and_then(|()| file.sync_all()).and_then(|()| fs::rename(&unfinished, &path)).inspect_err(
            |_| {
                let _ = fs::remove_file(&unfinished);
            },
        )?;
        File::open(&self.folder)?.sync_all()
    }

    /// Removes the oldest copies where there are too many; returns how many bytes are left.
    fn bound_copies(&self) -> io::Result<u64> {
        let mut copies = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(|name| name.ends_with(BROKEN)) {
                copies.push((entry.file_name(), entry.metadata().map_or(0, |about| about.len())));
            }
        }
        copies.sort();
        let mut bytes = copies.iter().map(|(_, bytes)| bytes).sum();
        for (name, length) in copies {
            if bytes > self.limit / COPIES && fs::remove_file(self.folder.join(name)).is_ok() {
                bytes -= length;
            }
        }
        Ok(bytes)
    }

    fn copy(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:016x}{BROKEN}"))
    }
}

/// Returns the number of which this is the name.
fn number(stem: &str) -> Option<u64> {
    let digits = stem.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let number = (digits && stem.len() == 16).then(|| u64::from_str_radix(stem, 16).ok())?;
    // They are about milliseconds since 1970; after the last one there would be no other.
    number.filter(|number| i64::try_from(*number).is_ok())
}

/// Finds the records of a segment. After what is none the next place counts at which one is whole, as a flipped bit may be
/// that of a length.
fn parts(bytes: &[u8]) -> Parts {
    let (mut records, mut gaps) = (Vec::new(), Vec::new());
    let (mut at, mut lost) = (HEAD, 0);
    while at < bytes.len() {
        let Some((record, length)) = record::read(&bytes[at..]) else {
            (at, lost) = (at + 1, lost + 1);
            continue;
        };
        if lost > 0 {
            gaps.push((records.len(), std::mem::take(&mut lost)));
        }
        records.push((at, length, record));
        at += length;
    }
    if lost > 0 {
        gaps.push((records.len(), lost));
    }
    Parts { records, gaps }
}
