//! The control plane as its callers see it: a real server on real ports, a database of its own for each test.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it is not as expected")]

mod access;
mod answer;
mod approval;
mod change;
mod client;
mod context_key;
mod delivery;
mod document;
mod documents;
mod dry_run;
mod edge;
mod environment;
mod feature;
mod http;
mod input;
mod kill;
mod limits;
mod list;
mod log;
mod mutations;
mod page;
mod pipeline;
mod policy;
mod program;
mod race;
mod rebase;
mod revisions;
mod schedule;
mod schema;
mod scope;
mod server_role;
mod session;
mod signing_key;
mod stream;
mod team;
mod throttle;
mod tls;
mod upgrade;
mod user;
mod world;
