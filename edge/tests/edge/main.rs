//! The edge, seen from both sides: as the peer of a backend and as a server of evaluations.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod browsers;
mod bulk;
mod chaos;
mod counting;
mod disk;
mod docs;
mod evaluate;
mod events;
mod faults;
mod kills;
mod limits;
mod live;
mod observe;
mod ofrep;
mod packets;
mod peer;
mod program;
mod refusals;
mod restart;
mod settings;
mod steps;
mod sticky;
mod tls;
mod watch;
mod world;
