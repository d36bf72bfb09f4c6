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
mod feature;
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
mod revisions;
mod schedule;
mod schema;
mod scope;
mod session;
mod signing_key;
mod stream;
mod subscriber;
mod subscription;
mod subscription_end;
mod subscription_feed;
mod subscription_limits;
mod team;
mod throttle;
mod user;
mod world;
