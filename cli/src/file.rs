//! Files that several fgctl processes read and write: whole or not at all, and never two writers at once.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use uuid::Uuid;

/// Takes the lock of a path, waiting for its holder; dropping the file gives it back.
pub(crate) fn lock(path: &Path) -> io::Result<File> {
    make_folder_of(path)?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    file.lock()?;
    Ok(file)
}

/// Replaces a file's content, readable by its owner only, and waits until it is on the disk. A symbolic link stays one.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    make_folder_of(path)?;
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    put_after(&path, content, (0o600, File::sync_all))
}

/// Replaces a file's content in a folder that is made when it is missing, without waiting for the disk.
pub(crate) fn replace_soon(path: &Path, content: &[u8]) -> io::Result<()> {
    make_folder_of(path)?;
    put(path, content)
}

/// Puts a file with this content in the place of whatever is there, a symbolic link too; readable by its owner only.
pub(crate) fn put(path: &Path, content: &[u8]) -> io::Result<()> {
    put_after(path, content, (0o600, |_| Ok(())))
}

/// The same for a file that others may read as far as the umask lets them.
pub(crate) fn put_shared(path: &Path, content: &[u8]) -> io::Result<()> {
    put_after(path, content, (0o666, |_| Ok(())))
}

fn put_after(
    path: &Path,
    content: &[u8],
    (mode, last): (u32, impl FnOnce(&File) -> io::Result<()>),
) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // Nobody can have put anything under a name that nobody could foresee.
    name.push(format!(".{}.new", Uuid::new_v4().simple()));
    let fresh = path.with_file_name(name);
    let mut file = OpenOptions::new().create_new(true).write(true).mode(mode).open(&fresh)?;
    let written =
        file.write_all(content).and_then(|()| last(&file)).and_then(|()| std::fs::rename(&fresh, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&fresh);
    }
    written
}

/// How much is read of a file or of stdin at most, which may have no end?
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Reads a file; more than anybody means is refused.
pub(crate) fn bytes(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    bounded_bytes(File::open(path)?)
}

/// Reads a file of text; more than anybody means is refused.
pub(crate) fn text(path: impl AsRef<Path>) -> io::Result<String> {
    bounded(File::open(path)?)
}

/// Reads text up to its end; more than anybody means is refused.
pub(crate) fn bounded(from: impl Read) -> io::Result<String> {
    let not_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text");
    String::from_utf8(bounded_bytes(from)?).map_err(not_text)
}

/// Reads up to the end; more than anybody means is refused.
pub(crate) fn bounded_bytes(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MAX_BYTES {
        true => Err(io::Error::other(format!("it is longer than {} MiB", MAX_BYTES / 1024 / 1024))),
        false => Ok(bytes),
    }
}

/// Returns what others than its owner may do with a file, such as `0o044`; none where they may do nothing, or there is none.
pub(crate) fn open_to_others(path: &Path) -> Option<u32> {
    let metadata = std::fs::metadata(path).ok().filter(|metadata| metadata.is_file())?;
    Some(metadata.permissions().mode() & 0o077).filter(|mode| *mode != 0)
}

/// Returns a path as it is pasted into a shell.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+');
    match text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

fn make_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => DirBuilder::new().recursive(true).mode(0o700).create(folder),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{put, replace};

    #[test]
    fn only_the_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        replace(&path, b"1").unwrap();
        replace(&path, b"2").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"2");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path().join("a")).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_or_goes_as_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::fs::write(&target, "1").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        replace(&link, b"2").unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"2");
        put(&link, b"3").unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"2");
        assert_eq!(std::fs::read(&link).unwrap(), b"3");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
