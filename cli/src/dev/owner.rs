//! Who runs PostgreSQL when it was root who asked: the server refuses root, so another user owns the cluster, in a
//! folder that this user can reach.

use std::fs::{DirBuilder, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::{Path, PathBuf};

use nix::unistd::{User, geteuid};

use super::fault::{Fault, OrFault};

/// Where do clusters live whose data folder their owner cannot reach?
const REACHABLE: &str = "/var/lib/fluxgate-dev";

/// The users asked for, the better one first.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// What tells a folder that was made here from any other of its name, which is not ours to delete.
pub(crate) const MARKER: &str = ".fluxgate-dev";

/// An unprivileged user that a cluster belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Owner {
    /// Returns the user to run PostgreSQL as; nothing when that is just whoever runs us.
    pub(crate) fn needed() -> Result<Option<Self>, Fault> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        for name in CANDIDATES {
            if let Some(user) = User::from_name(name).or_fault(|| format!("look up the user {name}"))? {
                return Ok(Some(Self { uid: user.uid.as_raw(), gid: user.gid.as_raw() }));
            }
        }
        Err(Fault::new("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")
            .hint("run it as an ordinary user, or: useradd --system postgres"))
    }

    /// Tells whether this user can pass through every folder down to and including `path`.
    fn reaches(self, path: &Path) -> bool {
        path.ancestors().all(|folder| {
            folder.metadata().is_ok_and(|meta| {
                let bit = if meta.uid() == self.uid {
                    0o100
                } else if meta.gid() == self.gid {
                    0o010
                } else {
                    0o001
                };
                meta.mode() & bit != 0
            })
        })
    }
}

/// Returns where the cluster of a data folder belongs: inside it, unless its owner could not reach it there.
pub(crate) fn place(data: &Path, owner: Option<Owner>) -> PathBuf {
    match owner {
        Some(owner) if !owner.reaches(data) => {
            let mut hasher = DefaultHasher::new();
            data.hash(&mut hasher);
            Path::new(REACHABLE).join(format!("{:016x}", hasher.finish()))
        }
        _ => data.join("postgres"),
    }
}

/// Makes a folder that only the owner of the cluster enters, empty except for the marker.
pub(crate) fn make_private(path: &Path, owner: Option<Owner>) -> Result<(), Fault> {
    let doing = || format!("make the folder {}", path.display());
    if let Some(parent) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o755).create(parent).or_fault(doing)?;
    }
    DirBuilder::new().mode(0o700).create(path).or_fault(doing)?;
    // Before it is handed over: afterwards its owner decides what is in there.
    File::create_new(path.join(MARKER)).or_fault(doing)?;
    if let Some(owner) = owner {
        chown(path, Some(owner.uid), Some(owner.gid)).or_fault(doing)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_closed_folder_sends_the_cluster_elsewhere() {
        let open = tempfile::tempdir().unwrap();
        let closed = open.path().join("closed");
        std::fs::create_dir(&closed).unwrap();
        std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o700)).unwrap();
        let stranger = Some(Owner { uid: 4_000_001, gid: 4_000_001 });
        assert!(place(&closed, stranger).starts_with(REACHABLE));
        assert_eq!(place(&closed, None), closed.join("postgres"));
        std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o711)).unwrap();
        std::fs::set_permissions(open.path(), PermissionsExt::from_mode(0o711)).unwrap();
        assert_eq!(place(&closed, stranger), closed.join("postgres"));
    }
}
