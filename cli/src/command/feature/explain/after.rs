//! What changes that wait for the stage would make of the answer.

use std::collections::HashMap;

use fluxgate_engine::{
    Context, DiffEntry, Document, Documents as _, EvaluationError, Explanation, FlagConfig, Kept,
    OwnedEvaluation, diff, explain, removed,
};
use serde_json::{Value, json};

use super::super::super::documents::{Documents, as_served};
use super::reading::{Reading, Waiting};
use super::steps::outcome;
use crate::error::CliError;
use crate::output::{Line, Tone};

/// What a change would make of the answer.
pub(super) struct After {
    pub(super) number: i64,
    result: Result<OwnedEvaluation, EvaluationError>,
    value: Value,
    diff: Vec<DiffEntry>,
}

/// Documents as a change would leave them.
struct Changed<'r> {
    documents: &'r Documents,
    by: HashMap<&'r str, Option<&'r FlagConfig>>,
}

impl fluxgate_engine::Documents for Changed<'_> {
    fn get(&self, key: &str) -> Option<Document<'_>> {
        match self.by.get(key) {
            Some(config) => Some(Document { config: (*config)?, killed: self.documents.is_killed(key) }),
            None => self.documents.get(key),
        }
    }
}

/// Evaluates the feature after each change that waits.
pub(super) fn all(
    reading: &Reading,
    (key, context): (&str, &Context<'_>),
    kept: &dyn Kept,
) -> Result<Vec<After>, CliError> {
    let after = |waiting: &Waiting| {
        let by = waiting.documents.iter().map(|(key, config)| (key.as_str(), config.as_ref())).collect();
        let changed = Changed { documents: &reading.documents, by };
        for config in changed.by.values().copied().flatten() {
            reading.documents.check(config.depends_on.iter().map(|needed| &*needed.feature))?;
        }
        let mut explanation = explain(&changed, key, context, kept);
        if let (Ok(found), Some(document)) = (&mut explanation.result, changed.get(key)) {
            found.value = found.value.as_ref().map(|value| as_served(document.config, value));
        }
        let value = serde_json::to_value(&explanation).unwrap_or_default()["result"].take();
        let before = reading.documents.config(key);
        let diff = match (before, changed.by.get(key).copied().flatten()) {
            (before, Some(after)) => diff(before, after),
            (Some(before), None) => removed(before),
            (None, None) => Vec::new(),
        };
        Ok(After { number: waiting.number, result: explanation.result, value, diff })
    };
    reading.waiting.iter().map(after).collect()
}

impl After {
    /// Says what would become of the answer, and whom else the change moves.
    pub(super) fn line(&self, now: &Explanation, place: &str) -> Line {
        let is_same = match (&self.result, &now.result) {
            (Ok(after), Ok(now)) => after.variant == now.variant && after.value == now.value,
            (after, now) => after == now,
        };
        let line =
            Line::default().and(Tone::Plain, "  After ").and(Tone::Waiting, format!("#{}", self.number));
        let what = match &self.result {
            _ if is_same => format!(" this user would still get {}", outcome(&self.result)),
            Ok(after) => format!(" this user would get {}, reason {}", outcome(&self.result), after.reason),
            Err(EvaluationError::FlagNotFound { .. }) => format!(" it would serve nothing in {place}"),
            Err(error) => format!(" this user would get {}", error.code()),
        };
        let line = line.and(Tone::Plain, what);
        match self.moves() {
            Some(moves) => line.and(Tone::Plain, format!("; it {moves}.")),
            None => line.and(Tone::Plain, "."),
        }
    }

    /// Says whom a change of weights moves.
    fn moves(&self) -> Option<String> {
        if self.diff.iter().any(|entry| entry.reshuffles) {
            return Some("reshuffles everyone".to_owned());
        }
        let moved = self.diff.iter().filter_map(|entry| {
            let percent = entry.movement.filter(|percent| *percent > 0.0)?;
            Some(format!("{} % of those in {}", (percent * 1000.0).round() / 1000.0, rule(&entry.path)))
        });
        let moved: Vec<String> = moved.collect();
        (!moved.is_empty()).then(|| format!("moves {}", moved.join(", ")))
    }

    pub(super) fn to_json(&self) -> Value {
        json!({ "change": self.number, "result": self.value, "diff": self.diff })
    }
}

/// Returns the rule that a path like `criteria["US split"].split` leads to, as other commands call it.
fn rule(path: &str) -> String {
    let path = path.strip_prefix("criteria[").unwrap_or(path);
    let rule = path.rsplit_once("].").map_or(path, |(rule, _)| rule);
    match rule.parse::<usize>() {
        Ok(index) => format!("rule {}", index + 1),
        Err(_) => format!("rule {rule}"),
    }
}

#[cfg(test)]
mod tests {
    use super::rule;

    #[test]
    fn a_rule_has_its_name_or_its_number() {
        assert_eq!(rule("criteria[\"US split\"].split"), "rule \"US split\"");
        assert_eq!(rule("criteria[\"a].b\"].rollout"), "rule \"a].b\"");
        assert_eq!(rule("criteria[2].serve"), "rule 3");
    }
}
