//! For any documents and any context: the result of evaluating, and a trace that agrees with itself.

use std::collections::BTreeMap;

use fluxgate_engine::{
    Context, Criterion, CriterionOutcome, CriterionStep, Dependency, DependencyOutcome, DependencyStep,
    Explanation, FlagConfig, Flags, Kept, MatchTrace, OwnedEvaluation, Split, SplitTrace, Step, StepOutcome,
    evaluate_all, evaluate_kept, explain,
};
use proptest::prelude::*;
use serde_json::json;

use crate::runner::Written;
use crate::strategies::{context, key, tree, word_asked};

/// Every unit was served this variant of every feature before.
#[derive(Debug)]
struct Before(Option<&'static str>);

impl Kept for Before {
    fn variant(&self, _feature: &str, _salt: &str, _unit: &str) -> Option<&str> {
        self.0
    }
}

fn variant() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "off"]).prop_map(str::to_owned)
}

fn criterion() -> impl Strategy<Value = Criterion> {
    let share = (variant(), 0..=33_000_u32);
    let share = share.prop_map(|(variant, weight)| Split { variant, weight: f64::from(weight) / 1000.0 });
    let served = prop_oneof![
        variant().prop_map(|variant| (Some(variant), Vec::new())),
        prop::collection::vec(share, 1..4).prop_map(|split| (None, split)),
    ];
    let rollout = (0..=100_000_u32).prop_map(|thousandths| f64::from(thousandths) / 1000.0);
    let optional = (
        prop::option::of(".{1,3}"),
        prop::option::weighted(0.8, prop_oneof![tree(), word_asked()]),
        prop::option::of(rollout),
        prop::option::weighted(0.2, key()),
    );
    (optional, served).prop_map(|((name, when, rollout, bucket_by), (serve, split))| Criterion {
        name,
        when,
        rollout,
        bucket_by,
        serve,
        split,
    })
}

fn dependency() -> impl Strategy<Value = Dependency> {
    let feature = prop::sample::select(vec!["f-0", "f-1", "f-2", "f-3", "ghost"]).prop_map(str::to_owned);
    (feature, prop::collection::vec(variant(), 0..3))
        .prop_map(|(feature, variants)| Dependency { feature, variants })
}

fn document() -> impl Strategy<Value = (FlagConfig, bool)> {
    let flags = (prop::bool::weighted(0.9), prop::bool::weighted(0.1), any::<bool>());
    let variants = (prop::option::of(variant()), prop::option::of(variant()));
    let depends_on = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(dependency(), 1..4)];
    let criteria = prop::collection::vec(criterion(), 0..8);
    (flags, variants, depends_on, criteria).prop_map(
        |((enabled, killed, sticky), (default, off), depends_on, criteria)| {
            let variants = ["a", "b", "off"].map(|key| (key.to_owned(), json!(key)));
            let variants = BTreeMap::from(variants);
            let simple = FlagConfig::simple(enabled);
            (FlagConfig { variants, default, off, sticky, depends_on, criteria, ..simple }, killed)
        },
    )
}

/// Documents that depend on each other in any way, cycles included.
fn documents() -> impl Strategy<Value = Written> {
    prop::collection::vec(document(), 4).prop_map(|documents| {
        let keys = (0..).map(|place| format!("f-{place}"));
        Written(keys.zip(documents).collect())
    })
}

proptest! {
    #[test]
    fn it_never_disagrees_with_evaluate(
        documents in documents(),
        value in context(),
        unit in prop::option::of("[a-z]{1,6}"),
        kept in prop::sample::select(vec![None, Some("a"), Some("b"), Some("gone")]),
    ) {
        let environment = documents.compile().unwrap();
        let mut context = Context::from_value(&value).unwrap();
        if let Some(unit) = unit {
            context.push("targetingKey", unit.into());
        }
        let kept = Before(kept);
        for feature in ["f-0", "f-1", "f-2", "f-3", "ghost"] {
            let explanation = explain(&documents, feature, &context, &kept);
            let result = evaluate_kept(&environment, feature, &context, &kept).map(OwnedEvaluation::from);
            prop_assert_eq!(&explanation.result, &result);
            prop_assert!(serde_json::to_value(&explanation).is_ok());
            is_consistent(&explanation)?;
        }
        let keys: Vec<_> = environment.0.keys().collect();
        let asked = keys.iter().filter_map(|key| environment.get(key));
        for (key, result) in keys.iter().zip(evaluate_all(&environment, asked, &context, &kept)) {
            let alone = explain(&documents, key, &context, &kept).result;
            prop_assert_eq!(alone, result.map(OwnedEvaluation::from), "{} among all", key);
        }
    }
}

/// Checks that steps pass, until one decides, and that none after it is reached.
fn is_consistent(explanation: &Explanation) -> Result<(), TestCaseError> {
    let mut has_decided = false;
    for step in &explanation.steps {
        let outcome = match step {
            Step::Found { outcome }
            | Step::KillSwitch { outcome }
            | Step::Enabled { outcome }
            | Step::Default { outcome } => *outcome,
            Step::Dependency(step) => dependency_outcome(step)?,
            Step::Criterion(step) => criterion_outcome(step, explanation)?,
        };
        prop_assert_eq!(outcome == StepOutcome::NotReached, has_decided, "{:?}", step);
        has_decided |= outcome == StepOutcome::Decided;
    }
    prop_assert!(has_decided);
    Ok(())
}

fn dependency_outcome(step: &DependencyStep) -> Result<StepOutcome, TestCaseError> {
    let outcome = match step.outcome {
        DependencyOutcome::Satisfied => StepOutcome::Passed,
        DependencyOutcome::NotSatisfied => StepOutcome::Decided,
        DependencyOutcome::NotReached => StepOutcome::NotReached,
    };
    prop_assert_eq!(step.why_not.is_some(), outcome == StepOutcome::Decided);
    prop_assert!(!(step.shown_before && step.explanation.is_some()));
    if let Some(explanation) = &step.explanation {
        prop_assert_eq!(&explanation.feature, &step.feature);
        let result = explanation.result.as_ref().ok();
        let came_to = step.came_to.as_ref();
        prop_assert_eq!(
            came_to.map(|came_to| (&came_to.variant, came_to.reason)),
            result.map(|result| (&result.variant, result.reason))
        );
        is_consistent(explanation)?;
    }
    Ok(outcome)
}

fn criterion_outcome(step: &CriterionStep, of: &Explanation) -> Result<StepOutcome, TestCaseError> {
    let holds = step.when.as_ref().map(holds).transpose()?;
    let is_traced = step.bucket_by.is_some() || step.serve.is_some();
    let result = of.result.as_ref();
    let decided = result.ok().and_then(|result| result.criterion.as_ref());
    let is_left_out = step.rollout.as_ref().is_some_and(|rollout| !rollout.taken_in);
    match step.outcome {
        CriterionOutcome::Matched => prop_assert!(holds != Some(false) && is_traced),
        CriterionOutcome::NotMatched => prop_assert!(holds == Some(false) && !is_traced),
        CriterionOutcome::NotReached => prop_assert!(holds.is_none() && !is_traced),
    }
    if let Some(bucket_by) = &step.bucket_by {
        prop_assert_eq!(bucket_by.unit.is_none(), result.is_err());
    }
    if let Some(rollout) = &step.rollout {
        prop_assert_eq!(rollout.taken_in, rollout.bucket < rollout.threshold);
    }
    let chosen = match &step.split {
        Some(split) => chosen(split)?,
        None => step.serve.as_deref().filter(|_| !is_left_out && result.is_ok()),
    };
    if step.outcome == CriterionOutcome::Matched {
        prop_assert_eq!(decided.is_some(), chosen.is_some());
    }
    if let (Some(chosen), Ok(result)) = (chosen, result) {
        prop_assert_eq!(Some(chosen), result.variant.as_deref());
        prop_assert_eq!(Some(step.index), decided.map(|criterion| criterion.index));
    }
    Ok(match step.outcome {
        CriterionOutcome::Matched => StepOutcome::Decided,
        CriterionOutcome::NotMatched => StepOutcome::Passed,
        CriterionOutcome::NotReached => StepOutcome::NotReached,
    })
}

/// Returns whether a tree holds, which follows from what its children say.
fn holds(tree: &MatchTrace) -> Result<bool, TestCaseError> {
    let list = |children: &[MatchTrace]| children.iter().map(holds).collect::<Result<Vec<_>, _>>();
    let follows = match tree {
        MatchTrace::All { children, .. } => !list(children)?.contains(&false),
        MatchTrace::Any { children, .. } => list(children)?.contains(&true),
        MatchTrace::Not { child, .. } => !holds(child)?,
        MatchTrace::Condition { holds, .. } => *holds,
    };
    prop_assert_eq!(tree.holds(), follows, "{:?}", tree);
    Ok(follows)
}

/// Returns the variant that a split chose, which follows from its bucket or from what was kept.
fn chosen(split: &SplitTrace) -> Result<Option<&str>, TestCaseError> {
    let mut end = 0;
    for share in &split.shares {
        prop_assert_eq!(share.from, end);
        end = share.upto;
    }
    let kept = split.kept.as_ref().filter(|kept| kept.decided).map(|kept| kept.variant.as_str());
    let by_bucket = || split.shares.iter().find(|share| (share.from..share.upto).contains(&split.bucket));
    let expected = kept.or_else(|| by_bucket().map(|share| share.variant.as_str()));
    let chosen: Vec<_> = split.shares.iter().filter(|share| share.chosen).collect();
    prop_assert!(chosen.len() <= 1);
    let chosen = chosen.first().map(|share| share.variant.as_str());
    prop_assert_eq!(chosen, expected);
    if let Some(kept) = &split.kept {
        prop_assert_eq!(kept.decided, split.shares.iter().any(|share| share.variant == kept.variant));
    }
    Ok(chosen)
}
