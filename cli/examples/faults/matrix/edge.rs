//! What is known of one edge by all who deal with it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::Value;

use super::count::Tally;
use super::watch::{Served, Watch};
use super::{Outcome, http};

/// An edge as those see it who ask it.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) number: usize,
    pub(super) port: u16,
    pub(super) caller: String,
    pub(super) watcher: String,
    /// Whether its process is kept from answering.
    away: AtomicBool,
    /// How often that ended or began: whoever asks while it moves on knows nothing.
    moves: AtomicU64,
    /// Whether it may hold what a network spoiled.
    pub(super) spoiled: AtomicBool,
    /// Whether it goes from one epoch to another: the new kill switches come first, and are of no revision of the old one.
    pub(super) turning: AtomicBool,
    /// Whether evaluations are for the watcher, for now.
    pub(super) uncounted: AtomicBool,
    pub(super) tally: Mutex<Tally>,
    pub(super) history: Mutex<History>,
}

/// What it served, as far as that has not been looked at.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) watches: Vec<Watch>,
    pub(super) last: Option<Served>,
    /// How often something else was seen.
    pub(super) seen: usize,
}

impl Edge {
    pub(super) fn new(number: usize, port: u16, caller: String, watcher: String) -> Self {
        Self {
            number,
            port,
            caller,
            watcher,
            away: AtomicBool::new(false),
            moves: AtomicU64::new(0),
            spoiled: AtomicBool::new(false),
            turning: AtomicBool::new(false),
            uncounted: AtomicBool::new(false),
            tally: Mutex::default(),
            history: Mutex::default(),
        }
    }

    /// Notes that its process answers no more, or again.
    pub(super) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
        self.moves.fetch_add(1, Ordering::SeqCst);
    }

    /// Returns a mark by which `held` tells whether it could answer all the time since.
    pub(super) fn mark(&self) -> Option<u64> {
        let moves = self.moves.load(Ordering::SeqCst);
        (!self.away.load(Ordering::SeqCst)).then_some(moves)
    }

    pub(super) fn held(&self, mark: Option<u64>) -> bool {
        mark.is_some() && self.mark() == mark
    }

    pub(super) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether what it is seen to serve may be no single revision, by design.
    pub(super) fn in_between(&self, status: &Value) -> bool {
        let turning = self.turning.load(Ordering::SeqCst) && status["stream"]["state"] != "connected";
        turning || self.spoiled.load(Ordering::SeqCst)
    }

    /// Another process: what it serves is a history of its own.
    pub(super) fn begin_life(&self) {
        let mut history = self.history();
        history.last = None;
        history.watches.push(Watch::default());
    }

    pub(super) async fn status(&self) -> Outcome<Value> {
        let reply = http::get(self.port, "/status").await.map_err(|silence| format!("{silence:?}"))?;
        Ok(reply.body)
    }

    /// Returns what all flags are.
    pub(super) async fn all_flags(&self) -> Result<http::Reply, http::Silence> {
        let body = serde_json::json!({ "context": { "targetingKey": "watcher" } });
        http::post(self.port, "/ofrep/v1/evaluate/flags", &key(&self.watcher), &body).await
    }
}

/// Returns the header with a key.
pub(super) fn key(key: &str) -> String {
    format!("X-API-Key: {key}")
}

/// What was never to be, with the moment since the run began.
#[derive(Debug)]
pub(super) struct Violations {
    began: Instant,
    found: Mutex<Vec<String>>,
}

impl Violations {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), found: Mutex::default() }
    }

    pub(super) fn add(&self, what: &str) {
        let at = self.began.elapsed().as_secs_f64();
        self.found.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{at:8.2} s  {what}"));
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
