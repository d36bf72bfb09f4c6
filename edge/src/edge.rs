//! What the stream and the HTTP server share: the served state and the stream's status, each read without a lock.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption, Guard};

use crate::state::State;
use crate::sync::StreamStatus;

/// One running edge.
#[derive(Debug)]
pub struct Edge {
    state: ArcSwapOption<State>,
    stream: ArcSwap<StreamStatus>,
}

impl Edge {
    /// Starts with nothing to serve.
    pub fn new(stream: StreamStatus) -> Self {
        Self { state: ArcSwapOption::empty(), stream: ArcSwap::from_pointee(stream) }
    }

    /// Serves a state from now on.
    pub fn serve(&self, state: Arc<State>) {
        self.state.store(Some(state));
    }

    /// Notes what the stream is doing.
    pub fn report(&self, stream: StreamStatus) {
        self.stream.store(Arc::new(stream));
    }

    /// Returns what is served; none before the first snapshot.
    pub fn state(&self) -> Guard<Option<Arc<State>>> {
        self.state.load()
    }

    /// Returns what the stream is doing.
    pub fn stream(&self) -> Arc<StreamStatus> {
        self.stream.load_full()
    }
}
