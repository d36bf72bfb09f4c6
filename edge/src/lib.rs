//! The edge server: it keeps a copy of what is served, in step with a backend, and evaluates flags from memory.
//!
//! `sync` brings changes in, `state` is what they amount to, `http` answers from it. Nothing on the way of an answer
//! waits for anything.

pub mod assignment;
pub mod caller;
pub mod clock;
pub mod config;
pub mod count;
pub mod disk;
pub mod edge;
mod feeds;
pub mod flag;
pub mod http;
mod json;
mod limit;
mod listing;
pub mod metrics;
pub mod report;
pub mod run;
pub mod spool;
pub mod state;
pub mod sync;
