//! The algorithm: which variant a feature has for a context, and why.

use std::collections::BTreeMap;

use crate::compile::{Criterion, Dependency, Effect, Flag, Share};
use crate::context::{Attribute, Context};
use crate::evaluation::{CriterionRef, Evaluation, EvaluationError, Flags, Reason, Served};
use crate::guard::first_match;
use crate::number::NumberText;
use crate::operator::{Key, Lookup};
use crate::sticky::Kept;

/// How many levels below the feature asked for are dependencies still looked at?
pub(crate) const MAX_DEPENDENCY_LEVELS: u8 = 8;

/// How many attributes are remembered where one feature looks at some of them again?
const FEW: usize = 8;

/// How many attributes are remembered when many features are asked for?
const BULK: usize = 64;

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
    let Some(served) = flags.get(key) else {
        return Err(EvaluationError::FlagNotFound { key: key.to_owned() });
    };
    if served.flag.keys_repeat || !served.flag.depends_on.is_empty() {
        Asked::<_, _, FEW>::new(flags, context, kept).evaluate(served, 0)
    } else {
        Asked::<_, _, 0>::new(flags, context, kept).evaluate(served, 0)
    }
}

/// Returns what many features of one environment are for a context, in their order.
///
/// An attribute is mostly looked up once for all of them, and a shared dependency evaluated once for each level below
/// them that it stands at.
pub fn evaluate_all<'f, 'x>(
    flags: &'f (impl Flags + ?Sized),
    asked: impl IntoIterator<Item = Served<'f>, IntoIter: 'x>,
    context: &'x Context<'_>,
    kept: &'x (impl Kept + ?Sized),
) -> impl Iterator<Item = Result<Evaluation<'f>, EvaluationError>> {
    let mut asking = Asked::<_, _, BULK>::new(flags, context, kept);
    asked.into_iter().map(move |served| asking.evaluate(served, 0))
}

/// What is the same for all features asked for and all that they depend on.
struct Asked<'f, 'x, 'a, F: ?Sized, K: ?Sized, const SLOTS: usize> {
    flags: &'f F,
    kept: &'x K,
    lookup: Lookup<'f, 'x, 'a, SLOTS>,
    /// What dependencies came to, by level: asked for along many ways, each is evaluated once a level, or the work
    /// would grow with the number of ways.
    seen: BTreeMap<(*const Flag, u8), Option<(&'f str, Reason)>>,
}

impl<'f, 'x, 'a, F, K, const SLOTS: usize> Asked<'f, 'x, 'a, F, K, SLOTS>
where
    F: Flags + ?Sized,
    K: Kept + ?Sized,
{
    fn new(flags: &'f F, context: &'x Context<'a>, kept: &'x K) -> Self {
        Self { flags, kept, lookup: Lookup::new(context), seen: BTreeMap::new() }
    }

    fn evaluate(&mut self, served: Served<'f>, level: u8) -> Result<Evaluation<'f>, EvaluationError> {
        let flag = served.flag;
        if served.killed {
            return Ok(Evaluation { kill_switch: true, ..flag.disabled() });
        }
        if !flag.enabled {
            return Ok(flag.disabled());
        }
        for dependency in &flag.depends_on {
            if !self.is_satisfied(dependency, level + 1) {
                return Ok(Evaluation { blocked_by: Some(&dependency.feature), ..flag.disabled() });
            }
        }
        if flag.criteria.is_empty() {
            return Ok(flag.result(flag.default, Reason::Static));
        }
        let matching = match &*flag.guards {
            [] => flag.criteria.iter().position(|criterion| criterion.matches(&flag.keys, &mut self.lookup)),
            _ => first_match(flag, &mut self.lookup),
        };
        match matching {
            Some(index) => self.decide(flag, index),
            None => Ok(flag.result(flag.default, Reason::Default)),
        }
    }

    /// Returns whether a dependency, `level` levels below the feature asked for, lets the feature through.
    fn is_satisfied(&mut self, dependency: &Dependency, level: u8) -> bool {
        if level > MAX_DEPENDENCY_LEVELS {
            return false;
        }
        let Some(served) = self.flags.get(&dependency.feature) else {
            return false;
        };
        let place = (std::ptr::from_ref(served.flag), level);
        let outcome = match self.seen.get(&place) {
            Some(outcome) => *outcome,
            None => {
                let result = self.evaluate(served, level).ok();
                let outcome = result.and_then(|result| Some((result.variant?, result.reason)));
                // What the one feature asked for needs itself, and needs nothing, is asked for about once.
                if SLOTS == BULK || level > 1 || !served.flag.depends_on.is_empty() {
                    self.seen.insert(place, outcome);
                }
                outcome
            }
        };
        outcome.is_some_and(|outcome| satisfies(outcome, &dependency.variants, served.flag.off_key()))
    }

    /// Applies the criterion that matched.
    fn decide(&mut self, flag: &'f Flag, index: usize) -> Result<Evaluation<'f>, EvaluationError> {
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
        let key = &flag.keys[usize::from(key)];
        let mut number = None;
        let Some(unit) = unit_of(self.lookup.get(key).attribute, &mut number) else {
            return Err(EvaluationError::TargetingKeyMissing { attribute: key.text.to_string() });
        };
        if criterion.rollout.is_some_and(|rollout| flag.rollout_bucket(unit) >= rollout) {
            return Ok(flag.result(flag.default, Reason::Default));
        }
        let variant = match &criterion.effect {
            Effect::Serve(variant) => Some(*variant),
            Effect::Split(shares) if flag.sticky => sticky_share(flag, shares, unit, self.kept),
            Effect::Split(shares) => share_of(flag, shares, unit),
        };
        Ok(match variant {
            Some(variant) => decided(variant, Reason::Split),
            None => flag.result(flag.default, Reason::Default),
        })
    }
}

/// Returns the variant whose share the unit's bucket falls into.
fn share_of(flag: &Flag, shares: &[Share], unit: &str) -> Option<u16> {
    let bucket = flag.split_bucket(unit);
    shares.iter().find(|share| bucket < share.upto).map(|share| share.variant)
}

/// Returns the variant that a sticky split has served to the unit before, if it is still in the split; else what the bucket says.
fn sticky_share(flag: &Flag, shares: &[Share], unit: &str, kept: &(impl Kept + ?Sized)) -> Option<u16> {
    let key_of = |variant: u16| &*flag.variants[usize::from(variant)].key;
    if let Some(before) = kept.variant(flag.key(), flag.salt(), unit) {
        let stays = shares.iter().find(|share| key_of(share.variant) == before);
        return stays.map(|share| share.variant).or_else(|| share_of(flag, shares, unit));
    }
    let variant = share_of(flag, shares, unit)?;
    kept.decided(flag.key(), flag.salt(), unit, key_of(variant));
    Some(variant)
}

/// Returns whether what a feature came to satisfies one that wants it; `off` is what it serves when it is not on.
pub(crate) fn satisfies(
    (variant, reason): (&str, Reason),
    wanted: &[impl AsRef<str>],
    off: Option<&str>,
) -> bool {
    if wanted.is_empty() {
        reason != Reason::Disabled && off != Some(variant)
    } else {
        wanted.iter().any(|listed| listed.as_ref() == variant)
    }
}

/// Returns the text that buckets are made of; none when the attribute is missing, empty or no scalar.
pub(crate) fn unit_of<'t>(
    attribute: &'t Attribute<'_>,
    number: &'t mut Option<NumberText>,
) -> Option<&'t str> {
    match attribute {
        Attribute::Text(text) if !text.is_empty() => Some(text),
        Attribute::Bool(true) => Some("true"),
        Attribute::Bool(false) => Some("false"),
        Attribute::Number(value) => Some(number.insert(NumberText::new(*value)).as_str()),
        _ => None,
    }
}

impl Criterion {
    pub(crate) fn matches<'f, const SLOTS: usize>(
        &self,
        keys: &'f [Key],
        lookup: &mut Lookup<'f, '_, '_, SLOTS>,
    ) -> bool {
        self.when.as_ref().is_none_or(|when| when.holds(keys, lookup))
    }
}
