//! What an evaluation came to, in a number that counts are kept under.

use fluxgate_engine::Reason;
use fluxgate_proto::v1::EvaluationReason;

/// The names of reasons, by their numbers.
pub const REASONS: [&str; 6] = ["STATIC", "TARGETING_MATCH", "SPLIT", "DEFAULT", "DISABLED", "ERROR"];

/// The number of what has no variant because it went wrong.
const ERROR: u32 = 5;
/// How many bits does a reason take?
const REASON_BITS: u32 = 3;

/// A variant of a flag, by its place, and the reason for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Outcome(u32);

impl Outcome {
    /// A flag could not be evaluated for a context.
    pub(crate) const ERROR: Self = Self(ERROR);

    /// Puts both together.
    pub fn new(variant: Option<u16>, reason: Reason) -> Self {
        let reason = match reason {
            Reason::Static => 0,
            Reason::TargetingMatch => 1,
            Reason::Split => 2,
            Reason::Default => 3,
            Reason::Disabled => 4,
        };
        Self(variant.map_or(0, |variant| u32::from(variant) + 1) << REASON_BITS | reason)
    }

    /// Returns the variant's place; none is the application's own default.
    pub(super) fn variant(self) -> Option<usize> {
        (self.0 >> REASON_BITS).checked_sub(1).map(|place| place as usize)
    }

    /// Returns the reason's number in `REASONS`.
    pub(super) fn reason(self) -> usize {
        (self.0 & ((1 << REASON_BITS) - 1)) as usize
    }

    /// Returns the reason as it travels.
    pub(super) fn wire(self) -> EvaluationReason {
        match self.reason() {
            0 => EvaluationReason::Static,
            1 => EvaluationReason::TargetingMatch,
            2 => EvaluationReason::Split,
            3 => EvaluationReason::Default,
            4 => EvaluationReason::Disabled,
            _ => EvaluationReason::Error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_holds_its_parts() {
        let reasons =
            [Reason::Static, Reason::TargetingMatch, Reason::Split, Reason::Default, Reason::Disabled];
        for (number, reason) in reasons.into_iter().enumerate() {
            for variant in [None, Some(0), Some(7), Some(u16::MAX)] {
                let outcome = Outcome::new(variant, reason);
                assert_eq!((outcome.variant(), outcome.reason()), (variant.map(usize::from), number));
                assert_eq!(REASONS[outcome.reason()], reason.as_str());
                assert!(outcome.wire().as_str_name().ends_with(reason.as_str()));
            }
        }
        assert_eq!((Outcome::ERROR.variant(), REASONS[Outcome::ERROR.reason()]), (None, "ERROR"));
    }
}
