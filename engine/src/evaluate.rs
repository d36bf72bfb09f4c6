//! The algorithm: which variant a feature has for a context, and why.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::compile::{Criterion, Dependency, Effect, Flag, Share};
use crate::context::{Attribute, Context};
use crate::number::NumberText;
use crate::operator::Lookup;
use crate::sticky::Kept;

/// How many levels below the feature asked for are dependencies still looked at?
const MAX_DEPENDENCY_LEVELS: u8 = 8;

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

/// Returns what a feature is for a context.
pub fn evaluate<'f>(
    flags: &'f (impl Flags + ?Sized),
    key: &str,
    context: &Context<'_>,
) -> Result<Evaluation<'f>, EvaluationError> {
    evaluate_kept(flags, key, context, &())
}

/// Returns what a feature is for a context, where sticky splits keep what they served before.
pub fn evaluate_kept<'f>(
    flags: &'f (impl Flags + ?Sized),
    key: &str,
    context: &Context<'_>,
    kept: &(impl Kept + ?Sized),
) -> Result<Evaluation<'f>, EvaluationError> {
    match flags.get(key) {
        Some(served) => Asked { flags, context, kept }.evaluate(served, (0, &mut Seen::new())),
        None => Err(EvaluationError::FlagNotFound { key: key.to_owned() }),
    }
}

/// What is the same for a feature and all that it depends on.
struct Asked<'f, 'x, 'a, F: ?Sized, K: ?Sized> {
    flags: &'f F,
    context: &'x Context<'a>,
    kept: &'x K,
}

/// What dependencies that have dependencies themselves came to, by level: asked for along many ways, each is evaluated
/// once, or the work would grow with the number of ways. Stays empty, and so unallocated, for a flat set.
type Seen<'f> = HashMap<(*const Flag, u8), Option<(&'f str, Reason)>>;

impl<'f, F: Flags + ?Sized, K: Kept + ?Sized> Asked<'f, '_, '_, F, K> {
    fn evaluate(
        &self,
        served: Served<'f>,
        (level, seen): (u8, &mut Seen<'f>),
    ) -> Result<Evaluation<'f>, EvaluationError> {
        let flag = served.flag;
        if served.killed {
            return Ok(Evaluation { kill_switch: true, ..flag.disabled() });
        }
        if !flag.enabled {
            return Ok(flag.disabled());
        }
        for dependency in &flag.depends_on {
            if !self.is_satisfied(dependency, (level + 1, seen)) {
                return Ok(Evaluation { blocked_by: Some(&dependency.feature), ..flag.disabled() });
            }
        }
        if flag.criteria.is_empty() {
            return Ok(flag.result(flag.default, Reason::Static));
        }
        let mut lookup = Lookup::new(&flag.keys, self.context);
        let matching = flag.criteria.iter().position(|criterion| criterion.matches(&mut lookup));
        match matching {
            Some(index) => self.decide(flag, index, &mut lookup),
            None => Ok(flag.result(flag.default, Reason::Default)),
        }
    }

    /// Returns whether a dependency, `level` levels below the feature asked for, lets the feature through.
    fn is_satisfied(&self, dependency: &Dependency, (level, seen): (u8, &mut Seen<'f>)) -> bool {
        if level > MAX_DEPENDENCY_LEVELS {
            return false;
        }
        let Some(served) = self.flags.get(&dependency.feature) else {
            return false;
        };
        let off = served.flag.off_key();
        let place = (std::ptr::from_ref(served.flag), level);
        let outcome = match seen.get(&place) {
            Some(outcome) => *outcome,
            None => {
                let nested = !served.flag.depends_on.is_empty();
                let result = self.evaluate(served, (level, seen)).ok();
                let outcome = result.and_then(|result| Some((result.variant?, result.reason)));
                if nested {
                    seen.insert(place, outcome);
                }
                outcome
            }
        };
        let Some((variant, reason)) = outcome else {
            return false;
        };
        if dependency.variants.is_empty() {
            reason != Reason::Disabled && off != Some(variant)
        } else {
            dependency.variants.iter().any(|listed| **listed == *variant)
        }
    }

    /// Applies the criterion that matched.
    fn decide(
        &self,
        flag: &'f Flag,
        index: usize,
        lookup: &mut Lookup<'_, '_>,
    ) -> Result<Evaluation<'f>, EvaluationError> {
        let criterion = &flag.criteria[index];
        let decided = |variant, reason| Evaluation {
            criterion: Some(CriterionRef { index, name: criterion.name.as_deref() }),
            ..flag.result(Some(variant), reason)
        };
        let Some(key) = criterion.bucket_by else {
            return Ok(match criterion.effect {
                Effect::Serve(variant) => decided(variant, Reason::TargetingMatch),
                // A split always has a key to make buckets of.
                Effect::Split(_) => flag.result(flag.default, Reason::Default),
            });
        };
        let mut number = None;
        let Some(unit) = unit_of(lookup.get(key), &mut number) else {
            let attribute = flag.keys[usize::from(key)].to_string();
            return Err(EvaluationError::TargetingKeyMissing { attribute });
        };
        if criterion.is_partial() && flag.rollout_bucket(unit) >= criterion.rollout {
            return Ok(flag.result(flag.default, Reason::Default));
        }
        let variant = match &criterion.effect {
            Effect::Serve(variant) => Some(*variant),
            Effect::Split(shares) => self.kept_share(flag, shares, unit).or_else(|| {
                let bucket = flag.split_bucket(unit);
                shares.iter().find(|share| bucket < share.upto).map(|share| share.variant)
            }),
        };
        Ok(match variant {
            Some(variant) => decided(variant, Reason::Split),
            None => flag.result(flag.default, Reason::Default),
        })
    }

    /// Returns the variant that a sticky split has served to the unit before, if it is still in the split.
    fn kept_share(&self, flag: &Flag, shares: &[Share], unit: &str) -> Option<u16> {
        if !flag.sticky {
            return None;
        }
        let kept = self.kept.variant(flag.key(), flag.salt(), unit)?;
        let is_kept = |share: &&Share| *flag.variants[usize::from(share.variant)].key == *kept;
        shares.iter().find(is_kept).map(|share| share.variant)
    }
}

/// Returns the text that buckets are made of; none when the attribute is missing, empty or no scalar.
fn unit_of<'t>(attribute: &'t Attribute<'_>, number: &'t mut Option<NumberText>) -> Option<&'t str> {
    match attribute {
        Attribute::Text(text) if !text.is_empty() => Some(text),
        Attribute::Bool(true) => Some("true"),
        Attribute::Bool(false) => Some("false"),
        Attribute::Number(value) => Some(number.insert(NumberText::new(*value)).as_str()),
        _ => None,
    }
}

impl Flag {
    /// Returns the result of a feature that is not on, whatever the reason for that.
    fn disabled(&self) -> Evaluation<'_> {
        self.result(self.off, Reason::Disabled)
    }

    fn result(&self, variant: Option<u16>, reason: Reason) -> Evaluation<'_> {
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

impl Criterion {
    fn matches(&self, lookup: &mut Lookup<'_, '_>) -> bool {
        self.when.as_ref().is_none_or(|when| when.holds(lookup))
    }
}
