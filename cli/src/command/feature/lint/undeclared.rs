//! Attributes that a document asks for and no context key declares.

use std::collections::HashSet;

use fluxgate_engine::{FlagConfig, Match, nearest};

/// The attribute that every context has.
const TARGETING_KEY: &str = "targetingKey";

/// Returns the rule, the place and the message of each attribute that is not declared, once; none without context keys.
pub(super) fn check(config: &FlagConfig, keys: &[String]) -> Vec<(String, String, String)> {
    let mut checker = Checker { keys, told: HashSet::new(), found: Vec::new() };
    if keys.is_empty() {
        return checker.found;
    }
    for (index, criterion) in config.criteria.iter().enumerate() {
        let path = format!("criteria[{index}]");
        if let Some(when) = &criterion.when {
            checker.check(when, &format!("{path}.when"));
        }
        if let Some(key) = &criterion.bucket_by {
            checker.find(key, format!("{path}.bucketBy"));
        }
    }
    checker.found
}

struct Checker<'k> {
    keys: &'k [String],
    told: HashSet<String>,
    found: Vec<(String, String, String)>,
}

impl Checker<'_> {
    fn check(&mut self, when: &Match, path: &str) {
        let (name, children) = match when {
            Match::All(children) => ("all", children),
            Match::Any(children) => ("any", children),
            Match::Not(child) => return self.check(child, &format!("{path}.not")),
            Match::Condition(condition) => return self.find(&condition.key, format!("{path}.key")),
        };
        for (index, child) in children.iter().enumerate() {
            self.check(child, &format!("{path}.{name}[{index}]"));
        }
    }

    fn find(&mut self, key: &str, path: String) {
        let is_known = key == TARGETING_KEY || self.keys.iter().any(|known| known == key);
        if is_known || !self.told.insert(key.to_owned()) {
            return;
        }
        let hint = match nearest(key, self.keys.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {near:?}?"),
            None => "declare it, so that its type is checked".to_owned(),
        };
        self.found.push(("undeclared-attribute".to_owned(), path, format!("no context key {key:?}; {hint}")));
    }
}
