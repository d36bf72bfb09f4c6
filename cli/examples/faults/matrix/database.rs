//! A real PostgreSQL that can be killed, frozen, dumped and restored.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::Outcome;
use super::dev::cluster::{Cluster, Purpose};
use super::dev::owner::Owner;
use super::dev::postgres::{self, Installation};

/// How long may it take to come up, or to end?
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Database {
    installation: Installation,
    cluster: Cluster,
    owner: Option<Owner>,
    log: PathBuf,
    child: Option<Child>,
}

impl Database {
    /// Makes a cluster in a folder and starts it.
    pub(super) async fn start(place: &Path) -> Outcome<Self> {
        let found = postgres::find(None)?;
        let installation = found.ok_or("PostgreSQL is not installed: fgctl dev says how")?;
        let owner = Owner::needed()?;
        let cluster =
            Cluster::create(&installation, place.join("postgres"), owner, Purpose::Kept, &[]).await?;
        let log = place.join("postgres.log");
        let mut database = Self { installation, cluster, owner, log, child: None };
        database.up().await?;
        Ok(database)
    }

    pub(super) fn url(&self) -> String {
        self.cluster.url()
    }

    /// Starts the server and waits until it takes connections.
    pub(super) async fn up(&mut self) -> Outcome<()> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            self.cluster.forgive_stale_lock()?;
            let child = self.child.insert(self.spawn()?);
            let pid = child.id().and_then(|id| i32::try_from(id).ok()).unwrap_or_default();
            // Processes of one that was killed may still be in its memory; then this one ends.
            while child.try_wait()?.is_none() && Instant::now() < deadline {
                if self.cluster.ready(pid) {
                    return Ok(());
                }
                sleep(Duration::from_millis(10)).await;
            }
            sleep(Duration::from_millis(50)).await;
        }
        Err(format!("PostgreSQL does not start: see {}", self.log.display()).into())
    }

    fn spawn(&self) -> Outcome<Child> {
        let log = std::fs::File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(self.installation.program("postgres"));
        command.args(self.cluster.server_args()).current_dir(&self.cluster.place);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        if let Some(owner) = self.owner {
            command.uid(owner.uid).gid(owner.gid);
        }
        Ok(command.process_group(0).kill_on_drop(true).spawn()?)
    }

    fn pid(&self) -> Outcome<Pid> {
        let id = self.child.as_ref().and_then(Child::id).ok_or("PostgreSQL does not run")?;
        Ok(Pid::from_raw(i32::try_from(id)?))
    }

    /// Ends the server: SIGQUIT at once, SIGKILL without its knowing.
    pub(super) async fn end(&mut self, by: Signal) -> Outcome<()> {
        kill(self.pid()?, by)?;
        if let Some(mut child) = self.child.take() {
            timeout(PATIENCE, child.wait()).await.map_err(|_| "PostgreSQL does not end")??;
        }
        Ok(())
    }

    /// Sends a signal to the server and to all that work for it.
    pub(super) fn signal_all(&self, signal: Signal) -> Outcome<()> {
        let server = self.pid()?;
        for pid in std::iter::once(server).chain(children(server)) {
            // One that has just ended needs no signal.
            let _ = kill(pid, signal);
        }
        Ok(())
    }

    /// Runs SQL as the owner of the database; a row a line, fields apart by `|`.
    pub(super) async fn sql(&self, sql: &str) -> Outcome<Vec<Vec<String>>> {
        let url = self.url();
        let text = self.run("psql", &["-XAtqc", sql, &url]).await?;
        Ok(text.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect())
    }

    pub(super) async fn dump(&self, to: &Path) -> Outcome<()> {
        let (url, to) = (self.url(), to.display().to_string());
        self.run("pg_dump", &["--no-owner", "-f", &to, &url]).await?;
        Ok(())
    }

    /// Replaces everything by what was dumped, or nothing.
    pub(super) async fn restore(&self, from: &Path) -> Outcome<()> {
        let (url, from) = (self.url(), from.display().to_string());
        let all_or_nothing = ["-Xq", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-d", &url];
        let anew = ["-c", "DROP OWNED BY CURRENT_USER CASCADE", "-f", &from];
        self.run("psql", &[&all_or_nothing[..], &anew].concat()).await?;
        Ok(())
    }

    async fn run(&self, program: &str, args: &[&str]) -> Outcome<String> {
        let mut command = Command::new(self.installation.program(program));
        let output = timeout(PATIENCE, command.args(args).kill_on_drop(true).output());
        let output = output.await.map_err(|_| format!("{program} does not end"))??;
        if !output.status.success() {
            return Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Frozen ones, too, so that the folder can go.
        if let Ok(server) = self.pid() {
            for pid in children(server) {
                let _ = kill(pid, Signal::SIGKILL);
            }
        }
    }
}

/// Returns the processes that a process started.
fn children(parent: Pid) -> Vec<Pid> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).map(Pid::from_raw).collect()
}
