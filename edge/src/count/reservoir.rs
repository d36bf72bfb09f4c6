//! A few evaluations out of many, each as likely as any other: those with the smallest of random numbers.
//!
//! Until the next one that is smaller than the largest kept, how many to pass over is drawn at once, so that those are
//! passed over by counting.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use fluxgate_proto::event::MAX_SAMPLES;
use uuid::Uuid;

use super::Asked;
use super::outcome::Outcome;
use crate::flag::ServedFlag;

/// Keeps at most `MAX_SAMPLES`.
#[derive(Debug)]
pub(super) struct Reservoir {
    kept: BinaryHeap<Sample>,
    /// How many evaluations to pass over.
    pass: u64,
    random: u64,
}

/// One evaluation.
#[derive(Debug)]
pub(super) struct Sample {
    /// The random number, evenly distributed over 0.0..1.0.
    pub(super) rank: f64,
    pub(super) flag: Arc<ServedFlag>,
    pub(super) outcome: Outcome,
    pub(super) environment: Uuid,
    pub(super) client: Uuid,
    pub(super) unix_ms: i64,
    /// As it is, in memory only: it leaves as its keyed hash, or not at all.
    pub(super) unit: Option<Box<str>>,
}

impl Reservoir {
    /// Starts with a random number.
    pub(super) fn new(seed: u64) -> Self {
        Self { kept: BinaryHeap::new(), pass: 0, random: seed | 1 }
    }

    /// Returns whether the next evaluation is kept.
    pub(super) fn is_due(&mut self) -> bool {
        let due = self.pass == 0;
        if !due {
            self.pass -= 1;
        }
        due
    }

    /// Keeps the evaluation that is due.
    pub(super) fn keep(&mut self, asked: &Asked<'_>, flag: &Arc<ServedFlag>, outcome: Outcome) {
        // While there is room, all are smaller than the largest that there can be.
        let below = if self.is_full() { self.limit() } else { 1.0 };
        let sample = Sample {
            rank: self.draw() * below,
            flag: Arc::clone(flag),
            outcome,
            environment: asked.environment,
            client: asked.client,
            unix_ms: asked.unix_ms,
            unit: asked.unit.map(Into::into),
        };
        if self.is_full() {
            self.kept.pop();
        }
        self.kept.push(sample);
        self.pass = if self.is_full() { passed_over(self.draw(), self.limit()) } else { 0 };
    }

    /// Returns all that is kept.
    pub(super) fn into_samples(self) -> Vec<Sample> {
        self.kept.into_vec()
    }

    fn is_full(&self) -> bool {
        self.kept.len() >= MAX_SAMPLES
    }

    fn limit(&self) -> f64 {
        self.kept.peek().map_or(1.0, |largest| largest.rank)
    }

    /// Marsaglia's xorshift: nothing secret depends on it.
    fn draw(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// How many draws come before one below the limit, for an evenly distributed chance.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is not negative, and what is too large becomes the largest"
)]
fn passed_over(chance: f64, limit: f64) -> u64 {
    ((1.0 - chance).ln() / (1.0 - limit).ln()).floor() as u64
}

impl Ord for Sample {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.total_cmp(&other.rank)
    }
}

impl PartialOrd for Sample {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Sample {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Sample {}

#[cfg(test)]
mod tests {
    use super::super::tests::{asked, flag};
    use super::*;

    #[test]
    fn each_is_as_likely_as_any_other() {
        let (flag, n) = (flag("f"), 10_000);
        let mut tenths = [0; 10];
        for seed in 1..=200 {
            let mut reservoir = Reservoir::new(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
            for at in 0..n {
                if reservoir.is_due() {
                    reservoir.keep(&Asked { unix_ms: at, ..asked() }, &flag, Outcome::ERROR);
                }
            }
            for sample in reservoir.into_samples() {
                tenths[usize::try_from(sample.unix_ms * 10 / n).unwrap()] += 1;
            }
        }
        assert_eq!(tenths.iter().sum::<u32>(), 200 * 200);
        // 4,000 are expected in each, with a deviation of 60.
        assert!(tenths.iter().all(|n| (3_700..4_300).contains(n)), "{tenths:?}");
    }
}
