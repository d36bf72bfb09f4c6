//! New weights that move as few units as can be.

use std::collections::{BTreeMap, HashMap};

use fluxgate_engine::{Split, movement, parse_split, reweight};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;

use crate::movement::config;

const VARIANTS: [&str; 4] = ["a", "b", "c", "d"];

pub(crate) fn split(text: &str) -> Vec<Split> {
    if text.is_empty() { Vec::new() } else { parse_split(text).unwrap() }
}

fn text(split: &[Split]) -> String {
    let shares: Vec<String> =
        split.iter().map(|share| format!("{}={}", share.variant, share.weight)).collect();
    shares.join(", ")
}

/// Returns the split for the weights, how much it moves, and how much writing the weights down as they are moves.
fn reweighted(old: &str, new: &str) -> (String, f64, f64) {
    let (old, new) = (split(old), split(new));
    let made = reweight(&old, &new);
    (text(&made), movement(&old, &made), movement(&old, &new))
}

#[test]
fn the_fewest_move() {
    for (old, new, made, least, naive) in [
        ("a=90, b=10", "a=50, b=30, c=20", "a=50, c=20, b=30", 40.0, 50.0),
        ("a=90, b=10", "a=50, c=20, b=30", "a=50, c=20, b=30", 40.0, 40.0),
        // A boundary moves between neighbours, to whichever side.
        ("a=50, b=50", "b=40, a=60", "a=60, b=40", 10.0, 90.0),
        ("a=50, b=50", "b=60, a=40", "a=40, b=60", 10.0, 90.0),
        // What grows takes from the rest, what shrinks gives to it.
        ("a=10", "a=25", "a=25", 15.0, 15.0),
        ("a=10, b=10", "a=20, b=20", "a=10, b=20, a=10", 20.0, 30.0),
        ("a=50", "a=25", "a=25", 25.0, 25.0),
        ("", "a=5, b=5", "a=5, b=5", 10.0, 10.0),
        ("a=5, b=5", "", "", 10.0, 10.0),
        // The rest can only be the tail, so a smaller sum costs more than what shrinks.
        ("a=30, b=30", "a=10, b=30", "a=10, b=30", 40.0, 40.0),
        ("a=30, b=30", "b=30", "b=30", 60.0, 60.0),
        ("a=30, b=30", "b=30, a=0", "b=30, a=0", 60.0, 60.0),
        // Parts that go make their neighbours one again.
        ("a=50, c=20, b=30", "a=90, b=10", "a=90, b=10", 40.0, 40.0),
        ("a=40, b=10, a=50", "a=100", "a=100", 10.0, 10.0),
        ("a=0.001, b=99.999", "a=0.002, b=99.998", "a=0.002, b=99.998", 0.001, 0.001),
    ] {
        assert_eq!(reweighted(old, new), (made.to_owned(), least, naive), "{old} -> {new}");
    }
}

#[test]
fn the_same_weights_change_nothing() {
    for old in ["a=50, b=50", "a=10, b=20, a=30", "a=10, a=10, b=0", "b=0, a=100", ""] {
        assert_eq!(text(&reweight(&split(old), &split(old))), old);
    }
    let old = split("b=20, a=30, b=10");
    assert_eq!(reweight(&old, &split("a=30, b=30")), old, "in another order");
    assert_eq!(reweighted("a=10, b=0", "a=10"), ("a=10".to_owned(), 0.0, 0.0), "not kept any more");
    assert_eq!(
        reweighted("a=10", "b=0, a=10"),
        ("a=10, b=0".to_owned(), 0.0, 0.0),
        "kept, and served to nobody"
    );
}

#[test]
fn weights_that_no_document_has_do_no_harm() {
    let weights = |weights: &[f64]| -> Vec<Split> {
        let share =
            |(weight, variant): (&f64, &&str)| Split { variant: (*variant).to_owned(), weight: *weight };
        weights.iter().zip(&VARIANTS).map(share).collect()
    };
    for old in [weights(&[80.0, 80.0]), weights(&[f64::MAX, f64::MAX]), weights(&[f64::NAN, -1.0])] {
        let new = weights(&[70.0, 70.0, 1.0]);
        assert_eq!(movement(&old, &reweight(&old, &old)), 0.0);
        assert!(movement(&old, &reweight(&old, &new)) <= 100.0);
        reweight(&new, &old);
    }
}

#[test]
fn there_and_back_again_and_again() {
    // Of each step, the weights of the variants.
    let steps =
        [[90, 10, 0], [50, 30, 20], [34, 33, 33], [20, 20, 60], [90, 10, 0], [100, 0, 0], [90, 10, 0]];
    let mut now = split("a=90, b=10, c=0");
    for step in steps.iter().chain(steps.iter().rev()).cycle().take(1000) {
        let [a, b, c] = step;
        now = reweight(&now, &split(&format!("a={a}, b={b}, c={c}")));
        assert!(now.len() <= 6, "{}", text(&now));
    }
}

/// Splits in tenths of all units.
fn shares() -> impl Strategy<Value = Vec<Split>> {
    let share = (prop::sample::select(VARIANTS.to_vec()), 0..=5_u8);
    prop::collection::vec(share, 0..7).prop_map(|shares| {
        let mut left = 10;
        let mut split = Vec::new();
        for (variant, weight) in shares {
            let weight = weight.min(left);
            left -= weight;
            split.push(Split { variant: variant.to_owned(), weight: f64::from(weight) * 10.0 });
        }
        split
    })
}

/// Splits with any weights.
pub(crate) fn fine_shares() -> impl Strategy<Value = Vec<Split>> {
    let share = (prop::sample::select(VARIANTS.to_vec()), 0..=60_000_u32);
    prop::collection::vec(share, 1..7).prop_map(|shares| {
        let mut left = 100_000;
        let shares = shares.into_iter().map(|(variant, weight)| {
            let weight = weight.min(left);
            left -= weight;
            Split { variant: variant.to_owned(), weight: f64::from(weight) / 1000.0 }
        });
        shares.collect()
    })
}

/// Returns so many of a strategy's values, the same each time.
fn samples<T>(strategy: impl Strategy<Value = T>, count: usize) -> impl Iterator<Item = T> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(move |_| strategy.new_tree(&mut runner).unwrap().current())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "percentages")]
fn thousandths(percent: f64) -> u32 {
    (percent * 1000.0).round() as u32
}

/// Returns the weight of each variant, in thousandths.
fn totals(split: &[Split]) -> BTreeMap<&str, u32> {
    let mut totals = BTreeMap::new();
    for share in split {
        *totals.entry(share.variant.as_str()).or_default() += thousandths(share.weight);
    }
    totals
}

/// What each tenth of all units is served.
fn tenths(split: &[Split]) -> Vec<Option<&str>> {
    let served = split.iter().flat_map(|share| {
        let count = thousandths(share.weight) as usize / 10_000;
        std::iter::repeat_n(Some(share.variant.as_str()), count)
    });
    served.chain(std::iter::repeat(None)).take(10).collect()
}

/// How many tenths each variant is still to get.
type Left<'s> = Vec<(&'s str, usize)>;

/// Tries every way to give variants their weights in tenths.
struct Exhaustive<'s> {
    old: Vec<Option<&'s str>>,
    /// By what is left and the variant before it.
    seen: HashMap<(Left<'s>, Option<&'s str>), (usize, usize)>,
}

impl<'s> Exhaustive<'s> {
    /// Returns the fewest tenths that move from here on, and for that the fewest shares.
    fn least(&mut self, at: usize, left: &[(&'s str, usize)], last: Option<&'s str>) -> (usize, usize) {
        if let Some(found) = self.seen.get(&(left.to_vec(), last)) {
            return *found;
        }
        let mut least = None;
        for place in (0..left.len()).filter(|place| left[*place].1 > 0) {
            let mut rest = left.to_vec();
            rest[place].1 -= 1;
            let variant = Some(left[place].0);
            let (moved, shares) = self.least(at + 1, &rest, variant);
            let moved = moved + usize::from(self.old[at] != variant);
            let found = (moved, shares + usize::from(last != variant));
            least = least.into_iter().chain([found]).min();
        }
        let least = least.unwrap_or_else(|| (self.old[at..].iter().flatten().count(), 0));
        self.seen.insert((left.to_vec(), last), least);
        least
    }
}

/// Returns the least that can move: the tail that becomes the rest or ceases to be it, and what shrinks before it.
fn least(old: &[Split], new: &[Split]) -> u32 {
    let wanted = totals(new);
    let (before, after) = (totals(old).values().sum::<u32>(), wanted.values().sum::<u32>());
    let mut left = after;
    let kept: Vec<Split> = old
        .iter()
        .map(|share| {
            let weight = thousandths(share.weight).min(left);
            left -= weight;
            Split { weight: f64::from(weight) / 1000.0, ..share.clone() }
        })
        .collect();
    let shrinks = |(variant, held): (&str, u32)| held.saturating_sub(*wanted.get(variant).unwrap_or(&0));
    before.abs_diff(after) + totals(&kept).into_iter().map(shrinks).sum::<u32>()
}

#[test]
fn no_arrangement_moves_fewer() {
    let mut fewest = 0;
    for (old, new) in samples((shares(), shares()), 2000) {
        let wanted = totals(&new).into_iter();
        let wanted: Left<'_> = wanted.map(|(key, weight)| (key, weight as usize / 10_000)).collect();
        let mut exhaustive = Exhaustive { old: tenths(&old), seen: HashMap::new() };
        let (moved, count) = exhaustive.least(0, &wanted, None);
        let made = reweight(&old, &new);
        assert_eq!(movement(&old, &made), moved as f64 * 10.0, "{} -> {}", text(&old), text(&made));
        let shares = made.iter().filter(|share| share.weight > 0.0).count();
        fewest += usize::from(shares == count);
    }
    // Of those that move as few, one of the fewest shares is nearly always found.
    assert!(fewest >= 1960, "{fewest}");
}

#[test]
fn many_changes_leave_few_shares() {
    let mut now = Vec::new();
    let mut most = 0;
    let mut sum = 0;
    for new in samples(fine_shares(), 5000) {
        now = reweight(&now, &new);
        most = most.max(now.len());
        sum += now.len();
    }
    // Four variants, each in about two parts.
    assert!(most <= 20 && sum <= 8 * 5000, "{most}, {sum} in all");
}

proptest! {
    #[test]
    fn it_has_the_weights_and_moves_no_more_than_they(old in fine_shares(), new in fine_shares()) {
        let made = reweight(&old, &new);
        prop_assert_eq!(totals(&made), totals(&new));
        prop_assert!(config(json!(made)).validate().is_ok());
        prop_assert!(movement(&old, &made) <= movement(&old, &new));
        prop_assert_eq!(thousandths(movement(&old, &made)), least(&old, &new));
        prop_assert_eq!(&reweight(&made, &new), &made);
        let back = reweight(&made, &old);
        prop_assert_eq!(totals(&back), totals(&old));
        prop_assert!(movement(&made, &back) <= movement(&made, &old));
    }
}
