//! How one part of a system is started and ended.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

use super::fault::{Fault, OrFault};
use super::folder::last_lines;
use super::mark::Mark;
use super::owner::Owner;
use super::part::Part;

/// How many lines of a log are shown when its writer failed?
const LAST_LINES: usize = 5;

/// A program to run, and everything that it is given.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) part: Part,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(&'static str, OsString)>,
    /// Where it runs; its user must be able to enter.
    pub(crate) folder: PathBuf,
    pub(crate) owner: Option<Owner>,
    pub(crate) log: PathBuf,
}

impl Service {
    /// Starts it, in a process group of its own: the terminal's Ctrl-C reaches only us, and we end it in order.
    pub(crate) fn spawn(&self) -> Result<(Child, Option<Mark>), Fault> {
        let doing = || format!("start {} ({})", self.part.title(), self.program.display());
        let log = File::options().create(true).append(true).mode(0o600).open(&self.log).or_fault(doing)?;
        let errors = log.try_clone().or_fault(doing)?;
        let mut command = Command::new(&self.program);
        for (name, _) in env::vars_os().filter(|(name, _)| meant_for_servers(name)) {
            command.env_remove(name);
        }
        command
            .args(&self.args)
            .envs(self.env.iter().map(|(key, value)| (key, value)))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0);
        if let Some(owner) = self.owner {
            command.uid(owner.uid).gid(owner.gid);
        }
        let child = command.spawn().or_fault(doing)?;
        let mark = Mark::of_child(child.id());
        Ok((child, mark))
    }

    /// Returns the fault of a service that did not come up, with its last words.
    pub(crate) fn fault(&self, what: &str) -> Fault {
        Fault::new(format!("the {} {what}", self.part.title()))
            .details(last_lines(&self.log, LAST_LINES))
            .hint(format!("its log is {}", self.log.display()))
    }

    /// Starts a new log; the former one is kept beside it.
    pub(crate) fn turn_log(&self) -> Result<(), Fault> {
        let former = self.log.with_extension("log.1");
        match std::fs::rename(&self.log, former) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Fault::new(format!("cannot turn the log {}: {error}", self.log.display())))
            }
            _ => Ok(()),
        }
    }
}

/// Tells whether a variable would change what a server does. Those that are set here are set for another one; only what
/// is logged may be chosen.
fn meant_for_servers(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let settings = ["FLUXGATE_", "EDGE_", "DATABASE_", "PG"];
    settings.iter().any(|prefix| name.starts_with(prefix)) && !name.ends_with("_LOG")
}

/// Ends a child: politely first. False when it does not end at all.
pub(crate) async fn end(child: &mut Child, part: Part) -> bool {
    for (signal, patience) in ending(part) {
        // Until it is waited for, its number is nobody else's.
        let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()) else { return true };
        if kill(Pid::from_raw(pid), *signal).is_err() {
            return false;
        }
        if tokio::time::timeout(*patience, child.wait()).await.is_ok() {
            return true;
        }
    }
    false
}

/// Returns how a part is told to end: politely first, each time with some patience.
pub(crate) fn ending(part: Part) -> &'static [(Signal, Duration)] {
    const LONG: Duration = Duration::from_secs(10);
    const SHORT: Duration = Duration::from_secs(3);
    match part {
        // Fast shutdown: sessions are ended, everything is written. Then immediate, which needs recovery at the next start.
        Part::Postgres => &[(Signal::SIGINT, LONG), (Signal::SIGQUIT, SHORT), (Signal::SIGKILL, SHORT)],
        Part::Backend | Part::Edge => &[(Signal::SIGTERM, LONG), (Signal::SIGKILL, SHORT)],
    }
}
