//! Finding the PostgreSQL server on this machine: on PATH, where Debian, Red Hat and Homebrew put it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::fault::Fault;

/// The oldest major version that the migrations are written for.
const OLDEST: u32 = 14;

/// Where versions stand side by side: the folder, how a version's folder there begins, and where its programs are.
const VERSIONED: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// A PostgreSQL that is installed: the folder of its programs and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Installation {
    bin: PathBuf,
    pub(crate) version: String,
    pub(crate) major: u32,
}

impl Installation {
    /// Returns the path of one of its programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// Looks at a folder; nothing when it holds no server that answers with its version.
    fn at(bin: &Path) -> Option<Self> {
        // A link on PATH leads to the folder where the server finds its own files.
        let initdb = bin.join("initdb").canonicalize().ok()?;
        let bin = initdb.parent()?;
        let output = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
        let version = version_in(&String::from_utf8_lossy(&output.stdout))?;
        let major = version.split('.').next()?.parse().ok()?;
        Some(Self { bin: bin.to_owned(), version, major })
    }
}

/// Returns the PostgreSQL to use: the one of the cluster's major version, or the first found for a new cluster.
pub(crate) fn find(major: Option<u32>) -> Result<Option<Installation>, Fault> {
    let mut too_old = None;
    for bin in on_path().chain(versioned()) {
        let Some(found) = Installation::at(&bin) else { continue };
        match major {
            Some(major) if found.major != major => {}
            None if found.major < OLDEST => too_old = Some(found),
            _ => return Ok(Some(found)),
        }
    }
    match (major, too_old) {
        (Some(major), _) => Err(Fault::new(format!(
            "the database in the data folder was made by PostgreSQL {major}, which is not here any more"
        ))
        .hint(format!("install PostgreSQL {major} again, or start anew: fgctl dev --reset"))),
        (None, Some(old)) => Err(Fault::new(format!(
            "PostgreSQL {} is too old; version {OLDEST} or newer is needed",
            old.version
        ))
        .hint("fgctl dev --database-url postgres://... uses a server elsewhere")),
        (None, None) => Ok(None),
    }
}

/// Returns the folders of PATH.
fn on_path() -> impl Iterator<Item = PathBuf> {
    env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect::<Vec<_>>())
        .unwrap_or_default()
        .into_iter()
}

/// Returns the folders of versions that stand side by side, the newest of each place first.
fn versioned() -> impl Iterator<Item = PathBuf> {
    VERSIONED.into_iter().flat_map(|(folder, start, bin)| {
        let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                Some((number_in(name.strip_prefix(start)?), entry.path().join(bin)))
            })
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.into_iter().map(|(_, path)| path)
    })
}

/// Returns the number in a folder's name: 17 in `@17`, 0 where there is none.
fn number_in(name: &str) -> u32 {
    name.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0)
}

/// Returns the version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn version_in(text: &str) -> Option<String> {
    let version = text.trim().strip_prefix("postgres (PostgreSQL) ")?.split_whitespace().next()?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_the_server_says() {
        assert_eq!(version_in("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n").unwrap(), "15.18");
        assert_eq!(version_in("postgres (PostgreSQL) 17.6\n").unwrap(), "17.6");
        assert_eq!(version_in("something else"), None);
        assert_eq!((number_in("15"), number_in("@17"), number_in("")), (15, 17, 0));
    }
}
