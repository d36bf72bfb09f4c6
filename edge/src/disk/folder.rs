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

/// A folder that this process may write in.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    lock: Option<File>,
    slot: usize,
    generation: u64,
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
        let folder = Self { path: path.to_owned(), lock: None, slot: 0, generation: 0 };
        let mut opened = Opened { folder, edge_id: None, image: None, failing: None, set_aside: Vec::new() };
        match opened.folder.lock().and_then(|()| opened.identity(new_id)) {
            Ok(id) => opened.edge_id = Some(id),
            Err(error) => opened.failing = Some(error.to_string()),
        }
        for (slot, name) in SLOTS.iter().enumerate() {
            if let Err(error) = opened.look(slot, name, key) {
                opened.failing.get_or_insert(format!("cannot read {name}: {error}"));
            }
        }
        opened
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
        self.lock()?;
        let generation = self.generation + 1;
        self.replace(SLOTS[self.slot], &format::encode(image, generation))?;
        (self.slot, self.generation) = (1 - self.slot, generation);
        Ok(())
    }

    /// Makes the folder and takes its lock, unless that is done.
    fn lock(&mut self) -> io::Result<()> {
        let path = self.path.join(LOCK);
        // Someone may have removed the folder, and a lock on a file that is gone keeps nobody away.
        if self.lock.is_some() && path.exists() {
            return Ok(());
        }
        self.lock = None;
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

    /// Puts a whole file in place of another: both are never half there, and it is on the disk when this returns.
    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let unfinished = self.path.join(UNFINISHED);
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&unfinished)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        if let Err(error) = written.and_then(|()| fs::rename(&unfinished, self.path.join(name))) {
            // On a full disk half a file is in the way of everybody.
            let _ = fs::remove_file(&unfinished);
            return Err(error);
        }
        File::open(&self.path)?.sync_all()
    }
}

impl Opened {
    fn identity(&mut self, new_id: Uuid) -> io::Result<Uuid> {
        match fs::read_to_string(self.folder.path.join(IDENTITY)) {
            Ok(text) => match text.trim().parse() {
                Ok(id) => return Ok(id),
                Err(_) => self.set_aside(IDENTITY, "it is no UUID"),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::InvalidData => self.set_aside(IDENTITY, "it is no text"),
            Err(error) => return Err(error),
        }
        self.folder.replace(IDENTITY, format!("{new_id}\n").as_bytes())?;
        Ok(new_id)
    }

    /// Looks at one generation and keeps it when it is the newest so far that may be used.
    fn look(&mut self, slot: usize, name: &str, key: &KeyHash) -> io::Result<()> {
        let bytes = match fs::read(self.folder.path.join(name)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        match format::decode(&bytes) {
            Ok((generation, image)) => {
                let newest = generation > self.folder.generation;
                if newest {
                    (self.folder.generation, self.folder.slot) = (generation, 1 - slot);
                }
                if !image.keys.contains(key) {
                    self.set_aside.push(format!("{name} is not used: it was delivered to another client"));
                } else if newest || self.image.is_none() {
                    self.image = Some(image);
                }
            }
            Err(why @ Broken::Newer(_)) => self.set_aside.push(format!("{name} is not used: {why}")),
            Err(why) => self.set_aside(name, &why.to_string()),
        }
        Ok(())
    }

    fn set_aside(&mut self, name: &str, why: &str) {
        let broken = format!("{name}.broken");
        let path = &self.folder.path;
        let moved = match fs::rename(path.join(name), path.join(&broken)) {
            Ok(()) => format!("set aside as {broken}"),
            Err(error) => format!("it cannot be set aside: {error}"),
        };
        self.set_aside.push(format!("{name}: {why}; {moved}"));
    }
}
