//! Settings: each a flag, an environment variable and a key of the settings file, checked before anything starts.

use std::fs;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use fluxgate_server::logs::LogFormat;
use fluxgate_server::settings::{self, Loaded, Refusal};
use fluxgate_server::tls::{Certificate, TlsError};
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
    /// A TOML file with settings; flags and variables win over it
    #[arg(long, env = "EDGE_CONFIG")]
    pub config: Option<PathBuf>,

    /// Where the gRPC servers of the backends listen, separated by commas; any of them will do
    #[arg(long, env = "EDGE_BACKEND_GRPC", default_value = "http://127.0.0.1:50051", value_delimiter = ',')]
    pub backend_grpc: Vec<String>,

    /// Whom to believe that the backend is who it says, as PEM, for an https address; the system's list when absent
    #[arg(long, env = "EDGE_BACKEND_CA")]
    pub backend_ca: Option<PathBuf>,

    /// Where to listen for HTTP
    #[arg(long, env = "EDGE_HTTP_ADDR", default_value = "0.0.0.0:8081")]
    pub http_addr: String,

    /// The certificates to show, as PEM; read again when it changes. Plain text when absent
    #[arg(long, env = "EDGE_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's private key, as PEM
    #[arg(long, env = "EDGE_TLS_KEY")]
    pub tls_key: Option<PathBuf>,

    /// The eight characters after `fgc_` in the key; checked against it
    #[arg(long, env = "EDGE_CLIENT_ID")]
    pub client_id: Option<String>,

    /// The whole key of a client of kind EDGE
    #[arg(long, env = "EDGE_CLIENT_SECRET", hide_env_values = true)]
    pub client_secret: Option<SecretString>,

    /// A file with that key
    #[arg(long, env = "EDGE_CLIENT_SECRET_FILE", conflicts_with = "client_secret")]
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

    /// A folder for what is served and for what was counted, so that this edge starts without a backend and loses no events;
    /// without it everything is in memory only
    #[arg(long, env = "EDGE_STATE_DIR")]
    pub state_dir: Option<PathBuf>,

    /// After how many seconds without a backend /readyz and /health say 503; never when absent
    #[arg(long, env = "EDGE_MAX_STALENESS_SECS")]
    pub max_staleness_secs: Option<NonZeroU32>,

    /// How often, in seconds, the backend is told what sticky splits served to whom
    #[arg(long, env = "EDGE_ASSIGNMENT_FLUSH_SECS", default_value = "10")]
    pub assignment_flush_secs: NonZeroU32,

    /// How often, in seconds, what was counted is sealed and sent to the backend
    #[arg(long, env = "EDGE_EVALUATION_FLUSH_SECS", default_value = "30")]
    pub evaluation_flush_secs: NonZeroU32,

    /// What people call this edge; the host's name when absent
    #[arg(long, env = "EDGE_NAME")]
    pub name: Option<String>,

    /// What stands before /ofrep, such as `/flags`; the other paths have nothing before them
    #[arg(long, env = "EDGE_PATH_PREFIX", default_value = "")]
    pub path_prefix: String,

    /// How many requests a second each client may make; as many as it likes when absent
    #[arg(long, env = "EDGE_RATE_LIMIT")]
    pub rate_limit: Option<NonZeroU32>,

    /// What to log, such as `info` or `warn,fluxgate_edge=debug`; SIGHUP reads it again
    #[arg(long, env = "EDGE_LOG", default_value = "info")]
    pub log: String,

    /// How to log
    #[arg(long, env = "EDGE_LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,
}

/// Why the settings do not let the edge start; never repeats a secret.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// There is no key.
    #[error("the key of an EDGE client is needed: set EDGE_CLIENT_SECRET or EDGE_CLIENT_SECRET_FILE")]
    NoSecret,
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
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Settings {
    /// Reads them from the command line, the environment and the file that these name.
    pub fn load() -> Result<Loaded<Self>, Refusal> {
        settings::load(std::env::args_os(), VARIABLE_PREFIX)
    }

    /// Returns the certificate to show, if any.
    pub fn certificate(&self) -> Result<Option<Arc<Certificate>>, SettingsError> {
        let files = (self.tls_cert.as_deref(), self.tls_key.as_deref());
        Ok(Certificate::from_settings(files, "EDGE_TLS")?)
    }

    /// Returns the key, from wherever it is.
    pub fn key(&self) -> Result<SecretString, SettingsError> {
        let key = match (&self.client_secret, &self.client_secret_file) {
            (None, None) => return Err(SettingsError::NoSecret),
            (Some(key), _) => SecretString::from(key.expose_secret().trim()),
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
        let backends: Vec<_> = self.backend_grpc.iter().map(|backend| backend.trim().to_owned()).collect();
        Ok(Connector::new(&backends, &self.key()?, self.backend_ca.as_deref())?)
    }

    /// Returns how old what is served may be.
    pub fn max_staleness(&self) -> Option<Duration> {
        self.max_staleness_secs.map(|secs| Duration::from_secs(secs.get().into()))
    }

    /// Returns how often the backend is told what sticky splits served.
    pub fn assignment_flush(&self) -> Duration {
        Duration::from_secs(self.assignment_flush_secs.get().into())
    }

    /// Returns how often what was counted is sealed.
    pub fn evaluation_flush(&self) -> Duration {
        Duration::from_secs(self.evaluation_flush_secs.get().into())
    }

    /// Returns the backends to whom the key travels for everybody on the way to read.
    pub fn reached_in_plain_text(&self) -> impl Iterator<Item = &str> {
        self.backend_grpc.iter().map(String::as_str).filter(|backend| {
            let Some(rest) = backend.trim().strip_prefix("http://") else { return false };
            let host = rest.split('/').next().unwrap_or_default();
            let host = host.rsplit_once(':').map_or(host, |(host, _)| host).trim_matches(['[', ']']);
            let local = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
            !local && host != "localhost"
        })
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
