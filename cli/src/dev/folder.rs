//! The folder that holds everything of one system on this machine: settings, secrets, logs, and (unless it has
//! to live elsewhere) the database cluster. Its lock tells whether a system runs from it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::fault::{Fault, OrFault};
use super::part::Part;

/// How many bytes of a log's end are read for its last lines?
const LOG_TAIL: u64 = 16 * 1024;

/// A data folder that exists.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Returns where a system lives unless it is told otherwise: one place for the usual ports, one for each port base.
    pub(crate) fn default_path(port_base: Option<u16>) -> Result<PathBuf, Fault> {
        let base = etcetera::choose_base_strategy().or_fault(|| "find the home folder".to_owned())?;
        let name = port_base.map_or_else(|| "dev".to_owned(), |port| format!("dev-{port}"));
        Ok(base.data_dir().join("fluxgate").join(name))
    }

    /// Opens the folder, making it when it is missing.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        // Root's cluster belongs to another user, who must be able to pass through; the secrets in here are 0600.
        let mode = if nix::unistd::geteuid().is_root() { 0o711 } else { 0o700 };
        DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(path)
            .or_fault(|| format!("make the data folder {}", path.display()))?;
        Self::existing(path)?
            .ok_or_else(|| Fault::new(format!("the data folder {} vanished at once", path.display())))
    }

    /// Returns the folder when it is there.
    pub(crate) fn existing(path: &Path) -> Result<Option<Self>, Fault> {
        match path.canonicalize() {
            Ok(root) => Ok(Some(Self { root })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Fault::new(format!("cannot open the data folder {}: {error}", path.display()))),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.root
    }

    pub(crate) fn settings(&self) -> PathBuf {
        self.root.join("settings.json")
    }

    pub(crate) fn run(&self) -> PathBuf {
        self.root.join("run.json")
    }

    pub(crate) fn master_key(&self) -> PathBuf {
        self.root.join("master.key")
    }

    pub(crate) fn bootstrap_token(&self) -> PathBuf {
        self.root.join("bootstrap.token")
    }

    pub(crate) fn edge_key(&self) -> PathBuf {
        self.root.join("edge.key")
    }

    pub(crate) fn callers_key(&self) -> PathBuf {
        self.root.join("callers.key")
    }

    /// Returns where a part writes its log.
    pub(crate) fn log(&self, part: Part) -> PathBuf {
        self.root.join(format!("{part}.log"))
    }

    /// Returns where a system in the background writes what it would have said on a terminal.
    pub(crate) fn own_log(&self) -> PathBuf {
        self.root.join("dev.log")
    }

    /// Takes the lock, or returns nothing while another process holds it. The lock ends with its holder, however that ends.
    pub(crate) fn lock(&self) -> Result<Option<File>, Fault> {
        let path = self.root.join("lock");
        let doing = || format!("lock {}", path.display());
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .or_fault(|| format!("lock {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).or_fault(doing),
        }
    }

    /// Removes everything that a start would make anew, but not what belongs to the run that is on.
    pub(crate) fn clear(&self) -> Result<(), Fault> {
        let files =
            [self.settings(), self.master_key(), self.bootstrap_token(), self.edge_key(), self.callers_key()];
        for file in files {
            remove(&file)?;
        }
        Ok(())
    }
}

/// Writes a file that only its owner reads, whole or not at all.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Fault> {
    let doing = || format!("write {}", path.display());
    let staged = path.with_extension("new");
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&staged)
        .or_fault(doing)?;
    file.write_all(text.as_bytes()).or_fault(doing)?;
    std::fs::rename(&staged, path).or_fault(doing)
}

/// Returns a file's text, or nothing when there is no such file.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<String>, Fault> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Fault::new(format!("cannot read {}: {error}", path.display()))),
    }
}

/// Removes a file; a missing one is fine.
pub(crate) fn remove(path: &Path) -> Result<(), Fault> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Fault::new(format!("cannot remove {}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

/// Returns the last lines of a log, for the moment when its writer failed.
pub(crate) fn last_lines(log: &Path, count: usize) -> Vec<String> {
    let mut bytes = Vec::new();
    let read = File::open(log).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL)))?;
        file.read_to_end(&mut bytes)
    });
    if read.is_err() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].iter().map(|line| (*line).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_is_held_once() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let held = folder.lock().unwrap();
        assert!(held.is_some());
        assert!(folder.lock().unwrap().is_none());
        drop(held);
        assert!(folder.lock().unwrap().is_some());
    }

    #[test]
    fn last_lines_pass_over_empty_ones() {
        let place = tempfile::tempdir().unwrap();
        let log = place.path().join("backend.log");
        std::fs::write(&log, "one\n\ntwo\nthree\n\n").unwrap();
        assert_eq!(last_lines(&log, 2), ["two", "three"]);
        assert!(last_lines(&place.path().join("none.log"), 2).is_empty());
    }
}
