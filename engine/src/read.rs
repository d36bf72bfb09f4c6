//! Reads the shape of a document from JSON, going on after an error so that all of them are found.
//!
//! What cannot be read leaves a harmless placeholder, so that the places of what follows stay right.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Value};

use crate::condition::{Condition, Match, Op};
use crate::config::{Criterion, Dependency, FlagConfig, Split};
use crate::number::{canonical_value, canonical_variant};
use crate::operator::kind;
use crate::path::{Path, shortened};
use crate::suggest::hint;
use crate::validate::{self, Found, Invalid, MAX_DEPTH, is_full, may_hint};

#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) found: Vec<Found>,
}

/// An object whose fields are being read.
struct Fields<'r, 'v, 'p> {
    reader: &'r mut Reader,
    map: &'v Map<String, Value>,
    path: &'p Path<'p>,
}

/// Reads a value for serde, which takes all violations as one error.
pub(crate) fn deserialize<'de, T, D: Deserializer<'de>>(
    deserializer: D,
    read: impl FnOnce(&mut Reader, &Value, &Path<'_>) -> Option<T>,
) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let mut reader = Reader::default();
    match read(&mut reader, &value, &Path::Root) {
        Some(read) if reader.found.is_empty() => Ok(read),
        _ => Err(D::Error::custom(Invalid::from(reader.found))),
    }
}

impl Reader {
    pub(crate) fn config(&mut self, value: &Value, path: &Path<'_>) -> Option<FlagConfig> {
        let known = &[
            "enabled",
            "variants",
            "default",
            "off",
            "salt",
            "sticky",
            "clientSide",
            "dependsOn",
            "criteria",
        ];
        let mut fields = self.fields(value, path, known)?;
        fields.require_field("enabled", "is required: true or false");
        fields.require_field("variants", "is required: at least one key with its value");
        for name in ["default", "off"] {
            let message = "is required: a variant's key, or null for the application's own default";
            fields.require_field(name, message);
        }
        Some(FlagConfig {
            enabled: fields.bool("enabled"),
            variants: fields.variants(),
            default: fields.text("default"),
            off: fields.text("off"),
            salt: fields.text("salt"),
            sticky: fields.bool("sticky"),
            client_side: fields.bool("clientSide"),
            depends_on: fields.list("dependsOn", Self::dependency),
            criteria: fields.list("criteria", Self::criterion),
        })
    }

    pub(crate) fn dependency(&mut self, value: &Value, path: &Path<'_>) -> Option<Dependency> {
        let mut fields = self.fields(value, path, &["feature", "variants"])?;
        fields.require("feature", "is required: another feature's key");
        Some(Dependency {
            feature: fields.text("feature").unwrap_or_default(),
            variants: fields.list("variants", |reader, value, path| reader.text(value, path)),
        })
    }

    pub(crate) fn criterion(&mut self, value: &Value, path: &Path<'_>) -> Option<Criterion> {
        let known = &["name", "when", "rollout", "bucketBy", "serve", "split"];
        let mut fields = self.fields(value, path, known)?;
        let mut criterion = Criterion {
            name: fields.text("name"),
            when: fields.matching("when"),
            rollout: fields.number("rollout"),
            bucket_by: fields.text("bucketBy"),
            serve: fields.text("serve"),
            split: fields.list("split", Self::split),
        };
        criterion.leave_out_defaults();
        Some(criterion)
    }

    pub(crate) fn split(&mut self, value: &Value, path: &Path<'_>) -> Option<Split> {
        let mut fields = self.fields(value, path, &["variant", "weight"])?;
        fields.require("variant", "is required: a variant's key");
        fields.require("weight", "is required: a percentage");
        Some(Split {
            variant: fields.text("variant").unwrap_or_default(),
            weight: fields.number("weight").unwrap_or_default(),
        })
    }

    pub(crate) fn root_match(&mut self, value: &Value, path: &Path<'_>) -> Option<Match> {
        Some(self.matching(value, path, 1))
    }

    fn matching(&mut self, value: &Value, path: &Path<'_>, depth: usize) -> Match {
        let nothing = Match::All(Vec::new());
        if depth > MAX_DEPTH {
            self.report(path, format!("is nested deeper than {MAX_DEPTH}"));
            return nothing;
        }
        let Value::Object(map) = value else {
            self.wrong(path, "an object with all, any, not or a condition", value);
            return nothing;
        };
        let form = ["all", "any", "not"].into_iter().find(|form| map.contains_key(*form));
        let known: &[&str] = match &form {
            Some(form) => std::slice::from_ref(form),
            None => &["key", "op", "value", "ignoreCase"],
        };
        let Some(mut fields) = self.fields(value, path, known) else {
            return nothing;
        };
        match form {
            Some("all") => Match::All(fields.matches("all", depth + 1)),
            Some("any") => Match::Any(fields.matches("any", depth + 1)),
            Some(_) => {
                let path = path.field("not");
                Match::Not(Box::new(self.matching(&map["not"], &path, depth + 1)))
            }
            None => fields.condition().map_or(nothing, Match::Condition),
        }
    }

    /// Starts to read an object, reporting fields that nobody knows.
    fn fields<'r, 'v, 'p>(
        &'r mut self,
        value: &'v Value,
        path: &'p Path<'p>,
        known: &[&'static str],
    ) -> Option<Fields<'r, 'v, 'p>> {
        let Value::Object(map) = value else {
            self.wrong(path, "an object", value);
            return None;
        };
        for name in map.keys().filter(|name| !known.contains(&name.as_str())) {
            if is_full(&self.found) {
                break;
            }
            let hint = self.hint(name, known.iter().copied());
            validate::add(&mut self.found, Found::key(path.field(name), format!("is no field here{hint}")));
        }
        Some(Fields { reader: self, map, path })
    }

    fn text(&mut self, value: &Value, path: &Path<'_>) -> Option<String> {
        match value {
            Value::String(text) => Some(text.clone()),
            other => {
                self.wrong(path, "a string", other);
                None
            }
        }
    }

    fn wrong(&mut self, path: &Path<'_>, expected: &str, value: &Value) {
        self.report(path, format!("must be {expected}, not {}", kind(value)));
    }

    fn report(&mut self, path: &Path<'_>, message: impl Into<String>) {
        if !is_full(&self.found) {
            validate::add(&mut self.found, Found::value(path, message));
        }
    }

    fn hint<'c>(&self, wanted: &str, known: impl IntoIterator<Item = &'c str> + Clone) -> String {
        if may_hint(&self.found) { hint(wanted, known) } else { String::new() }
    }
}

impl<'v> Fields<'_, 'v, '_> {
    /// Reports a field that is missing; null means something there, or is reported where it is read.
    fn require_field(&mut self, name: &str, message: &str) {
        if !self.map.contains_key(name) {
            self.reader.report(&self.path.field(name), message);
        }
    }

    /// Reports a field without a value: null, too, or its placeholder would stand for something.
    fn require(&mut self, name: &str, message: &str) {
        if self.get(name).is_none() {
            self.reader.report(&self.path.field(name), message);
        }
    }

    /// Returns a field; null is as good as absent.
    fn get(&self, name: &str) -> Option<&'v Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    fn bool(&mut self, name: &str) -> bool {
        // Unlike the others these have no null: what else could it mean?
        match self.map.get(name) {
            None => false,
            Some(Value::Bool(value)) => *value,
            Some(other) => {
                let path = self.path.field(name);
                self.reader.wrong(&path, "true or false", other);
                false
            }
        }
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let path = self.path.field(name);
        self.get(name).and_then(|value| self.reader.text(value, &path))
    }

    fn number(&mut self, name: &str) -> Option<f64> {
        let value = self.get(name)?;
        let number = value.as_f64();
        if number.is_none() {
            self.reader.wrong(&self.path.field(name), "a number", value);
        }
        number
    }

    fn variants(&mut self) -> std::collections::BTreeMap<String, Value> {
        match self.map.get("variants") {
            Some(Value::Object(variants)) => {
                variants.iter().map(|(key, value)| (key.clone(), canonical_variant(value))).collect()
            }
            Some(other) => {
                let path = self.path.field("variants");
                self.reader.wrong(&path, "an object of keys and values", other);
                Default::default()
            }
            None => Default::default(),
        }
    }

    /// Reads a list; an element that cannot be read becomes an empty one.
    fn list<T: Default>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&mut Reader, &Value, &Path<'_>) -> Option<T>,
    ) -> Vec<T> {
        let path = self.path.field(name);
        match self.get(name) {
            None => Vec::new(),
            Some(Value::Array(elements)) => elements
                .iter()
                .enumerate()
                .map_while(|(index, element)| {
                    let is_full = is_full(&self.reader.found);
                    (!is_full).then(|| read(self.reader, element, &path.index(index)).unwrap_or_default())
                })
                .collect(),
            Some(other) => {
                self.reader.wrong(&path, "a list", other);
                Vec::new()
            }
        }
    }

    fn matching(&mut self, name: &str) -> Option<Match> {
        let path = self.path.field(name);
        let value = self.get(name)?;
        Some(self.reader.matching(value, &path, 1))
    }

    fn matches(&mut self, name: &str, depth: usize) -> Vec<Match> {
        let path = self.path.field(name);
        match self.map.get(name) {
            Some(Value::Array(elements)) => elements
                .iter()
                .enumerate()
                .map_while(|(index, element)| {
                    let is_full = is_full(&self.reader.found);
                    (!is_full).then(|| self.reader.matching(element, &path.index(index), depth))
                })
                .collect(),
            other => {
                let value = other.unwrap_or(&Value::Null);
                self.reader.wrong(&path, "a list", value);
                Vec::new()
            }
        }
    }

    /// Reads a condition; there is none only when it was reported why.
    fn condition(&mut self) -> Option<Condition> {
        self.require("key", "is required: an attribute's key");
        self.require("op", "is required: an operator such as \"equals\"");
        let key = self.text("key");
        let ignore_case = self.bool("ignoreCase");
        let name = self.text("op")?;
        let Some(op) = Op::from_name(&name) else {
            let hint = self.reader.hint(&name, Op::ALL.iter().map(|op| op.as_str()));
            let path = self.path.field("op");
            self.reader.report(&path, format!("no operator {:?}{hint}", shortened(&name)));
            return None;
        };
        Some(Condition { key: key?, op, value: self.get("value").map(canonical_value), ignore_case })
    }
}
