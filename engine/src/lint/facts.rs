//! What is supposed of a context's attributes, and what cannot be supposed with it.

use std::collections::BTreeMap;

use super::tree::Asked;

/// Facts that do not exclude each other, by the attribute that they are of.
///
/// Each key is an attribute of its own, dotted ones too: a context may have it by its exact key.
#[derive(Clone, Default)]
pub(super) struct Facts<'t>(BTreeMap<&'t str, Attribute<'t>>);

#[derive(Clone, Default)]
struct Attribute<'t> {
    exists: Option<bool>,
    /// Tests that a scalar of it passes.
    passed: Vec<&'t Asked<'t>>,
    /// Tests that no scalar of it passes.
    failed: Vec<&'t Asked<'t>>,
}

/// Something that holds or does not.
#[derive(Clone, Copy)]
pub(super) enum Fact<'t> {
    Exists(&'t str),
    Passes(&'t Asked<'t>),
}

impl<'t> Fact<'t> {
    fn key(self) -> &'t str {
        match self {
            Self::Exists(key) => key,
            Self::Passes(asked) => &asked.condition.key,
        }
    }
}

impl<'t> Facts<'t> {
    /// Returns whether the fact may hold, or not hold, with all that is supposed already.
    pub(super) fn admit(&self, fact: Fact<'t>, holds: bool) -> bool {
        self.0.get(fact.key()).is_none_or(|attribute| attribute.admits(fact, holds))
    }

    /// Adds what is admitted.
    pub(super) fn add(&mut self, fact: Fact<'t>, holds: bool) {
        let attribute = self.0.entry(fact.key()).or_default();
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
    fn admits(&self, fact: Fact<'t>, holds: bool) -> bool {
        match (fact, holds) {
            (Fact::Exists(_), holds) => self.exists != Some(!holds),
            (Fact::Passes(asked), true) => self.exists != Some(false) && !are_within(asked, &self.failed),
            (Fact::Passes(asked), false) => {
                let failed: Vec<_> = self.failed.iter().copied().chain([asked]).collect();
                !self.passed.iter().any(|passed| are_within(passed, &failed))
            }
        }
    }
}

/// Returns whether every scalar that passes certainly passes one of the others.
fn are_within(asked: &Asked<'_>, others: &[&Asked<'_>]) -> bool {
    // The same condition has the same test, also where nothing else is known of it, as of a regex.
    others.contains(&asked)
        || asked.test.every_piece(|piece| others.iter().any(|other| other.test.covers(piece)))
}
