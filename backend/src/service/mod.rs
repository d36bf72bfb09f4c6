//! Use cases: one function each. Check access, validate, store, audit, and take the next revision, all in the
//! caller's transaction. Every transport ends here; what is served changes in `change` alone.

pub mod assignment;
pub mod audit;
pub mod change;
pub mod client;
pub mod context_key;
pub mod environment;
pub mod evaluate;
pub mod evaluation;
pub mod feature;
pub mod identity;
pub mod ingest;
pub mod key;
pub mod kill;
pub mod log;
pub mod origin;
pub mod pipeline;
pub mod policy;
pub mod presence;
pub mod retention;
pub mod session;
pub mod signing_key;
pub mod start;
pub mod team;
pub mod throttle;
pub mod token;
pub mod user;
