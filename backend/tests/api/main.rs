//! The control plane as its callers see it: a real server on real ports, a database of its own for each test.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it is not as expected")]

mod access;
mod answer;
mod approval;
mod change;
mod delivery;
mod document;
mod dry_run;
mod edge;
mod input;
mod kill;
mod limits;
mod mutations;
mod page;
mod race;
mod revisions;
mod schema;
mod scope;
mod session;
mod stream;
mod world;
