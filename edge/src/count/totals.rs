//! Running totals of a worker, for metrics and for the figures that the backend hears: evaluations by reason, and how long
//! they take.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::outcome::{Outcome, REASONS};

/// One evaluation of how many is measured?
const MEASURED: u32 = 16;
/// Into how many parts is each power of two of nanoseconds divided? A quantile is off by less than one.
const PARTS: u64 = 8;
const PART_BITS: u32 = PARTS.trailing_zeros();
/// How many parts are there, up to a minute?
const BUCKETS: usize = 280;

/// What was ever counted.
#[derive(Debug)]
pub struct Totals {
    by_reason: [AtomicU64; REASONS.len()],
    missing: AtomicU64,
    turn: AtomicU32,
    /// Measured evaluations by how long they took.
    took: [AtomicU64; BUCKETS],
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            by_reason: Default::default(),
            missing: AtomicU64::new(0),
            turn: AtomicU32::new(0),
            took: [const { AtomicU64::new(0) }; BUCKETS],
        }
    }
}

impl Totals {
    pub(super) fn count(&self, outcome: Outcome, n: u64) {
        self.by_reason[outcome.reason()].fetch_add(n, Relaxed);
    }

    pub(super) fn count_all(&self, by_reason: [u64; REASONS.len()]) {
        for (total, n) in self.by_reason.iter().zip(by_reason).filter(|(_, n)| *n > 0) {
            total.fetch_add(n, Relaxed);
        }
    }

    pub(super) fn missing(&self) {
        self.missing.fetch_add(1, Relaxed);
    }

    pub(super) fn meter(&self) -> Meter<'_> {
        let measures = self.turn.fetch_add(1, Relaxed).is_multiple_of(MEASURED);
        Meter { totals: self, began: measures.then(Instant::now) }
    }

    /// Adds another worker's.
    pub(super) fn add(&self, other: &Self) {
        let pairs = self.by_reason.iter().zip(&other.by_reason).chain(self.took.iter().zip(&other.took));
        for (mine, theirs) in pairs.chain([(&self.missing, &other.missing)]) {
            mine.fetch_add(theirs.load(Relaxed), Relaxed);
        }
    }

    /// Returns how many evaluations there were, each with the name of its reason.
    pub fn by_reason(&self) -> impl Iterator<Item = (&'static str, u64)> {
        REASONS.into_iter().zip(self.by_reason.iter().map(|n| n.load(Relaxed)))
    }

    /// Returns how often a flag was asked for that there is not.
    pub fn not_found(&self) -> u64 {
        self.missing.load(Relaxed)
    }
}

/// Measures what goes on until it is stopped, or does not.
#[derive(Debug)]
pub struct Meter<'t> {
    totals: &'t Totals,
    began: Option<Instant>,
}

impl Meter<'_> {
    /// Takes down how long so many evaluations took, each of them on average.
    pub(crate) fn stop(self, evaluations: usize) {
        let Some(began) = self.began else { return };
        let each = began.elapsed() / u32::try_from(evaluations.max(1)).unwrap_or(u32::MAX);
        let place = bucket(u64::try_from(each.as_nanos()).unwrap_or(u64::MAX));
        self.totals.took[place].fetch_add(1, Relaxed);
    }
}

/// What was measured in a while.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Evaluations a second.
    pub per_second: f64,
    /// How many nanoseconds half of them took at most; none when none was measured.
    pub p50_ns: Option<u64>,
    /// How many 99 of 100 took at most.
    pub p99_ns: Option<u64>,
}

/// From one look to the next.
#[derive(Debug, Default)]
pub(crate) struct Window {
    evaluations: u64,
    took: Vec<u64>,
    at: Duration,
}

impl Window {
    /// Returns what was measured since the last time.
    pub(crate) fn next(&mut self, totals: &Totals, elapsed: Duration) -> Measured {
        let evaluations = totals.by_reason().map(|(_, n)| n).sum::<u64>();
        let took: Vec<u64> = totals.took.iter().map(|n| n.load(Relaxed)).collect();
        let before = std::mem::replace(self, Self { evaluations, took, at: elapsed });
        let new = |place: usize| self.took[place] - before.took.get(place).copied().unwrap_or_default();
        let new: Vec<u64> = (0..BUCKETS).map(new).collect();
        let seconds = elapsed.saturating_sub(before.at).as_secs_f64();
        let per_second =
            if seconds > 0.0 { (evaluations - before.evaluations) as f64 / seconds } else { 0.0 };
        Measured { per_second, p50_ns: quantile(&new, 50), p99_ns: quantile(&new, 99) }
    }
}

fn quantile(took: &[u64], percent: u64) -> Option<u64> {
    let all: u64 = took.iter().sum();
    let wanted = (all * percent).div_ceil(100);
    let mut below = 0;
    let place = took.iter().position(|n| {
        below += n;
        *n > 0 && below >= wanted
    })?;
    Some(longest(place))
}

/// In which part are so many nanoseconds?
fn bucket(ns: u64) -> usize {
    let octave = (ns | PARTS).ilog2() - PART_BITS;
    let place = if ns < PARTS { ns } else { u64::from(octave) * PARTS + (ns >> octave) };
    usize::try_from(place).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// How many nanoseconds are in a part at most?
fn longest(place: usize) -> u64 {
    let place = place as u64;
    let octave = (place / PARTS).saturating_sub(1);
    ((place - octave * PARTS + 1) << octave) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_an_eighth_wide_at_most() {
        for ns in (0..10_000).chain((14..36).flat_map(|bits| [(1 << bits) - 1, 1 << bits, (1 << bits) + 77]))
        {
            let most = longest(bucket(ns));
            assert!(ns <= most && most <= ns + ns / 8, "{ns} is in a part up to {most}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn a_window_tells_of_what_came_in_it() {
        let totals = Totals::default();
        let mut window = Window::default();
        totals.count(Outcome::ERROR, 30);
        let first = window.next(&totals, Duration::from_secs(10));
        assert_eq!(first, Measured { per_second: 3.0, p50_ns: None, p99_ns: None });
        totals.count(Outcome::ERROR, 100);
        for (ns, n) in [(100, 98), (1_000, 1), (100_000, 1)] {
            totals.took[bucket(ns)].fetch_add(n, Relaxed);
        }
        let second = window.next(&totals, Duration::from_secs(20));
        assert_eq!((second.per_second, second.p50_ns, second.p99_ns), (10.0, Some(103), Some(1_023)));
        let third = window.next(&totals, Duration::from_secs(21));
        assert_eq!(third, Measured::default());
    }

    #[test]
    fn one_of_sixteen_is_measured() {
        let totals = Totals::default();
        (0..160).for_each(|_| totals.meter().stop(1));
        assert_eq!(totals.took.iter().map(|n| n.load(Relaxed)).sum::<u64>(), 10);
    }
}
