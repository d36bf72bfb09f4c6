//! One server as a process: started, stopped, frozen, killed, weighed.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::{Outcome, http};

/// How long may a server take to answer, or to end?
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Program {
    pub(super) name: String,
    path: PathBuf,
    env: Vec<(&'static str, OsString)>,
    log: PathBuf,
    /// Where it answers HTTP.
    pub(super) port: u16,
    child: Option<Child>,
}

impl Program {
    pub(super) fn new(name: String, path: PathBuf, log: PathBuf, port: u16) -> Self {
        Self { name, path, env: Vec::new(), log, port, child: None }
    }

    pub(super) fn set(&mut self, name: &'static str, value: impl Into<OsString>) {
        self.env.push((name, value.into()));
    }

    pub(super) fn start(&mut self) -> Outcome<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new("sh");
        // A file that may grow no more is an error like a full disk, and not the end of the process.
        command.args(["-c", "trap '' XFSZ; exec \"$0\""]).arg(&self.path);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["FLUXGATE_", "EDGE_", "DATABASE_", "PG"].iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value))).env("NO_COLOR", "1");
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.process_group(0).kill_on_drop(true).spawn()?);
        Ok(())
    }

    /// Waits until it answers.
    pub(super) async fn answers(&mut self, path: &str) -> Outcome<()> {
        let answered = async {
            while !http::get(self.port, path).await.is_ok_and(|reply| reply.status == 200) {
                if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                    return Err(format!("{} ended ({status}): see {}", self.name, self.log.display()));
                }
                sleep(Duration::from_millis(20)).await;
            }
            Ok(())
        };
        let late = || format!("{} does not answer: see {}", self.name, self.log.display());
        let answered = timeout(PATIENCE, answered).await;
        Ok(answered.unwrap_or_else(|_| Err(late()))?)
    }

    pub(super) fn pid(&self) -> Option<Pid> {
        let id = self.child.as_ref()?.id()?;
        i32::try_from(id).ok().map(Pid::from_raw)
    }

    pub(super) fn signal(&self, signal: Signal) -> Outcome<()> {
        let pid = self.pid().ok_or_else(|| format!("{} does not run", self.name))?;
        Ok(kill(pid, signal)?)
    }

    /// Ends it by a signal, and waits for that.
    pub(super) async fn end(&mut self, by: Signal) -> Outcome<()> {
        self.signal(by)?;
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let status = timeout(PATIENCE, child.wait()).await;
        let status = status.map_err(|_| format!("{} does not end", self.name))??;
        if by == Signal::SIGTERM && !status.success() {
            return Err(format!("{} ended badly: {status}, see {}", self.name, self.log.display()).into());
        }
        Ok(())
    }

    /// Returns how much memory it takes, in KiB.
    pub(super) fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix(" kB")?.trim().parse().ok()
    }

    /// Returns its log.
    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}
