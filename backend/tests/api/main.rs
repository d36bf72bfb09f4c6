//! The control plane as its callers see it: a real server on real ports, a database of its own for each test.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it is not as expected")]

mod access;
mod answer;
mod approval;
mod batch;
mod change;
mod client;
mod context_key;
mod delivery;
mod document;
mod dry_run;
mod edge;
mod environment;
mod evaluation;
mod event;
mod feature;
mod ingest;
mod input;
mod kill;
mod limits;
mod list;
mod mutations;
mod page;
mod pipeline;
mod policy;
mod race;
mod rebase;
mod retention;
mod revisions;
mod roles;
mod schedule;
mod schema;
mod scope;
mod session;
mod signing_key;
mod stale;
mod stream;
mod team;
mod throttle;
mod token;
mod user;
mod world;
