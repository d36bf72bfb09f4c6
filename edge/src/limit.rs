//! How often a client may ask: the generic cell rate algorithm, one atomic number a client.

use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::clock::Clock;

/// What every client is allowed.
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    per_second: NonZeroU32,
    clock: Clock,
}

/// What one client has used of it; lives and ends with the client.
#[derive(Debug, Default)]
pub(crate) struct Allowance(OnceLock<RateLimiter<NotKeyed, InMemoryState, Clock, NoOpMiddleware<Duration>>>);

impl RateLimit {
    /// Allows so many requests a second, and as many at once.
    pub fn new(per_second: NonZeroU32, clock: Clock) -> Self {
        Self { per_second, clock }
    }

    /// Takes one request off an allowance; returns after how many whole seconds there is another when there is none.
    pub(crate) fn check(&self, allowance: &Allowance) -> Result<(), u64> {
        let limiter = allowance
            .0
            .get_or_init(|| RateLimiter::direct_with_clock(Quota::per_second(self.per_second), self.clock));
        limiter.check().map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.elapsed());
            (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
        })
    }
}

impl governor::clock::Clock for Clock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.elapsed()
    }
}
