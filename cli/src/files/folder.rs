//! Writes a team into a folder, a file for each thing. What has not changed is not touched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fluxgate_engine::Manifest;

use super::reference::{Noun, Reference};
use crate::error::CliError;
use crate::exit::Exit;
use crate::file;

/// What was done to a folder.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    /// How many files are there for the team.
    pub(crate) files: usize,
    /// How many of them are new or changed.
    pub(crate) written: usize,
    /// Files beside them that the team has nothing for.
    pub(crate) left: Vec<PathBuf>,
}

/// Writes the files of a team into a folder.
pub(crate) fn write(folder: &Path, things: &BTreeMap<Reference, &Manifest>) -> Result<Folder, CliError> {
    let mut done = Folder::default();
    let mut names = BTreeSet::new();
    let mut kept = BTreeSet::new();
    if let Some(wrong) = things.keys().find(|reference| !fluxgate_engine::is_key(&reference.key)) {
        let message = format!(
            "the server calls something {:?}, which is no key and no name of a file",
            wrong.to_string()
        );
        return Err(CliError::new(Exit::Failed, message).hint("nothing was written"));
    }
    for noun in Noun::ALL {
        let inner = folder.join(noun.folder());
        if fs::symlink_metadata(&inner).is_ok_and(|about| about.is_symlink()) {
            let message = format!("{} is a link: files are written into the folder alone", inner.display());
            return Err(CliError::usage(message).hint("nothing was written"));
        }
    }
    for (reference, manifest) in things {
        // Where a file system takes A for a, one would replace the other.
        let mut name = format!("{}.yaml", reference.key);
        let mut number = 1;
        while !names.insert((reference.noun, name.to_lowercase())) {
            number += 1;
            name = format!("{}.{number}.yaml", reference.key);
        }
        let path = folder.join(reference.noun.folder()).join(name);
        done.written += usize::from(put(&path, &manifest.to_yaml()).map_err(|error| failed(&path, &error))?);
        done.files += 1;
        kept.insert(path);
    }
    for noun in Noun::ALL {
        let Ok(entries) = fs::read_dir(folder.join(noun.folder())) else { continue };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let is_ours = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml");
        done.left.extend(paths.filter(|path| is_ours(path) && !kept.contains(path)));
    }
    done.left.sort();
    Ok(done)
}

/// Writes a file unless it says that already; the file that is there is replaced as a whole.
fn put(path: &Path, text: &str) -> io::Result<bool> {
    if fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    file::put_shared(path, text.as_bytes())?;
    Ok(true)
}

fn failed(path: &Path, error: &io::Error) -> CliError {
    CliError::new(Exit::Failed, format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use std::collections::BTreeMap;

    use fluxgate_engine::{ContextKeySpec, Manifest, Spec};

    use super::{put, write};
    use crate::files::Reference;

    /// A server may call things anything.
    #[test]
    fn nothing_is_written_beside_the_folder() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("flags");
        let written = |key: &str| {
            let spec = ContextKeySpec {
                kind: "STRING".into(),
                description: String::new(),
                allowed_values: Vec::new(),
            };
            let manifest = Manifest { team: None, key: key.into(), spec: Spec::ContextKey(spec) };
            write(&folder, &BTreeMap::from([(Reference::of(&manifest), &manifest)]))
        };
        for key in ["../../victim", "/tmp/victim", "..", "", "a/b", ".github"] {
            let refused = written(key).unwrap_err();
            assert!(refused.message.contains("no key"), "{key}: {}", refused.message);
            assert!(!folder.exists(), "{key}");
        }
        fs::create_dir(&folder).unwrap();
        symlink("..", folder.join("context-keys")).unwrap();
        assert!(written("country").unwrap_err().message.contains("is a link"));
        fs::remove_file(folder.join("context-keys")).unwrap();
        assert_eq!(written("country").unwrap().written, 1);
    }

    #[test]
    fn nothing_but_the_file_itself_is_written() {
        let place = tempfile::tempdir().unwrap();
        let (victim, path) = (place.path().join("victim"), place.path().join("flags/a.yaml"));
        fs::write(&victim, "precious").unwrap();
        fs::create_dir(place.path().join("flags")).unwrap();
        for name in ["flags/a.yaml.new", "flags/a.yaml"] {
            symlink("../victim", place.path().join(name)).unwrap();
        }
        assert!(put(&path, "text").unwrap());
        assert!(!put(&path, "text").unwrap(), "it says that already");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
    }
}
