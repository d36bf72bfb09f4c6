//! The only place that reads the clock and draws random numbers; everything else gets them as an argument.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

/// A moment, and one random number drawn at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// Time since the process began; never runs backwards.
    pub elapsed: Duration,
    /// The wall clock, in Unix milliseconds.
    pub unix_ms: i64,
    /// Evenly distributed over 0.0..1.0.
    pub chance: f64,
}

/// Measures time from the start of the process.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts at zero.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Returns the present moment.
    pub fn now(&self) -> Now {
        Now { elapsed: self.elapsed(), unix_ms: unix_ms(), chance: chance() }
    }

    /// Returns the time since the process began.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Returns the instant at which `elapsed` is reached.
    pub fn instant(&self, elapsed: Duration) -> Instant {
        self.start + elapsed
    }
}

/// Returns the wall clock in Unix milliseconds.
#[expect(clippy::disallowed_methods, reason = "this is the place that reads the clock")]
pub fn unix_ms() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}

/// Returns a new identity.
pub fn random_id() -> Uuid {
    Uuid::new_v4()
}

/// Returns a new identity of a batch, which sorts by the time.
pub fn batch_id(unix_ms: i64) -> Uuid {
    let ms = u64::try_from(unix_ms).unwrap_or_default();
    let nanoseconds = u32::try_from(ms % 1000).unwrap_or_default() * 1_000_000;
    Uuid::new_v7(uuid::Timestamp::from_unix_time(ms / 1000, nanoseconds, 0, 0))
}

/// Returns a random number of which only few bits are fixed.
pub(crate) fn seed() -> u64 {
    Uuid::new_v4().as_u64_pair().1
}

/// Returns a random number, evenly distributed over 0.0..1.0.
pub(crate) fn chance() -> f64 {
    // The low 52 bits of a random UUID hold none of its fixed ones.
    let bits = Uuid::new_v4().as_u64_pair().1 & ((1 << 52) - 1);
    bits as f64 / (1_u64 << 52) as f64
}
