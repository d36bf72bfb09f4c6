//! A whole run, from the lock to the last process ended: what `fgctl dev` does in the foreground, and what its
//! background process does too.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::cluster::{self, Cluster};
use super::context;
use super::fault::{Fault, OrFault};
use super::folder::Folder;
use super::journal::{Journal, Phase};
use super::owner::{self, Owner};
use super::ports::Ports;
use super::report::{Line, Report, Tell};
use super::settings::Settings;
use super::status::{self, State, Status};
use super::system::System;
use super::{database, leftovers, stop};

/// How long may somebody else's start take, until we stop waiting for it?
const PATIENCE: Duration = Duration::from_secs(180);

/// How often do we try to take a lock that somebody only looks at?
const TRIES: usize = 20;

/// How often is it looked at?
const LOOK: Duration = Duration::from_millis(50);

/// How a system is to be started.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) data_dir: PathBuf,
    pub(crate) ports: Ports,
    pub(crate) database_url: Option<String>,
    pub(crate) reset: bool,
    /// The saved connection to write.
    pub(crate) context: String,
}

impl Options {
    /// Checks that what is asked for does not contradict itself or what the folder has.
    pub(crate) fn agree(&self, folder: &Folder) -> Result<(), Fault> {
        let settings = match Settings::read(folder) {
            // Settings that cannot be read are one of the reasons to start anew.
            Err(_) if self.reset => None,
            settings => settings?,
        };
        database::agree(settings.as_ref(), self.database_url.as_deref(), self.reset)
    }
}

/// How a run ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It ran until it was told to stop.
    Stopped,
    /// Another process runs this system already.
    RunsAlready(Box<Status>),
}

/// Runs a system until a signal ends it.
pub(crate) async fn run(options: Options, tell: Tell) -> Result<Outcome, Fault> {
    let mut signals = Signals::listen()?;
    let folder = Folder::open(&options.data_dir)?;
    options.agree(&folder)?;
    if options.reset {
        stop::stop(&folder).await?;
    }
    let _lock = match claim(&folder).await? {
        Claim::Ours(lock) => lock,
        Claim::Theirs(status) => return Ok(Outcome::RunsAlready(status)),
    };
    let left = leftovers::stop(&folder).await?;
    let journal = Arc::new(Journal::begin(&folder, options.ports)?);
    let report = Report::new(tell.clone(), Arc::clone(&journal));
    if !left.is_empty() {
        report.note(format!("stopped what an earlier run left behind: {}", left.join(", ")));
    }

    let mut system = System::new(folder.clone(), options.ports, report.clone());
    let up = async {
        if options.reset {
            reset(&folder)?;
        }
        options.ports.check_free()?;
        system.start(options.database_url.clone()).await
    };
    let up = tokio::select! {
        result = up => result,
        () = signals.any() => Err(Fault::stopped()),
    };
    let result = match up {
        Ok(settings) => {
            context::save(&options.context, options.ports, &report).await;
            announce(&folder, &settings, &journal, &tell)
        }
        Err(fault) => Err(fault),
    };
    if result.is_ok() {
        signals.any().await;
    }
    report.doing("stopping");
    system.stop().await;
    match result {
        Ok(()) => journal.end()?,
        // Kept for whoever waits in front of us.
        Err(ref fault) => journal.change(|run| run.phase = Phase::Failed(fault.clone()))?,
    }
    result.map(|()| Outcome::Stopped)
}

/// Whose a folder is.
#[derive(Debug)]
pub(crate) enum Claim {
    /// Ours while the lock is held.
    Ours(File),
    /// Another process's, whose system is well.
    Theirs(Box<Status>),
}

/// Takes a folder's lock, or waits until the system of the process that holds it is well.
pub(crate) async fn claim(folder: &Folder) -> Result<Claim, Fault> {
    for _ in 0..TRIES {
        if let Some(lock) = folder.lock()? {
            return Ok(Claim::Ours(lock));
        }
        if let Some(status) = healthy(folder).await? {
            return Ok(Claim::Theirs(status));
        }
        // Somebody only looked, or a system has just ended.
        tokio::time::sleep(LOOK).await;
    }
    Err(Fault::new("another process keeps the lock of the data folder, but runs no system"))
}

/// Waits until a system that another process runs is well; nothing when none runs.
pub(crate) async fn healthy(folder: &Folder) -> Result<Option<Box<Status>>, Fault> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let state = status::look(folder).await?;
        let late = tokio::time::Instant::now() >= deadline;
        match state {
            State::Healthy(status) => return Ok(Some(status)),
            State::Absent => return Ok(None),
            State::Starting(_) | State::Failing(..) if !late => tokio::time::sleep(LOOK).await,
            State::Starting(doing) => {
                let doing = doing.unwrap_or_else(|| "start".to_owned());
                return Err(Fault::new(format!(
                    "the system is being started by another process, still at: {doing}"
                )));
            }
            State::Failing(_, parts) => {
                let parts: Vec<&str> = parts.into_iter().map(super::part::Part::title).collect();
                return Err(Fault::new(format!("the system runs, but not well: {}", parts.join(", ")))
                    .hint("fgctl dev stop, then fgctl dev"));
            }
        }
    }
}

/// Says that all of it is up, to the person and to whoever waits in front of us.
fn announce(folder: &Folder, settings: &Settings, journal: &Journal, tell: &Tell) -> Result<(), Fault> {
    let mut now = None;
    journal.change(|run| {
        run.phase = Phase::Ready;
        now = Some(run.clone());
    })?;
    if let Some(run) = now {
        // Nobody may be listening any more; the system runs all the same.
        let _ = tell.send(Line::Ready(Box::new(status::describe(folder, settings, &run)?)));
    }
    Ok(())
}

/// Deletes the database and everything that belongs to it.
fn reset(folder: &Folder) -> Result<(), Fault> {
    match Settings::read(folder) {
        // One that was given has been refused before.
        Ok(Some(settings)) => settings.cluster().map_or(Ok(()), Cluster::delete)?,
        // Settings that cannot be read are one of the reasons to start anew.
        Ok(None) | Err(_) => cluster::delete(&owner::place(folder.path(), Owner::needed()?))?,
    }
    folder.clear()
}

/// The signals that end a system: Ctrl-C, `kill`, and the terminal that is closed.
struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> Result<Self, Fault> {
        let on = |kind| signal(kind).or_fault(|| "listen for signals".to_owned());
        Ok(Self([on(SignalKind::interrupt())?, on(SignalKind::terminate())?, on(SignalKind::hangup())?]))
    }

    async fn any(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => (),
            _ = terminate.recv() => (),
            _ = hangup.recv() => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_only_looks_does_not_keep_a_start_from_the_lock() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let looking = folder.look().unwrap();
        assert!(looking.is_some());
        let (claim, ()) = tokio::join!(claim(&folder), async {
            tokio::time::sleep(LOOK * 2).await;
            drop(looking);
        });
        assert!(matches!(claim.unwrap(), Claim::Ours(_)));
    }
}
