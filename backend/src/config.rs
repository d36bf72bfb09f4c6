//! Settings, each as a flag and as an environment variable.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context as _, bail};
use chrono::TimeDelta;
use clap::{Args, Parser, Subcommand};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{http::address::Network, service::retention::Retention};

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
    /// Bring the database up to date and end.
    Migrate,
    /// Print the GraphQL schema.
    Schema,
}

/// How to serve.
#[derive(Args, Debug)]
pub struct Settings {
    /// PostgreSQL, like postgres://user:password@host:5432/database.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<SecretString>,
    /// Where GraphQL listens.
    #[arg(long, env = "FLUXGATE_HTTP_ADDR", default_value = "127.0.0.1:8080")]
    pub http_addr: SocketAddr,
    /// Where edges connect.
    #[arg(long, env = "FLUXGATE_GRPC_ADDR", default_value = "0.0.0.0:50051")]
    pub grpc_addr: SocketAddr,
    /// Seals the signing keys in the database; at least 32 characters of randomness.
    #[arg(long, env = "FLUXGATE_MASTER_KEY", hide_env_values = true)]
    pub master_key: Option<SecretString>,
    /// A file that holds the master key.
    #[arg(long, env = "FLUXGATE_MASTER_KEY_FILE", conflicts_with = "master_key")]
    pub master_key_file: Option<PathBuf>,
    /// Where the one-time token of the first admin is written (mode 0600); the log when absent.
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
    /// What is logged, as tracing's filter, like info or fluxgate_backend=debug.
    #[arg(long, env = "FLUXGATE_LOG", default_value = "info")]
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
    #[arg(long, env = "FLUXGATE_LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl Settings {
    /// How long things are kept.
    pub fn retention(&self) -> Retention {
        Retention {
            evaluations: TimeDelta::days(self.evaluation_retention_days),
            revisions: self.delivery_retention_revisions,
        }
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

    /// The master key, refused when it is missing or too short to be random.
    pub fn master_key(&self) -> anyhow::Result<SecretString> {
        let key = match (&self.master_key, &self.master_key_file) {
            (Some(key), _) => key.clone(),
            (None, Some(path)) => std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the master key from {}", path.display()))?
                .trim()
                .to_owned()
                .into(),
            (None, None) => bail!(
                "FLUXGATE_MASTER_KEY is not set: give it 32 random bytes as text, as `openssl rand -hex 32` prints them"
            ),
        };
        let text = key.expose_secret();
        let distinct = text.bytes().collect::<std::collections::BTreeSet<_>>().len();
        if text.len() < 32 || distinct < 8 {
            bail!(
                "FLUXGATE_MASTER_KEY is too weak: give it 32 random bytes as text, as `openssl rand -hex 32` prints them"
            );
        }
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
    fn weak_master_keys_are_refused() {
        for weak in ["", "short", "00000000000000000000000000000000000000"] {
            assert!(settings(&["--master-key", weak]).master_key().is_err(), "{weak:?}");
        }
        let good = "3f9a1c77d0be42858a6f0e5b9c2d4417";
        assert!(settings(&["--master-key", good]).master_key().is_ok());
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
