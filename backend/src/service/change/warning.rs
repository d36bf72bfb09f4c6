//! What is valid in a proposed document but probably not meant, and what does not fit the team's context keys.

use std::collections::HashMap;

use async_graphql::SimpleObject;
use fluxgate_engine::{FlagConfig, lint};

use crate::{
    error::{Error, Result, Violation},
    service::context_key::fit,
    store::context_key::ContextKey,
};

/// Something that is allowed, but probably not meant.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct Warning {
    /// The rule that found it, like `unreachable-criterion`.
    pub rule: String,
    /// Where, like `config.criteria[0].when.key`.
    pub path: String,
    /// What was found and what to do about it.
    pub message: String,
}

/// What was found in a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What does not fit the type of a context key.
    pub unfit: Vec<Violation>,
    /// All else.
    pub warnings: Vec<Warning>,
}

/// Looks a valid document over.
pub fn look_over(config: &FlagConfig, keys: &[ContextKey]) -> Findings {
    let mut findings = fit::check(config, keys);
    findings.warnings.extend(lint(config).into_iter().map(|found| Warning {
        rule: found.rule.to_string(),
        path: if found.path.is_empty() { "config".to_owned() } else { format!("config.{}", found.path) },
        message: found.message,
    }));
    findings
}

/// What a document needs that is not there, by the variants that features serve in its environment.
pub fn dependencies(
    config: &FlagConfig,
    served: &HashMap<String, Vec<String>>,
    environment: &str,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (index, needed) in config.depends_on.iter().enumerate() {
        let (path, key) = (format!("config.dependsOn[{index}]"), &needed.feature);
        let warning = |rule: &str, path, message| Warning { rule: rule.to_owned(), path, message };
        let Some(variants) = served.get(key) else {
            let message =
                format!("needs {key}, which serves nothing in {environment}: until then this is off there");
            warnings.push(warning("missing-dependency", format!("{path}.feature"), message));
            continue;
        };
        for (nth, variant) in needed.variants.iter().enumerate().filter(|(_, v)| !variants.contains(v)) {
            let message =
                format!("{key} has no variant {variant:?} in {environment}: {}", variants.join(", "));
            warnings.push(warning("missing-variant", format!("{path}.variants[{nth}]"), message));
        }
    }
    warnings
}

impl Findings {
    /// The warnings, unless something does not fit.
    pub fn strict(self) -> Result<Vec<Warning>> {
        let Some(first) = self.unfit.first() else { return Ok(self.warnings) };
        let message =
            format!("the flag config does not fit the context keys: {}: {}", first.path, first.message);
        Err(Error::Invalid { message, violations: self.unfit })
    }

    /// Warnings of everything, what does not fit included.
    pub fn lenient(self) -> Vec<Warning> {
        let unfit = self.unfit.into_iter().map(|Violation { path, message }| Warning {
            rule: "unfit-comparison".to_owned(),
            path,
            message,
        });
        unfit.chain(self.warnings).collect()
    }
}
