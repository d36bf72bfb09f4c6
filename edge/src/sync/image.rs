//! All that an edge holds, as it is kept on disk: what was delivered, not what it was compiled to.

use std::sync::Arc;

use fluxgate_proto::v1::{Item, Kills};
use uuid::Uuid;

/// The hash of a whole key.
pub type KeyHash = [u8; 32];

/// What is held at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    /// Of which history.
    pub epoch: Uuid,
    /// How far.
    pub revision: u64,
    /// The kill switches beside it.
    pub kills: Option<Kills>,
    /// Every item as it was delivered.
    pub items: Vec<Arc<Item>>,
    /// Of items that cannot be understood, the last version that could.
    pub last_good: Vec<Arc<Item>>,
    /// The keys of the client that it was delivered to.
    pub keys: Vec<KeyHash>,
    /// When it was last known to be current, in Unix milliseconds.
    pub current_ms: i64,
}
