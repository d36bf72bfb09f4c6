//! How the spool fares, for `/status`, metrics and people.

use std::path::PathBuf;

/// How the spool fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpoolStatus {
    /// Where; none when everything is in memory only.
    pub folder: Option<PathBuf>,
    /// How many batches wait to be acknowledged.
    pub waiting: u64,
    /// How many of them are in memory only.
    pub in_memory: u64,
    /// How many bytes it takes.
    pub bytes: u64,
    /// When the oldest batch was begun, in Unix milliseconds.
    pub oldest_ms: Option<i64>,
    /// What is wrong with the disk; none while it works.
    pub failing: Option<String>,
    /// How often reading or writing failed.
    pub errors: u64,
    /// What was found broken at the start.
    pub set_aside: Vec<String>,
    /// What became of batches and of what was in them.
    pub counters: Counters,
}

/// What became of batches since the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Batches that were sealed.
    pub sealed: u64,
    /// Batches that a backend took in.
    pub accepted: u64,
    /// Batches that a backend had taken in before.
    pub duplicate: u64,
    /// Batches that a backend will never take in.
    pub refused: u64,
    /// Batches that were given up for want of room, or because they could not be read.
    pub dropped: u64,
    /// Batches that became one with the next for want of room: their minutes became hours.
    pub merged: u64,
    /// Evaluations that are in no batch that was or will be taken in.
    pub lost_evaluations: u64,
    /// Samples that were given up for want of room.
    pub lost_samples: u64,
    /// Rows of batches that a backend took in without them.
    pub refused_rows: u64,
}
