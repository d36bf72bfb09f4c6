//! Keeps what is served in step with a backend: a state machine without I/O, and the thin driver around it.

mod backends;
mod backoff;
mod driver;
mod holdings;
mod image;
mod machine;
mod read;
mod replica;
mod status;

pub(crate) use backoff::Backoff;
pub use backoff::{LONGEST, REFUSED, SHORTEST};
pub use driver::{Connector, ConnectorError, drive};
pub use image::{Image, KeyHash};
pub use machine::{Identity, Input, Loss, Machine, Output, SILENCE};
pub use status::{Counters, Current, StreamState, StreamStatus};
