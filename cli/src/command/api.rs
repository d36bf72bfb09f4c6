//! `fgctl api`

use std::path::PathBuf;

use fluxgate_client::Code;
use serde_json::{Map, Value};

use super::shared::Rehearsal;
use crate::error::{CliError, exit_of};
use crate::output::View;
use crate::shell::Shell;

/// Send a GraphQL document as it is, and print the answer as it is
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl api --query '{ server { version } }' -q .data.server.version\n  fgctl api -f query.graphql -F team=demo -F first=10\n\nThe exit code is that of the first error in the answer, which is printed all the same."
)]
pub(crate) struct Api {
    /// The document
    #[arg(long, value_name = "TEXT", conflicts_with = "file")]
    query: Option<String>,

    /// The file that the document is in; - or nothing for stdin
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// A variable: JSON where it is some, else a string; @FILE reads it from a file
    #[arg(short = 'F', long = "field", value_name = "NAME=VALUE", value_parser = field)]
    fields: Vec<(String, Value)>,

    /// Which operation of the document
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Api {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let document = self.document(shell)?;
        if document.trim().is_empty() {
            return Err(
                CliError::usage("there is no document").hint("give one with --query, -f FILE or on stdin")
            );
        }
        let variables: Map<String, Value> = self.fields.into_iter().collect();
        let answer =
            self.rehearsal.api(shell)?.run_text(&document, &variables, self.operation.as_deref()).await?;
        let view = View::json(&answer);
        let Some(error) = answer.pointer("/errors/0") else {
            return Ok(view);
        };
        let code = serde_json::from_value(error["extensions"]["code"].clone()).unwrap_or(Code::Internal);
        let message = error["message"].as_str().unwrap_or("the server gives an error without words");
        Ok(view.exit(exit_of(code)).note(format!("✗ {message}")))
    }

    fn document(&self, shell: &Shell) -> Result<String, CliError> {
        if let Some(query) = &self.query {
            return Ok(query.clone());
        }
        match self.file.as_deref().filter(|file| file.as_os_str() != "-") {
            Some(path) => crate::file::text(path)
                .map_err(|error| CliError::usage(format!("cannot read {}: {error}", path.display()))),
            None => {
                if shell.ui.may_ask() {
                    shell.ui.note("reading the document from stdin, up to Ctrl-D");
                }
                crate::file::bounded(std::io::stdin().lock())
                    .map_err(|error| CliError::usage(format!("cannot read the document from stdin: {error}")))
            }
        }
    }
}

fn field(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write it like NAME=VALUE")?;
    let text = match value.strip_prefix('@') {
        Some(path) => crate::file::text(path).map_err(|error| format!("cannot read {path}: {error}"))?,
        None => value.to_owned(),
    };
    let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::field;

    #[test]
    fn values_have_their_types() {
        assert_eq!(field("first=10").unwrap(), ("first".into(), json!(10)));
        assert_eq!(field("team=demo").unwrap(), ("team".into(), json!("demo")));
        assert_eq!(field("input={\"a\": [1]}").unwrap(), ("input".into(), json!({"a": [1]})));
        assert_eq!(field("x=\"10\"").unwrap(), ("x".into(), json!("10")));
        assert!(field("nothing").is_err() && field("x=@/no/such/file").is_err());
    }
}
