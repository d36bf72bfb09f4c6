//! What concerns the fields of one criterion, and how it stands to the others apart from its tree.

use super::reach::Reach;
use super::{LintRule, Linter};
use crate::bucket::{BUCKETS, thousandths};
use crate::condition::Match;
use crate::config::{Criterion, Split, TARGETING_KEY};
use crate::number::NumberText;
use crate::path::Path;

impl Linter<'_> {
    pub(super) fn check_criteria(&mut self, path: &Path<'_>) {
        let criteria = &self.config.criteria;
        let reach = Reach::new(criteria);
        let parts = reach.parts();
        for (index, criterion) in criteria.iter().enumerate() {
            let path = path.index(index);
            self.check_reach(&parts, index, &path);
            if let Some(when) = &criterion.when {
                self.check_conditions(when, &path.field("when"));
            }
            self.check_effect(index, &path);
            self.check_name(index, &path.field("name"));
            self.check_buckets(criterion, &path);
            self.check_split(criterion, &path.field("split"));
        }
    }

    fn check_effect(&mut self, index: usize, path: &Path<'_>) {
        let [criterion, later @ ..] = &self.config.criteria[index..] else {
            return;
        };
        // One for everyone that ends the list says openly what the default is; and a rollout may fail for want of a key.
        let serves_default = |criterion: &Criterion| {
            criterion.serve.is_some() && criterion.serve == self.config.default && !criterion.is_partial()
        };
        let is_for_some = criterion.when.as_ref().is_some_and(|when| *when != Match::All(Vec::new()));
        if is_for_some && serves_default(criterion) && later.iter().all(serves_default) {
            let default = self.default_text();
            let message = format!(
                "serves {default}, which those it matches get without it, too; move it up if it is an exception, or remove it"
            );
            self.report(LintRule::CriterionWithoutEffect, &path.field("serve"), message);
        }
    }

    fn check_name(&mut self, index: usize, path: &Path<'_>) {
        let criteria = &self.config.criteria;
        let name = &criteria[index].name;
        let earlier = criteria[..index].iter().position(|other| name.is_some() && other.name == *name);
        if let Some(earlier) = earlier {
            let message = format!("is the name of criterion {}, too; give each its own", earlier + 1);
            self.report(LintRule::DuplicateName, path, message);
        }
    }

    fn check_buckets(&mut self, criterion: &Criterion, path: &Path<'_>) {
        if criterion.threshold() == 0 {
            let default = self.default_text();
            let message = format!(
                "takes nobody in: everyone who matches gets {default}, and no later criterion is looked at; raise it or remove the criterion"
            );
            self.report(LintRule::ZeroRollout, &path.field("rollout"), message);
        }
        let bucket_by = criterion.bucket_by.as_deref().filter(|key| *key != TARGETING_KEY);
        if bucket_by.is_some() && criterion.serve.is_some() && !criterion.is_partial() {
            let message = "is not looked at: without a split and with a rollout of 100 no bucket is needed; leave it out";
            self.report(LintRule::UnusedBucketBy, &path.field("bucketBy"), message);
        }
    }

    fn check_split(&mut self, criterion: &Criterion, path: &Path<'_>) {
        if criterion.split.is_empty() {
            return;
        }
        let sum = sum_of(&criterion.split, |_| true);
        if sum < BUCKETS {
            let percent = |thousandths: u32| NumberText::new(f64::from(thousandths) / 1000.0);
            let (sum, rest, default) = (percent(sum), percent(BUCKETS - sum), self.default_text());
            let unless = if self.config.sticky { ", unless they keep a variant" } else { "" };
            let message = format!(
                "the weights add up to {sum} %, and the other {rest} % get {default}{unless}; raise a weight, or name who gets the rest"
            );
            self.report(LintRule::PartialSplit, path, message);
        }
        for (index, share) in criterion.split.iter().enumerate() {
            if !self.config.sticky && thousandths(share.weight) == 0 {
                let variant = &share.variant;
                let has_more = sum_of(&criterion.split, |other| other.variant == *variant) > 0;
                let message = match has_more {
                    true => {
                        format!("gives {variant:?} to nobody more; raise the weight or leave this share out")
                    }
                    false => {
                        format!("gives {variant:?} to nobody; raise the weight or leave the variant out")
                    }
                };
                self.report(LintRule::ZeroWeight, &path.index(index).field("weight"), message);
            }
        }
    }
}

/// Returns how many buckets those shares have together, in thousandths of a percent.
fn sum_of(split: &[Split], is_one: impl Fn(&Split) -> bool) -> u32 {
    let weights = split.iter().filter(|share| is_one(share)).map(|share| thousandths(share.weight));
    weights.fold(0, u32::saturating_add)
}
