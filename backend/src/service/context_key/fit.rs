//! Whether the criteria of a document fit the context keys of its team: a pure function over values.

use std::collections::HashSet;

use fluxgate_engine::{Condition, FlagConfig, Match, Op, is_instant, is_version, nearest};
use serde_json::Value;

use crate::{
    error::Violation,
    service::change::{Findings, Warning},
    store::context_key::{ContextKey, ContextKeyType},
};

/// The attribute that every context has: known without being declared.
const TARGETING_KEY: &str = "targetingKey";
/// How many characters of a value does a message show?
const MAX_SHOWN: usize = 60;
/// How many allowed values does a message name?
const MAX_NAMED: usize = 10;
/// For how many undeclared attributes is a similar one looked for? A document may have thousands, a team too.
const MAX_HINTS: usize = 20;

/// Compares a document with context keys. Without any, nothing is known and nothing is found.
pub fn check(config: &FlagConfig, keys: &[ContextKey]) -> Findings {
    let mut checker = Checker { keys, told: HashSet::new(), found: Findings::default() };
    if keys.is_empty() {
        return checker.found;
    }
    for (index, criterion) in config.criteria.iter().enumerate() {
        let path = format!("config.criteria[{index}]");
        if let Some(when) = &criterion.when {
            checker.check_match(when, &format!("{path}.when"));
        }
        if let Some(key) = &criterion.bucket_by {
            checker.find(key, &format!("{path}.bucketBy"));
        }
    }
    checker.found
}

/// Whether a value is of a type.
pub fn is_of(kind: ContextKeyType, value: &Value) -> bool {
    match kind {
        ContextKeyType::String => value.is_string(),
        ContextKeyType::Number => value.is_number(),
        ContextKeyType::Boolean => value.is_boolean(),
        ContextKeyType::Version => value.as_str().is_some_and(is_version),
        ContextKeyType::Instant => value.is_number() || value.as_str().is_some_and(is_instant),
    }
}

/// A value in a message, which it does not fill.
pub fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Whether an operator can hold for an attribute of a type as it is meant.
fn fits(kind: ContextKeyType, op: Op) -> bool {
    match op {
        Op::Exists | Op::NotExists => true,
        // An instant has many spellings, and equality compares spellings.
        Op::Equals | Op::NotEquals | Op::In | Op::NotIn => kind != ContextKeyType::Instant,
        Op::GreaterThan | Op::GreaterThanOrEqual | Op::LessThan | Op::LessThanOrEqual => {
            kind == ContextKeyType::Number
        }
        Op::Contains | Op::StartsWith | Op::EndsWith | Op::Regex => kind == ContextKeyType::String,
        Op::Semver => kind == ContextKeyType::Version,
        Op::Before | Op::After => kind == ContextKeyType::Instant,
    }
}

struct Checker<'k> {
    keys: &'k [ContextKey],
    /// The undeclared attributes that were told of: each once, however often it is compared.
    told: HashSet<String>,
    found: Findings,
}

impl<'k> Checker<'k> {
    fn check_match(&mut self, when: &Match, path: &str) {
        let (name, children) = match when {
            Match::All(children) => ("all", children),
            Match::Any(children) => ("any", children),
            Match::Not(child) => return self.check_match(child, &format!("{path}.not")),
            Match::Condition(condition) => return self.check_condition(condition, path),
        };
        for (index, child) in children.iter().enumerate() {
            self.check_match(child, &format!("{path}.{name}[{index}]"));
        }
    }

    fn check_condition(&mut self, condition: &Condition, path: &str) {
        let Some(known) = self.find(&condition.key, &format!("{path}.key")) else { return };
        let (key, kind, op) = (&known.key, known.kind, condition.op);
        let path = format!("{path}.value");
        if !fits(kind, op) {
            let fitting: Vec<_> =
                Op::ALL.iter().filter(|op| fits(kind, **op)).map(|op| op.as_str()).collect();
            let message = format!("{op} does not fit {key}, which is a {kind}: use {}", fitting.join(", "));
            self.found.unfit.push(Violation { path, message });
            return;
        }
        let literals = match (op, &condition.value) {
            (Op::Equals | Op::NotEquals, Some(value)) => std::slice::from_ref(value),
            (Op::In | Op::NotIn, Some(Value::Array(values))) => values,
            // The engine has checked what the others compare with.
            _ => return,
        };
        if let Some(other) = literals.iter().find(|literal| !is_of(kind, literal)) {
            let message = format!("{} is no {kind}, and {key} is one", shown(other));
            self.found.unfit.push(Violation { path, message });
        } else if let Some(other) = literals.iter().find(|literal| !is_allowed(known, condition, literal)) {
            self.warn("not-allowed-value", path, not_allowed(known, other));
        }
    }

    /// Finds an attribute; one that nobody declared is told of.
    fn find(&mut self, key: &str, path: &str) -> Option<&'k ContextKey> {
        let known = self.keys.iter().find(|known| known.key == key);
        if known.is_none() && key != TARGETING_KEY && self.told.insert(key.to_owned()) {
            let shown = shown(&Value::from(key));
            let hint = match self.similar(key) {
                Some(near) => format!("did you mean {near:?}?"),
                None => "declare it, so that its type is checked".to_owned(),
            };
            self.warn("undeclared-attribute", path.to_owned(), format!("no context key {shown}; {hint}"));
        }
        known
    }

    fn similar(&self, key: &str) -> Option<&'k str> {
        let looks = self.told.len() <= MAX_HINTS;
        looks.then(|| nearest(key, self.keys.iter().map(|known| known.key.as_str()))).flatten()
    }

    fn warn(&mut self, rule: &str, path: String, message: String) {
        self.found.warnings.push(Warning { rule: rule.to_owned(), path, message });
    }
}

fn is_allowed(known: &ContextKey, condition: &Condition, literal: &Value) -> bool {
    let same = |allowed: &Value| match (allowed, literal) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) if condition.ignore_case => a.to_lowercase() == b.to_lowercase(),
        (a, b) => a == b,
    };
    known.allowed_values.is_empty() || known.allowed_values.iter().any(same)
}

fn not_allowed(known: &ContextKey, literal: &Value) -> String {
    let named: Vec<_> = known.allowed_values.iter().take(MAX_NAMED).map(shown).collect();
    let more = if known.allowed_values.len() > MAX_NAMED { ", …" } else { "" };
    format!("{} is no allowed value of {}: those are {}{more}", shown(literal), known.key, named.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(key: &str, kind: ContextKeyType, allowed_values: Value) -> ContextKey {
        let Value::Array(allowed_values) = allowed_values else { panic!("no list") };
        ContextKey {
            id: uuid::Uuid::nil(),
            key: key.to_owned(),
            kind,
            description: String::new(),
            allowed_values,
        }
    }

    fn keys() -> Vec<ContextKey> {
        vec![
            key("country", ContextKeyType::String, json!(["US", "DE"])),
            key("age", ContextKeyType::Number, json!([1, 2])),
            key("beta", ContextKeyType::Boolean, json!([])),
            key("app.version", ContextKeyType::Version, json!([])),
            key("born", ContextKeyType::Instant, json!([])),
        ]
    }

    fn found(when: &Value, keys: &[ContextKey]) -> Findings {
        let config = json!({"enabled": true, "variants": {"on": true, "off": false}, "default": "off", "off": "off",
                            "criteria": [{"when": when, "serve": "on"}]});
        check(&FlagConfig::from_value(&config).unwrap(), keys)
    }

    #[test]
    fn operators_and_values_fit_the_type() {
        for (key, op, value) in [
            ("country", "equals", json!("US")),
            ("country", "contains", json!("X")),
            ("country", "regex", json!("^U")),
            ("age", "in", json!([1, 2.0])),
            ("age", "greater_than", json!(17)),
            ("beta", "not_equals", json!(true)),
            ("app.version", "semver", json!("^1")),
            ("app.version", "equals", json!("1.2.3-rc.1")),
            ("born", "before", json!("2026-06-01T10:00:00Z")),
            ("born", "after", json!(1)),
        ] {
            let fine = found(&json!({"key": key, "op": op, "value": value}), &keys());
            assert_eq!(fine, Findings::default(), "{key} {op}");
        }
        for (key, op, value) in [
            ("country", "greater_than", json!(1)),
            ("country", "semver", json!("1")),
            ("country", "equals", json!(1)),
            ("age", "contains", json!("1")),
            ("age", "regex", json!("1")),
            ("age", "equals", json!("18")),
            ("age", "in", json!([1, "2"])),
            ("beta", "equals", json!("true")),
            ("beta", "contains", json!("t")),
            ("app.version", "equals", json!("1.2")),
            ("app.version", "starts_with", json!("1.")),
            ("born", "equals", json!("2026-06-01T10:00:00Z")),
            ("born", "greater_than", json!(1)),
        ] {
            let unfit = found(&json!({"key": key, "op": op, "value": value}), &keys());
            assert_eq!(unfit.unfit.len(), 1, "{key} {op}");
            assert_eq!(unfit.unfit[0].path, "config.criteria[0].when.value");
            assert_eq!(unfit.warnings, []);
        }
        for key in keys() {
            for op in ["exists", "not_exists"] {
                assert_eq!(found(&json!({"key": key.key, "op": op}), &keys()), Findings::default());
            }
        }
    }

    #[test]
    fn what_is_not_declared_is_warned_of_once() {
        let when = json!({"any": [{"key": "contry", "op": "equals", "value": "US"},
                                  {"not": {"key": "contry", "op": "exists"}},
                                  {"key": "plan", "op": "exists"},
                                  {"key": "targetingKey", "op": "equals", "value": "u1"}]});
        let warned = found(&when, &keys());
        let told: Vec<_> = warned.warnings.iter().map(|w| (w.path.as_str(), w.message.as_str())).collect();
        assert_eq!(
            told,
            [
                (
                    "config.criteria[0].when.any[0].key",
                    "no context key \"contry\"; did you mean \"country\"?"
                ),
                (
                    "config.criteria[0].when.any[2].key",
                    "no context key \"plan\"; declare it, so that its type is checked"
                ),
            ]
        );
        assert_eq!(warned.unfit, []);
        assert_eq!(found(&when, &[]), Findings::default());
    }

    #[test]
    fn what_is_not_allowed_is_warned_of() {
        let asked = |value: Value, ignore_case: bool| {
            let when = json!({"key": "country", "op": "in", "value": value, "ignoreCase": ignore_case});
            found(&when, &keys()).warnings
        };
        assert_eq!(asked(json!(["US", "de"]), true), []);
        let warned = asked(json!(["US", "de"]), false);
        assert_eq!(
            (warned[0].rule.as_str(), warned[0].path.as_str(), warned[0].message.as_str()),
            (
                "not-allowed-value",
                "config.criteria[0].when.value",
                "\"de\" is no allowed value of country: those are \"US\", \"DE\""
            )
        );
    }

    #[test]
    fn buckets_are_made_of_what_is_declared() {
        let config = json!({"enabled": true, "variants": {"on": true}, "default": "on", "off": "on",
                            "criteria": [{"serve": "on", "rollout": 5, "bucketBy": "company"},
                                         {"serve": "on", "rollout": 5, "bucketBy": "country"}]});
        let found = check(&FlagConfig::from_value(&config).unwrap(), &keys());
        let paths: Vec<_> = found.warnings.iter().map(|w| w.path.as_str()).collect();
        assert_eq!(paths, ["config.criteria[0].bucketBy"]);
    }
}
