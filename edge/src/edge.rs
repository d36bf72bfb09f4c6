//! What the stream and the HTTP server share: the served state and the stream's status, each read without a lock.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption, Guard};

use crate::feeds::Feeds;
use crate::state::State;
use crate::sync::StreamStatus;

/// One running edge.
#[derive(Debug)]
pub struct Edge {
    state: ArcSwapOption<State>,
    stream: ArcSwap<StreamStatus>,
    feeds: Feeds,
}

impl Edge {
    /// Starts with nothing to serve.
    pub fn new(stream: StreamStatus) -> Self {
        Self { state: ArcSwapOption::empty(), stream: ArcSwap::from_pointee(stream), feeds: Feeds::new() }
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

    /// Returns what is served; none before the first snapshot.
    pub fn state(&self) -> Guard<Option<Arc<State>>> {
        self.state.load()
    }

    /// Returns where to follow what changes.
    pub fn feeds(&self) -> &Feeds {
        &self.feeds
    }

    /// Returns what the stream is doing.
    pub fn stream(&self) -> Arc<StreamStatus> {
        self.stream.load_full()
    }
}
