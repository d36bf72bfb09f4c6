//! What the stream and the HTTP server share: the served state, what sticky splits served, what was counted, and
//! how stream and disk fare, each
//! read without a lock.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use fluxgate_proto::unit::UnitKey;
use tokio::sync::watch;
use uuid::Uuid;

use crate::assignment::Assignments;
use crate::count::Counting;
use crate::disk::DiskStatus;
use crate::feeds::Feeds;
use crate::spool::SpoolStatus;
use crate::state::State;
use crate::sync::StreamStatus;

/// One running edge.
#[derive(Debug)]
pub struct Edge {
    state: ArcSwapOption<State>,
    stream: ArcSwap<StreamStatus>,
    disk: ArcSwap<DiskStatus>,
    feeds: Feeds,
    assignments: Assignments,
    unit_key: watch::Sender<Option<UnitKey>>,
    client: watch::Sender<Option<Uuid>>,
    counting: Arc<Counting>,
    spool: ArcSwap<SpoolStatus>,
    home: watch::Sender<Option<(PathBuf, Uuid)>>,
    id: watch::Sender<Uuid>,
}

impl Edge {
    /// Starts with nothing to serve.
    pub fn new(stream: StreamStatus, disk: DiskStatus) -> Self {
        let id = watch::Sender::new(stream.edge_id);
        let (stream, disk) = (ArcSwap::from_pointee(stream), ArcSwap::from_pointee(disk));
        Self {
            state: ArcSwapOption::empty(),
            stream,
            disk,
            feeds: Feeds::new(),
            assignments: Assignments::new(),
            unit_key: watch::Sender::new(None),
            client: watch::Sender::new(None),
            counting: Arc::default(),
            spool: ArcSwap::default(),
            home: watch::Sender::new(None),
            id,
        }
    }

    /// Serves a state from now on, and tells those who follow what changed.
    pub fn serve(&self, state: Arc<State>) {
        let now = Arc::clone(&state);
        let before = self.state.swap(Some(state));
        self.feeds.tell(before.as_deref(), &now);
    }

    /// Notes what the stream is doing.
    pub fn report(&self, stream: StreamStatus) {
        self.stream.store(Arc::new(stream));
    }

    /// Notes how the disk fares.
    pub fn report_disk(&self, disk: DiskStatus) {
        self.disk.store(Arc::new(disk));
    }

    /// Returns what is served; none before the first snapshot.
    pub fn state(&self) -> Guard<Option<Arc<State>>> {
        self.state.load()
    }

    /// Returns where to follow what changes.
    pub fn feeds(&self) -> &Feeds {
        &self.feeds
    }

    /// Returns what sticky splits served.
    pub(crate) fn assignments(&self) -> &Assignments {
        &self.assignments
    }

    /// Notes what units are hashed with before they are told.
    pub fn set_unit_key(&self, key: UnitKey) {
        self.unit_key.send_replace(Some(key));
    }

    /// Returns what units are hashed with, now and later; none before a backend has said it.
    pub(crate) fn unit_key(&self) -> watch::Receiver<Option<UnitKey>> {
        self.unit_key.subscribe()
    }

    /// Notes whom the backend takes this edge for.
    pub fn set_client(&self, client: Uuid) {
        self.client.send_replace(Some(client));
    }

    /// Returns whom the backend takes this edge for, now and later; none before it has said so.
    pub(crate) fn client(&self) -> watch::Receiver<Option<Uuid>> {
        self.client.subscribe()
    }

    /// Notes which folder is this edge's own, and who it is by that.
    pub fn set_home(&self, home: Option<(PathBuf, Uuid)>) {
        self.home.send_if_modified(|before| {
            let changed = *before != home;
            *before = home;
            changed
        });
    }

    /// Returns which folder is this edge's own and who it is by that, now and later; none before there is one.
    pub(crate) fn home(&self) -> watch::Receiver<Option<(PathBuf, Uuid)>> {
        self.home.subscribe()
    }

    /// Notes who this edge is: whose numbers its batches have.
    pub(crate) fn set_id(&self, id: Uuid) {
        self.id.send_if_modified(|before| std::mem::replace(before, id) != id);
    }

    /// Returns who this edge is, now and later.
    pub(crate) fn id(&self) -> watch::Receiver<Uuid> {
        self.id.subscribe()
    }

    /// Returns what was counted.
    pub fn counting(&self) -> &Arc<Counting> {
        &self.counting
    }

    /// Notes how the spool of events fares.
    pub fn report_spool(&self, spool: SpoolStatus) {
        self.spool.store(Arc::new(spool));
    }

    /// Returns how the spool of events fares.
    pub fn spool(&self) -> Arc<SpoolStatus> {
        self.spool.load_full()
    }

    /// Returns what the stream is doing.
    pub fn stream(&self) -> Arc<StreamStatus> {
        self.stream.load_full()
    }

    /// Returns how the disk fares.
    pub fn disk(&self) -> Arc<DiskStatus> {
        self.disk.load_full()
    }
}
