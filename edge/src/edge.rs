//! What the stream and the HTTP server share: the served state, and how stream and disk fare, each read without a lock.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption, Guard};

use crate::disk::DiskStatus;
use crate::state::State;
use crate::sync::StreamStatus;

/// One running edge.
#[derive(Debug)]
pub struct Edge {
    state: ArcSwapOption<State>,
    stream: ArcSwap<StreamStatus>,
    disk: ArcSwap<DiskStatus>,
}

impl Edge {
    /// Starts with nothing to serve.
    pub fn new(stream: StreamStatus, disk: DiskStatus) -> Self {
        let (stream, disk) = (ArcSwap::from_pointee(stream), ArcSwap::from_pointee(disk));
        Self { state: ArcSwapOption::empty(), stream, disk }
    }

    /// Serves a state from now on.
    pub fn serve(&self, state: Arc<State>) {
        self.state.store(Some(state));
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

    /// Returns what the stream is doing.
    pub fn stream(&self) -> Arc<StreamStatus> {
        self.stream.load_full()
    }

    /// Returns how the disk fares.
    pub fn disk(&self) -> Arc<DiskStatus> {
        self.disk.load_full()
    }
}
