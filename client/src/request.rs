//! What is sent: one operation, of a generated query or of a text.

use graphql_client::GraphQLQuery;
use serde_json::{Value, json};

use crate::document;
use crate::error::Error;
use crate::fields::Fields;

/// A request, ready to be sent any number of times.
pub(crate) struct Request {
    pub(crate) body: Vec<u8>,
    // It only reads.
    pub(crate) is_query: bool,
    pub(crate) changes: bool,
    // Whether the server is to take back what it did, and to say so.
    pub(crate) taken_back: bool,
    // What the answer may have, where it changes something.
    pub(crate) fields: Fields,
}

impl Request {
    pub(crate) fn new<Q: GraphQLQuery>(
        variables: Q::Variables,
        removed: &[&str],
        dry_run: bool,
    ) -> Result<Self, Error> {
        let body = Q::build_query(variables);
        let text = document::only(body.query, body.operation_name);
        let is_query = document::is_query(body.query, body.operation_name);
        let mut sent = json!({
            "query": text,
            "variables": body.variables,
            "operationName": body.operation_name,
        });
        for field in removed {
            sent["variables"]["input"][*field] = Value::Null;
        }
        let fields = if is_query { Fields::default() } else { Fields::below(&text) };
        // What looks ahead by itself shows more than what is taken back.
        let looks = sent.pointer("/variables/input/dryRun") == Some(&Value::Bool(true));
        Self::of(&mut sent, (is_query || looks, dry_run), fields).map(|request| Self { is_query, ..request })
    }

    pub(crate) fn text(
        document: &str,
        variables: &serde_json::Map<String, Value>,
        operation: Option<&str>,
        dry_run: bool,
    ) -> Result<Self, Error> {
        let mut sent = json!({ "query": document, "variables": variables });
        if let Some(operation) = operation {
            sent["operationName"] = json!(operation);
        }
        // Whatever its variables say: somebody's own document need not use them.
        let is_query = document::only_reads(document);
        Self::of(&mut sent, (is_query, dry_run), Fields::of(["data", "errors", "extensions"]))
    }

    /// Asks whether the server knows dry runs: then it says so in its answer.
    pub(crate) fn probe() -> Result<Self, Error> {
        let mut sent = json!({"query": "{ server { version } }", "extensions": {"dryRun": true}});
        Self::of(&mut sent, (true, false), Fields::default())
    }

    fn of(sent: &mut Value, (only_looks, dry_run): (bool, bool), fields: Fields) -> Result<Self, Error> {
        let taken_back = dry_run && !only_looks;
        if taken_back {
            sent["extensions"] = json!({"dryRun": true});
        }
        let body = serde_json::to_vec(sent).map_err(|error| Error::Setup(error.to_string()))?;
        Ok(Self { body, is_query: only_looks, changes: !only_looks && !taken_back, taken_back, fields })
    }
}
