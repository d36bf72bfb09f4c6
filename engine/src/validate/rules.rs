//! The rules themselves, each with its limit.

use std::collections::HashSet;

use serde_json::Value;

use super::{Found, is_full, may_hint};
use crate::bucket::{BUCKETS, thousandths};
use crate::condition::Match;
use crate::config::{Criterion, FlagConfig, Split};
use crate::hidden::is_hidden;
use crate::number::json_bytes;
use crate::operator::{RegexBytes, check_value, kind};
use crate::path::{Path, shortened};
use crate::suggest::hint;

/// How many criteria may a document have?
const MAX_CRITERIA: usize = 200;

/// How many features may one depend on?
const MAX_DEPENDENCIES: usize = 100;

/// How many variants may a feature have?
const MAX_VARIANTS: usize = 200;

/// How many variants of another feature may a dependency name?
const MAX_DEPENDENCY_VARIANTS: usize = 100;

/// How many shares may a split have?
const MAX_SHARES: usize = 100;

/// How many conditions may a criterion have? `all`, `any` and `not` do not count.
const MAX_CONDITIONS: usize = 200;

/// And how many parts, when `all`, `any` and `not` count as well?
const MAX_NODES: usize = 1000;

/// How deep may a criterion nest? `when` itself is 1.
pub(crate) const MAX_DEPTH: usize = 8;

/// How deep may a variant's value nest? JSON in which it travels has to nest deeper still.
const MAX_VALUE_DEPTH: usize = 32;

/// How many bytes may a document have as compact JSON?
const MAX_BYTES: usize = 256 * 1024;

/// How many characters may a key have?
pub(crate) const MAX_KEY_CHARS: usize = 100;

/// How many characters may a name, a salt or an attribute's key have?
const MAX_NAME_CHARS: usize = 200;

/// What is said of something that is no key.
pub(crate) const A_KEY: &str =
    "a key has up to 100 of a-z, A-Z, 0-9, '.', '_' and '-', and begins with a letter or digit";

/// Checks a document, adding to what was found while it was read.
pub(crate) fn check(config: &FlagConfig, found: Vec<Found>) -> Result<(), Vec<Found>> {
    let read = found.iter().map(|found| found.violation.path.clone()).collect();
    let mut checker = Checker { config, read, found, regex_bytes: RegexBytes::default(), nodes: 0 };
    checker.check();
    if checker.found.is_empty() { Ok(()) } else { Err(checker.found) }
}

/// Returns how many bytes the canonical form has, if more than so many.
fn bytes_above(config: &FlagConfig, most: usize) -> Option<usize> {
    // As it is, a document is never shorter, and to count that takes no copy: an edge does it for every flag.
    if json_bytes(config) <= most {
        return None;
    }
    Some(config.to_json().len()).filter(|bytes| *bytes > most)
}

/// Returns the message for a variant that the document does not have.
pub(crate) fn no_variant(config: &FlagConfig, variant: &str) -> String {
    let hint = hint(variant, config.variants.keys().map(String::as_str));
    format!("no variant {:?}{hint}", shortened(variant))
}

struct Checker<'c> {
    config: &'c FlagConfig,
    found: Vec<Found>,
    /// The places of those that were found while reading.
    read: HashSet<String>,
    regex_bytes: RegexBytes,
    /// How many parts the criterion at hand has.
    nodes: usize,
}

impl Checker<'_> {
    fn check(&mut self) {
        let config = self.config;
        // What follows walks the values to their ends.
        if self.nests_too_deep(&Path::Root.field("variants")) {
            return;
        }
        if let Some(bytes) = bytes_above(config, MAX_BYTES) {
            let message = format!("the document has {bytes} bytes as compact JSON; at most {MAX_BYTES}");
            return self.report(&Path::Root, message);
        }
        let path = Path::Root.field("criteria");
        if config.criteria.len() > MAX_CRITERIA {
            let count = config.criteria.len();
            return self.report(&path, format!("has {count} criteria; at most {MAX_CRITERIA}"));
        }
        self.check_variants(&Path::Root.field("variants"));
        for (name, variant) in [("default", &config.default), ("off", &config.off)] {
            if let Some(variant) = variant {
                self.check_variant(variant, &Path::Root.field(name));
            }
        }
        let otherwise = "is empty; leave it out for the feature's key";
        self.check_name(config.salt.as_deref(), &Path::Root.field("salt"), otherwise);
        self.check_dependencies(&Path::Root.field("dependsOn"));
        for (index, criterion) in config.criteria.iter().enumerate() {
            if is_full(&self.found) {
                return;
            }
            self.check_criterion(criterion, &path.index(index));
        }
    }

    fn check_variants(&mut self, path: &Path<'_>) {
        let variants = &self.config.variants;
        if variants.is_empty() {
            self.report(path, "is empty; a feature has at least one variant");
        }
        if !self.has_at_most(MAX_VARIANTS, variants.len(), "variants", path) {
            return;
        }
        // What may be no value at all says nothing of the type of the others.
        let reference = variants.iter().find(|(_, value)| is_allowed(value));
        for (key, value) in variants {
            let path = path.field(key);
            if !is_key(key) {
                self.add(Found::key(path, A_KEY));
            }
            if !is_allowed(value) {
                let message =
                    format!("must be a boolean, a string, a number or an object, not {}", kind(value));
                self.report(&path, message);
            } else if let Some((first_key, first)) = reference.filter(|(_, first)| kind(first) != kind(value))
            {
                // A key that is too long would be repeated by each of the others.
                let is_short = first_key.len() <= MAX_KEY_CHARS;
                let first_key = if is_short { format!("{first_key:?}") } else { "the first".to_owned() };
                let (kind, first) = (kind(value), kind(first));
                let message =
                    format!("is {kind} where {first_key} is {first}; all values of a feature have one type");
                self.report(&path, message);
            }
        }
    }

    fn nests_too_deep(&mut self, path: &Path<'_>) -> bool {
        let deep = self.config.variants.iter().find(|(_, value)| is_deeper(value, MAX_VALUE_DEPTH));
        if let Some((key, _)) = deep {
            self.report(&path.field(key), format!("is nested deeper than {MAX_VALUE_DEPTH}"));
        }
        deep.is_some()
    }

    fn check_dependencies(&mut self, path: &Path<'_>) {
        let dependencies = &self.config.depends_on;
        if !self.has_at_most(MAX_DEPENDENCIES, dependencies.len(), "features", path) {
            return;
        }
        let mut known = HashSet::new();
        for (index, dependency) in dependencies.iter().enumerate() {
            let path = path.index(index);
            if !is_key(&dependency.feature) {
                let message = format!("is no feature's key: {A_KEY}");
                self.report(&path.field("feature"), message);
            } else if !known.insert(&dependency.feature) {
                self.report(&path.field("feature"), "stands here more than once; once is enough");
            }
            let path = path.field("variants");
            if !self.has_at_most(MAX_DEPENDENCY_VARIANTS, dependency.variants.len(), "variants", &path) {
                continue;
            }
            for (index, variant) in dependency.variants.iter().enumerate() {
                if !is_key(variant) {
                    let message = format!("is no variant's key: {A_KEY}");
                    self.report(&path.index(index), message);
                }
            }
        }
    }

    /// Checks how many there are of something, and returns whether that is few enough to look at each.
    fn has_at_most(&mut self, most: usize, count: usize, what: &str, path: &Path<'_>) -> bool {
        if count > most {
            self.report(path, format!("has {count} {what}; at most {most}"));
        }
        count <= most
    }

    /// Checks a text that people read as it stands, and has to be what it looks like.
    fn check_name(&mut self, name: Option<&str>, path: &Path<'_>, when_empty: &str) {
        let Some(name) = name else { return };
        let count = name.chars().count();
        if count == 0 {
            self.report(path, when_empty);
        } else if count > MAX_NAME_CHARS {
            self.report(path, format!("has {count} characters; at most {MAX_NAME_CHARS}"));
        } else if let Some(hidden) = name.chars().find(|c| is_hidden(*c)) {
            let code = u32::from(hidden);
            self.report(path, format!("has the character U+{code:04X}, which cannot be seen; leave it out"));
        }
    }

    fn check_criterion(&mut self, criterion: &Criterion, path: &Path<'_>) {
        self.check_name(criterion.name.as_deref(), &path.field("name"), "is empty; leave it out");
        if let Some(when) = &criterion.when {
            let path = path.field("when");
            self.nodes = 0;
            let conditions = self.check_match(when, &path, 1);
            self.has_at_most(MAX_CONDITIONS, conditions, "conditions", &path);
            let what = "parts, all, any and not counted";
            self.has_at_most(MAX_NODES, self.nodes, what, &path);
        }
        if let Some(rollout) = criterion.rollout {
            self.check_percentage(rollout, &path.field("rollout"));
        }
        let when_empty = "is empty; leave it out for targetingKey";
        self.check_name(criterion.bucket_by.as_deref(), &path.field("bucketBy"), when_empty);
        match (&criterion.serve, &*criterion.split) {
            (Some(variant), []) => self.check_variant(variant, &path.field("serve")),
            (None, []) if self.was_unreadable(path, &["", ".serve", ".split"]) => {}
            (None, []) => self.report(path, "needs a variant to serve or a split that is not empty"),
            (Some(_), _) => self.report(path, "has both serve and split; exactly one decides"),
            (None, split) => self.check_split(split, &path.field("split")),
        }
    }

    fn check_split(&mut self, split: &[Split], path: &Path<'_>) {
        if !self.has_at_most(MAX_SHARES, split.len(), "shares", path) {
            return;
        }
        let mut sum = 0;
        for (index, share) in split.iter().enumerate() {
            let path = path.index(index);
            self.check_variant(&share.variant, &path.field("variant"));
            self.check_percentage(share.weight, &path.field("weight"));
            sum += u64::from(thousandths(share.weight));
        }
        if sum > u64::from(BUCKETS) {
            let percent = crate::number::NumberText::new(sum as f64 / 1000.0);
            self.report(path, format!("the weights add up to {percent} %; at most 100 %"));
        }
    }

    fn check_percentage(&mut self, percent: f64, path: &Path<'_>) {
        if !(0.0..=100.0).contains(&percent) {
            let percent = crate::number::NumberText::new(percent);
            self.report(path, format!("{percent} is no percentage; it is from 0 to 100"));
        } else if f64::from(thousandths(percent)) / 1000.0 != percent {
            self.report(path, format!("{percent} has more than three decimals"));
        }
    }

    fn check_variant(&mut self, variant: &str, path: &Path<'_>) {
        let variants = &self.config.variants;
        // Without any variants, that alone is the error.
        if !variants.is_empty() && !variants.contains_key(variant) {
            let message = match may_hint(&self.found) {
                true => no_variant(self.config, variant),
                false => format!("no variant {:?}", shortened(variant)),
            };
            self.report(path, message);
        }
    }

    /// Checks a tree and returns how many conditions it has.
    fn check_match(&mut self, when: &Match, path: &Path<'_>, depth: usize) -> usize {
        if depth > MAX_DEPTH {
            self.report(path, format!("is nested deeper than {MAX_DEPTH}"));
            return 0;
        }
        self.nodes += 1;
        let (name, children) = match when {
            Match::All(children) => ("all", children),
            Match::Any(children) => ("any", children),
            Match::Not(child) => return self.check_match(child, &path.field("not"), depth + 1),
            Match::Condition(_) if is_full(&self.found) => return 1,
            Match::Condition(condition) => {
                self.check_name(
                    Some(&condition.key),
                    &path.field("key"),
                    "is empty; it is an attribute's key",
                );
                if let Err(message) = check_value(condition, &mut self.regex_bytes) {
                    self.report(&path.field("value"), message);
                }
                return 1;
            }
        };
        let path = path.field(name);
        children
            .iter()
            .enumerate()
            .map(|(index, child)| self.check_match(child, &path.index(index), depth + 1))
            .sum()
    }

    /// Returns whether reading found something at the path followed by one of the ends.
    fn was_unreadable(&self, path: &Path<'_>, ends: &[&str]) -> bool {
        ends.iter().any(|end| self.read.contains(&format!("{path}{end}")))
    }

    /// Reports a breach, unless reading has reported that place or one around it: then it is a consequence.
    fn report(&mut self, path: &Path<'_>, message: impl Into<String>) {
        self.add(Found::value(path, message));
    }

    fn add(&mut self, found: Found) {
        if !self.is_consequence(&found.violation.path) {
            super::add(&mut self.found, found);
        }
    }

    fn is_consequence(&self, place: &str) -> bool {
        if self.read.is_empty() {
            return false;
        }
        let mut around = place.match_indices(['.', '[']).map(|(end, _)| &place[..end]).chain([place]);
        around.any(|place| self.read.contains(place))
    }
}

/// Returns whether a variant may have such a value.
fn is_allowed(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Array(_))
}

fn is_deeper(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(_) | Value::Object(_) if levels == 0 => true,
        Value::Array(elements) => elements.iter().any(|element| is_deeper(element, levels - 1)),
        Value::Object(fields) => fields.values().any(|field| is_deeper(field, levels - 1)),
        _ => false,
    }
}

/// Returns whether a text is a key.
pub fn is_key(key: &str) -> bool {
    key.len() <= MAX_KEY_CHARS
        && key.starts_with(|c: char| c.is_ascii_alphanumeric())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}
