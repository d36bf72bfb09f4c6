//! What is sent: one operation, of a generated query or of a text.

use graphql_client::GraphQLQuery;
use serde_json::{Value, json};

use crate::document;
use crate::error::Error;
use crate::fields::Fields;

/// A request, ready to be sent any number of times.
pub(crate) struct Request {
    pub(crate) body: Vec<u8>,
    // A query, or a rehearsal of what would change something.
    pub(crate) is_query: bool,
    pub(crate) changes: bool,
    // What the answer may have, where it changes something.
    pub(crate) fields: Fields,
}

impl Request {
    pub(crate) fn new<Q: GraphQLQuery>(variables: Q::Variables, removed: &[&str]) -> Result<Self, Error> {
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
        Self::of(&sent, is_query, fields)
    }

    pub(crate) fn text(
        document: &str,
        variables: &serde_json::Map<String, Value>,
        operation: Option<&str>,
    ) -> Result<Self, Error> {
        let mut sent = json!({ "query": document, "variables": variables });
        if let Some(operation) = operation {
            sent["operationName"] = json!(operation);
        }
        Self::of(&sent, document::only_reads(document), Fields::of(["data", "errors", "extensions"]))
    }

    fn of(sent: &Value, is_query: bool, fields: Fields) -> Result<Self, Error> {
        let rehearsal = sent.pointer("/variables/input/dryRun") == Some(&Value::Bool(true));
        let body = serde_json::to_vec(sent).map_err(|error| Error::Setup(error.to_string()))?;
        Ok(Self { body, is_query, changes: !is_query && !rehearsal, fields })
    }
}
