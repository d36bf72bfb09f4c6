//! The whole system as a person meets it: the real `fgctl` starts PostgreSQL, backend and edge, and everything goes
//! through its commands and the edge's HTTP API.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it is not as expected")]

mod between;
mod changes;
mod chaos;
mod ci;
mod dashboard;
mod dev;
mod ending;
mod events;
mod exits;
mod fake;
mod faults;
mod files;
mod hostile;
mod http;
mod lost;
mod narrow;
mod output;
mod poll;
mod private;
mod refusals;
mod rules;
mod run;
mod session;
mod sessions;
mod settings;
mod slow;
mod stdin;
mod sticky;
mod structure;
mod terminal;
mod tmux;
mod watch;
mod why;
mod world;
