//! What is told of every request: a span with its id, a line when it was answered, its duration, and the id to the caller.

use std::time::{Duration, Instant};

use actix_web::{
    Error, HttpMessage as _, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};
use async_graphql::{
    Response,
    parser::types::{DocumentOperations, OperationType},
};
use tracing::{Instrument as _, Span, field::Empty};
use uuid::Uuid;

use super::Shared;
use crate::clock;

/// Names the request in its answer, as the log does.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How much of an operation's name is kept?
const MAX_NAME: usize = 100;

#[derive(Clone, Copy)]
struct RequestId(Uuid);

/// What became of an operation, left in the answer's extensions.
struct Outcome {
    kind: &'static str,
    code: String,
}

/// Surrounds every request.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let (id, began) = (clock::new_id(), Instant::now());
    request.extensions_mut().insert(RequestId(id));
    let span = tracing::info_span!("request", %id, user = Empty, operation = Empty);
    let answered = async move {
        tracing::trace!(method = %request.method(), path = request.path(), "asked");
        let mut response = next.call(request).await?;
        if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
            response.headers_mut().insert(REQUEST_ID.clone(), value);
        }
        tell(&response, began.elapsed());
        Ok(response)
    };
    answered.instrument(span).await
}

fn tell<B>(response: &ServiceResponse<B>, took: Duration) {
    let (status, milliseconds) = (response.status().as_u16(), took.as_secs_f64() * 1000.0);
    match response.response().extensions().get::<Outcome>() {
        Some(Outcome { kind, code }) => {
            tracing::info!(kind, outcome = code, milliseconds, "answered");
            if let Some(shared) = response.request().app_data::<Data<Shared>>() {
                shared.app.metrics.answered(kind, code, took);
            }
        }
        None => tracing::debug!(path = response.request().path(), status, milliseconds, "answered"),
    }
}

/// The id that the request was given on its way in.
pub fn request_id(http: &HttpRequest) -> Uuid {
    http.extensions().get::<RequestId>().map_or_else(clock::new_id, |RequestId(id)| *id)
}

/// Says who asks.
pub fn note_user(name: &str) {
    Span::current().record("user", name);
}

/// Says what is asked; gives its kind.
pub fn note_operation(operation: &mut async_graphql::Request) -> &'static str {
    let chosen = operation.operation_name.clone();
    let Ok(document) = operation.parsed_query() else { return "invalid" };
    let found = match &document.operations {
        DocumentOperations::Single(only) => Some((None, only)),
        DocumentOperations::Multiple(all) => {
            let named = |name: &str| chosen.as_deref().is_none_or(|chosen| chosen == name);
            all.iter().find(|(name, _)| named(name)).map(|(name, found)| (Some(name.as_str()), found))
        }
    };
    let Some((name, found)) = found else { return "invalid" };
    // What has no name is called by its first field.
    let first = || {
        let field = found.node.selection_set.node.items.first()?;
        match &field.node {
            async_graphql::parser::types::Selection::Field(field) => Some(field.node.name.node.as_str()),
            _ => None,
        }
    };
    let name = name.or_else(first).unwrap_or_default();
    Span::current().record("operation", name.get(..MAX_NAME).unwrap_or(name));
    match found.node.ty {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

/// Leaves in an answer what became of the operation.
pub fn note_outcome(
    mut answer: actix_web::HttpResponse,
    kind: &'static str,
    response: &Response,
) -> actix_web::HttpResponse {
    let code = response.errors.first().map(|error| {
        let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
        match code {
            Some(async_graphql::Value::String(code)) => code.clone(),
            _ => "INTERNAL".to_owned(),
        }
    });
    answer.extensions_mut().insert(Outcome { kind, code: code.unwrap_or_else(|| "OK".to_owned()) });
    answer
}
