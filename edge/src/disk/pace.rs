//! When to write: soon after a change, not for every one of them, and not all the time while the disk fails.

use std::time::Duration;

/// How long is the least time between two writes?
pub(super) const APART: Duration = Duration::from_secs(1);
/// How long until a write that failed is tried again?
pub(super) const AGAIN: Duration = Duration::from_secs(5);

/// Decides when the next write is due.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    changed: bool,
    /// Not before this, since the process began.
    rests_until: Duration,
    /// Write then even without a change, so that the time in it is not too old.
    refresh: Option<Duration>,
}

impl Pace {
    /// Takes note of a change.
    pub(super) fn changed(&mut self) {
        self.changed = true;
    }

    /// Returns whether there is something that was never written.
    pub(super) fn is_behind(self) -> bool {
        self.changed
    }

    /// Returns when to write; none while there is nothing to.
    pub(super) fn due(self) -> Option<Duration> {
        if self.changed { Some(self.rests_until) } else { self.refresh }
    }

    /// Takes note that what is held at this moment is being written, and will be again after `refresh`.
    pub(super) fn begun(&mut self, elapsed: Duration, refresh: Option<Duration>) {
        self.changed = false;
        self.rests_until = elapsed + APART;
        self.refresh = refresh.map(|refresh| elapsed + refresh);
    }

    /// Takes note that the write came to nothing.
    pub(super) fn failed(&mut self, elapsed: Duration) {
        self.changed = true;
        self.rests_until = elapsed + AGAIN;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_changes_are_one_write_and_a_failure_is_tried_again() {
        let at = Duration::from_millis;
        let mut pace = Pace::default();
        assert_eq!(pace.due(), None);
        pace.changed();
        assert_eq!(pace.due(), Some(at(0)), "the first at once");
        pace.begun(at(100), None);
        assert_eq!(pace.due(), None);
        for _ in 0..1000 {
            pace.changed();
        }
        assert_eq!(pace.due(), Some(at(1100)));
        pace.begun(at(1100), None);
        pace.failed(at(1200));
        assert_eq!((pace.due(), pace.is_behind()), (Some(at(6200)), true));
        pace.begun(at(6200), Some(at(30_000)));
        assert_eq!((pace.due(), pace.is_behind()), (Some(at(36_200)), false));
    }
}
