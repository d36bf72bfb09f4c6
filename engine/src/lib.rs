//! What a flag config means: documents, conditions, buckets, evaluation.
//!
//! Everything that serves, checks or explains a flag calls this one library, so that all give the same answer.
//! It knows nothing of databases, networks, clocks or locks: what it needs arrives as an argument.

mod bucket;
mod compile;
mod condition;
mod config;
mod context;
mod diff;
mod evaluate;
mod evaluation;
mod explain;
mod expression;
mod file;
mod guard;
mod hidden;
mod instant;
mod limit;
mod lint;
mod merge;
mod movement;
mod number;
mod operator;
mod path;
mod range;
mod read;
mod sticky;
mod suggest;
mod validate;

pub use bucket::{bucket, murmur3_x86_32};
pub use compile::Flag;
pub use condition::{Condition, Match, Op};
pub use config::{Criterion, Dependency, FlagConfig, Split};
pub use context::{Attribute, Context, NotAnObject};
pub use diff::{DiffEntry, DiffKind, diff, removed};
pub use evaluate::{evaluate, evaluate_all, evaluate_kept};
pub use evaluation::{CriterionRef, Evaluation, EvaluationError, Flags, Reason, Served};
pub use explain::{
    BucketBy, CameTo, CriterionOutcome, CriterionStep, DependencyOutcome, DependencyStep, Document,
    Documents, Explanation, KeptTrace, MatchTrace, OwnedCriterionRef, OwnedEvaluation, RolloutTrace,
    ShareTrace, SplitTrace, Step, StepOutcome, WhyNot, explain,
};
pub use expression::{ExpressionError, parse, parse_split};
pub use file::{
    ContextKeySpec, EnvironmentSpec, FeatureSpec, FileError, Manifest, ManifestFile, PipelineSpec,
    PipelineStage, PolicySpec, Problem, Spec, Written, read_manifests,
};
pub use instant::is_instant;
pub use limit::ContextLimit;
pub use lint::{Lint, LintRule, lint};
pub use merge::merge;
pub use movement::{Deciding, criterion_movement, movement, reweight};
pub use range::is_version;
pub use sticky::Kept;
pub use suggest::nearest;
pub use validate::{Invalid, Violation, dependency_cycle, is_key};
