//! Tells those who follow an environment that something of it changed: a word, never the change itself, so that a slow
//! follower costs nothing and misses nothing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use uuid::Uuid;

use crate::state::State;

/// One word for each environment that somebody follows, and one for the end.
#[derive(Debug)]
pub struct Feeds {
    /// Locked by those who begin to follow and by changes, never by an evaluation.
    environments: Mutex<HashMap<Uuid, watch::Sender<()>>>,
    ended: watch::Sender<bool>,
}

impl Feeds {
    pub(crate) fn new() -> Self {
        Self { environments: Mutex::default(), ended: watch::Sender::new(false) }
    }

    /// Returns what changes whenever the environment does, or who may see it.
    pub(crate) fn follow(&self, environment: Uuid) -> watch::Receiver<()> {
        self.lock().entry(environment).or_default().subscribe()
    }

    /// Returns what becomes true when everybody has to stop following.
    pub(crate) fn ended(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }

    /// Ends every stream that follows.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Tells the followers of what differs between two states; called once the second is served.
    pub(crate) fn tell(&self, before: Option<&State>, now: &State) {
        let anyone = before.is_none_or(|before| !before.has_the_callers_of(now));
        self.lock().retain(|environment, word| {
            let version = |state: &State| state.versions(*environment);
            if anyone || before.and_then(version) != version(now) {
                word.send_replace(());
            }
            word.receiver_count() > 0
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, watch::Sender<()>>> {
        // What it protects is whole between any two statements.
        self.environments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
