//! How many of the units a change of weights moves to another outcome, and how to move as few as can be.
//!
//! Buckets are uniform, so a share of the buckets is a share of the units, exactly.

mod reweight;

pub use reweight::reweight;

use crate::bucket::BUCKETS;
use crate::compile::ends;
use crate::config::{Criterion, FlagConfig, Split};

/// Runs of buckets, each up to its number, with the variant that they are served; they end at the last bucket.
type Walk<'c> = Vec<(u32, Option<&'c str>)>;

/// Returns the percentage of the units that one split serves and the other does not, or another variant.
///
/// The rest, which gets the default, counts as an outcome of its own.
pub fn movement(old: &[Split], new: &[Split]) -> f64 {
    f64::from(differing(&walk(old, None), &walk(new, None))) / 1000.0
}

/// A criterion and the document that it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Deciding<'c> {
    /// The document: its default is what those get whom the criterion leaves out.
    pub config: &'c FlagConfig,
    /// One of its criteria.
    pub criterion: &'c Criterion,
}

/// Returns the percentage of the matching units that get another variant when a criterion becomes another.
///
/// None when that cannot be told: whom the criterion is for has changed, everyone is reshuffled, kept assignments
/// decide, or the feature is not on.
pub fn criterion_movement(old: Deciding<'_>, new: Deciding<'_>) -> Option<f64> {
    let is_on = old.config.enabled && new.config.enabled;
    let keeps = old.keeps() || new.keeps();
    if !is_on || keeps || old.criterion.when != new.criterion.when || reshuffles(old, new) {
        return None;
    }
    // Both factors of each part are thousandths of a percent of the whole.
    Some(old.outcomes().differing(&new.outcomes()) as f64 / 1e8)
}

/// Returns whether buckets decide in both, and are made of something else in each.
///
/// It does not know the feature: a salt that is written out is another than none, though it may be the feature's key.
pub(crate) fn reshuffles(old: Deciding<'_>, new: Deciding<'_>) -> bool {
    let is_same =
        old.config.salt == new.config.salt && old.criterion.bucket_key() == new.criterion.bucket_key();
    !is_same && old.outcomes().divide() && new.outcomes().divide()
}

impl<'c> Deciding<'c> {
    /// Returns whether units may have been served before what the buckets do not tell.
    fn keeps(self) -> bool {
        self.config.sticky && !self.criterion.split.is_empty()
    }

    fn outcomes(self) -> Outcomes<'c> {
        let default = self.config.default.as_deref();
        Outcomes {
            rollout: self.criterion.threshold().min(BUCKETS),
            walk: match &self.criterion.serve {
                Some(variant) => everyone(Some(variant)),
                None => walk(&self.criterion.split, default),
            },
            default,
        }
    }
}

/// What the matching units get, by their two buckets.
struct Outcomes<'c> {
    rollout: u32,
    walk: Walk<'c>,
    default: Option<&'c str>,
}

impl Outcomes<'_> {
    /// Returns how many of all pairs of a rollout bucket and a split bucket get something else.
    fn differing(&self, other: &Self) -> u64 {
        let (low, high) = if self.rollout < other.rollout { (self, other) } else { (other, self) };
        let parts = [
            (low.rollout, differing(&low.walk, &high.walk)),
            (high.rollout - low.rollout, differing(&everyone(low.default), &high.walk)),
            (BUCKETS - high.rollout, differing(&everyone(low.default), &everyone(high.default))),
        ];
        parts.into_iter().map(|(rollout, split)| u64::from(rollout) * u64::from(split)).sum()
    }

    /// Returns whether not all units get the same.
    fn divide(&self) -> bool {
        let walk = everyone(self.default);
        let nobody = Outcomes { rollout: 0, walk, default: self.default };
        let first = self.walk.iter().find(|(upto, _)| *upto > 0).and_then(|(_, variant)| *variant);
        let first = Outcomes { rollout: BUCKETS, walk: everyone(first), default: self.default };
        self.differing(&nobody) > 0 && self.differing(&first) > 0
    }
}

fn everyone(variant: Option<&str>) -> Walk<'_> {
    vec![(BUCKETS, variant)]
}

fn walk<'c>(split: &'c [Split], default: Option<&'c str>) -> Walk<'c> {
    let shares = ends(split).zip(split).map(|(upto, share)| (upto.min(BUCKETS), Some(&*share.variant)));
    shares.chain([(BUCKETS, default)]).collect()
}

/// Returns how many buckets are served something else.
fn differing(old: &Walk<'_>, new: &Walk<'_>) -> u32 {
    let (mut olds, mut news) = (old.iter().peekable(), new.iter().peekable());
    let (mut from, mut moved) = (0, 0);
    while let (Some((old, before)), Some((new, after))) = (olds.peek(), news.peek()) {
        let upto = *old.min(new);
        if before != after {
            moved += upto - from;
        }
        from = upto;
        olds.next_if(|(end, _)| *end == upto);
        news.next_if(|(end, _)| *end == upto);
    }
    moved
}
