//! Settings: each a flag and an environment variable, checked before anything starts.

use std::ffi::OsString;
use std::fs;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, ValueEnum};
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

use crate::caller::key_id;
use crate::sync::{Connector, ConnectorError};

/// What every variable of this program begins with.
const VARIABLE_PREFIX: &str = "EDGE_";

/// Evaluates feature flags from memory, in step with a FluxGate backend.
#[derive(Clone, Debug, Parser)]
#[command(name = "fluxgate-edge", version)]
pub struct Settings {
    /// Where the backend's gRPC server listens
    #[arg(long, env = "EDGE_BACKEND_GRPC", default_value = "http://127.0.0.1:50051")]
    pub backend_grpc: String,

    /// Where to listen for HTTP
    #[arg(long, env = "EDGE_HTTP_ADDR", default_value = "0.0.0.0:8081")]
    pub http_addr: String,

    /// The eight characters after `fgc_` in the key; checked against it
    #[arg(long, env = "EDGE_CLIENT_ID")]
    pub client_id: Option<String>,

    /// The whole key of a client of kind EDGE
    #[arg(long, env = "EDGE_CLIENT_SECRET", hide_env_values = true)]
    pub client_secret: Option<SecretString>,

    /// A file with that key
    #[arg(long, env = "EDGE_CLIENT_SECRET_FILE")]
    pub client_secret_file: Option<PathBuf>,

    /// Evaluate requests without credentials in the environment that they name
    #[arg(
        long,
        env = "EDGE_ALLOW_ANONYMOUS",
        default_value = "false",
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true,
        action = clap::ArgAction::Set
    )]
    pub allow_anonymous: bool,

    /// What people call this edge; the host's name when absent
    #[arg(long, env = "EDGE_NAME")]
    pub name: Option<String>,

    /// What stands before /ofrep, such as `/flags`; the other paths have nothing before them
    #[arg(long, env = "EDGE_PATH_PREFIX", default_value = "")]
    pub path_prefix: String,

    /// How many requests a second each client may make; as many as it likes when absent
    #[arg(long, env = "EDGE_RATE_LIMIT")]
    pub rate_limit: Option<NonZeroU32>,

    /// What to log, such as `info` or `fluxgate_edge=debug,warn`
    #[arg(long, env = "EDGE_LOG", default_value = "info")]
    pub log: String,

    /// How to log
    #[arg(long, env = "EDGE_LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Why the settings do not let the edge start; never repeats a secret.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The command line or a variable cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// There is no key.
    #[error("the key of an EDGE client is needed: set EDGE_CLIENT_SECRET or EDGE_CLIENT_SECRET_FILE")]
    NoSecret,
    /// There are two keys.
    #[error("EDGE_CLIENT_SECRET and EDGE_CLIENT_SECRET_FILE exclude each other")]
    TwoSecrets,
    /// The file with the key cannot be read.
    #[error("cannot read EDGE_CLIENT_SECRET_FILE {path}: {error}")]
    SecretFile {
        /// Which file.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// The key does not look like one.
    #[error("the client secret is not a whole key of the form fgc_<8 characters>_<43 characters>")]
    NotAKey,
    /// The eight characters belong to another key.
    #[error("EDGE_CLIENT_ID is {stated}, but the client secret is the key {actual}")]
    OtherId {
        /// What was stated.
        stated: String,
        /// What the key says.
        actual: String,
    },
    /// The prefix is not one.
    #[error(
        "EDGE_PATH_PREFIX {0:?} does not begin with a slash, or holds characters other than A-Z a-z 0-9 . _ - /"
    )]
    PathPrefix(String),
    /// The backend's address or the key cannot be used.
    #[error("EDGE_BACKEND_GRPC: {0}")]
    Connector(#[from] ConnectorError),
    /// The log filter cannot be read.
    #[error("EDGE_LOG {0:?} is not a log filter")]
    Log(String),
}

impl Settings {
    /// Returns the key, from wherever it is.
    pub fn key(&self) -> Result<SecretString, SettingsError> {
        let key = match (&self.client_secret, &self.client_secret_file) {
            (None, None) => return Err(SettingsError::NoSecret),
            (Some(_), Some(_)) => return Err(SettingsError::TwoSecrets),
            (Some(key), None) => SecretString::from(key.expose_secret().trim()),
            (None, Some(path)) => match fs::read_to_string(path) {
                Ok(text) => SecretString::from(text.trim()),
                Err(error) => return Err(SettingsError::SecretFile { path: path.clone(), error }),
            },
        };
        let id = key_id(key.expose_secret().as_bytes()).ok_or(SettingsError::NotAKey)?;
        match &self.client_id {
            Some(stated) if stated.as_bytes() != id => Err(SettingsError::OtherId {
                stated: stated.clone(),
                actual: String::from_utf8_lossy(&id).into_owned(),
            }),
            _ => Ok(key),
        }
    }

    /// Returns what connects to the backend.
    pub fn connector(&self) -> Result<Connector, SettingsError> {
        Ok(Connector::new(&self.backend_grpc, &self.key()?)?)
    }

    /// Returns the prefix as routes need it: empty, or with a slash in front and none at the end.
    pub fn prefix(&self) -> Result<String, SettingsError> {
        let prefix = self.path_prefix.trim_end_matches('/');
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        if (prefix.is_empty() || prefix.starts_with('/')) && prefix.chars().all(plain) {
            Ok(prefix.to_owned())
        } else {
            Err(SettingsError::PathPrefix(self.path_prefix.clone()))
        }
    }

    /// Returns the name, or the host's.
    pub fn name(&self) -> String {
        self.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(hostname)
    }

    /// Returns the variables among `names` that look meant for this program but are none of its settings.
    pub fn unknown_variables(names: impl Iterator<Item = OsString>) -> Vec<String> {
        let command = Self::command();
        let known: Vec<_> = command.get_arguments().filter_map(|argument| argument.get_env()).collect();
        let mut unknown: Vec<_> = names
            .filter(|name| !known.contains(&name.as_os_str()))
            .filter_map(|name| name.into_string().ok())
            .filter(|name| name.starts_with(VARIABLE_PREFIX))
            .collect();
        unknown.sort();
        unknown
    }
}

/// Returns the first line of what clap says, which is the error itself.
pub fn one_line(error: &clap::Error) -> SettingsError {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    SettingsError::Unreadable(line.trim_start_matches("error: ").to_owned())
}

fn hostname() -> String {
    let read = |path| fs::read_to_string(path).ok();
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(read)
        .or_else(|| std::env::var("HOSTNAME").ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "edge".to_owned())
}
