//! What an operation goes through on every transport: limits before it is executed, and codes for what went wrong.

use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, Response, ServerError};
use serde::de::DeserializeOwned;

use crate::{
    auth::Request,
    error::{Error, Result, shortened},
    graphql::size,
};

/// How deep may the JSON of a request nest?
const MAX_JSON_DEPTH: usize = 32;
/// How long may a message be that repeats the query, in characters?
const MAX_MESSAGE: usize = 1_000;

/// Parses the query and looks at its size. What does not parse is left to the library, which says where.
pub fn within_limits(mut operation: async_graphql::Request) -> Result<async_graphql::Request> {
    size::check_text(&operation.query)?;
    if let Ok(document) = operation.parsed_query() {
        size::check(document)?;
    }
    Ok(operation)
}

/// Reads the body of a request.
pub fn read(body: &[u8]) -> Result<async_graphql::Request> {
    parse(body).map_err(|why| Error::invalid("body", format!("is no GraphQL request: {why}")))
}

/// Reads JSON that does not nest too deep.
pub fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > MAX_JSON_DEPTH {
        return Err(format!("nests deeper than {MAX_JSON_DEPTH}"));
    }
    serde_json::from_slice(text).map_err(|error| error.to_string())
}

/// The answer to an operation that is not executed.
pub fn failure(error: Error) -> Response {
    let mut server_error = ServerError::new(error.to_string(), None);
    server_error.source = Some(Arc::new(error));
    Response::from_errors(vec![server_error])
}

/// Gives every error its code and the request's id; what is not ours to tell goes to the log.
pub fn masked(mut response: Response, request: &Request) -> Response {
    for error in &mut response.errors {
        let shared = error.source::<Arc<Error>>().map(Arc::clone);
        let own = shared.as_deref().or_else(|| error.source::<Error>());
        let mut extensions = ErrorExtensionValues::default();
        let mut internal = false;
        match own {
            Some(own) => {
                extensions.set("code", own.code());
                for (key, value) in own.details() {
                    if let Ok(value) = async_graphql::Value::from_json(value) {
                        extensions.set(key, value);
                    }
                }
                if let Error::Internal(cause) = own {
                    tracing::error!(request = %request.id, error = format!("{cause:#}"), "a request failed");
                    internal = true;
                }
            }
            // The library's own: a query that does not parse or does not fit the schema.
            None => {
                extensions.set("code", "INVALID");
                // It may repeat the query, whose lines may be long.
                error.message = shortened(std::mem::take(&mut error.message), MAX_MESSAGE);
            }
        }
        if internal {
            error.message = "internal error".to_owned();
        }
        extensions.set("requestId", request.id.to_string());
        error.extensions = Some(extensions);
    }
    response
}
