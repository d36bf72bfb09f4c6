//! What is supposed of a context's attributes, and what cannot be supposed with it.

use std::collections::BTreeMap;

use super::search::Steps;
use super::tree::Asked;
use crate::operator::Piece;

/// Facts that do not exclude each other, by the attribute that they are of.
///
/// Each key is an attribute of its own, dotted ones too: a context may have it by its exact key.
#[derive(Clone, Default)]
pub(super) struct Facts<'t> {
    attributes: BTreeMap<usize, Attribute<'t>>,
    /// How many were added.
    size: usize,
}

#[derive(Clone, Default)]
struct Attribute<'t> {
    exists: Option<bool>,
    /// Tests that a scalar of it passes.
    passed: Vec<&'t Asked>,
    /// Tests that no scalar of it passes.
    failed: Vec<&'t Asked>,
}

/// Something that holds or does not.
#[derive(Clone, Copy)]
pub(super) enum Fact<'t> {
    Exists(usize),
    Passes(&'t Asked),
}

impl<'t> Fact<'t> {
    fn key(self) -> usize {
        match self {
            Self::Exists(key) => key,
            Self::Passes(asked) => asked.key,
        }
    }
}

impl<'t> Facts<'t> {
    /// Returns whether the fact may hold, or not hold, with all that is supposed already; it may when no steps are left.
    pub(super) fn admit(&self, fact: Fact<'t>, holds: bool, steps: &Steps) -> bool {
        self.attributes.get(&fact.key()).is_none_or(|attribute| attribute.admits(fact, holds, steps))
    }

    /// Returns how much a copy copies.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Adds what is admitted.
    pub(super) fn add(&mut self, fact: Fact<'t>, holds: bool) {
        self.size += 1;
        let attribute = self.attributes.entry(fact.key()).or_default();
        match (fact, holds) {
            (Fact::Exists(_), holds) => attribute.exists = Some(holds),
            (Fact::Passes(asked), true) => {
                attribute.exists = Some(true);
                attribute.passed.push(asked);
            }
            (Fact::Passes(asked), false) => attribute.failed.push(asked),
        }
    }
}

impl<'t> Attribute<'t> {
    fn admits(&self, fact: Fact<'t>, holds: bool, steps: &Steps) -> bool {
        match (fact, holds) {
            (Fact::Exists(_), holds) => self.exists != Some(!holds),
            (Fact::Passes(asked), true) => {
                self.exists != Some(false) && !are_within(asked, (&self.failed, None), steps)
            }
            (Fact::Passes(asked), false) => {
                !self.passed.iter().any(|passed| are_within(passed, (&self.failed, Some(asked)), steps))
            }
        }
    }
}

/// Returns whether every scalar that passes certainly passes one of the others.
fn are_within(asked: &Asked, (others, another): (&[&Asked], Option<&Asked>), steps: &Steps) -> bool {
    if !steps.take(others.len() + 1) {
        return false;
    }
    let others = others.iter().copied().chain(another);
    let covered =
        |other: &Asked, piece: &Piece<'_>| steps.take(other.test.steps(piece)) && other.test.covers(piece);
    // The same condition has the same test, also where nothing else is known of it, as of a regex.
    others.clone().any(|other| other.id == asked.id)
        || asked.test.every_piece(|piece| steps.take(1) && others.clone().any(|other| covered(other, piece)))
}
