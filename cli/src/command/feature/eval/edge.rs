//! Asking an edge as applications do: where it is, and with which key.

use std::path::PathBuf;

use fluxgate_client::evaluation::Evaluation;
use fluxgate_client::{Code, Error, ofrep};
use secrecy::SecretString;
use serde_json::Value;

use crate::error::CliError;
use crate::shell::Shell;

/// Flags for asking an edge.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "With --via edge")]
pub(crate) struct AtEdge {
    /// The edge's address
    #[arg(long, env = "FGCTL_EDGE", hide_env_values = true, value_name = "URL")]
    edge_url: Option<String>,

    /// A file with the key of a BACKEND client; FGCTL_EDGE_KEY may hold the key itself
    #[arg(long, env = "FGCTL_EDGE_KEY_FILE", hide_env_values = true, value_name = "FILE")]
    edge_key_file: Option<PathBuf>,
}

impl AtEdge {
    pub(crate) fn connect(&self, shell: &Shell) -> Result<ofrep::Edge, CliError> {
        let url =
            self.edge_url.as_deref().filter(|url| !url.is_empty()).ok_or_else(|| {
                CliError::usage("no edge given").hint(
                    "add --edge-url http://…, or set FGCTL_EDGE; `fgctl dev status` shows the address of its edge",
                )
            })?;
        Ok(ofrep::Edge::new(url, self.key()?, shell.request_timeout())?)
    }

    fn key(&self) -> Result<Option<SecretString>, CliError> {
        let key = match &self.edge_key_file {
            Some(path) if !path.as_os_str().is_empty() => crate::file::text(path).map_err(|error| {
                CliError::usage(format!("cannot read the client's key from {}: {error}", path.display()))
            })?,
            _ => std::env::var("FGCTL_EDGE_KEY").unwrap_or_default(),
        };
        let key = key.trim();
        Ok((!key.is_empty()).then(|| SecretString::from(key)))
    }
}

/// Asks for one feature. The environment is named for clients that may see several; an attribute that does so counts more.
pub(crate) async fn evaluate(
    edge: &ofrep::Edge,
    (feature, env): (&str, Option<&str>),
    context: &Value,
) -> Result<Evaluation, CliError> {
    let mut context = context.clone();
    if let (Some(env), Value::Object(attributes)) = (env, &mut context) {
        attributes.entry("environment").or_insert_with(|| Value::from(env));
    }
    edge.evaluate(feature, &context).await.map_err(failure)
}

/// Words a failure for those who ask an edge.
fn failure(error: Error) -> CliError {
    let hint = match (&error, error.code()) {
        (Error::Unreachable { .. } | Error::BadAnswer { .. }, _) => {
            "is that the address of an edge? --edge-url or FGCTL_EDGE says it"
        }
        (_, Some(Code::Unauthenticated)) => {
            "give a client's key by --edge-key-file or FGCTL_EDGE_KEY; `fgctl client create NAME --kind backend` makes one"
        }
        _ => return CliError::from(error),
    };
    CliError::from(error).hint(hint)
}
