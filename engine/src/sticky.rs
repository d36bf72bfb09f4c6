//! Kept assignments: the variants that sticky splits served before, which outlast a change of the weights.

/// What the caller has kept for the environment that it evaluates in; the engine itself stores nothing.
///
/// Asked only about a unit that a sticky split is about to decide.
pub trait Kept {
    /// Returns the variant that was served first to a unit of a feature, for this salt.
    fn variant(&self, feature: &str, salt: &str, unit: &str) -> Option<&str>;

    /// Is told what the bucket of a unit decided, of which nothing was kept: what there is to keep from now on.
    ///
    /// Evaluations tell it, of dependencies too; explanations do not.
    fn decided(&self, _feature: &str, _salt: &str, _unit: &str, _variant: &str) {}
}

/// Nothing was kept.
impl Kept for () {
    fn variant(&self, _feature: &str, _salt: &str, _unit: &str) -> Option<&str> {
        None
    }
}
