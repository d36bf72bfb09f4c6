//! What `explain` hands out: owned, serialisable, and enough to be drawn without knowing the algorithm.

use serde::Serialize;
use serde_json::Value;

use super::dependency::DependencyStep;
use super::result::{OwnedEvaluation, serialize_result};
use crate::evaluation::EvaluationError;

/// What a feature is for a context, and each step that led to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The feature's key.
    pub feature: String,
    /// What [`evaluate_kept`](crate::evaluate_kept) returns for the same flags, context and kept assignments.
    ///
    /// Serialized as the evaluation's fields, or as `error` with its code and message.
    #[serde(serialize_with = "serialize_result")]
    pub result: Result<OwnedEvaluation, EvaluationError>,
    /// Every step of the algorithm, in its order; exactly one has decided.
    pub steps: Vec<Step>,
    /// The attributes of the context that no criterion looked at has asked for, nor one of a dependency.
    ///
    /// Left out of the explanation of a dependency: they are those of the whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unused_attributes: Vec<String>,
}

/// One step of the algorithm.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Step {
    /// Whether the feature is known in the environment; when not, that decides.
    Found {
        /// How the step went.
        outcome: StepOutcome,
    },
    /// Whether the kill switch is on; if so, that decides.
    KillSwitch {
        /// How the step went.
        outcome: StepOutcome,
    },
    /// Whether the feature is enabled; when not, that decides.
    Enabled {
        /// How the step went.
        outcome: StepOutcome,
    },
    /// A feature that must be on for this one.
    Dependency(Box<DependencyStep>),
    /// A criterion.
    Criterion(Box<CriterionStep>),
    /// The variant that is served when nothing before it has decided.
    Default {
        /// How the step went.
        outcome: StepOutcome,
    },
}

/// How a step went that has nothing more to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StepOutcome {
    /// The next step was looked at.
    Passed,
    /// It decided, and no later step was looked at.
    Decided,
    /// An earlier step decided.
    NotReached,
}

/// What became of a criterion.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CriterionStep {
    /// Its position, which is its priority.
    pub index: usize,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it matched.
    pub outcome: CriterionOutcome,
    /// Its conditions; none of one that is for everyone or was not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<MatchTrace>,
    /// What buckets were made of, when it matched and one was needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_by: Option<BucketBy>,
    /// Whom it takes in, when it matched and does not take everyone in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutTrace>,
    /// The one variant that it serves, when it matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serve: Option<String>,
    /// The variants that it divides the subjects among, when it matched and its rollout took this one in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitTrace>,
}

/// Whether a criterion matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CriterionOutcome {
    /// It is the first that matched, so it decided.
    Matched,
    /// It was looked at and did not match.
    NotMatched,
    /// An earlier step decided.
    NotReached,
}

/// A tree of conditions with what each part of it came to; none is passed over.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "node", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum MatchTrace {
    /// Every one must hold.
    All {
        /// Whether all do.
        holds: bool,
        /// What must hold.
        children: Vec<MatchTrace>,
    },
    /// At least one must hold.
    Any {
        /// Whether one does.
        holds: bool,
        /// What may hold.
        children: Vec<MatchTrace>,
    },
    /// It must not hold.
    Not {
        /// Whether it does not.
        holds: bool,
        /// What must not hold.
        child: Box<MatchTrace>,
    },
    /// One attribute must fulfil a condition.
    Condition {
        /// Whether it does.
        holds: bool,
        /// The condition as an expression.
        expression: String,
        /// The attribute's key, or a dotted path to it.
        key: String,
        /// The attribute's value; none when it is missing.
        #[serde(skip_serializing_if = "Option::is_none")]
        saw: Option<Value>,
        /// Whether `saw` leaves out some of a value that is long, deep or large.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        saw_cut: bool,
    },
}

impl MatchTrace {
    /// Returns whether the tree holds.
    pub fn holds(&self) -> bool {
        match self {
            Self::All { holds, .. }
            | Self::Any { holds, .. }
            | Self::Not { holds, .. }
            | Self::Condition { holds, .. } => *holds,
        }
    }
}

/// What buckets were made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BucketBy {
    /// The attribute's key.
    pub key: String,
    /// Its text; none when it is missing, empty, a list or an object, and then that is the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// Whether a rollout takes the subject in. Buckets are in thousandths of a percent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RolloutTrace {
    /// The subject's bucket.
    pub bucket: u32,
    /// The buckets below it are taken in.
    pub threshold: u32,
    /// Whether the subject is; when not, the default is served.
    pub taken_in: bool,
}

/// Which part of a split the subject falls into. Buckets are in thousandths of a percent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SplitTrace {
    /// The subject's bucket, also when a kept assignment decided.
    pub bucket: u32,
    /// The parts, in order; at most one is chosen, and when none is, the default is served.
    pub shares: Vec<ShareTrace>,
    /// What a sticky split has served to the subject before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptTrace>,
}

/// A variant's part of a split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShareTrace {
    /// The variant's key.
    pub variant: String,
    /// Its first bucket.
    pub from: u32,
    /// The bucket after its last.
    pub upto: u32,
    /// Whether the subject gets it.
    pub chosen: bool,
}

/// A kept assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptTrace {
    /// The variant that was served before.
    pub variant: String,
    /// Whether it decided; when not, it is no longer in the split.
    pub decided: bool,
}
