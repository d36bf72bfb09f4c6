//! What a batch of assignments may be. Both sides check it: an edge keeps within it, a backend trusts nobody.

use thiserror::Error;

use crate::unit::UNIT_HASH_BYTES;
use crate::v1::AssignmentBatch;

/// How many units may a batch name?
pub const MAX_UNITS: usize = 5_000;
/// How many groups may it have?
pub const MAX_GROUPS: usize = 1_000;
/// How long may a text in it be, in bytes? Longer than any that a document may have.
pub const MAX_TEXT_BYTES: usize = 1_024;

/// Why a batch cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadAssignments {
    /// There is too much in it.
    #[error("{0} are more than a batch may have")]
    TooMany(&'static str),
    /// An id is none.
    #[error("groups[{0}].environment_id: is no UUID")]
    Environment(usize),
    /// A text is missing or too long.
    #[error("groups[{0}].{1}: is empty, too long, or has a NUL in it")]
    Text(usize, &'static str),
    /// A unit has another length than a hash.
    #[error("groups[{0}]: a unit does not have {UNIT_HASH_BYTES} bytes")]
    Unit(usize),
}

/// Checks a batch; those that ask name no variants.
pub fn check(batch: &AssignmentBatch, asks: bool) -> Result<(), BadAssignments> {
    if batch.groups.len() > MAX_GROUPS {
        return Err(BadAssignments::TooMany("groups"));
    }
    if batch.groups.iter().map(|group| group.assignments.len()).sum::<usize>() > MAX_UNITS {
        return Err(BadAssignments::TooMany("assignments"));
    }
    // A database keeps no NUL in a text.
    let good = |text: &str| (1..=MAX_TEXT_BYTES).contains(&text.len()) && !text.contains('\0');
    for (place, group) in batch.groups.iter().enumerate() {
        if group.environment_id.len() != 16 {
            return Err(BadAssignments::Environment(place));
        }
        for (name, text) in [("feature_key", &group.feature_key), ("salt", &group.salt)] {
            if !good(text) {
                return Err(BadAssignments::Text(place, name));
            }
        }
        for assignment in &group.assignments {
            if assignment.unit.len() != UNIT_HASH_BYTES {
                return Err(BadAssignments::Unit(place));
            }
            if asks != assignment.variant.is_empty() || (!asks && !good(&assignment.variant)) {
                return Err(BadAssignments::Text(place, "variant"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{Assignment, AssignmentGroup};

    fn batch(change: impl FnOnce(&mut AssignmentGroup)) -> AssignmentBatch {
        let mut group = AssignmentGroup {
            environment_id: vec![1; 16],
            feature_key: "flag".to_owned(),
            salt: "salt".to_owned(),
            assignments: vec![Assignment { unit: vec![2; UNIT_HASH_BYTES], variant: "on".to_owned() }],
        };
        change(&mut group);
        AssignmentBatch { groups: vec![group] }
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        assert_eq!(check(&batch(|_| ()), false), Ok(()));
        assert_eq!(check(&batch(|group| group.assignments[0].variant.clear()), true), Ok(()));
        assert_eq!(check(&AssignmentBatch::default(), false), Ok(()));
        let long = "x".repeat(MAX_TEXT_BYTES + 1);
        for (bad, why) in [
            (batch(|group| group.environment_id.truncate(15)), BadAssignments::Environment(0)),
            (batch(|group| group.feature_key.clear()), BadAssignments::Text(0, "feature_key")),
            (batch(|group| group.salt = "a\0b".to_owned()), BadAssignments::Text(0, "salt")),
            (batch(|group| group.salt = long.clone()), BadAssignments::Text(0, "salt")),
            (batch(|group| group.assignments[0].variant.clear()), BadAssignments::Text(0, "variant")),
            (batch(|group| group.assignments[0].unit.push(1)), BadAssignments::Unit(0)),
        ] {
            assert_eq!(check(&bad, false), Err(why));
        }
        assert_eq!(check(&batch(|_| ()), true), Err(BadAssignments::Text(0, "variant")));
        let mut many = batch(|group| group.assignments = vec![group.assignments[0].clone(); MAX_UNITS + 1]);
        assert_eq!(check(&many, false), Err(BadAssignments::TooMany("assignments")));
        many.groups = vec![AssignmentGroup::default(); MAX_GROUPS + 1];
        assert_eq!(check(&many, false), Err(BadAssignments::TooMany("groups")));
    }
}
