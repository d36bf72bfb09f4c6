//! What an edge keeps on disk, so that it starts without a backend: its identity, and what it serves in two generations.
//!
//! Nothing here is on the way of an answer, and nothing here keeps an edge from serving: a disk that fails is reported.

mod folder;
mod format;
mod keeper;
mod pace;
mod status;

pub use folder::{Folder, Opened, keep_identity};
pub use format::{Broken, FORMAT, decode, encode};
pub use keeper::Keeper;
pub use status::DiskStatus;
