//! What is valid in a document but probably not meant.
//!
//! A lint never claims what is not so: what cannot be decided is passed over in silence.

mod conditions;
mod criteria;
mod document;
mod facts;
mod reach;
mod search;
mod tree;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::FlagConfig;
use crate::path::Path;

/// Something valid that is probably not meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lint {
    /// The rule that found it.
    pub rule: LintRule,
    /// Where in the document, in the form of a [`Violation`](crate::Violation)'s path.
    pub path: String,
    /// What is not as it was probably meant, and what to do about it.
    pub message: String,
}

macro_rules! rules {
    ($($rule:ident = $name:literal, $description:literal;)*) => {
        /// A rule of what is probably not meant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum LintRule {
            $(#[doc = $description] $rule,)*
        }

        impl LintRule {
            /// Every rule, in the order in which they are documented.
            pub const ALL: &[LintRule] = &[$(LintRule::$rule),*];

            /// Returns the name used in every answer.
            pub fn as_str(self) -> &'static str {
                match self { $(LintRule::$rule => $name,)* }
            }

            /// Returns what the rule finds, in one sentence.
            pub fn description(self) -> &'static str {
                match self { $(LintRule::$rule => $description,)* }
            }
        }
    };
}

rules! {
    UnusedVariant = "unused-variant", "A variant that nothing in the document serves.";
    StickyWithoutSplit = "sticky-without-split", "The document is sticky, but no criterion has a split.";
    DuplicateDependency = "duplicate-dependency", "The document depends on the same feature twice.";
    UnreachableCriterion = "unreachable-criterion", "A criterion that never decides, as those above it always do.";
    ImpossibleCriterion = "impossible-criterion", "A criterion that no context whatsoever matches.";
    ConstantCondition = "constant-condition", "A part of a criterion's tree that always or never holds.";
    CriterionWithoutEffect = "criterion-without-effect", "A criterion that serves the default where nothing after it serves anything else.";
    DuplicateName = "duplicate-name", "Two criteria of the same name.";
    DuplicateValue = "duplicate-value", "A condition that lists the same value twice.";
    IgnoredIgnoreCase = "ignored-ignore-case", "A condition that ignores case where there is none.";
    ExpensiveRegex = "expensive-regex", "A regex that is large when compiled, and so slow where it is evaluated.";
    NeedlessRegex = "needless-regex", "A regex that says no more than a text operator does.";
    ZeroRollout = "zero-rollout", "A rollout of 0, so that everyone who matches gets the default.";
    UnusedBucketBy = "unused-bucket-by", "A criterion that says what buckets are made of but needs none.";
    PartialSplit = "partial-split", "A split whose weights add up to less than 100, so that the rest gets the default.";
    ZeroWeight = "zero-weight", "A variant with a weight of 0 in a split that is not sticky.";
}

impl fmt::Display for LintRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, path, message } = self;
        write!(f, "{path}: {message} [{rule}]")
    }
}

/// Returns what is probably not meant in a valid document, in the order of its fields.
pub fn lint(config: &FlagConfig) -> Vec<Lint> {
    let mut linter = Linter { config, found: Vec::new() };
    linter.check_document();
    linter.check_criteria(&Path::Root.field("criteria"));
    linter.found
}

struct Linter<'c> {
    config: &'c FlagConfig,
    found: Vec<Lint>,
}

impl Linter<'_> {
    fn report(&mut self, rule: LintRule, path: &Path<'_>, message: impl Into<String>) {
        self.found.push(Lint { rule, path: path.to_string(), message: message.into() });
    }

    /// Returns what is served when nothing else decides, in words.
    fn default_text(&self) -> String {
        match &self.config.default {
            Some(variant) => format!("the default {variant:?}"),
            None => "the application's own default".to_owned(),
        }
    }

    /// Returns a criterion in words: by its position as people count, from 1, and its name when it has one.
    fn criterion_text(&self, index: usize) -> String {
        let position = index + 1;
        match self.config.criteria.get(index).and_then(|criterion| criterion.name.as_deref()) {
            Some(name) => format!("criterion {position} {name:?}"),
            None => format!("criterion {position}"),
        }
    }
}
