//! `--json FIELDS`: the parts of a result that are wanted, and the names that there are.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::before;
use crate::error::CliError;

/// Which fields are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Fields {
    #[default]
    All,
    /// Only their names.
    Names,
    /// These: each is a path through objects and lists.
    These(Vec<Vec<String>>),
}

impl Fields {
    /// Reads a list such as `key,stages.status`; an empty one asks for the names.
    pub(super) fn parse(list: &str) -> Result<Self, CliError> {
        if list.trim().is_empty() {
            return Ok(Self::Names);
        }
        let path = |field: &str| field.trim().split('.').map(str::to_owned).collect::<Vec<_>>();
        let paths: Vec<Vec<String>> = list.split(',').map(path).collect();
        if paths.iter().flatten().any(String::is_empty) {
            return Err(CliError::usage(format!("--json {list:?} names an empty field"))
                .hint("write it like --json key,owner,stages.environment.key"));
        }
        Ok(Self::These(paths))
    }

    /// Returns the paths that are wanted by name.
    pub(super) fn paths(&self) -> &[Vec<String>] {
        match self {
            Self::These(paths) => paths,
            Self::All | Self::Names => &[],
        }
    }

    /// Returns what is wanted of a value.
    pub(super) fn of(&self, value: &Value) -> Result<Value, CliError> {
        match self {
            Self::All => Ok(value.clone()),
            Self::Names => Ok(Value::from(names(value))),
            Self::These(paths) => {
                for path in paths {
                    if !has(value, path) {
                        return Err(unknown(&path.join("."), value));
                    }
                }
                Ok(pick(value, &paths.iter().map(Vec::as_slice).collect::<Vec<_>>()))
            }
        }
    }
}

fn unknown(field: &str, value: &Value) -> CliError {
    CliError::usage(before::unknown(field, &names(value))).hint("--json alone lists the fields")
}

/// Returns whether a path leads anywhere; through an empty list every path does.
fn has(value: &Value, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return true;
    };
    match value {
        Value::Array(items) => items.is_empty() || items.iter().any(|item| has(item, path)),
        Value::Object(fields) => fields.get(first).is_some_and(|field| has(field, rest)),
        Value::Null => true,
        _ => false,
    }
}

fn pick(value: &Value, paths: &[&[String]]) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| pick(item, paths)).collect(),
        Value::Object(fields) => {
            let mut picked = Map::new();
            for path in paths {
                let Some(name) = path.first() else {
                    return value.clone();
                };
                let below: Vec<&[String]> =
                    paths.iter().filter(|p| p.first() == Some(name)).map(|p| &p[1..]).collect();
                let field = fields.get(name).map_or(Value::Null, |field| pick(field, &below));
                picked.insert(name.clone(), field);
            }
            Value::Object(picked)
        }
        other => other.clone(),
    }
}

/// Returns the paths to all fields of a value, or of its items.
pub(super) fn names(value: &Value) -> Vec<String> {
    let mut found = BTreeSet::new();
    collect(value, "", &mut found);
    found.into_iter().collect()
}

fn collect(value: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, prefix, found)),
        Value::Object(fields) => {
            for (name, field) in fields {
                let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                collect(field, &path, found);
                found.insert(path);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Fields;

    #[test]
    fn picks_through_lists() {
        let value = json!([{"key": "a", "x": 1, "stages": [{"env": "dev", "on": true}, {"env": "prod", "on": false}]}]);
        let picked = Fields::parse("key, stages.env").unwrap().of(&value).unwrap();
        assert_eq!(picked, json!([{"key": "a", "stages": [{"env": "dev"}, {"env": "prod"}]}]));
        let whole = Fields::parse("stages.env,stages").unwrap().of(&value).unwrap();
        assert_eq!(whole[0]["stages"][0]["on"], json!(true));
        assert_eq!(Fields::parse("key").unwrap().of(&json!([])).unwrap(), json!([]));
    }

    #[test]
    fn an_unknown_field_gets_the_nearest() {
        let error = Fields::parse("ownr").unwrap().of(&json!({"owner": "x"})).unwrap_err();
        assert!(error.message.contains("Did you mean owner?"), "{}", error.message);
    }

    #[test]
    fn names_are_paths() {
        let names = Fields::Names.of(&json!([{"a": {"b": 1}, "c": [{"d": 2}]}])).unwrap();
        assert_eq!(names, json!(["a", "a.b", "c", "c.d"]));
    }
}
