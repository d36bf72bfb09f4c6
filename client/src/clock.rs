//! The only place that asks what time it is.

use chrono::{DateTime, Utc};

/// Returns the time by this machine's clock.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}
