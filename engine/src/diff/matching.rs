//! Which element of the new list is which of the old one, and which of them have moved.

use crate::config::Criterion;

/// Tells whether an old and a new element are the same one.
pub(super) type IsSame<T> = fn(&T, &T) -> bool;

/// By name; else by all of the content; else, where one of them has no name, by whom it is for or by what they get.
pub(super) const CRITERIA: &[IsSame<Criterion>] = &[
    |old, new| old.name.is_some() && old.name == new.name,
    |old, new| same_when(old, new) && same_effect(old, new) && old.rollout == new.rollout,
    |old, new| is_unnamed(old, new) && old.when.is_some() && same_when(old, new),
    |old, new| is_unnamed(old, new) && same_effect(old, new),
];

fn is_unnamed(old: &Criterion, new: &Criterion) -> bool {
    old.name.is_none() || new.name.is_none()
}

fn same_when(old: &Criterion, new: &Criterion) -> bool {
    old.when == new.when
}

fn same_effect(old: &Criterion, new: &Criterion) -> bool {
    old.serve == new.serve && old.split == new.split && old.bucket_by == new.bucket_by
}

/// For each new element, which old one it is.
pub(super) struct Pairs {
    old_of_new: Vec<Option<usize>>,
    is_paired: Vec<bool>,
    moved: Vec<bool>,
}

/// Pairs the elements of two lists, by the strictest rule first.
pub(super) fn pair<T>(old: &[T], new: &[T], rules: &[IsSame<T>]) -> Pairs {
    let mut old_of_new = vec![None; new.len()];
    let mut is_paired = vec![false; old.len()];
    for is_same in rules {
        for (new, old_of_new) in new.iter().zip(&mut old_of_new) {
            if old_of_new.is_none() {
                *old_of_new = (0..old.len()).find(|index| !is_paired[*index] && is_same(&old[*index], new));
                if let Some(index) = *old_of_new {
                    is_paired[index] = true;
                }
            }
        }
    }
    Pairs { moved: out_of_order(&old_of_new), old_of_new, is_paired }
}

impl Pairs {
    /// Returns the old elements that are no more.
    pub(super) fn removed(&self) -> impl Iterator<Item = usize> {
        (0..self.is_paired.len()).filter(|index| !self.is_paired[*index])
    }

    /// Returns each new element with the old one that it is.
    pub(super) fn in_new_order(&self) -> impl Iterator<Item = (Option<usize>, usize)> {
        self.old_of_new.iter().copied().zip(0..)
    }

    /// Returns where a new element was, when it has moved past others.
    pub(super) fn moved(&self, new: usize) -> Option<usize> {
        self.old_of_new[new].filter(|_| self.moved[new])
    }
}

/// Marks the fewest elements without which the others keep their order: all outside a longest rising run.
fn out_of_order(positions: &[Option<usize>]) -> Vec<bool> {
    // For each element, the length of the longest rising run that ends there, and its element before.
    let mut runs: Vec<(usize, Option<usize>)> = Vec::with_capacity(positions.len());
    for (index, position) in positions.iter().enumerate() {
        let before = (0..index)
            .filter(|before| position.is_some() && positions[*before].is_some())
            .filter(|before| positions[*before] < *position)
            .max_by_key(|before| (runs[*before].0, std::cmp::Reverse(*before)));
        let length = match (position, before) {
            (None, _) => 0,
            (Some(_), None) => 1,
            (Some(_), Some(before)) => runs[before].0 + 1,
        };
        runs.push((length, before));
    }
    let mut moved: Vec<bool> = positions.iter().map(Option::is_some).collect();
    let mut next = (0..runs.len()).max_by_key(|index| (runs[*index].0, std::cmp::Reverse(*index)));
    while let Some(index) = next {
        moved[index] = false;
        next = runs[index].1;
    }
    moved
}
