//! A database cluster of our own: made once, then started on the loopback address with a password that only the data
//! folder knows.

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::fault::{Fault, OrFault};
use super::guarded::Guarded;
use super::mark::Mark;
use super::owner::{self, MARKER, Owner};
use super::postgres::Installation;
use super::{ports, secret};

/// The role that the cluster is made with. It may do everything, running programs as the cluster's owner included.
const SUPERUSER: &str = "postgres";

/// The role that everybody gets to use, and the name of its database: it owns that, and has no say beyond.
const ROLE: &str = "fluxgate";

/// The file in which a server tells its number, its start and whether it is ready.
const LOCK: &str = "postmaster.pid";

/// Settings of every cluster: reached over loopback TCP only, small, and easy to read about in its log.
const COMMON: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
track_commit_timestamp = on
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_checkpoints = off
jit = off
";

/// What becomes of the data when the machine fails, and how many may connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Kept from one start to the next: a `kill -9` loses nothing that was committed.
    Kept,
    /// For one run of a test suite: fast, and worth nothing afterwards.
    Throwaway,
}

/// A cluster that was made; kept in the settings of its data folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cluster {
    /// The private folder of the cluster's owner, which holds `data`.
    pub(crate) place: PathBuf,
    pub(crate) port: u16,
    pub(crate) major: u32,
    password: String,
    /// The superuser's, for whoever can read the data folder. One that was made before there were two has none.
    #[serde(default)]
    superuser_password: Option<String>,
}

impl Cluster {
    /// Makes a cluster with an empty database in `place`, which must not be there yet or be empty. Its port is none of
    /// those that are meant for others.
    pub(crate) async fn create(
        installation: &Installation,
        place: PathBuf,
        owner: Option<Owner>,
        purpose: Purpose,
        others: &[u16],
    ) -> Result<Self, Fault> {
        owner::make_private(&place, owner)?;
        let superuser_password = secret::text();
        let cluster = Self {
            place,
            port: ports::any_free(others)?,
            major: installation.major,
            password: secret::text(),
            superuser_password: Some(superuser_password.clone()),
        };
        let data = cluster.data();
        let mut initdb = program(installation, "initdb", &cluster.place, owner);
        initdb.arg("--pgdata").arg(&data).args([
            "--username",
            SUPERUSER,
            "--encoding",
            "UTF8",
            "--locale",
            "C",
        ]);
        // A new cluster is not waited for until it is on the disk, which takes seconds: a power failure within the next
        // moments would cost what can be made again.
        initdb.args(["--auth", "trust", "--no-instructions", "--no-sync"]);
        run(initdb, "make a database cluster", None).await?;
        cluster.configure(purpose)?;

        let mut single = program(installation, "postgres", &cluster.place, owner);
        single.arg("--single").arg("-F").arg("-D").arg(&data).arg("postgres");
        let more = match purpose {
            Purpose::Kept => "NOCREATEDB",
            // A test suite wants a database for each test.
            Purpose::Throwaway => "CREATEDB CREATEROLE",
        };
        let setup = format!(
            "ALTER ROLE {SUPERUSER} PASSWORD '{superuser_password}'\n\
             CREATE ROLE {ROLE} LOGIN NOSUPERUSER {more} PASSWORD '{}'\n\
             CREATE DATABASE {ROLE} OWNER {ROLE}\n",
            cluster.password
        );
        run(single, "set up the database", Some(setup)).await?;
        Ok(cluster)
    }

    /// Returns the address of the database, for any client of PostgreSQL.
    pub(crate) fn url(&self) -> String {
        format!("postgres://{ROLE}:{}@{}/{ROLE}", self.password, ports::local(self.port))
    }

    /// Returns the folder that PostgreSQL knows.
    pub(crate) fn data(&self) -> PathBuf {
        self.place.join("data")
    }

    /// Returns the arguments that start the server in the foreground.
    pub(crate) fn server_args(&self) -> Vec<String> {
        vec!["-D".to_owned(), self.data().display().to_string(), "-p".to_owned(), self.port.to_string()]
    }

    /// Tells whether the server with this process number accepts connections.
    pub(crate) fn ready(&self, pid: i32) -> bool {
        let lock = self.lock_lines();
        lock.first().is_some_and(|line| *line == pid.to_string())
            && lock.get(7).is_some_and(|status| status.trim() == "ready")
    }

    /// Returns the server that runs on this cluster, whoever started it.
    pub(crate) fn server(&self) -> Option<Mark> {
        let pid = self.lock_lines().first()?.trim().parse().ok()?;
        Mark::of(pid).filter(|mark| mark.mentions(&self.data().display().to_string()))
    }

    /// Makes the server pass over the lock of one that was killed, should another program have its number by now.
    ///
    /// The file is not removed: its other lines let the server see whether processes of the killed one still use its
    /// shared memory. The server ignores a lock that names its parent, which is this process.
    pub(crate) fn forgive_stale_lock(&self) -> Result<(), Fault> {
        let doing = || format!("write {}", self.data().join(LOCK).display());
        let mut lock = match self.open(LOCK) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            opened => opened.or_fault(doing)?,
        };
        let text = lock.read().or_fault(doing)?;
        let Some((_, rest)) = text.split_once('\n') else { return Ok(()) };
        lock.rewrite(&format!("{}\n{rest}", std::process::id())).or_fault(doing)
    }

    /// Deletes the cluster.
    pub(crate) fn delete(&self) -> Result<(), Fault> {
        delete(&self.place)
    }

    /// Writes the settings and who may connect: everybody who knows the password, over loopback.
    fn configure(&self, purpose: Purpose) -> Result<(), Fault> {
        let durability = match purpose {
            Purpose::Kept => "shared_buffers = '32MB'\nmax_connections = 100\nmax_wal_size = '256MB'\n",
            // Autovacuum in a database keeps its owner, who is no superuser, from dropping it by force.
            Purpose::Throwaway => {
                "autovacuum = off\nshared_buffers = '128MB'\nmax_connections = 200\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
            }
        };
        let doing = || "configure the database cluster".to_owned();
        // Both files are there already and belong to the cluster's owner; writing into them keeps that.
        let mut conf = self.open("postgresql.conf").or_fault(doing)?;
        let given = conf.read().or_fault(doing)?;
        conf.rewrite(&format!("{given}\n# FluxGate{COMMON}{durability}")).or_fault(doing)?;
        let mut hba = self.open("pg_hba.conf").or_fault(doing)?;
        hba.rewrite("host all all 127.0.0.1/32 scram-sha-256\n").or_fault(doing)
    }

    /// Opens one of PostgreSQL's files.
    fn open(&self, name: &str) -> io::Result<Guarded> {
        // Only we can put another folder in its place, so this is the cluster's owner.
        let owner = std::fs::symlink_metadata(&self.place)?.uid();
        Guarded::open(&self.data().join(name), owner)
    }

    fn lock_lines(&self) -> Vec<String> {
        self.open(LOCK)
            .and_then(|mut lock| lock.read())
            .map(|text| text.lines().map(str::to_owned).collect())
            .unwrap_or_default()
    }
}

/// Deletes the folder of a cluster that was made here; a missing one is fine.
pub(crate) fn delete(place: &Path) -> Result<(), Fault> {
    let doing = || format!("delete the database in {}", place.display());
    let Some(folder) = there(place).or_fault(doing)? else { return Ok(()) };
    let marked =
        folder.is_dir() && there(&place.join(MARKER)).or_fault(doing)?.is_some_and(|marker| marker.is_file());
    if marked {
        // The marker goes last, so that the next try goes on where this one was cut off.
        for path in [&place.join("data"), place] {
            match std::fs::remove_dir_all(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                result => result.or_fault(doing)?,
            }
        }
        return Ok(());
    }
    // A start that was cut off right after making it left it empty. No other goes this way.
    std::fs::remove_dir(place).map_err(|_| {
        Fault::new(format!(
            "{} lacks the marker of fgctl dev ({MARKER}), and is not deleted",
            place.display()
        ))
        .hint("delete it yourself, or take another folder: --data-dir FOLDER")
    })
}

/// Returns what stands at a path, a link as a link; nothing when nothing does.
fn there(path: &Path) -> io::Result<Option<Metadata>> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

/// Returns one of PostgreSQL's programs, to be run as the cluster's owner in a folder that this user can enter.
fn program(installation: &Installation, name: &str, place: &Path, owner: Option<Owner>) -> Command {
    let mut command = Command::new(installation.program(name));
    command.current_dir(place).kill_on_drop(true).process_group(0);
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    command
}

/// Runs a program to its end, with what it reads; its complaints become the fault.
async fn run(mut command: Command, doing: &'static str, input: Option<String>) -> Result<(), Fault> {
    let what = || doing.to_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().or_fault(what)?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        stdin.write_all(input.as_bytes()).await.or_fault(what)?;
    }
    let output = child.wait_with_output().await.or_fault(what)?;
    let said = String::from_utf8_lossy(&output.stderr);
    // In its single-user form the server ends well even after a statement that failed.
    let complaint = said
        .lines()
        .find(|line| ["error:", "ERROR:", "FATAL:", "PANIC:"].iter().any(|word| line.contains(word)));
    match complaint {
        None if output.status.success() => Ok(()),
        Some(line) => Err(Fault::new(format!("cannot {doing}: {}", line.trim()))),
        None => Err(Fault::new(format!("cannot {doing}: {}, {}", output.status, said.trim()))),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_what_was_made_here_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("postgres");
        delete(&place).unwrap();

        owner::make_private(&place, None).unwrap();
        std::fs::create_dir(place.join("data")).unwrap();
        std::fs::write(place.join("data/PG_VERSION"), "15").unwrap();
        delete(&place).unwrap();
        assert!(!place.exists());

        std::fs::create_dir(&place).unwrap();
        delete(&place).unwrap();
        assert!(!place.exists(), "an empty one is no loss");

        let others = folder.path().join("others");
        owner::make_private(&others, None).unwrap();
        symlink(&others, &place).unwrap();
        delete(&place).unwrap_err();
        std::fs::remove_file(&place).unwrap();

        std::fs::create_dir(&place).unwrap();
        std::fs::write(place.join("thesis"), "years").unwrap();
        let fault = delete(&place).unwrap_err();
        assert!(fault.message.contains(&place.display().to_string()), "{fault}");
        symlink(others.join(MARKER), place.join(MARKER)).unwrap();
        delete(&place).unwrap_err();
        assert_eq!(std::fs::read(place.join("thesis")).unwrap(), b"years");
    }

    #[test]
    fn a_stale_lock_is_forgiven_but_no_link_followed() {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Cluster {
            place: folder.path().join("postgres"),
            port: 1,
            major: 15,
            password: String::new(),
            superuser_password: None,
        };
        std::fs::create_dir_all(cluster.data()).unwrap();
        cluster.forgive_stale_lock().unwrap();
        let lock = cluster.data().join(LOCK);
        std::fs::write(&lock, "7\n/data\n1\n").unwrap();
        cluster.forgive_stale_lock().unwrap();
        let forgiven = format!("{}\n/data\n1\n", std::process::id());
        assert_eq!(std::fs::read_to_string(&lock).unwrap(), forgiven);

        let target = folder.path().join("target");
        std::fs::rename(&lock, &target).unwrap();
        symlink(&target, &lock).unwrap();
        assert!(cluster.lock_lines().is_empty());
        cluster.forgive_stale_lock().unwrap_err();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), forgiven);
    }
}
