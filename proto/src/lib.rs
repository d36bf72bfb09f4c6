//! The delivery protocol: its messages, the digest that proves both sides hold the same, sketches of how many units
//! there are, what a batch of events or of assignments may be, how units are hashed, and `convert`, the only place where wire
//! and engine meet.

pub mod assignment;
pub mod convert;
pub mod digest;
pub mod event;
pub mod sketch;
pub mod unit;

/// Messages and services of `fluxgate.delivery.v1`, generated and committed.
pub mod v1 {
    #![expect(
        missing_docs,
        clippy::all,
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        reason = "generated from delivery.proto, where the documentation stands"
    )]
    include!("generated/fluxgate.delivery.v1.rs");
}

/// The largest message that either side accepts, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// How much of a snapshot goes into one chunk, in bytes of payload; a larger item travels alone.
pub const CHUNK_BYTES: usize = 256 * 1024;
