//! What became of the features that must be on for another.

use serde::Serialize;
use serde::ser::Serializer;

use super::result::serialize_coded;
use super::trace::Explanation;
use super::{Documents, Walk};
use crate::config::Dependency;
use crate::evaluate::{MAX_DEPENDENCY_LEVELS, satisfies};
use crate::evaluation::{EvaluationError, Reason};
use crate::sticky::Kept;

/// What became of a feature that must be on for another.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DependencyStep {
    /// The feature's key.
    pub feature: String,
    /// The variants of it that count; when empty, any but its `off`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<String>,
    /// Whether it is satisfied.
    pub outcome: DependencyOutcome,
    /// What the feature came to, unless it is unknown, in error, too deep or was not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub came_to: Option<CameTo>,
    /// Why it is not satisfied; serialized as a code and a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<WhyNot>,
    /// Whether it was explained before, further up in the whole explanation, and so is not again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shown_before: bool,
    /// Why it came to that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

/// Whether a dependency is satisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DependencyOutcome {
    /// It lets the feature through.
    Satisfied,
    /// It is the first that does not, so it decided.
    NotSatisfied,
    /// An earlier step decided.
    NotReached,
}

/// What a dependency came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CameTo {
    /// The variant's key; none is the application's own default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Why this variant.
    pub reason: Reason,
}

/// Why a dependency is not satisfied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyNot {
    /// It is unknown, or it came to an error.
    #[error(transparent)]
    Failed(#[from] EvaluationError),
    /// It is not looked at: it is too far below the feature asked for.
    #[error("it is more than {} levels below the feature asked for", MAX_DEPENDENCY_LEVELS)]
    TooDeep,
    /// Any variant would do, but it is not on.
    #[error("it is off")]
    Off,
    /// It is the application's own default.
    #[error("it serves no variant")]
    NoVariant,
    /// It serves a variant that does not count.
    #[error("it is {variant:?}, not {}", one_of(wanted))]
    OtherVariant {
        /// What it serves.
        variant: String,
        /// What would count.
        wanted: Vec<String>,
    },
}

impl WhyNot {
    /// Returns the code that stands beside the message.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Failed(error) => error.code(),
            Self::TooDeep => "TOO_DEEP",
            Self::Off => "OFF",
            Self::NoVariant => "NO_VARIANT",
            Self::OtherVariant { .. } => "OTHER_VARIANT",
        }
    }
}

impl Serialize for WhyNot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_coded(self.code(), self, serializer)
    }
}

fn one_of(wanted: &[String]) -> String {
    let wanted: Vec<String> = wanted.iter().map(|variant| format!("{variant:?}")).collect();
    wanted.join(" or ")
}

/// What dependencies came to, by level: each is explained once, or the trace would grow with the number of ways.
pub(super) type Seen<'d> = std::collections::HashMap<(&'d str, u8), Outcome<'d>>;

/// The variant and the reason.
type Outcome<'d> = Result<(Option<&'d str>, Reason), EvaluationError>;

impl<'d, D: Documents + ?Sized, K: Kept + ?Sized> Walk<'d, '_, '_, D, K> {
    /// Explains a dependency that is `level` levels below the feature asked for.
    pub(super) fn dependency(&mut self, dependency: &'d Dependency, level: u8) -> DependencyStep {
        let mut step = DependencyStep::new(dependency);
        match self.outcome(dependency, level, &mut step) {
            Ok(()) => step.outcome = DependencyOutcome::Satisfied,
            Err(why_not) => {
                step.outcome = DependencyOutcome::NotSatisfied;
                step.why_not = Some(why_not);
            }
        }
        step
    }

    fn outcome(
        &mut self,
        dependency: &'d Dependency,
        level: u8,
        step: &mut DependencyStep,
    ) -> Result<(), WhyNot> {
        if level > MAX_DEPENDENCY_LEVELS {
            return Err(WhyNot::TooDeep);
        }
        let key = dependency.feature.as_str();
        let documents = self.documents;
        let Some(document) = documents.get(key) else {
            return Err(EvaluationError::FlagNotFound { key: key.to_owned() }.into());
        };
        // Without dependencies of its own it is the same at every level.
        let place = (key, if document.config.depends_on.is_empty() { 0 } else { level });
        let outcome = match self.seen.get(&place) {
            Some(outcome) => {
                step.shown_before = true;
                outcome.clone()
            }
            None => {
                let (steps, result) = self.feature(key, document, level);
                let outcome = result.as_ref().map(|result| (result.variant, result.reason));
                let outcome = outcome.map_err(Clone::clone);
                step.explanation = Some(Explanation::new(key, result, steps));
                self.seen.insert(place, outcome.clone());
                outcome
            }
        };
        let (variant, reason) = outcome?;
        step.came_to = Some(CameTo { variant: variant.map(str::to_owned), reason });
        why_not((variant, reason), dependency, document.config.off.as_deref()).map_or(Ok(()), Err)
    }
}

/// Returns why what a feature came to does not satisfy a dependency.
fn why_not(
    (variant, reason): (Option<&str>, Reason),
    dependency: &Dependency,
    off: Option<&str>,
) -> Option<WhyNot> {
    let wanted = &dependency.variants;
    match variant {
        Some(variant) if satisfies((variant, reason), wanted, off) => None,
        Some(variant) if !wanted.is_empty() => {
            Some(WhyNot::OtherVariant { variant: variant.to_owned(), wanted: wanted.clone() })
        }
        None if reason != Reason::Disabled => Some(WhyNot::NoVariant),
        _ => Some(WhyNot::Off),
    }
}

impl DependencyStep {
    /// Returns the step as long as it was not reached.
    pub(super) fn new(dependency: &Dependency) -> Self {
        Self {
            feature: dependency.feature.clone(),
            variants: dependency.variants.clone(),
            outcome: DependencyOutcome::NotReached,
            came_to: None,
            why_not: None,
            shown_before: false,
            explanation: None,
        }
    }
}
