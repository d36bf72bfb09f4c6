//! Real PostgreSQL, two backends and five edges, and what can go wrong between them: drawn at random, put right, looked at.
//!
//! Changes, kills and evaluations go on all the while. Clocks that jump are tried where the time is an argument: in the state
//! machines' own tests.

mod chance;
mod count;
mod database;
mod dev;
mod disk;
mod edge;
mod figures;
mod http;
mod inject;
mod injection;
mod load;
mod people;
mod program;
mod proxy;
pub(crate) mod report;
mod restore;
mod run;
mod settle;
mod system;
mod truth;
#[path = "../../../../edge/tests/edge/watch.rs"]
#[expect(dead_code, reason = "what an edge says to backends cannot be seen here")]
mod watch;
mod writer;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use run::run;

/// What came of something that can fail.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Plan {
    /// How many injections.
    pub(crate) count: usize,
    pub(crate) seed: u64,
    /// How soon after the end of a fault must everything be well?
    pub(crate) promised: Duration,
    /// Where the servers' programs are.
    pub(crate) programs: PathBuf,
}

/// Returns a seed that nobody chose.
pub(crate) fn any_seed() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().1 & 0xffff_ffff
}
