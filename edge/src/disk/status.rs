//! How the disk fares, for `/status`, metrics and people.

use std::path::PathBuf;

use uuid::Uuid;

/// How the disk fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskStatus {
    /// Where; none when everything is in memory only.
    pub folder: Option<PathBuf>,
    /// What was written last: epoch and revision.
    pub saved: Option<(Uuid, u64)>,
    /// When, in Unix milliseconds.
    pub saved_ms: Option<i64>,
    /// What is wrong now; none while it works.
    pub failing: Option<String>,
    /// How often reading or writing failed.
    pub errors: u64,
    /// What was found broken at the start and set aside, or not used.
    pub set_aside: Vec<String>,
}
