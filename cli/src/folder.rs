//! `.fluxgate.toml`, in the folder or above: what a repository's commands are about.
//!
//! It comes with what was checked out, so it chooses among what its reader saved, and nothing else: **never a server**,
//! which would then be sent a token.

use std::path::{Path, PathBuf};

use toml_edit::DocumentMut;

use crate::error::{CliError, nearest};

const FILE: &str = ".fluxgate.toml";
/// How large may it be?
const MAX_BYTES: u64 = 64 * 1024;

/// What it may say.
const KEYS: [&str; 3] = ["context", "team", "env"];

/// What a folder says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folder {
    /// The file, if there is one.
    pub(crate) path: Option<PathBuf>,
    /// The name of a saved context.
    pub(crate) context: Option<String>,
    pub(crate) team: Option<String>,
    pub(crate) env: Option<String>,
}

/// Reads a file, if it is one and not larger than settings are: whoever made a folder may have put anything there.
fn small_file(path: &Path) -> std::io::Result<String> {
    let about = std::fs::metadata(path)?;
    if !about.is_file() || about.len() > MAX_BYTES {
        return Err(std::io::Error::other(format!("it is no file of at most {} KiB", MAX_BYTES / 1024)));
    }
    std::fs::read_to_string(path)
}

impl Folder {
    /// Reads the nearest file, from the working directory upwards.
    pub(crate) fn load() -> Result<Self, CliError> {
        match std::env::current_dir() {
            Ok(here) => Self::load_from(&here),
            Err(_) => Ok(Self::default()),
        }
    }

    fn load_from(here: &Path) -> Result<Self, CliError> {
        for folder in here.ancestors() {
            let path = folder.join(FILE);
            match small_file(&path) {
                Ok(text) => return Self::parse(path, &text),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                // What cannot be read, above, is nobody's setting.
                Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {}
                Err(error) => return Err(wrong(&path, &error.to_string())),
            }
        }
        Ok(Self::default())
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self, CliError> {
        let document: DocumentMut =
            text.parse().map_err(|error: toml_edit::TomlError| wrong(&path, error.message()))?;
        for (key, value) in document.iter() {
            if matches!(key, "server" | "token" | "ca_file") {
                let why = format!("it says {key:?}, but a folder never chooses where a token is sent");
                return Err(wrong(&path, &why)
                    .hint("save the server as a context, and name that: context = \"NAME\""));
            }
            if !KEYS.contains(&key) {
                let keys = KEYS.map(str::to_owned);
                let meant =
                    nearest(key, &keys).map_or_else(String::new, |near| format!(". Did you mean {near}?"));
                return Err(wrong(&path, &format!("there is no setting {key:?}{meant}"))
                    .hint("it may say context, team and env"));
            }
            if !value.is_str() {
                return Err(wrong(&path, &format!("{key} must be a string")));
            }
        }
        let text = |key: &str| {
            document
                .get(key)
                .and_then(|item| item.as_str())
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        Ok(Self { context: text("context"), team: text("team"), env: text("env"), path: Some(path) })
    }
}

fn wrong(path: &Path, why: &str) -> CliError {
    CliError::usage(format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::Folder;

    #[test]
    fn the_nearest_file_counts() {
        let place = tempfile::tempdir().unwrap();
        let deep = place.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(place.path().join(".fluxgate.toml"), "team = \"outer\"\n").unwrap();
        assert_eq!(Folder::load_from(&deep).unwrap().team.as_deref(), Some("outer"));
        std::fs::write(place.path().join("a/.fluxgate.toml"), "env = \"dev\" # here\n").unwrap();
        let folder = Folder::load_from(&deep).unwrap();
        assert_eq!((folder.team, folder.env.as_deref()), (None, Some("dev")));
    }

    #[test]
    fn a_folder_never_chooses_a_server() {
        for text in ["server = \"https://evil.example\"", "token = \"x\"", "ca_file = \"x\""] {
            let error = Folder::parse("f".into(), text).unwrap_err();
            assert!(error.message.contains("never chooses"), "{}", error.message);
            assert_eq!(error.exit.code(), 2);
        }
        let error = Folder::parse("f".into(), "taem = \"x\"").unwrap_err();
        assert!(error.message.contains("Did you mean team?"), "{}", error.message);
        assert!(Folder::parse("f".into(), "team = 1").is_err());
    }
}
