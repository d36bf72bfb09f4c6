//! What the stream is doing and since when, for `/status` and for people.

use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

/// Where the stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StreamState {
    /// Waits for the next attempt.
    Waiting,
    /// Is being opened.
    Connecting,
    /// Open, but what is held is not yet known to be current.
    Synchronizing,
    /// Open and current.
    Connected,
    /// The backend refused the credentials; what is held goes on being served.
    Refused,
}

impl StreamState {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Waiting, Self::Connecting, Self::Synchronizing, Self::Connected, Self::Refused];

    /// Returns its name, the one in `/status`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Connecting => "connecting",
            Self::Synchronizing => "synchronizing",
            Self::Connected => "connected",
            Self::Refused => "refused",
        }
    }
}

/// How often something went wrong that had to be put right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counters {
    /// Streams that ended without a goodbye or could not be opened.
    pub disconnects: u64,
    /// Changes missing between two messages.
    pub gaps: u64,
    /// Digests that differed.
    pub digest_differences: u64,
    /// Snapshots cut off or with a wrong count or digest.
    pub broken_snapshots: u64,
    /// Messages that were out of place or without content.
    pub misplaced_messages: u64,
    /// Resets that the backend asked for.
    pub resets: u64,
    /// Items that could not be understood.
    pub bad_items: u64,
}

/// When what is held was last known to be current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Current {
    /// When that was noted, since the process began.
    pub(super) at: Duration,
    /// How old it was then: what was kept on disk is of an earlier process.
    pub(super) older: Duration,
}

impl Current {
    /// Returns how long ago that was.
    pub fn age(self, elapsed: Duration) -> Duration {
        self.older + elapsed.saturating_sub(self.at)
    }
}

/// A description of the stream at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamStatus {
    /// Where it stands.
    pub state: StreamState,
    /// Since when, in Unix milliseconds.
    pub since_ms: i64,
    /// When the last message arrived, in Unix milliseconds.
    pub last_message_ms: Option<i64>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// The newest revision that the backend told of.
    pub head: Option<u64>,
    /// The revision of the kill switches.
    pub kills_revision: Option<u64>,
    /// The digest over all items.
    pub digest: Vec<u8>,
    /// What had to be put right.
    pub counters: Counters,
    /// When what is held was last known to be current; none before anything is.
    pub current: Option<Current>,
    /// Which backend of the list it is, or will be.
    pub backend: usize,
    /// The edge's identity on the stream.
    pub edge_id: Uuid,
}
