//! What a running system says of itself in a file, for the commands beside it: its processes, how far its start has
//! come, and why that failed. After a `kill -9` it tells the next start what was left behind.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::fault::{Fault, OrFault};
use super::folder::{Folder, read_if_there, remove, write_private};
use super::mark::Mark;
use super::part::Part;
use super::ports::Ports;

/// One run of a system.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    /// The process that keeps the others running.
    pub(crate) supervisor: Mark,
    pub(crate) ports: Ports,
    pub(crate) phase: Phase,
    /// What is being done now.
    pub(crate) doing: Option<String>,
    pub(crate) steps: Vec<Step>,
    pub(crate) postgres: Option<Mark>,
    pub(crate) backend: Option<Mark>,
    pub(crate) edge: Option<Mark>,
}

/// How far a start has come.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Phase {
    Starting,
    Ready,
    Failed(Fault),
}

/// One thing that was told on the way up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) text: String,
    /// How long it took; a warning takes no time.
    pub(crate) took: Option<Duration>,
}

impl Run {
    /// Reads the file; nothing when no system ran here, or its last one ended well.
    pub(crate) fn read(folder: &Folder) -> Result<Option<Self>, Fault> {
        // One that cannot be read was written by another version: then the lock alone tells whether it runs.
        Ok(read_if_there(&folder.run())?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Returns the process of a part, if it was started.
    pub(crate) fn mark(&self, part: Part) -> Option<&Mark> {
        match part {
            Part::Postgres => self.postgres.as_ref(),
            Part::Backend => self.backend.as_ref(),
            Part::Edge => self.edge.as_ref(),
        }
    }
}

/// The file of the run that this process supervises.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    run: Mutex<Run>,
}

impl Journal {
    /// Begins the file of a new run.
    pub(crate) fn begin(folder: &Folder, ports: Ports) -> Result<Self, Fault> {
        let supervisor = Mark::of_child(Some(std::process::id()))
            .ok_or_else(|| Fault::new("cannot look at our own process (is /proc mounted?)"))?;
        let run = Run {
            supervisor,
            ports,
            phase: Phase::Starting,
            doing: None,
            steps: Vec::new(),
            postgres: None,
            backend: None,
            edge: None,
        };
        let journal = Self { path: folder.run(), run: Mutex::new(run) };
        journal.change(|_| ())?;
        Ok(journal)
    }

    /// Changes what the file says.
    pub(crate) fn change(&self, how: impl FnOnce(&mut Run)) -> Result<(), Fault> {
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        how(&mut run);
        let text = serde_json::to_string_pretty(&*run).or_fault(|| "write the run's file".to_owned())?;
        write_private(&self.path, &text)
    }

    /// Notes the process of a part, or that it has none now.
    pub(crate) fn note(&self, part: Part, mark: Option<Mark>) -> Result<(), Fault> {
        self.change(|run| {
            *match part {
                Part::Postgres => &mut run.postgres,
                Part::Backend => &mut run.backend,
                Part::Edge => &mut run.edge,
            } = mark;
        })
    }

    /// Ends the file: nothing of this run is left.
    pub(crate) fn end(&self) -> Result<(), Fault> {
        remove(&self.path)
    }
}
