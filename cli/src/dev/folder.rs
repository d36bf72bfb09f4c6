//! The folder that holds everything of one system on this machine: settings, secrets, logs, and (unless it has
//! to live elsewhere) the database cluster. Its lock tells whether a system runs from it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use nix::unistd::geteuid;

use super::fault::{Fault, OrFault};
use super::part::Part;
use crate::file;

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
        let mode = if geteuid().is_root() { 0o711 } else { 0o700 };
        DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(path)
            .or_fault(|| format!("make the data folder {}", path.display()))?;
        Self::existing(path)?
            .ok_or_else(|| Fault::new(format!("the data folder {} vanished at once", path.display())))
    }

    /// Returns the folder when it is there. Only one that nobody else can write to will do.
    pub(crate) fn existing(path: &Path) -> Result<Option<Self>, Fault> {
        let doing = || format!("open the data folder {}", path.display());
        let root = match path.canonicalize() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            found => found.or_fault(doing)?,
        };
        let meta = root.metadata().or_fault(doing)?;
        // Whoever can change what is in there could make us write, run and delete what they like.
        if meta.uid() != geteuid().as_raw() {
            return Err(Fault::new(format!("the data folder {} belongs to another user", root.display()))
                .hint("take one of your own: --data-dir FOLDER"));
        }
        if meta.mode() & 0o022 != 0 {
            return Err(Fault::new(format!("others may write to the data folder {}", root.display()))
                .hint(format!("chmod go-w {}", root.display())));
        }
        Ok(Some(Self { root }))
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
        self.locked(File::try_lock)
    }

    /// Shares the lock with others who only look, or returns nothing while a process holds it. It has to be given back
    /// at once: nobody can take it meanwhile.
    pub(crate) fn look(&self) -> Result<Option<File>, Fault> {
        self.locked(File::try_lock_shared)
    }

    fn locked(&self, how: impl Fn(&File) -> Result<(), TryLockError>) -> Result<Option<File>, Fault> {
        let path = self.root.join("lock");
        let doing = || format!("lock {}", path.display());
        let file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .or_fault(doing)?;
        match how(&file) {
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
    file::put(path, text.as_bytes()).or_fault(|| format!("write {}", path.display()))
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
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    #[test]
    fn a_folder_that_others_can_change_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("data");
        let folder = Folder::open(&path).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o066, 0);
        // What stands in the way is replaced, never written through.
        let target = place.path().join("target");
        std::fs::write(&target, "kept").unwrap();
        symlink(&target, folder.settings()).unwrap();
        write_private(&folder.settings(), "{}").unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"kept");

        for mode in [0o720, 0o702] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let fault = Folder::open(&path).unwrap_err();
            assert!(fault.message.contains("others may write"), "{fault}");
            Folder::existing(&path).unwrap_err();
        }
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        Folder::open(&path).unwrap();
        if geteuid().is_root() {
            chown(&path, Some(4_000_001), None).unwrap();
            let fault = Folder::open(&path).unwrap_err();
            assert!(fault.message.contains("another user"), "{fault}");
        }
    }

    #[test]
    fn the_lock_is_held_once() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let held = folder.lock().unwrap();
        assert!(held.is_some());
        assert!(folder.lock().unwrap().is_none());
        assert!(folder.look().unwrap().is_none());
        drop(held);
        let looks = [folder.look().unwrap(), folder.look().unwrap()];
        assert!(looks.iter().all(Option::is_some), "those who look do not disturb each other");
        assert!(folder.lock().unwrap().is_none());
        drop(looks);
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
