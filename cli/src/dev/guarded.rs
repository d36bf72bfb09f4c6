//! Files inside a cluster, which may belong to another user than the one who runs us: between two looks at a path, that
//! user can put a link or a pipe there. So a file is opened once, and checked, read and written through that alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::libc::{O_NOCTTY, O_NOFOLLOW, O_NONBLOCK};

/// How long may such a file be? PostgreSQL's own are far shorter.
const LONGEST: u64 = 1024 * 1024;

/// An open file that is what it should be.
#[derive(Debug)]
pub(crate) struct Guarded(File);

impl Guarded {
    /// Opens a plain file that belongs to this user, under this name only.
    ///
    /// Folders on the way may be links: what they lead to is that user's own in any case.
    pub(crate) fn open(path: &Path, uid: u32) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
            .open(path)?;
        let meta = file.metadata()?;
        if !meta.is_file() || meta.uid() != uid || meta.nlink() != 1 {
            return Err(io::Error::other("it is not a plain file of the cluster's owner"));
        }
        Ok(Self(file))
    }

    /// Returns its whole text.
    pub(crate) fn read(&mut self) -> io::Result<String> {
        self.0.rewind()?;
        let mut text = String::new();
        let length = (&self.0).take(LONGEST + 1).read_to_string(&mut text)?;
        if u64::try_from(length).is_ok_and(|length| length <= LONGEST) {
            return Ok(text);
        }
        Err(io::Error::other("it is too long"))
    }

    /// Replaces its text.
    pub(crate) fn rewrite(&mut self, text: &str) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.rewind()?;
        self.0.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use nix::sys::stat::Mode;
    use nix::unistd::{geteuid, mkfifo};

    use super::*;

    #[test]
    fn a_plain_file_is_rewritten_in_place() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("postmaster.pid");
        std::fs::write(&path, "12345\n/data\n").unwrap();
        let mut file = Guarded::open(&path, geteuid().as_raw()).unwrap();
        assert_eq!(file.read().unwrap(), "12345\n/data\n");
        file.rewrite("1\n").unwrap();
        assert_eq!((file.read().unwrap().as_str(), std::fs::read(&path).unwrap()), ("1\n", b"1\n".to_vec()));
    }

    #[test]
    fn whatever_else_stands_there_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        let uid = geteuid().as_raw();
        std::fs::write(at("target"), "kept").unwrap();
        assert!(Guarded::open(&at("target"), uid + 1).is_err(), "another's file");
        symlink(at("target"), at("link")).unwrap();
        assert!(Guarded::open(&at("link"), uid).is_err());
        mkfifo(&at("pipe"), Mode::S_IRWXU).unwrap();
        assert!(Guarded::open(&at("pipe"), uid).is_err());
        std::fs::hard_link(at("target"), at("second")).unwrap();
        assert!(Guarded::open(&at("second"), uid).is_err());
        assert_eq!(std::fs::read(at("target")).unwrap(), b"kept");
        let missing = Guarded::open(&at("missing"), uid).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
