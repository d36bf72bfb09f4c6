//! The texts that are named: files, folders with all that is in them, and `-` for standard input.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::CliError;

/// A text, and what its file is called.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Reads what is named, each file once, in the order of the names.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<Source>, CliError> {
    let mut sources = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let text = bounded(io::stdin().lock(), "standard input")?;
            sources.push(Source { name: "-".to_owned(), text });
            continue;
        }
        let mut files = Vec::new();
        collect(path, true, &mut files).map_err(|error| unreadable(path, &error))?;
        if files.is_empty() {
            let message = format!("{} has no .yaml, .yml or .json files", path.display());
            return Err(CliError::usage(message).hint("fgctl export -d DIR writes some"));
        }
        for file in files {
            if seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())) {
                let name = file.display().to_string();
                let opened = fs::File::open(&file).map_err(|error| unreadable(&file, &error))?;
                sources.push(Source { text: bounded(opened, &name)?, name });
            }
        }
    }
    Ok(sources)
}

/// Adds a file, or those in a folder and below; hidden ones are not meant.
fn collect(path: &Path, named: bool, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let kind = fs::metadata(path)?;
    if !kind.is_dir() {
        let extension = path.extension().and_then(|extension| extension.to_str());
        if named || matches!(extension, Some("yaml" | "yml" | "json")) {
            files.push(path.to_owned());
        }
        return Ok(());
    }
    let mut inner = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        // A link may lead back here, or to what nobody meant to show; a pipe may never say anything.
        let kind = entry.file_type()?;
        if !entry.file_name().to_string_lossy().starts_with('.') && (kind.is_file() || kind.is_dir()) {
            inner.push(entry.path());
        }
    }
    inner.sort();
    inner.iter().try_for_each(|path| collect(path, false, files))
}

fn bounded(from: impl Read, name: &str) -> Result<String, CliError> {
    crate::file::bounded(from).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => CliError::usage(format!("{name} is not UTF-8 text")),
        io::ErrorKind::Other => {
            CliError::usage(error.to_string().replacen("it is", &format!("{name} is"), 1))
        }
        _ => CliError::usage(format!("cannot read {name}: {error}")),
    })
}

fn unreadable(path: &Path, error: &io::Error) -> CliError {
    CliError::usage(format!("cannot read {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use nix::sys::stat::Mode;

    use super::read;

    #[test]
    fn what_is_found_in_a_folder_is_what_lies_there() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("flags");
        fs::create_dir_all(folder.join("more")).unwrap();
        fs::write(place.path().join("secret.yaml"), "secret").unwrap();
        fs::write(folder.join("more/a.yaml"), "a").unwrap();
        symlink("../secret.yaml", folder.join("b.yaml")).unwrap();
        symlink(".", folder.join("again")).unwrap();
        nix::unistd::mkfifo(&folder.join("c.yaml"), Mode::S_IRWXU).unwrap();
        let texts: Vec<String> =
            read(std::slice::from_ref(&folder)).unwrap().into_iter().map(|source| source.text).collect();
        assert_eq!(texts, ["a"]);
        // Whoever names a link means it.
        assert_eq!(read(&[folder.join("b.yaml")]).unwrap()[0].text, "secret");
    }
}
