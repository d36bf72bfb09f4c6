//! The config file: saved contexts and which of them is in use. Comments and order survive a write.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use fluxgate_client::Tokens;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::credentials::CredentialsFile;
use crate::error::{CliError, nearest};
use crate::exit::Exit;
use crate::file;

const FILE: &str = "config.toml";
/// What the file may say.
const TABLES: [&str; 2] = ["current", "contexts"];
/// What it may say of a context.
const KEYS: [&str; 6] = ["server", "team", "env", "protected", "read_only", "ca_file"];

/// A saved connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Context {
    /// What it is called.
    pub(crate) name: String,
    /// The backend's address.
    pub(crate) server: String,
    /// The team that commands are about.
    pub(crate) team: Option<String>,
    /// The environment that commands are about.
    pub(crate) env: Option<String>,
    /// Environments in which a change is asked about as in production.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) protected: Vec<String>,
    /// Whether nothing is sent that changes something.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) read_only: bool,
    /// Certificates that are trusted beside the machine's, as PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields so")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// The config file.
#[derive(Debug)]
pub(crate) struct Config {
    folder: PathBuf,
    document: DocumentMut,
}

/// Saves a context with its credentials and makes it the current one.
pub(crate) fn save_signed_in(context: &Context, username: &str, tokens: &Tokens) -> Result<(), CliError> {
    let config = Config::load()?;
    let credentials = config.credentials(&context.name)?;
    credentials.write(&context.server, username, tokens)?;
    Config::change(|config| {
        config.set(context);
        config.document["current"] = value(&context.name);
        Ok(())
    })
}

impl Config {
    /// Reads the config file; none is an empty one.
    pub(crate) fn load() -> Result<Self, CliError> {
        Self::load_from(folder()?)
    }

    fn load_from(folder: PathBuf) -> Result<Self, CliError> {
        let path = folder.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(broken(&path, &error.to_string())),
        };
        let document: DocumentMut =
            text.parse().map_err(|error: toml_edit::TomlError| broken(&path, error.message()))?;
        // What is not understood would be taken for absent, and a context for one that protects nothing.
        check(&document).map_err(|why| broken(&path, &why))?;
        Ok(Self { folder, document })
    }

    /// Changes the file, with nobody else changing it meanwhile.
    pub(crate) fn change(change: impl FnOnce(&mut Self) -> Result<(), CliError>) -> Result<(), CliError> {
        let folder = folder()?;
        let unwritable = |error: std::io::Error| {
            let path = folder.join(FILE);
            CliError::new(Exit::Failed, format!("cannot write {}: {error}", path.display()))
                .hint("FGCTL_CONFIG_DIR names another folder")
        };
        let _lock = file::lock(&folder.join("config.lock")).map_err(unwritable)?;
        let mut config = Self::load_from(folder.clone())?;
        change(&mut config)?;
        let text = config.document.to_string();
        file::replace(&folder.join(FILE), text.as_bytes()).map_err(unwritable)
    }

    /// Returns the name of the context in use.
    pub(crate) fn current(&self) -> Option<&str> {
        self.document.get("current").and_then(Item::as_str)
    }

    /// Returns all contexts, in the file's order.
    pub(crate) fn contexts(&self) -> Vec<Context> {
        let Some(table) = self.table() else {
            return Vec::new();
        };
        table.iter().filter_map(|(name, item)| read(name, item)).collect()
    }

    /// Returns the context of a name.
    pub(crate) fn context(&self, name: &str) -> Result<Context, CliError> {
        let found = self.table().and_then(|table| table.get(name)).and_then(|item| read(name, item));
        found.ok_or_else(|| {
            let names: Vec<String> = self.contexts().into_iter().map(|c| c.name).collect();
            CliError::not_found("context", name, &names)
                .hint("`fgctl context list` shows them, `fgctl login --context NAME` makes one")
        })
    }

    /// Makes a context the current one.
    pub(crate) fn use_context(&mut self, name: &str) -> Result<(), CliError> {
        self.context(name)?;
        self.document["current"] = value(name);
        Ok(())
    }

    /// Writes a context as it is now; what it does not have goes.
    pub(crate) fn put(&mut self, context: &Context) -> Result<(), CliError> {
        // The name becomes that of a file.
        self.credentials(&context.name)?;
        self.set(context);
        let Some(table) = self.table_of(&context.name) else {
            return Ok(());
        };
        let protected: toml_edit::Array = context.protected.iter().collect();
        write_or_drop(table, "protected", (!protected.is_empty()).then(|| protected.into()));
        write_or_drop(table, "read_only", context.read_only.then(|| true.into()));
        write_or_drop(table, "ca_file", context.ca_file.as_deref().map(Into::into));
        Ok(())
    }

    /// Removes a context; when it was the current one, none is.
    pub(crate) fn remove(&mut self, name: &str) {
        if self.current() == Some(name) {
            self.document.remove("current");
        }
        if let Some(contexts) = self.document.get_mut("contexts").and_then(Item::as_table_like_mut) {
            contexts.remove(name);
        }
    }

    fn table_of(&mut self, name: &str) -> Option<&mut dyn toml_edit::TableLike> {
        let contexts = self.document.get_mut("contexts").and_then(Item::as_table_like_mut)?;
        contexts.get_mut(name).and_then(Item::as_table_like_mut)
    }

    /// Returns the file's path.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// Returns where a context's credentials are kept.
    pub(crate) fn credentials(&self, context: &str) -> Result<CredentialsFile, CliError> {
        CredentialsFile::new(&self.folder, context)
    }

    fn table(&self) -> Option<&dyn toml_edit::TableLike> {
        self.document.get("contexts").and_then(Item::as_table_like)
    }

    fn set(&mut self, context: &Context) {
        let contexts = self.document.entry("contexts").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let Some(contexts) = contexts.as_table_like_mut() else {
            return;
        };
        let item = contexts.entry(&context.name).or_insert_with(|| Item::Table(Table::new()));
        let Some(table) = item.as_table_like_mut() else {
            return;
        };
        // Written in place, so that the comment behind a value stays.
        let mut put = |key: &str, text: Option<&str>| match (text, table.get_mut(key)) {
            (Some(text), Some(item)) => {
                if item.as_str() != Some(text) {
                    *item = value(text);
                }
            }
            (Some(text), None) => {
                table.insert(key, value(text));
            }
            (None, _) => {
                table.remove(key);
            }
        };
        put("server", Some(&context.server));
        put("team", context.team.as_deref());
        put("env", context.env.as_deref());
    }
}

/// Writes a value in place, so that the comment behind it stays, or takes it out.
fn write_or_drop(table: &mut dyn toml_edit::TableLike, key: &str, new: Option<toml_edit::Value>) {
    match (new, table.get_mut(key).and_then(Item::as_value_mut)) {
        (Some(mut new), Some(old)) => {
            if new.to_string().trim() != old.to_string().trim() {
                *new.decor_mut() = old.decor().clone();
                *old = new;
            }
        }
        (Some(new), None) => {
            table.insert(key, Item::Value(new));
        }
        (None, _) => {
            table.remove(key);
        }
    }
}

/// Makes sure that each setting is of the kind that it must be.
fn check(document: &DocumentMut) -> Result<(), String> {
    if let Some((key, _)) = document.iter().find(|(key, _)| !TABLES.contains(key)) {
        return Err(unknown(key, key, &TABLES));
    }
    if document.get("current").is_some_and(|item| !item.is_str()) {
        return Err("current must be a string".to_owned());
    }
    let Some(contexts) = document.get("contexts") else { return Ok(()) };
    let contexts = contexts.as_table_like().ok_or("contexts must be a table")?;
    for (name, item) in contexts.iter() {
        let context = item.as_table_like().ok_or(format!("contexts.{name} must be a table"))?;
        for (key, value) in context.iter() {
            let strings = |list: &toml_edit::Array| list.iter().all(toml_edit::Value::is_str);
            let (right, kind) = match key {
                "read_only" => (value.is_bool(), "true or false"),
                "protected" => (value.as_array().is_some_and(strings), "an array of strings"),
                "server" | "team" | "env" | "ca_file" => (value.is_str(), "a string"),
                _ => return Err(unknown(&format!("contexts.{name}.{key}"), key, &KEYS)),
            };
            if !right {
                return Err(format!("contexts.{name}.{key} must be {kind}"));
            }
        }
    }
    Ok(())
}

/// Says that there is no such setting: a guard that is misspelled is none.
fn unknown(place: &str, key: &str, known: &[&str]) -> String {
    let known: Vec<String> = known.iter().map(|&key| key.to_owned()).collect();
    // Written as flags are, or shortened.
    let near = known.iter().find(|known| known.starts_with(&key.replace('-', "_"))).map(String::as_str);
    match near.or_else(|| nearest(key, &known)) {
        Some(near) => format!("there is no setting {place}. Did you mean {near}?"),
        None => format!("there is no setting {place}; there are {}", known.join(", ")),
    }
}

fn read(name: &str, item: &Item) -> Option<Context> {
    let table = item.as_table_like()?;
    let text = |key: &str| {
        let text = table.get(key).and_then(Item::as_str)?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    Some(Context {
        name: name.to_owned(),
        server: text("server")?.trim_end_matches('/').to_owned(),
        team: text("team"),
        env: text("env"),
        protected: table.get("protected").and_then(Item::as_array).map_or_else(Vec::new, |list| {
            list.iter().filter_map(|env| env.as_str().map(str::to_owned)).collect()
        }),
        read_only: table.get("read_only").and_then(Item::as_bool).unwrap_or_default(),
        ca_file: text("ca_file"),
    })
}

/// Returns the folder of fgctl's files.
pub(crate) fn folder() -> Result<PathBuf, CliError> {
    if let Some(folder) = std::env::var_os("FGCTL_CONFIG_DIR").filter(|f| !f.is_empty()) {
        return Ok(PathBuf::from(folder));
    }
    let strategy = etcetera::choose_base_strategy().map_err(|error| {
        CliError::new(Exit::Failed, format!("cannot find a config folder: {error}"))
            .hint("set FGCTL_CONFIG_DIR")
    })?;
    Ok(strategy.config_dir().join("fluxgate"))
}

fn broken(path: &Path, why: &str) -> CliError {
    CliError::usage(format!("cannot read {}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::{Config, Context};

    fn context(team: &str) -> Context {
        Context {
            name: "local".into(),
            server: "http://127.0.0.1:8080".into(),
            team: Some(team.into()),
            ..Context::default()
        }
    }

    #[test]
    fn a_write_keeps_comments() {
        let folder = tempfile::tempdir().unwrap();
        let text = "# mine\ncurrent = \"local\"\n\n[contexts.local] # at home\n\
            server = \"http://127.0.0.1:8080\" # the port is odd\nteam = \"old\"\n";
        std::fs::write(folder.path().join("config.toml"), text).unwrap();
        let mut config = Config::load_from(folder.path().to_owned()).unwrap();
        config.set(&context("demo"));
        let written = config.document.to_string();
        assert!(written.starts_with("# mine\n"), "{written}");
        assert!(written.contains("# at home"), "{written}");
        assert!(written.contains("# the port is odd"), "{written}");
        assert!(written.contains("team = \"demo\""), "{written}");
        assert_eq!(config.context("local").unwrap(), context("demo"));
    }

    #[test]
    fn no_file_is_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::load_from(folder.path().to_owned()).unwrap();
        assert_eq!(config.contexts(), []);
        config.set(&context("demo"));
        assert_eq!(
            config.document.to_string(),
            "[contexts.local]\nserver = \"http://127.0.0.1:8080\"\nteam = \"demo\"\n"
        );
    }

    #[test]
    fn what_a_context_has_is_written_and_taken_out() {
        let folder = tempfile::tempdir().unwrap();
        let text = "current = \"local\"\n[contexts.local]\nserver = \"http://127.0.0.1:8080\"\n\
            protected = [\"prod\"] # never by accident\n";
        std::fs::write(folder.path().join("config.toml"), text).unwrap();
        let mut config = Config::load_from(folder.path().to_owned()).unwrap();
        let mut wanted = config.context("local").unwrap();
        assert_eq!(wanted.protected, ["prod"]);
        wanted.protected.push("staging".into());
        wanted.read_only = true;
        config.put(&wanted).unwrap();
        assert_eq!(config.context("local").unwrap(), wanted);
        assert!(config.document.to_string().contains("[\"prod\", \"staging\"] # never by accident"));
        wanted.read_only = false;
        wanted.protected.clear();
        config.put(&wanted).unwrap();
        let written = config.document.to_string();
        assert!(!written.contains("read_only") && !written.contains("protected"), "{written}");
        config.remove("local");
        assert_eq!(config.document.to_string().trim(), "");
        assert_eq!(config.current(), None);
    }

    #[test]
    fn what_is_not_understood_protects_nothing_and_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (text, why) in [
            ("current = 5", "current must be a string"),
            ("contexts = 5", "contexts must be a table"),
            ("curent = \"x\"", "there is no setting curent. Did you mean current?"),
            (
                "[contexts.y]\nread-only = true",
                "there is no setting contexts.y.read-only. Did you mean read_only?",
            ),
            ("[contexts.y]\nprotect = []", "there is no setting contexts.y.protect. Did you mean protected?"),
            ("[contexts]\ny = \"abc\"", "contexts.y must be a table"),
            (
                "[contexts.y]\nserver = \"http://a\"\nread_only = \"true\"",
                "contexts.y.read_only must be true or false",
            ),
            (
                "[contexts.y]\nserver = \"http://a\"\nprotected = \"dev\"",
                "contexts.y.protected must be an array",
            ),
        ] {
            std::fs::write(folder.path().join("config.toml"), text).unwrap();
            let error = Config::load_from(folder.path().to_owned()).err().unwrap();
            assert!(error.message.contains(why), "{}", error.message);
            assert_eq!(error.exit.code(), 2);
        }
    }

    #[test]
    fn an_unknown_context_gets_the_nearest() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::load_from(folder.path().to_owned()).unwrap();
        config.set(&context("demo"));
        let error = config.context("locl").unwrap_err();
        assert!(error.message.contains("Did you mean local?"), "{}", error.message);
    }

    #[test]
    fn a_broken_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), "current = ").unwrap();
        let error = Config::load_from(folder.path().to_owned()).unwrap_err();
        assert!(error.message.contains("config.toml"), "{}", error.message);
    }
}
