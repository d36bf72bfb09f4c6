//! What concerns the document as a whole: its variants, `sticky` and its dependencies.

use std::collections::{BTreeSet, HashSet};

use super::{LintRule, Linter};
use crate::config::{Dependency, FlagConfig};
use crate::path::Path;

impl Linter<'_> {
    pub(super) fn check_document(&mut self) {
        let config = self.config;
        let used = used_variants(config);
        let path = Path::Root.field("variants");
        for key in config.variants.keys().filter(|key| !used.contains(key.as_str())) {
            let message =
                "is served by nothing: neither default nor off nor a criterion; serve it or remove it";
            self.report(LintRule::UnusedVariant, &path.field(key), message);
        }
        if config.sticky && config.criteria.iter().all(|criterion| criterion.split.is_empty()) {
            let message = "keeps what a split served, and no criterion has one; leave it out";
            self.report(LintRule::StickyWithoutSplit, &Path::Root.field("sticky"), message);
        }
        let path = Path::Root.field("dependsOn");
        for (index, dependency) in config.depends_on.iter().enumerate() {
            let earlier = config.depends_on.iter().position(|other| other.feature == dependency.feature);
            if let Some(earlier) = earlier.filter(|earlier| *earlier < index) {
                let message = duplicate_text(&config.depends_on[earlier], dependency, earlier);
                self.report(LintRule::DuplicateDependency, &path.index(index), message);
            }
        }
    }
}

/// Returns the variants that the document may serve.
fn used_variants(config: &FlagConfig) -> BTreeSet<&str> {
    let named = [&config.default, &config.off].into_iter();
    let named = named.chain(config.criteria.iter().map(|criterion| &criterion.serve)).flatten();
    let shares = config.criteria.iter().flat_map(|criterion| &criterion.split);
    // A sticky split still serves a variant of weight 0 to those who have it.
    let shared = shares.filter(|share| share.weight > 0.0 || config.sticky).map(|share| &share.variant);
    named.chain(shared).map(String::as_str).collect()
}

fn duplicate_text(earlier: &Dependency, later: &Dependency, index: usize) -> String {
    let feature = &later.feature;
    let has_lists = !earlier.variants.is_empty() && !later.variants.is_empty();
    let wanted: HashSet<&str> = later.variants.iter().map(String::as_str).collect();
    if has_lists && !earlier.variants.iter().any(|variant| wanted.contains(variant.as_str())) {
        return format!(
            "shares no variant of {feature:?} with dependsOn[{index}], and both must be satisfied, so this feature is never on; list the variants in one entry"
        );
    }
    format!("names {feature:?}, as dependsOn[{index}] does; keep one, with the variants that are meant")
}
