//! What an evaluation is asked of and what it comes to.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::compile::Flag;

/// The flags of one environment.
pub trait Flags {
    /// Returns the flag of a feature; none when it is unknown, archived or its stage is not deployed.
    fn get(&self, key: &str) -> Option<Served<'_>>;
}

/// A flag and the runtime state that stands beside its document.
#[derive(Clone, Copy, Debug)]
pub struct Served<'f> {
    /// What the document means.
    pub flag: &'f Flag,
    /// Whether its kill switch is on.
    pub killed: bool,
}

/// What a feature is for a context.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation<'f> {
    /// The variant's key; none is the application's own default.
    pub variant: Option<&'f str>,
    /// The variant's value.
    pub value: Option<&'f Value>,
    /// Why this variant.
    pub reason: Reason,
    /// The criterion that decided, for TARGETING_MATCH and SPLIT only.
    pub criterion: Option<CriterionRef<'f>>,
    /// Whether the kill switch decided.
    pub kill_switch: bool,
    /// The first dependency that is not satisfied.
    pub blocked_by: Option<&'f str>,
}

/// Names a criterion of a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CriterionRef<'f> {
    /// Its position, which is its priority.
    pub index: usize,
    /// What people call it.
    pub name: Option<&'f str>,
}

/// Why a variant is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// There are no criteria.
    Static,
    /// A criterion matched.
    TargetingMatch,
    /// A criterion matched, and a bucket decided.
    Split,
    /// No criterion took the subject in.
    Default,
    /// Not enabled, killed, or blocked by a dependency.
    Disabled,
}

impl Reason {
    /// Returns the name used in every answer.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Static => "STATIC",
            Self::TargetingMatch => "TARGETING_MATCH",
            Self::Split => "SPLIT",
            Self::Default => "DEFAULT",
            Self::Disabled => "DISABLED",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why there is neither variant nor value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// The feature is unknown, archived or not deployed.
    #[error("no feature {key:?} in this environment")]
    FlagNotFound {
        /// The feature asked for.
        key: String,
    },
    /// A bucket is needed and there is nothing to make it of.
    #[error(
        "the context needs {attribute:?}, a string, number or boolean that is not empty, to decide who is in"
    )]
    TargetingKeyMissing {
        /// The attribute that buckets are made of.
        attribute: String,
    },
}

impl EvaluationError {
    /// Returns the code used in every answer.
    pub fn code(&self) -> &'static str {
        match self {
            Self::FlagNotFound { .. } => "FLAG_NOT_FOUND",
            Self::TargetingKeyMissing { .. } => "TARGETING_KEY_MISSING",
        }
    }
}

impl Flag {
    /// Returns the result of a feature that is not on, whatever the reason for that.
    pub(crate) fn disabled(&self) -> Evaluation<'_> {
        self.result(self.off, Reason::Disabled)
    }

    pub(crate) fn result(&self, variant: Option<u16>, reason: Reason) -> Evaluation<'_> {
        let variant = variant.and_then(|index| self.variants.get(usize::from(index)));
        Evaluation {
            variant: variant.map(|variant| &*variant.key),
            value: variant.map(|variant| &variant.value),
            reason,
            criterion: None,
            kill_switch: false,
            blocked_by: None,
        }
    }
}
