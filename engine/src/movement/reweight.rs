//! Gives a split new weights so that the fewest units move.
//!
//! The rest, which gets the default, is always the tail of the walk. So where the weights' sum falls, the tail that
//! becomes the rest moves whatever it held, and that may be more than the shrinking variants alone would have to give.
//! Before the tail every variant keeps as much as it may of what it holds, and that is all that can be kept.
//! Again and again, this settles at about two shares a variant; a split written by hand makes them fewer, and moves more.

use std::collections::{BTreeMap, BTreeSet};

use super::walk;
use crate::bucket::thousandths;
use crate::config::Split;

/// Returns the split with the weight that each variant has in `new`, that moves the fewest units from `old`.
///
/// A variant that stands in `new` more than once gets the sum; one of weight 0 stays in the split. Where several splits
/// move as few, it is one of few shares, near the old order. It is `old` itself when no variant's weight changes.
///
/// The work grows with the square of the shares: it is for splits as long as documents have them, about 200 shares.
pub fn reweight(old: &[Split], new: &[Split]) -> Vec<Split> {
    let wanted = totals(new);
    let is_same = |totals: &[(&str, u32)]| BTreeSet::from_iter(totals) == BTreeSet::from_iter(&wanted);
    if is_same(&totals(old)) {
        return old.to_vec();
    }
    let mut plan = Plan::new(old, &wanted);
    while let Some(step) = plan.cheapest() {
        plan.take(step);
    }
    let share =
        |variant: &str, buckets| Split { variant: variant.to_owned(), weight: f64::from(buckets) / 1000.0 };
    let runs = plan.runs.iter().filter_map(|run| Some((wanted[run.owner?].0, run.buckets)));
    let empty = wanted.iter().copied().filter(|(_, weight)| *weight == 0);
    runs.chain(empty).map(|(variant, buckets)| share(variant, buckets)).collect()
}

/// Returns the weight of each variant, in thousandths, by first appearance.
fn totals(split: &[Split]) -> Vec<(&str, u32)> {
    let mut places = BTreeMap::new();
    let mut totals: Vec<(&str, u32)> = Vec::new();
    for share in split {
        let place = *places.entry(share.variant.as_str()).or_insert(totals.len());
        if place == totals.len() {
            totals.push((&share.variant, 0));
        }
        totals[place].1 = totals[place].1.saturating_add(thousandths(share.weight));
    }
    totals
}

/// The buckets that are to be divided among the variants, and how far they are.
struct Plan {
    runs: Vec<Run>,
    /// How many buckets each variant has to give away.
    spare: Vec<u32>,
    /// How many buckets each variant lacks.
    lacks: Vec<u32>,
}

/// Buckets in a row that are served the same; without an owner they are free.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    owner: Option<usize>,
    buckets: u32,
}

/// Buckets of a run that go to another variant.
struct Step {
    run: usize,
    to: usize,
    buckets: u32,
    from_front: bool,
}

impl Plan {
    /// Takes the old split up to the sum of the new one; what is no variant's any more is free.
    fn new(old: &[Split], wanted: &[(&str, u32)]) -> Self {
        let places: BTreeMap<&str, usize> =
            wanted.iter().enumerate().map(|(place, (variant, _))| (*variant, place)).collect();
        let end = wanted.iter().fold(0_u32, |sum, (_, weight)| sum.saturating_add(*weight));
        let mut plan = Self {
            runs: Vec::new(),
            spare: vec![0; wanted.len()],
            lacks: wanted.iter().map(|(_, weight)| *weight).collect(),
        };
        let mut from = 0;
        let beyond = (u32::MAX, None);
        for (upto, variant) in walk(old, None).into_iter().chain([beyond]) {
            let upto = upto.min(end);
            let owner = variant.and_then(|variant| places.get(variant).copied());
            let owner = owner.filter(|owner| wanted[*owner].1 > 0);
            plan.runs.push(Run { owner, buckets: upto - from });
            if let Some(owner) = owner {
                let kept = plan.lacks[owner].min(upto - from);
                plan.lacks[owner] -= kept;
                plan.spare[owner] += upto - from - kept;
            }
            from = upto;
        }
        plan.tidy();
        plan
    }

    /// Returns the step that adds the fewest shares: the first of those.
    fn cheapest(&self) -> Option<Step> {
        let largest = (0..self.lacks.len()).rev().max_by_key(|to| self.lacks[*to])?;
        let steps = (0..self.runs.len()).flat_map(|run| {
            let neighbours = [run.checked_sub(1), Some(run + 1)].map(|run| self.runs.get(run?)?.owner);
            [neighbours[0], neighbours[1], Some(largest)]
                .into_iter()
                .filter_map(move |to| self.step(run, to?, neighbours))
        });
        steps.min_by_key(|(added, _)| *added).map(|(_, step)| step)
    }

    /// Returns what a run can give a variant, and how many shares that adds.
    fn step(&self, run: usize, to: usize, neighbours: [Option<usize>; 2]) -> Option<(i8, Step)> {
        let Run { owner, buckets: all } = self.runs[run];
        let buckets = owner.map_or(all, |owner| self.spare[owner].min(all)).min(self.lacks[to]);
        if buckets == 0 {
            return None;
        }
        let [before, after] = neighbours.map(|neighbour| neighbour == Some(to));
        let touches = i8::from(before) + i8::from(after);
        let added = if buckets == all { -touches } else { 1 - touches.min(1) };
        // What is free goes away from its front on, what is kept stays there.
        let from_front = before || (owner.is_none() && !after);
        Some((added, Step { run, to, buckets, from_front }))
    }

    fn take(&mut self, Step { run, to, buckets, from_front }: Step) {
        self.lacks[to] -= buckets;
        if let Some(owner) = self.runs[run].owner {
            self.spare[owner] -= buckets;
        }
        self.runs[run].buckets -= buckets;
        self.runs.insert(run + usize::from(!from_front), Run { owner: Some(to), buckets });
        self.tidy();
    }

    /// Makes one of neighbours that are served the same, and drops what is empty.
    fn tidy(&mut self) {
        self.runs.retain(|run| run.buckets > 0);
        self.runs.dedup_by(|run, before| {
            let is_same = run.owner == before.owner;
            if is_same {
                before.buckets += run.buckets;
            }
            is_same
        });
    }
}
