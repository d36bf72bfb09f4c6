//! The same result as `evaluate`, with each step that led to it, for people who ask why.
//!
//! A walk over the documents, as they were written, that shares with `evaluate` whatever is a rule. It takes its time:
//! every condition is compiled anew, and none of a criterion that is looked at is passed over.

mod criterion;
mod dependency;
mod result;
mod seen;
mod trace;

use std::collections::HashSet;

use self::dependency::Seen;
pub use self::dependency::{CameTo, DependencyOutcome, DependencyStep, WhyNot};
pub use self::result::{OwnedCriterionRef, OwnedEvaluation};
pub use self::trace::{
    BucketBy, CriterionOutcome, CriterionStep, Explanation, KeptTrace, MatchTrace, RolloutTrace, ShareTrace,
    SplitTrace, Step, StepOutcome,
};
use crate::config::FlagConfig;
use crate::context::{Attribute, Context};
use crate::evaluation::{Evaluation, EvaluationError, Reason};
use crate::sticky::Kept;

/// The documents of one environment: what people wrote, which compiled flags no longer tell.
///
/// They are those that [`Flag::compile`](crate::Flag::compile) has taken. Of others nothing panics, but there is
/// nothing to agree with: a condition that does not compile is false, and an unknown variant is none.
pub trait Documents {
    /// Returns the document of a feature; none when it is unknown, archived or its stage is not deployed.
    fn get(&self, key: &str) -> Option<Document<'_>>;
}

/// A document and the runtime state that stands beside it.
#[derive(Clone, Copy, Debug)]
pub struct Document<'d> {
    /// The document itself.
    pub config: &'d FlagConfig,
    /// Whether its kill switch is on.
    pub killed: bool,
}

/// Returns what a feature is for a context, with each step that led to it.
///
/// Never disagrees with [`evaluate_kept`](crate::evaluate_kept) on flags compiled from the same documents.
pub fn explain(
    documents: &(impl Documents + ?Sized),
    key: &str,
    context: &Context<'_>,
    kept: &(impl Kept + ?Sized),
) -> Explanation {
    let mut walk = Walk {
        documents,
        context,
        kept,
        seen: Seen::new(),
        attributes: context.iter().map(|(key, _)| key).collect(),
        asked_for: HashSet::new(),
    };
    let (steps, result) = match documents.get(key) {
        Some(document) => walk.feature(key, document, 0),
        None => (
            vec![Step::Found { outcome: StepOutcome::Decided }],
            Err(EvaluationError::FlagNotFound { key: key.to_owned() }),
        ),
    };
    Explanation { unused_attributes: walk.unused_attributes(), ..Explanation::new(key, result, steps) }
}

/// What is the same for a feature and all that it depends on, and what was gathered on the way.
struct Walk<'d, 'x, 'a, D: ?Sized, K: ?Sized> {
    documents: &'d D,
    context: &'x Context<'a>,
    kept: &'x K,
    seen: Seen<'d>,
    /// The keys of the context.
    attributes: HashSet<&'x str>,
    /// The attributes of the context that were looked for.
    asked_for: HashSet<&'d str>,
}

/// A document and the key of its feature.
#[derive(Clone, Copy)]
struct Named<'k, 'd> {
    key: &'k str,
    config: &'d FlagConfig,
}

/// The steps of a feature so far.
struct Steps<'d> {
    steps: Vec<Step>,
    /// What the step that decided came to.
    result: Option<Result<Evaluation<'d>, EvaluationError>>,
}

impl<'d, 'x, 'a, D: Documents + ?Sized, K: Kept + ?Sized> Walk<'d, 'x, 'a, D, K> {
    /// Explains a feature that is `level` levels below the one asked for.
    fn feature(
        &mut self,
        key: &str,
        Document { config, killed }: Document<'d>,
        level: u8,
    ) -> (Vec<Step>, Result<Evaluation<'d>, EvaluationError>) {
        let disabled = || served(config, config.off.as_deref(), Reason::Disabled);
        let mut steps = Steps { steps: vec![Step::Found { outcome: StepOutcome::Passed }], result: None };
        let by_switch = killed.then(|| Evaluation { kill_switch: true, ..disabled() });
        steps.push(by_switch, |outcome| Step::KillSwitch { outcome });
        steps.push((!config.enabled).then(disabled), |outcome| Step::Enabled { outcome });
        for dependency in &config.depends_on {
            let step = match steps.result {
                Some(_) => DependencyStep::new(dependency),
                None => self.dependency(dependency, level + 1),
            };
            if step.outcome == DependencyOutcome::NotSatisfied {
                let blocked_by = Some(dependency.feature.as_str());
                steps.result = Some(Ok(Evaluation { blocked_by, ..disabled() }));
            }
            steps.steps.push(Step::Dependency(Box::new(step)));
        }
        for (index, criterion) in config.criteria.iter().enumerate() {
            let step = match steps.result {
                Some(_) => CriterionStep::new(criterion, index),
                None => {
                    let (step, result) = self.criterion(Named { key, config }, index);
                    steps.result = result;
                    step
                }
            };
            steps.steps.push(Step::Criterion(Box::new(step)));
        }
        let reason = if config.criteria.is_empty() { Reason::Static } else { Reason::Default };
        let default = served(config, config.default.as_deref(), reason);
        steps.push(Some(default), |outcome| Step::Default { outcome });
        (steps.steps, steps.result.unwrap_or(Ok(default)))
    }

    /// Returns an attribute, and remembers that it was asked for.
    fn look_up(&mut self, key: &'d str) -> Option<&'x Attribute<'a>> {
        let is_exact = self.attributes.contains(key);
        let first = key.split_once('.').map_or(key, |(first, _)| first);
        self.asked_for.insert(if is_exact { key } else { first });
        self.context.get(key)
    }

    fn unused_attributes(&self) -> Vec<String> {
        let mut named = HashSet::new();
        let keys = self.context.iter().map(|(key, _)| key);
        let mut unused: Vec<&str> = keys.filter(|key| !self.asked_for.contains(key)).collect();
        unused.retain(|key| named.insert(*key));
        unused.into_iter().map(str::to_owned).collect()
    }
}

impl<'d> Steps<'d> {
    /// Adds a step, which decides when it has a result and no earlier one has.
    fn push(&mut self, result: Option<Evaluation<'d>>, step: fn(StepOutcome) -> Step) {
        let outcome = match (&self.result, result) {
            (Some(_), _) => StepOutcome::NotReached,
            (None, None) => StepOutcome::Passed,
            (None, Some(result)) => {
                self.result = Some(Ok(result));
                StepOutcome::Decided
            }
        };
        self.steps.push(step(outcome));
    }
}

impl Explanation {
    fn new(feature: &str, result: Result<Evaluation<'_>, EvaluationError>, steps: Vec<Step>) -> Self {
        let result = result.map(OwnedEvaluation::from);
        Self { feature: feature.to_owned(), result, steps, unused_attributes: Vec::new() }
    }
}

/// Returns the result that serves a variant.
fn served<'d>(config: &'d FlagConfig, variant: Option<&str>, reason: Reason) -> Evaluation<'d> {
    let variant = variant.and_then(|key| config.variants.get_key_value(key));
    Evaluation {
        variant: variant.map(|(key, _)| key.as_str()),
        value: variant.map(|(_, value)| value),
        reason,
        criterion: None,
        kill_switch: false,
        blocked_by: None,
    }
}
