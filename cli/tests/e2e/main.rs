//! The whole system as a person meets it: the real `fgctl` starts PostgreSQL, backend and edge, and everything goes
//! through its commands and the edge's HTTP API.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it is not as expected")]

mod chaos;
mod dev;
mod ending;
mod events;
mod faults;
mod http;
mod poll;
mod refusals;
mod run;
mod session;
mod sticky;
mod why;
mod world;
