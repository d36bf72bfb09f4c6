//! For whom features are evaluated: the context, from flags and from a file.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::CliError;

/// How large may a context be? Edges take 64 KiB, and a file of contexts is read line by line.
const MAX_BYTES: u64 = 1024 * 1024;

/// Flags of every command that evaluates.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Whom {
    /// Whom it is for: the targeting key
    #[arg(long = "key", value_name = "ID")]
    targeting_key: Option<String>,

    /// Something known about them, any number of times; JSON, or text without quotes
    #[arg(long = "attr", value_name = "NAME=VALUE", value_parser = attribute)]
    attributes: Vec<(String, Value)>,

    /// A file with all that is known about them, a JSON object; - reads it from stdin
    #[arg(long, value_name = "FILE")]
    context_file: Option<PathBuf>,
}

impl Whom {
    /// Makes it of what was typed: a targeting key, and attributes as flags have them.
    pub(crate) fn of(key: &str, attributes: &[String]) -> Result<Self, String> {
        let attributes =
            attributes.iter().map(|text| attribute(text).map_err(|why| format!("{text}: {why}")));
        Ok(Self {
            targeting_key: Some(key.to_owned()).filter(|key| !key.is_empty()),
            attributes: attributes.collect::<Result<_, _>>()?,
            context_file: None,
        })
    }

    /// Returns the attributes; what a flag says counts more than what the file says.
    pub(crate) fn context(&self) -> Result<Map<String, Value>, CliError> {
        let mut context = match &self.context_file {
            Some(path) => object(&read(path)?).map_err(|problem| {
                let message = format!("{} holds no context: {problem}", shown(path));
                CliError::usage(message)
                    .hint("write it like {\"targetingKey\": \"user-1\", \"country\": \"US\"}")
            })?,
            None => Map::new(),
        };
        context.extend(self.attributes.iter().cloned());
        if let Some(key) = &self.targeting_key {
            context.insert("targetingKey".to_owned(), Value::from(key.as_str()));
        }
        Ok(context)
    }

    /// Returns whether the file is stdin.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.context_file.as_deref() == Some(Path::new("-"))
    }
}

/// Reads a context from JSON.
pub(crate) fn object(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(context)) => Ok(context),
        Ok(other) => Err(format!("an object of attributes is wanted, not {}", kind(&other))),
        Err(error) => Err(format!("not JSON: {error}")),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn read(path: &Path) -> Result<String, CliError> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_BYTES + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text))
    };
    match read {
        Ok(bytes) if bytes as u64 > MAX_BYTES => {
            Err(CliError::usage(format!("{} is larger than {} KiB", shown(path), MAX_BYTES / 1024)))
        }
        Ok(_) => Ok(text),
        Err(error) => Err(CliError::usage(format!("cannot read {}: {error}", shown(path)))),
    }
}

fn shown(path: &Path) -> String {
    match path == Path::new("-") {
        true => "stdin".to_owned(),
        false => path.display().to_string(),
    }
}

/// Reads `name=value`. What is no JSON is text.
fn attribute(text: &str) -> Result<(String, Value), String> {
    let (name, value) =
        text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("write it like NAME=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Whom, attribute, object};

    #[test]
    fn flags_count_more_than_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("context.json");
        std::fs::write(&path, r#"{"targetingKey": "u1", "country": "DE", "age": 41}"#).unwrap();
        let whom = Whom {
            targeting_key: Some("u2".into()),
            attributes: vec![attribute("country=US").unwrap()],
            context_file: Some(path),
        };
        let context = Value::Object(whom.context().unwrap());
        assert_eq!(context, json!({"targetingKey": "u2", "country": "US", "age": 41}));
    }

    #[test]
    fn attributes_are_json_or_text() {
        assert_eq!(attribute("age=41").unwrap(), ("age".into(), json!(41)));
        assert_eq!(attribute("v=1.2.3").unwrap(), ("v".into(), json!("1.2.3")));
        assert_eq!(attribute("a=\"41\"").unwrap(), ("a".into(), json!("41")));
        assert_eq!(attribute("a=").unwrap(), ("a".into(), json!("")));
        assert!(attribute("=1").is_err() && attribute("x").is_err());
    }

    #[test]
    fn a_context_is_an_object() {
        assert!(object("{}").is_ok());
        assert_eq!(object("[1]").unwrap_err(), "an object of attributes is wanted, not a list");
        assert!(object("{\"a\": }").unwrap_err().contains("line 1 column 7"));
    }
}
