//! What became of a criterion: its conditions one by one, then its buckets.

use super::seen::seen;
use super::trace::{
    BucketBy, CriterionOutcome, CriterionStep, KeptTrace, MatchTrace, RolloutTrace, ShareTrace, SplitTrace,
};
use super::{Documents, Named, Walk, served};
use crate::bucket::bucket;
use crate::compile::ends;
use crate::condition::Match;
use crate::config::{Criterion, Split};
use crate::context::Context;
use crate::evaluate::unit_of;
use crate::evaluation::{CriterionRef, Evaluation, EvaluationError, Reason};
use crate::operator::{Keys, Lookup, Node};
use crate::path::Path;
use crate::sticky::Kept;

impl<'d, D: Documents + ?Sized, K: Kept + ?Sized> Walk<'d, '_, '_, D, K> {
    /// Explains a criterion; there is a result when it matched.
    pub(super) fn criterion(
        &mut self,
        of: Named<'_, 'd>,
        index: usize,
    ) -> (CriterionStep, Option<Result<Evaluation<'d>, EvaluationError>>) {
        let criterion = &of.config.criteria[index];
        let mut step = CriterionStep::new(criterion, index);
        step.when = criterion.when.as_ref().map(|when| self.tree(when));
        if step.when.as_ref().is_some_and(|when| !when.holds()) {
            step.outcome = CriterionOutcome::NotMatched;
            return (step, None);
        }
        step.outcome = CriterionOutcome::Matched;
        let result = self.decide(of, criterion, &mut step);
        (step, Some(result))
    }

    fn tree(&mut self, when: &'d Match) -> MatchTrace {
        let mut list =
            |children: &'d [Match]| children.iter().map(|child| self.tree(child)).collect::<Vec<_>>();
        match when {
            Match::All(children) => {
                let children = list(children);
                MatchTrace::All { holds: children.iter().all(MatchTrace::holds), children }
            }
            Match::Any(children) => {
                let children = list(children);
                MatchTrace::Any { holds: children.iter().any(MatchTrace::holds), children }
            }
            Match::Not(child) => {
                let child = Box::new(self.tree(child));
                MatchTrace::Not { holds: !child.holds(), child }
            }
            Match::Condition(condition) => {
                let (saw, saw_cut) = self.look_up(&condition.key).map(seen).unzip();
                MatchTrace::Condition {
                    holds: holds(when, self.context),
                    expression: condition.to_string(),
                    key: condition.key.clone(),
                    saw,
                    saw_cut: saw_cut.unwrap_or_default(),
                }
            }
        }
    }

    /// Applies a criterion that matched.
    fn decide(
        &mut self,
        of: Named<'_, 'd>,
        criterion: &'d Criterion,
        step: &mut CriterionStep,
    ) -> Result<Evaluation<'d>, EvaluationError> {
        let default = served(of.config, of.config.default.as_deref(), Reason::Default);
        let decided = |variant, reason| {
            let named = CriterionRef { index: step.index, name: criterion.name.as_deref() };
            Evaluation { criterion: Some(named), ..served(of.config, Some(variant), reason) }
        };
        let serve = criterion.serve.as_deref();
        step.serve = serve.map(str::to_owned);
        if let Some(variant) = serve
            && !criterion.is_partial()
        {
            return Ok(decided(variant, Reason::TargetingMatch));
        }
        let key = criterion.bucket_key();
        let mut number = None;
        let unit = self.look_up(key).and_then(|attribute| unit_of(attribute, &mut number));
        step.bucket_by = Some(BucketBy { key: key.to_owned(), unit: unit.map(str::to_owned) });
        let Some(unit) = unit else {
            return Err(EvaluationError::TargetingKeyMissing { attribute: key.to_owned() });
        };
        if criterion.is_partial() {
            let threshold = criterion.threshold();
            let bucket = bucket(of.config.salt_of(of.key), "rollout", unit);
            let taken_in = bucket < threshold;
            step.rollout = Some(RolloutTrace { bucket, threshold, taken_in });
            if !taken_in {
                return Ok(default);
            }
        }
        let variant = serve.or_else(|| {
            let (split, chosen) = self.split(of, &criterion.split, unit);
            step.split = Some(split);
            Some(&*criterion.split[chosen?].variant)
        });
        Ok(variant.map_or(default, |variant| decided(variant, Reason::Split)))
    }

    /// Explains a split; the share chosen is named by its position, too.
    fn split(&self, of: Named<'_, 'd>, split: &[Split], unit: &str) -> (SplitTrace, Option<usize>) {
        let salt = of.config.salt_of(of.key);
        let bucket = bucket(salt, "split", unit);
        let kept = if of.config.sticky { self.kept.variant(of.key, salt, unit) } else { None };
        let stays = kept.and_then(|kept| split.iter().position(|share| share.variant == kept));
        let chosen = stays.or_else(|| ends(split).position(|upto| bucket < upto));
        let begins = std::iter::once(0).chain(ends(split));
        let shares = split.iter().zip(begins.zip(ends(split))).enumerate();
        let shares = shares.map(|(index, (share, (from, upto)))| ShareTrace {
            variant: share.variant.clone(),
            from,
            upto,
            chosen: chosen == Some(index),
        });
        let kept = kept.map(|kept| KeptTrace { variant: kept.to_owned(), decided: stays.is_some() });
        (SplitTrace { bucket, shares: shares.collect(), kept }, chosen)
    }
}

impl CriterionStep {
    /// Returns the step as long as it was not reached.
    pub(super) fn new(criterion: &Criterion, index: usize) -> Self {
        Self {
            index,
            name: criterion.name.clone(),
            outcome: CriterionOutcome::NotReached,
            when: None,
            bucket_by: None,
            rollout: None,
            serve: None,
            split: None,
        }
    }
}

/// Returns whether a condition, compiled for itself, holds; one that does not compile never does.
fn holds(condition: &Match, context: &Context<'_>) -> bool {
    let mut keys = Keys::default();
    let Ok(node) = Node::compile(condition, &Path::Root, &mut keys) else {
        return false;
    };
    let keys = keys.into_boxed();
    node.holds(&keys, &mut Lookup::<0>::new(context))
}
