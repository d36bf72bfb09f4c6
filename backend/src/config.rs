//! Settings, each as a flag, an environment variable and a key of the settings file.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::{Context as _, bail};
use chrono::TimeDelta;
use clap::{Args, Parser, Subcommand};
use fluxgate_server::{
    logs::LogFormat,
    settings::{self, Loaded, Refusal},
    tls::Certificate,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    http::{address::Network, origin::Origin},
    service::retention::Retention,
};

/// What the program's variables begin with.
const VARIABLES: &str = "FLUXGATE_";
/// What is printed somewhere for everybody to read, such as in this repository's tests, and so is no secret.
const PUBLISHED: &[&str] = &["3f9a1c77d0be42858a6f0e5b9c2d4417", "0123456789abcdef0123456789abcdef"];

/// The control plane: PostgreSQL, GraphQL, approvals, delivery.
#[derive(Parser, Debug)]
#[command(name = "fluxgate-backend", version)]
pub struct Cli {
    /// What to do; serving when absent.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve.
    #[command(flatten)]
    pub settings: Settings,
}

/// What else the binary does.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Bring the database up to date, as its owner, and end.
    Migrate {
        /// Let this role run the server: what that takes is granted to it, and everything else taken away.
        #[arg(long, value_name = "ROLE")]
        server_role: Option<String>,
    },
    /// Print the GraphQL schema.
    Schema,
}

/// How to serve.
#[derive(Args, Debug)]
pub struct Settings {
    /// A TOML file with settings; flags and variables win over it.
    #[arg(long, env = "FLUXGATE_CONFIG", global = true)]
    pub config: Option<PathBuf>,
    /// PostgreSQL, like postgres://user:password@host:5432/database.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<SecretString>,
    /// PostgreSQL as its owner: what `migrate` uses, where the server runs as a role that may less.
    #[arg(long, env = "DATABASE_OWNER_URL", hide_env_values = true, global = true)]
    pub database_owner_url: Option<SecretString>,
    /// Bring the database up to date at the start. Without it the start is refused while the database is not.
    #[arg(long, env = "FLUXGATE_MIGRATE_ON_START", action = clap::ArgAction::Set, default_value_t = true,
          default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    pub migrate_on_start: bool,
    /// Where GraphQL listens.
    #[arg(long, env = "FLUXGATE_HTTP_ADDR", default_value = "127.0.0.1:8080")]
    pub http_addr: SocketAddr,
    /// Where edges connect.
    #[arg(long, env = "FLUXGATE_GRPC_ADDR", default_value = "0.0.0.0:50051")]
    pub grpc_addr: SocketAddr,
    /// The certificates that both addresses show, as PEM; read again when it changes. Plain text when absent.
    #[arg(long, env = "FLUXGATE_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key, as PEM.
    #[arg(long, env = "FLUXGATE_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// Web pages that may ask, as origins like https://flags.example; none when absent.
    #[arg(long, env = "FLUXGATE_ALLOWED_ORIGIN", value_delimiter = ',')]
    pub allowed_origin: Vec<Origin>,
    /// Seals the signing keys in the database, and makes the keys that units are hashed with; at least 32 characters of randomness.
    #[arg(long, env = "FLUXGATE_MASTER_KEY", hide_env_values = true)]
    pub master_key: Option<SecretString>,
    /// A file that holds the master key.
    #[arg(long, env = "FLUXGATE_MASTER_KEY_FILE", conflicts_with = "master_key")]
    pub master_key_file: Option<PathBuf>,
    /// Where the one-time token of the first admin is written (mode 0600); printed when absent.
    #[arg(long, env = "FLUXGATE_BOOTSTRAP_TOKEN_FILE")]
    pub bootstrap_token_file: Option<PathBuf>,
    /// Serve GraphiQL at /graphiql.
    #[arg(long, env = "FLUXGATE_GRAPHIQL", action = clap::ArgAction::Set, default_value_t = false,
          default_missing_value = "true", num_args = 0..=1)]
    pub graphiql: bool,
    /// Connections to PostgreSQL, at least 4: following what happens takes three.
    #[arg(long, env = "FLUXGATE_DATABASE_CONNECTIONS", default_value_t = 16,
          value_parser = clap::value_parser!(u32).range(4..=1_000))]
    pub database_connections: u32,
    /// What is logged, as tracing's filter, like info or warn,fluxgate_backend=debug; SIGHUP reads it again.
    #[arg(long, env = "FLUXGATE_LOG", default_value = "info", global = true)]
    pub log: String,
    /// Proxies before this server, as addresses or networks: what they say in X-Forwarded-For of who asks is believed.
    #[arg(long, env = "FLUXGATE_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<Network>,
    /// For how many days evaluations are kept, from 1 to 3650.
    #[arg(long, env = "FLUXGATE_EVALUATION_RETENTION_DAYS", default_value_t = 90,
          value_parser = clap::value_parser!(i64).range(1..=3_650))]
    pub evaluation_retention_days: i64,
    /// How many revisions the delivery log keeps at least; none goes within a day. An edge below gets a snapshot.
    #[arg(long, env = "FLUXGATE_DELIVERY_RETENTION_REVISIONS", default_value_t = 100_000,
          value_parser = clap::value_parser!(i64).range(1..=1_000_000_000))]
    pub delivery_retention_revisions: i64,
    /// How it is logged.
    #[arg(long, env = "FLUXGATE_LOG_FORMAT", default_value = "text", global = true)]
    pub log_format: LogFormat,
    /// Take secrets that are empty, short or published. For development only.
    #[arg(long, env = "FLUXGATE_DEV", action = clap::ArgAction::Set, default_value_t = false,
          default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    pub dev: bool,
}

/// Reads the settings from the command line, the environment and the file that these name.
pub fn load() -> Result<Loaded<Cli>, Refusal> {
    settings::load(std::env::args_os(), VARIABLES)
}

impl Settings {
    /// How long things are kept.
    pub fn retention(&self) -> Retention {
        Retention {
            evaluations: TimeDelta::days(self.evaluation_retention_days),
            revisions: self.delivery_retention_revisions,
        }
    }

    /// The certificate to show, if any.
    pub fn certificate(&self) -> anyhow::Result<Option<Arc<Certificate>>> {
        let files = (self.tls_cert.as_deref(), self.tls_key.as_deref());
        Ok(Certificate::from_settings(files, "FLUXGATE_TLS")?)
    }

    /// The owner's address of the database; the server's where there is no other.
    pub fn owner_url(&self) -> anyhow::Result<&str> {
        self.database_owner_url.as_ref().map_or_else(|| self.database_url(), |url| Ok(url.expose_secret()))
    }

    /// The database's address, which has no default.
    pub fn database_url(&self) -> anyhow::Result<&str> {
        match &self.database_url {
            Some(url) => Ok(url.expose_secret()),
            None => bail!(
                "DATABASE_URL is not set: say where PostgreSQL is, like postgres://user@localhost/fluxgate"
            ),
        }
    }

    /// The master key, refused when it is missing, or known or guessed easily, unless this is development.
    pub fn master_key(&self) -> anyhow::Result<SecretString> {
        let give = "give it 32 random bytes as text, as `openssl rand -hex 32` prints them";
        let key = match (&self.master_key, &self.master_key_file) {
            (Some(key), _) => key.clone(),
            (None, Some(path)) => std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the master key from {}", path.display()))?
                .trim()
                .to_owned()
                .into(),
            (None, None) => bail!("FLUXGATE_MASTER_KEY is not set: {give}"),
        };
        let text = key.expose_secret();
        let distinct = text.bytes().collect::<std::collections::BTreeSet<_>>().len();
        let fault = if PUBLISHED.contains(&text) {
            "is published, so that everybody knows it"
        } else if text.len() < 32 || distinct < 8 {
            "is too weak"
        } else {
            return Ok(key);
        };
        if !self.dev {
            bail!("FLUXGATE_MASTER_KEY {fault}: {give}");
        }
        tracing::warn!("FLUXGATE_MASTER_KEY {fault}: good for development only");
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(arguments: &[&str]) -> Settings {
        let mut all = vec!["fluxgate-backend"];
        all.extend(arguments);
        Cli::try_parse_from(all).unwrap().settings
    }

    #[test]
    fn weak_and_published_master_keys_are_refused_but_in_development() {
        for weak in ["", "short", "00000000000000000000000000000000000000", PUBLISHED[0]] {
            let refused = settings(&["--master-key", weak]).master_key().unwrap_err().to_string();
            assert!(refused.contains("openssl rand -hex 32"), "{refused}");
            assert!(weak.is_empty() || !refused.contains(weak), "{refused}");
            let taken = settings(&["--dev", "--master-key", weak]).master_key().unwrap();
            assert_eq!(taken.expose_secret(), weak);
        }
        assert!(settings(&["--dev"]).master_key().is_err());
        let good = format!("{:x}{:x}", uuid::Uuid::new_v4().as_u128(), uuid::Uuid::new_v4().as_u128());
        assert!(settings(&["--master-key", &good]).master_key().is_ok());
    }

    #[test]
    fn secrets_do_not_print() {
        let shown = format!(
            "{:?}",
            settings(&["--master-key", "hunter2", "--database-url", "postgres://u:hunter3@h/d"])
        );
        assert!(!shown.contains("hunter"), "{shown}");
    }
}
