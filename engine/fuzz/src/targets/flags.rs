//! Flags to evaluate.

use fluxgate_engine::{Context, Evaluation, EvaluationError, Flag, Flags, Served, evaluate};

/// One flag that is also every other feature: what depends on anything depends on itself.
#[derive(Debug)]
pub(crate) struct One(pub(crate) Flag);

impl Flags for One {
    fn get(&self, _key: &str) -> Option<Served<'_>> {
        Some(Served { flag: &self.0, killed: false })
    }
}

impl One {
    /// Returns what the flag is for a context, having seen that it is so each time.
    pub(crate) fn evaluate(&self, context: &Context<'_>) -> Result<Evaluation<'_>, EvaluationError> {
        let result = evaluate(self, self.0.key(), context);
        assert_eq!(result, evaluate(self, self.0.key(), context), "evaluating again is another result");
        result
    }

    /// Returns whether the variant `on` is served.
    pub(crate) fn is_on(&self, context: &Context<'_>) -> bool {
        self.evaluate(context).is_ok_and(|result| result.variant == Some("on"))
    }
}
