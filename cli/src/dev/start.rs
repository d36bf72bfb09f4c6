//! A whole run, from the lock to the last process ended: what `fgctl dev` does in the foreground, and what its
//! background process does too.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::cluster;
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
use super::{leftovers, stop};

/// How long may somebody else's start take, until we stop waiting for it?
const PATIENCE: Duration = Duration::from_secs(180);

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
    if options.reset && options.database_url.is_none() {
        stop::stop(&folder).await?;
    }
    let Some(_lock) = folder.lock()? else {
        return healthy(&folder).await.map(Outcome::RunsAlready);
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

/// Waits until a system that another process runs is well.
pub(crate) async fn healthy(folder: &Folder) -> Result<Box<Status>, Fault> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let state = status::look(folder).await?;
        let late = tokio::time::Instant::now() >= deadline;
        match state {
            State::Healthy(status) => return Ok(status),
            State::Absent => return Err(Fault::new("the system that was running has just ended")),
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
        Ok(Some(settings)) => match settings.cluster() {
            Some(cluster) => cluster.delete()?,
            None => {
                return Err(Fault::usage(
                    "--reset does not empty a database that was given with --database-url",
                )
                .hint("empty it yourself, or name another --data-dir"));
            }
        },
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
