//! A small decision procedure: whether claims about a context contradict each other.
//!
//! A yes is certain. A no may mean that the search gave up: it supposes at most a few things one on another, takes a
//! bounded number of steps, and knows of two tests only what `cover` knows. Whatever takes time takes steps: what is
//! looked at, what is copied, what is compared.

use std::cell::Cell;

use super::facts::{Fact, Facts};
use super::tree::Tree;

/// How many things are supposed one on another before the search gives up?
const MAX_SUPPOSED: u8 = 8;

/// How many steps may one question take?
const MAX_STEPS: usize = 50_000;

/// How many steps may all questions about a document take?
const MAX_STEPS_IN_ALL: usize = 500_000;

/// A tree and whether it is claimed to hold or not to hold.
pub(super) type Claim<'t> = (&'t Tree, bool);

/// Answers questions, while the steps for all of them last.
pub(super) struct Search {
    steps: Steps,
}

/// The steps that are left.
pub(super) struct Steps {
    left: Cell<usize>,
    left_in_all: Cell<usize>,
}

impl Steps {
    /// Takes steps; returns false, from then on, when not as many are left.
    pub(super) fn take(&self, steps: usize) -> bool {
        let left = self.left.get().min(self.left_in_all.get());
        let taken = steps.min(left);
        self.left_in_all.set(self.left_in_all.get() - taken);
        self.left.set(left.saturating_sub(steps));
        self.are_left()
    }

    fn are_left(&self) -> bool {
        self.left.get() > 0
    }
}

/// What is supposed so far, and what must still be looked at.
#[derive(Clone, Default)]
struct Case<'t> {
    facts: Facts<'t>,
    claims: Vec<Claim<'t>>,
    /// Lists of claims of which at least one must hold.
    choices: Vec<Vec<Claim<'t>>>,
}

impl Case<'_> {
    /// Returns how much a copy of it copies.
    fn size(&self) -> usize {
        let choices = self.choices.iter().map(|choice| choice.len() + 1);
        self.facts.size() + self.claims.len() + choices.sum::<usize>() + 1
    }
}

impl Search {
    pub(super) fn new() -> Self {
        Self { steps: Steps { left: Cell::new(0), left_in_all: Cell::new(MAX_STEPS_IN_ALL) } }
    }

    /// Takes the steps of something that is no question; returns false when they are used up.
    pub(super) fn take(&self, steps: usize) -> bool {
        self.steps.left.set(MAX_STEPS);
        self.steps.take(steps)
    }

    /// Returns whether no context whatsoever makes all claims come true.
    pub(super) fn contradict<'t>(&self, claims: impl IntoIterator<Item = Claim<'t>>) -> bool {
        self.steps.left.set(MAX_STEPS);
        let mut case = Case::default();
        for claim in claims {
            if !self.steps.take(1) {
                return false;
            }
            case.claims.push(claim);
        }
        self.is_impossible(case, 0)
    }

    /// Returns as few of the claims, which contradict each other, as are enough for that.
    pub(super) fn core<'t>(&self, claims: &[Claim<'t>]) -> Vec<usize> {
        let mut core: Vec<usize> = (0..claims.len()).collect();
        for index in 0..claims.len() {
            let rest = core.iter().copied().filter(|kept| *kept != index);
            if self.contradict(rest.clone().map(|kept| claims[kept])) {
                core = rest.collect();
            }
        }
        core
    }

    /// Gives up with a no, which those who asked hand on at once, as soon as no steps are left.
    fn is_impossible<'t>(&self, mut case: Case<'t>, supposed: u8) -> bool {
        loop {
            if !self.take_claims(&mut case) {
                return self.steps.are_left();
            }
            case.choices.retain(|choice| !choice.iter().any(|claim| self.is_certain(&case.facts, *claim)));
            for choice in &mut case.choices {
                choice.retain(|claim| self.is_possible(&case.facts, *claim));
            }
            if !self.steps.take(case.choices.len() + 1) {
                return false;
            }
            // Where the least is left to choose, a contradiction is nearest.
            let narrowest = (0..case.choices.len()).min_by_key(|index| case.choices[*index].len());
            let Some(narrowest) = narrowest else {
                return false;
            };
            let choice = case.choices.swap_remove(narrowest);
            match *choice {
                [] => return true,
                [only] => case.claims.push(only),
                _ if supposed == MAX_SUPPOSED => return false,
                _ => {
                    let size = case.size();
                    return choice.into_iter().all(|claim| {
                        self.steps.take(size) && {
                            let mut case = case.clone();
                            case.claims.push(claim);
                            self.is_impossible(case, supposed + 1)
                        }
                    });
                }
            }
        }
    }

    /// Takes the claims for true, as far as facts and choices; returns false when they contradict each other, or no
    /// steps are left.
    fn take_claims<'t>(&self, case: &mut Case<'t>) -> bool {
        while let Some((tree, holds)) = case.claims.pop() {
            let children = match tree {
                Tree::All(children) | Tree::Any(children) => children.len(),
                _ => 0,
            };
            if !self.steps.take(children + 1) {
                return false;
            }
            match (tree, holds) {
                (Tree::Not(child), _) => case.claims.push((child, !holds)),
                (Tree::All(children), true) | (Tree::Any(children), false) => {
                    case.claims.extend(children.iter().map(|child| (child, holds)));
                }
                (Tree::All(children), false) | (Tree::Any(children), true) => {
                    case.choices.push(children.iter().map(|child| (child, holds)).collect());
                }
                (Tree::Exists(_) | Tree::Passes(_), _) => {
                    if !self.is_possible(&case.facts, (tree, holds)) {
                        return false;
                    }
                    if let Some((fact, holds)) = fact((tree, holds)) {
                        case.facts.add(fact, holds);
                    }
                }
            }
        }
        true
    }

    /// Returns whether a claim may come true; of what is more than a fact that is not known.
    fn is_possible<'t>(&self, facts: &Facts<'t>, claim: Claim<'t>) -> bool {
        if !self.steps.take(1) {
            return true;
        }
        fact(claim).is_none_or(|(fact, holds)| facts.admit(fact, holds, &self.steps))
    }

    /// Returns whether a claim follows from the facts, as the opposite is not possible.
    fn is_certain<'t>(&self, facts: &Facts<'t>, claim: Claim<'t>) -> bool {
        let (tree, holds) = claim;
        !self.is_possible(facts, (tree, !holds))
    }
}

/// Returns the claim as a fact, when it is one.
fn fact((tree, holds): Claim<'_>) -> Option<(Fact<'_>, bool)> {
    match tree {
        Tree::Exists(key) => Some((Fact::Exists(*key), holds)),
        Tree::Passes(asked) => Some((Fact::Passes(asked), holds)),
        Tree::Not(child) => fact((child, !holds)),
        Tree::All(_) | Tree::Any(_) => None,
    }
}
