//! What `fgctl dev` knows of clusters: the same files.

#![expect(dead_code, reason = "`fgctl dev` needs more of it than a run does")]

#[path = "../../../src/dev/cluster.rs"]
pub(super) mod cluster;
#[path = "../../../src/dev/fault.rs"]
mod fault;
#[path = "../../../src/dev/guarded.rs"]
mod guarded;
#[path = "../../../src/dev/mark.rs"]
mod mark;
#[path = "../../../src/dev/owner.rs"]
pub(super) mod owner;
#[path = "../../../src/dev/ports.rs"]
pub(super) mod ports;
#[path = "../../../src/dev/postgres.rs"]
pub(super) mod postgres;
#[path = "../../../src/dev/secret.rs"]
pub(super) mod secret;
