//! How long to wait before the next attempt to reach the backend.

use std::time::Duration;

/// How long is the first wait at most?
pub const SHORTEST: Duration = Duration::from_millis(100);
/// How long is any wait at most? Shorter than a change may take to be visible after a fault has ended (five seconds): what comes
/// after the wait takes its time, too.
pub const LONGEST: Duration = Duration::from_secs(4);
/// How long until credentials that were refused are tried again?
pub const REFUSED: Duration = Duration::from_secs(60);

/// Counts attempts; waits double up to a limit, each drawn evenly from zero up ("full jitter").
///
/// A thousand edges that lost the same backend come back spread out, and never stop coming back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// Returns the next wait; `chance` is evenly distributed over 0.0..1.0.
    pub(crate) fn next(&mut self, chance: f64) -> Duration {
        let limit = SHORTEST.saturating_mul(1 << self.attempts.min(16)).min(LONGEST);
        self.attempts = self.attempts.saturating_add(1);
        limit.mul_f64(chance.clamp(0.0, 1.0))
    }

    /// Starts again from the shortest wait.
    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_start_again() {
        let mut backoff = Backoff::default();
        let limits: Vec<_> = (0..11).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(limits, [100, 200, 400, 800, 1600, 3200, 4000, 4000, 4000, 4000, 4000]);
        backoff.reset();
        assert_eq!(backoff.next(0.25), SHORTEST / 4);
        assert_eq!(Backoff { attempts: u32::MAX }.next(1.0), LONGEST);
    }
}
