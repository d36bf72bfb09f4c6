//! The documents of one environment, from the server or from files, as the engine reads them in this process.

mod files;
mod server;

use std::collections::{BTreeMap, BTreeSet};

use fluxgate_client::evaluation::Evaluation;
use fluxgate_engine::{Context, Document, Flag, FlagConfig, Flags, Served, evaluate};
use serde_json::{Number, Value};

use crate::error::CliError;
use crate::exit::Exit;

/// What features do in one environment.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    held: BTreeMap<String, Held>,
    /// The features whose kill switch is on.
    killed: BTreeSet<String>,
    /// Documents that this fgctl cannot read, and why: an error only for whoever needs one of them.
    unreadable: BTreeMap<String, CliError>,
}

/// One document, as it was written and as it is evaluated.
#[derive(Debug)]
struct Held {
    config: FlagConfig,
    flag: Flag,
    version: Option<i64>,
}

impl Documents {
    /// Adds a feature's document, in the place of any that it had.
    fn insert(&mut self, key: &str, config: FlagConfig, version: Option<i64>) -> Result<(), CliError> {
        let flag = Flag::compile(key, &config).map_err(|invalid| {
            CliError::usage(format!("the document of {key} is not valid"))
                .details(invalid.0.iter().map(ToString::to_string))
        })?;
        self.held.insert(key.to_owned(), Held { config, flag, version });
        Ok(())
    }

    /// Returns a feature's document.
    pub(crate) fn config(&self, key: &str) -> Option<&FlagConfig> {
        self.held.get(key).map(|held| &held.config)
    }

    /// Returns the number of a feature's document.
    pub(crate) fn version(&self, key: &str) -> Option<i64> {
        self.held.get(key)?.version
    }

    /// Returns whether a feature's kill switch is on.
    pub(crate) fn is_killed(&self, key: &str) -> bool {
        self.killed.contains(key)
    }

    /// Returns the features that have a document.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.held.keys().cloned().collect()
    }

    /// Makes sure that nothing which these features need is unreadable.
    pub(crate) fn check<'k>(&'k self, keys: impl IntoIterator<Item = &'k str>) -> Result<(), CliError> {
        let mut queue: Vec<&str> = keys.into_iter().collect();
        let mut seen: BTreeSet<&str> = queue.iter().copied().collect();
        while let Some(key) = queue.pop() {
            if let Some(error) = self.unreadable.get(key) {
                return Err(error.clone());
            }
            let needs = self.config(key).map_or(&[][..], |config| &config.depends_on);
            queue.extend(needs.iter().map(|needed| &*needed.feature).filter(|needed| seen.insert(needed)));
        }
        Ok(())
    }

    /// Returns a feature's value as the servers tell it.
    pub(crate) fn as_served(&self, key: &str, value: &Value) -> Value {
        self.config(key).map_or_else(|| value.clone(), |config| as_served(config, value))
    }

    /// Returns what a feature is for a context, as the servers would tell it.
    pub(crate) fn evaluate(&self, key: &str, context: &Context<'_>) -> Evaluation {
        match evaluate(self, key, context) {
            Ok(found) => Evaluation {
                feature: key.to_owned(),
                value: found.value.map(|value| self.as_served(key, value)),
                variant: found.variant.map(str::to_owned),
                reason: Some(found.reason.as_str().to_owned()),
                version: self.version(key),
                criterion: found.criterion.and_then(|criterion| i64::try_from(criterion.index).ok()),
                criterion_name: found.criterion.and_then(|criterion| criterion.name.map(str::to_owned)),
                kill_switch: found.kill_switch,
                blocked_by: found.blocked_by.map(str::to_owned),
                error_code: None,
                error_details: None,
            },
            Err(error) => Evaluation {
                feature: key.to_owned(),
                value: None,
                variant: None,
                reason: None,
                version: None,
                criterion: None,
                criterion_name: None,
                kill_switch: false,
                blocked_by: None,
                error_code: Some(error.code().to_owned()),
                error_details: Some(error.to_string()),
            },
        }
    }
}

impl fluxgate_engine::Documents for Documents {
    fn get(&self, key: &str) -> Option<Document<'_>> {
        let config = self.config(key)?;
        Some(Document { config, killed: self.is_killed(key) })
    }
}

impl Flags for Documents {
    fn get(&self, key: &str) -> Option<Served<'_>> {
        let held = self.held.get(key)?;
        Some(Served { flag: &held.flag, killed: self.is_killed(key) })
    }
}

/// Returns a value as the servers tell it: with a point when any variant has one, as typed clients tell floats by it.
pub(crate) fn as_served(config: &FlagConfig, value: &Value) -> Value {
    let is_float = config.variants.values().any(Value::is_f64);
    let float = value.as_f64().filter(|_| is_float).and_then(Number::from_f64);
    float.map_or_else(|| value.clone(), Value::Number)
}

/// Reads a document that a server sent.
pub(crate) fn read(config: &Value, (feature, env): (&str, &str)) -> Result<FlagConfig, CliError> {
    FlagConfig::from_value(config).map_err(|invalid| {
        let message = format!("this fgctl does not understand {feature} in {env}: {invalid}");
        CliError::new(Exit::Failed, message).hint("is it older than the backend?")
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use fluxgate_engine::{Context, FlagConfig};

    use super::Documents;

    /// Makes documents of YAML, for tests of what reads them.
    pub(crate) fn documents(documents: &[(&str, &str)]) -> Documents {
        let mut made = Documents::default();
        for (key, text) in documents {
            made.insert(key, FlagConfig::from_yaml(text).unwrap(), Some(7)).unwrap();
        }
        made
    }

    /// Turns a feature's kill switch on.
    pub(crate) fn kill(documents: &mut Documents, key: &str) {
        documents.killed.insert(key.to_owned());
    }

    #[test]
    fn floats_keep_their_point_as_servers_tell_them() {
        let value = |variants: &str| {
            let text = format!("{{ enabled: true, variants: {variants}, default: a, off: a }}");
            documents(&[("f", &text)]).evaluate("f", &Context::new()).value.unwrap().to_string()
        };
        assert_eq!(value("{ a: 0, b: 2.5 }"), "0.0");
        assert_eq!(value("{ a: 0, b: 2 }"), "0");
        assert_eq!(value("{ a: text, b: other }"), "\"text\"");
    }

    #[test]
    fn only_who_needs_an_unreadable_document_is_told() {
        let text = |needs: &str| {
            format!("{{ enabled: true, variants: {{ a: 1 }}, default: a, off: a, dependsOn: [{needs}] }}")
        };
        let mut made =
            documents(&[("a", &text("{ feature: b }")), ("b", &text("{ feature: c }")), ("d", &text(""))]);
        made.put("c", "prod", Some((1, &serde_json::json!({ "enabled": true, "newer": 1 }))), false);
        assert!(made.check(["d"]).is_ok());
        let error = made.check(["d", "a"]).unwrap_err();
        assert!(error.message.starts_with("this fgctl does not understand c in prod"), "{}", error.message);
    }
}
