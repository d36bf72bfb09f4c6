//! The folder: who this edge is, and two generations of what it serves, of which the older one is written over.
//!
//! A generation is written beside, brought to the disk, and takes its place by a rename, so that a crash at any moment
//! leaves the other one. What is broken is set aside. Only one process writes in a folder.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::format::{self, Broken};
use crate::sync::{Image, KeyHash};

/// The places of the generations.
const SLOTS: [&str; 2] = ["state.0", "state.1"];
/// Where this edge's identity stands.
const IDENTITY: &str = "edge-id";
/// Whoever holds the lock on this file writes in the folder.
const LOCK: &str = "lock";
/// What is being written.
const UNFINISHED: &str = "unfinished";
/// The same of the identity, which may be written at the same time.
const UNFINISHED_IDENTITY: &str = "unfinished-id";

/// A folder that this process may write in.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    lock: Option<File>,
    /// Who this edge is; none before the folder is its own.
    id: Option<Uuid>,
    /// Who it is if the folder does not say.
    new_id: Uuid,
    slot: usize,
    generation: u64,
    /// What was set aside or not used, and why, since somebody asked.
    set_aside: Vec<String>,
}

/// What was found in a folder.
#[derive(Debug)]
pub struct Opened {
    /// To write in.
    pub folder: Folder,
    /// Who this edge is; none when that cannot be kept.
    pub edge_id: Option<Uuid>,
    /// The newest sound generation that may be used.
    pub image: Option<Image>,
    /// What is wrong with the folder: it will be tried again.
    pub failing: Option<String>,
    /// What was set aside or not used, and why.
    pub set_aside: Vec<String>,
}

impl Folder {
    /// Looks into a folder, which is made when there is none. `key` is that of the edge; `new_id` becomes its identity if it
    /// has none. Never fails: an edge without a disk goes on without.
    pub fn open(path: &Path, key: &KeyHash, new_id: Uuid) -> Opened {
        let (path, set_aside) = (path.to_owned(), Vec::new());
        let mut folder = Self { path, lock: None, id: None, new_id, slot: 0, generation: 0, set_aside };
        let taken = folder.lock().and_then(|()| folder.identity());
        let (edge_id, mut failing) = match taken {
            Ok(id) => (Some(id), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let (image, why) = folder.look(key);
        if let Some(why) = why {
            failing.get_or_insert(why);
        }
        let set_aside = folder.set_aside();
        Opened { folder, edge_id, image, failing, set_aside }
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes an image over the older generation.
    ///
    /// # Errors
    /// It is not on the disk; what was there before still is.
    pub fn save(&mut self, image: &Image) -> io::Result<()> {
        self.take()?;
        let generation = self.generation + 1;
        // What is no file is in the way of one place only.
        self.clear(UNFINISHED);
        let slot = if self.clear(SLOTS[self.slot]) { self.slot } else { 1 - self.slot };
        replace(&self.path, (SLOTS[slot], UNFINISHED), &format::encode(image, generation))?;
        (self.slot, self.generation) = (1 - slot, generation);
        Ok(())
    }

    /// Makes the folder this process's own, unless that is done, and returns who it is then. Another edge may have written
    /// there since it was opened.
    ///
    /// # Errors
    /// Another edge uses it, or the disk fails.
    pub fn take(&mut self) -> io::Result<Uuid> {
        self.lock()?;
        if let Some(id) = self.id {
            return Ok(id);
        }
        for (slot, name) in SLOTS.iter().enumerate() {
            if let Ok(bytes) = fs::read(self.path.join(name))
                && let Ok((generation, _)) = format::decode(&bytes)
                && generation > self.generation
            {
                (self.generation, self.slot) = (generation, 1 - slot);
            }
        }
        self.identity()
    }

    /// Returns what was set aside or not used since somebody asked.
    pub fn set_aside(&mut self) -> Vec<String> {
        std::mem::take(&mut self.set_aside)
    }

    /// Makes the folder and takes its lock, unless that is done.
    fn lock(&mut self) -> io::Result<()> {
        let path = self.path.join(LOCK);
        // Someone may have removed the folder, and a lock on a file that is gone keeps nobody away.
        if self.lock.is_some() && path.exists() {
            return Ok(());
        }
        (self.lock, self.id) = (None, None);
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path)?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path)?;
        match file.try_lock() {
            Ok(()) => self.lock = Some(file),
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(ErrorKind::ResourceBusy, "another edge uses the folder"));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        Ok(())
    }

    fn identity(&mut self) -> io::Result<Uuid> {
        self.clear(IDENTITY);
        let id = match fs::read_to_string(self.path.join(IDENTITY)) {
            Ok(text) => {
                let id = text.trim().parse().ok();
                if id.is_none() {
                    self.move_aside(IDENTITY, "it is no UUID");
                }
                id
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                self.move_aside(IDENTITY, "it is no text");
                None
            }
            Err(error) => return Err(error),
        };
        let id = match id {
            Some(id) => id,
            None => {
                keep_identity(&self.path, self.new_id)?;
                self.new_id
            }
        };
        (self.id, self.new_id) = (Some(id), id);
        Ok(id)
    }

    /// Looks at both generations; returns the newest one that may be used, and what cannot be read.
    fn look(&mut self, key: &KeyHash) -> (Option<Image>, Option<String>) {
        let (mut image, mut why) = (None, None);
        for (slot, name) in SLOTS.iter().enumerate() {
            if let Err(error) = self.look_at(slot, key, &mut image) {
                why.get_or_insert(format!("cannot read {name}: {error}"));
            }
        }
        (image, why)
    }

    /// Looks at one generation and keeps it when it is the newest so far that may be used.
    fn look_at(&mut self, slot: usize, key: &KeyHash, kept: &mut Option<Image>) -> io::Result<()> {
        let name = SLOTS[slot];
        self.clear(name);
        let bytes = match fs::read(self.path.join(name)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == ErrorKind::IsADirectory => {
                let why = "it is a folder, and cannot be set aside; the other place is used";
                self.set_aside.push(format!("{name}: {why}"));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        match format::decode(&bytes) {
            Ok((generation, image)) => {
                let newest = generation > self.generation;
                if newest {
                    (self.generation, self.slot) = (generation, 1 - slot);
                }
                if !image.keys.contains(key) {
                    self.set_aside.push(format!("{name} is not used: it was delivered to another client"));
                } else if newest || kept.is_none() {
                    *kept = Some(image);
                }
            }
            Err(why @ Broken::Newer(_)) => self.set_aside.push(format!("{name} is not used: {why}")),
            Err(why) => self.move_aside(name, &why.to_string()),
        }
        Ok(())
    }

    /// Moves away what is a folder where a file belongs; returns whether a file may be there now.
    fn clear(&mut self, name: &str) -> bool {
        let is_folder = |path: &Path| fs::symlink_metadata(path).is_ok_and(|about| about.is_dir());
        let path = self.path.join(name);
        if !is_folder(&path) {
            return true;
        }
        let broken = format!("{name}.broken");
        let moved = fs::rename(path, self.path.join(&broken)).is_ok();
        if moved {
            self.set_aside.push(format!("{name}: it is a folder; set aside as {broken}"));
        }
        moved
    }

    fn move_aside(&mut self, name: &str, why: &str) {
        let broken = format!("{name}.broken");
        let moved = match fs::rename(self.path.join(name), self.path.join(&broken)) {
            Ok(()) => format!("set aside as {broken}"),
            Err(error) => format!("it cannot be set aside: {error}"),
        };
        self.set_aside.push(format!("{name}: {why}; {moved}"));
    }
}

/// Writes who an edge is into its folder, of which this process has the lock.
///
/// # Errors
/// It is not on the disk; what was there before still is.
pub fn keep_identity(folder: &Path, id: Uuid) -> io::Result<()> {
    replace(folder, (IDENTITY, UNFINISHED_IDENTITY), format!("{id}\n").as_bytes())
}

/// Puts a whole file in place of another: both are never half there, and it is on the disk when this returns.
fn replace(folder: &Path, (name, unfinished): (&str, &str), bytes: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(unfinished);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&unfinished)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| fs::rename(&unfinished, folder.join(name))) {
        // On a full disk half a file is in the way of everybody.
        let _ = fs::remove_file(&unfinished);
        return Err(error);
    }
    File::open(folder)?.sync_all()
}
