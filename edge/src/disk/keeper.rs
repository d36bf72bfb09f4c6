//! Writes what is held, off the way of everything else: on a thread of its own, however long the disk takes.

use std::future::pending;
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::{error, info, warn};
use uuid::Uuid;

use super::folder::{Folder, Opened};
use super::pace::Pace;
use super::status::DiskStatus;
use crate::clock::Clock;
use crate::sync::Image;

/// How long may the last write take when the edge stops?
const FAREWELL: Duration = Duration::from_secs(3);

/// Keeps what is held on disk, where there is one.
#[derive(Debug)]
pub struct Keeper {
    pace: Pace,
    /// None while it is being written in, or for good without a disk.
    folder: Option<Folder>,
    writing: Option<oneshot::Receiver<Written>>,
    /// How often to write without a change.
    refresh: Option<Duration>,
    status: DiskStatus,
    /// Who this edge is, by the folder, once that is its own.
    edge_id: Option<Uuid>,
}

#[derive(Debug)]
struct Written {
    folder: Folder,
    image: Option<Image>,
    result: io::Result<Uuid>,
}

impl Keeper {
    /// Keeps nothing.
    pub fn none() -> Self {
        let status = DiskStatus::default();
        Self { pace: Pace::default(), folder: None, writing: None, refresh: None, status, edge_id: None }
    }

    /// Writes in a folder in which `found` stands, at least every `refresh` where that is given. Reports what is wrong there.
    pub fn new(opened: Opened, found: Option<(Uuid, u64)>, refresh: Option<Duration>) -> Self {
        let Opened { folder, failing, set_aside, edge_id, .. } = opened;
        note_set_aside(&folder, &set_aside);
        if let Some(why) = &failing {
            error!(folder = %folder.path().display(), %why, "the disk cannot be used; going on without");
        }
        let status = DiskStatus {
            folder: Some(folder.path().to_owned()),
            saved: found,
            saved_ms: None,
            errors: u64::from(failing.is_some()),
            failing,
            set_aside,
        };
        let mut pace = Pace::default();
        if edge_id.is_none() {
            // It is to be this edge's own, also if nothing changes.
            pace.failed(Duration::ZERO);
        }
        Self { pace, folder: Some(folder), writing: None, refresh, status, edge_id }
    }

    /// Returns where the folder is, and who this edge is by it; none before it is its own.
    pub fn home(&self) -> Option<(PathBuf, Uuid)> {
        self.status.folder.clone().zip(self.edge_id)
    }

    /// Describes the disk.
    pub fn status(&self) -> &DiskStatus {
        &self.status
    }

    /// Takes note that what is held changed.
    pub fn changed(&mut self) {
        self.pace.changed();
    }

    /// Waits until a write ended (true) or should begin (false); can be cancelled without losing anything.
    pub async fn next(&mut self, clock: Clock) -> bool {
        if let Some(writing) = &mut self.writing {
            let written = writing.await.ok();
            self.ended(written, clock);
            return true;
        }
        match self.pace.due() {
            Some(due) if self.folder.is_some() => {
                tokio::time::sleep_until(tokio::time::Instant::from_std(clock.instant(due))).await;
                false
            }
            _ => pending().await,
        }
    }

    /// Begins to write, unless that is going on.
    pub fn begin(&mut self, image: Option<Image>, clock: Clock) {
        if image.is_none() && self.edge_id.is_some() {
            return self.pace.begun(clock.now().elapsed, None);
        }
        let Some(mut folder) = self.folder.take() else { return };
        self.pace.begun(clock.now().elapsed, self.refresh);
        let (sender, writing) = oneshot::channel();
        self.writing = Some(writing);
        let write = move || {
            let result = folder.take();
            let saved = |id| image.as_ref().map_or(Ok(id), |image| folder.save(image).map(|()| id));
            let result = result.and_then(saved);
            // Nobody waits for it when the edge has stopped.
            let _ = sender.send(Written { folder, image, result });
        };
        // Without a thread the channel closes, and `next` says so.
        if let Err(error) = thread::Builder::new().name("state".to_owned()).spawn(write) {
            warn!(%error, "no thread to write with");
        }
    }

    fn ended(&mut self, written: Option<Written>, clock: Clock) {
        self.writing = None;
        let now = clock.now();
        let Some(Written { mut folder, image, result }) = written else {
            self.fail("the thread that writes is gone".to_owned(), now.elapsed);
            return;
        };
        let set_aside = folder.set_aside();
        note_set_aside(&folder, &set_aside);
        self.status.set_aside.extend(set_aside);
        match result {
            Ok(id) => {
                if self.status.failing.take().is_some() {
                    info!(folder = %folder.path().display(), "the disk can be used again");
                }
                self.edge_id = Some(id);
                if let Some(image) = image {
                    self.status.saved = Some((image.epoch, image.revision));
                    self.status.saved_ms = Some(now.unix_ms);
                }
            }
            Err(why) => self.fail(why.to_string(), now.elapsed),
        }
        self.folder = Some(folder);
    }

    fn fail(&mut self, why: String, elapsed: Duration) {
        if self.status.failing.is_none() {
            error!(%why, "what is served cannot be kept on disk; going on without");
        }
        self.status.failing = Some(why);
        self.status.errors += 1;
        self.pace.failed(elapsed);
    }

    /// Writes what was not written yet, for as long as that may take at the end.
    pub async fn finish(&mut self, image: Option<Image>, clock: Clock) {
        let rest = async {
            if self.writing.is_some() {
                self.next(clock).await;
            }
            if self.pace.is_behind() && self.folder.is_some() {
                self.begin(image, clock);
                if self.writing.is_some() {
                    self.next(clock).await;
                }
            }
        };
        if tokio::time::timeout(FAREWELL, rest).await.is_err() {
            warn!("the disk is too slow; what changed last is not on it");
        }
    }
}

/// Tells what is wrong in a folder.
fn note_set_aside(folder: &Folder, set_aside: &[String]) {
    for what in set_aside {
        error!(folder = %folder.path().display(), "kept on disk: {what}");
    }
}
