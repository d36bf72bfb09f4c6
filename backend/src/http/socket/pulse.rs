//! Whether the other side is there: asked every now and then, and gone when it has been silent for too long.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

/// How often is a client asked whether it is there?
const PING_EVERY: Duration = Duration::from_secs(15);
/// How long may a client be silent, or read nothing, before it counts as gone?
pub const GONE_AFTER: Duration = Duration::from_secs(45);

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub enum Beat {
    /// Ask.
    Ping,
    /// Give up: nothing was heard although it was asked for.
    Gone,
}

/// Of one socket.
pub struct Pulse {
    ticks: Interval,
    heard: Instant,
}

impl Pulse {
    /// Heard just now.
    pub fn start() -> Pulse {
        let mut ticks = interval(PING_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Pulse { ticks, heard: Instant::now() }
    }

    /// Something was heard, whatever it was.
    pub fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// Waits until something is to be done.
    pub async fn beat(&mut self) -> Beat {
        self.ticks.tick().await;
        if self.heard.elapsed() < GONE_AFTER { Beat::Ping } else { Beat::Gone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_answers_stays_and_who_does_not_goes() {
        let mut pulse = Pulse::start();
        for _ in 0..100 {
            assert_eq!(pulse.beat().await, Beat::Ping);
            pulse.heard();
        }
        let silent = Instant::now();
        while pulse.beat().await == Beat::Ping {}
        assert!((GONE_AFTER..GONE_AFTER + PING_EVERY * 2).contains(&silent.elapsed()));
    }
}
