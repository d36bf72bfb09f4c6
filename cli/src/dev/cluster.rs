//! A database cluster of our own: made once, then started on the loopback address with a password that only the data
//! folder knows.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::fault::{Fault, OrFault};
use super::mark::Mark;
use super::owner::{self, Owner};
use super::postgres::Installation;
use super::{ports, secret};

/// The role that owns everything in the cluster, and the name of its database.
const ROLE: &str = "fluxgate";

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
}

impl Cluster {
    /// Makes a cluster with an empty database in `place`, which must not be there yet or be empty.
    pub(crate) async fn create(
        installation: &Installation,
        place: PathBuf,
        owner: Option<Owner>,
        purpose: Purpose,
    ) -> Result<Self, Fault> {
        owner::make_private(&place, owner)?;
        let cluster =
            Self { place, port: ports::any_free()?, major: installation.major, password: secret::text() };
        let data = cluster.data();
        let mut initdb = program(installation, "initdb", &cluster.place, owner);
        initdb.arg("--pgdata").arg(&data).args(["--username", ROLE, "--encoding", "UTF8", "--locale", "C"]);
        // A new cluster is not waited for until it is on the disk, which takes seconds: a power failure within the next
        // moments would cost what can be made again.
        initdb.args(["--auth", "trust", "--no-instructions", "--no-sync"]);
        run(initdb, "make a database cluster", None).await?;
        cluster.configure(purpose)?;

        let mut single = program(installation, "postgres", &cluster.place, owner);
        single.arg("--single").arg("-F").arg("-D").arg(&data).arg("postgres");
        let setup = format!(
            "ALTER ROLE {ROLE} PASSWORD '{}'\nCREATE DATABASE {ROLE} OWNER {ROLE}\n",
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
        let mut lines = self.lock_lines();
        let Some(first) = lines.first_mut() else { return Ok(()) };
        *first = std::process::id().to_string();
        let path = self.lock_path();
        std::fs::write(&path, lines.join("\n") + "\n").or_fault(|| format!("write {}", path.display()))
    }

    /// Deletes the cluster.
    pub(crate) fn delete(&self) -> Result<(), Fault> {
        delete(&self.place)
    }

    /// Writes the settings and who may connect: everybody who knows the password, over loopback.
    fn configure(&self, purpose: Purpose) -> Result<(), Fault> {
        let durability = match purpose {
            Purpose::Kept => "shared_buffers = '32MB'\nmax_connections = 100\nmax_wal_size = '256MB'\n",
            Purpose::Throwaway => {
                "shared_buffers = '128MB'\nmax_connections = 200\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
            }
        };
        let doing = || "configure the database cluster".to_owned();
        // Both files are there already and belong to the cluster's owner; writing into them keeps that.
        let conf = self.data().join("postgresql.conf");
        let given = std::fs::read_to_string(&conf).or_fault(doing)?;
        std::fs::write(&conf, format!("{given}\n# FluxGate{COMMON}{durability}")).or_fault(doing)?;
        std::fs::write(self.data().join("pg_hba.conf"), "host all all 127.0.0.1/32 scram-sha-256\n")
            .or_fault(doing)
    }

    fn lock_path(&self) -> PathBuf {
        self.data().join("postmaster.pid")
    }

    fn lock_lines(&self) -> Vec<String> {
        std::fs::read_to_string(self.lock_path())
            .map(|text| text.lines().map(str::to_owned).collect())
            .unwrap_or_default()
    }
}

/// Deletes a cluster's folder; a missing one is fine.
pub(crate) fn delete(place: &Path) -> Result<(), Fault> {
    match std::fs::remove_dir_all(place) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Fault::new(format!("cannot delete the database in {}: {error}", place.display())))
        }
        _ => Ok(()),
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
