//! GraphQL over HTTP: one operation a request, by POST and as JSON only, so that no other site's form can send one.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use async_graphql::{ErrorExtensionValues, Response, ServerError, http::GraphiQLSource};

use super::{
    Shared, address,
    observe::{note_operation, note_outcome, note_user, request_id},
};
use crate::{
    app::App,
    auth::{Caller, Request},
    clock,
    error::{Error, Result},
    graphql::{Identity, loader::loader, size},
    service,
};

/// How deep may the JSON of a request nest?
const MAX_JSON_DEPTH: usize = 32;

/// Executes one operation.
pub async fn execute(shared: web::Data<Shared>, http: HttpRequest, body: web::Bytes) -> HttpResponse {
    let request = Request {
        now: clock::now(),
        id: request_id(&http),
        address: address::of(&http, &shared.trusted_proxies).map(|address| address.to_string()),
    };
    let content_type =
        http.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return HttpResponse::UnsupportedMediaType().body("send application/json");
    }
    let mut operation = match read(&body).and_then(within_limits) {
        Ok(operation) => operation,
        Err(why) => {
            let response = masked(failure(why), &request);
            return note_outcome(HttpResponse::BadRequest().json(&response), "invalid", &response);
        }
    };
    let kind = note_operation(&mut operation);
    let identity = match identify(&shared.app, &http, &request).await {
        Ok(caller) => {
            note_user(&caller.user.username);
            Ok(caller)
        }
        // Not every operation needs a caller; those that do say why there is none.
        Err(Error::Unauthenticated(why)) => Err(why),
        Err(other) => {
            let response = masked(failure(other), &request);
            return note_outcome(HttpResponse::Ok().json(&response), kind, &response);
        }
    };
    let operation = if identity.is_ok() { operation } else { operation.disable_introspection() };
    let operation = operation
        .data(Arc::clone(&shared.app))
        .data(loader(shared.app.pool.clone()))
        .data(request.clone())
        .data::<Identity>(identity);
    let response = masked(shared.schema.execute(operation).await, &request);
    note_outcome(HttpResponse::Ok().json(&response), kind, &response)
}

/// Parses the query and looks at its size. What does not parse is left to the library, which says where.
fn within_limits(mut operation: async_graphql::Request) -> Result<async_graphql::Request> {
    if let Ok(document) = operation.parsed_query() {
        size::check(document)?;
    }
    Ok(operation)
}

/// The page for trying queries out; it loads its scripts from a public host.
pub async fn graphiql() -> HttpResponse {
    let page = GraphiQLSource::build().endpoint("/graphql").finish();
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page)
}

fn read(body: &[u8]) -> Result<async_graphql::Request, Error> {
    let (mut depth, mut deepest, mut text, mut escaped) = (0_usize, 0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b'{' | b'[' if !text => depth += 1,
            b'}' | b']' if !text => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > MAX_JSON_DEPTH {
        return Err(Error::invalid("body", format!("nests deeper than {MAX_JSON_DEPTH}")));
    }
    serde_json::from_slice(body).map_err(|e| Error::invalid("body", format!("is no GraphQL request: {e}")))
}

/// Who calls, by the token that the request carries.
async fn identify(app: &App, http: &HttpRequest, request: &Request) -> Result<Caller> {
    let refused = |why: &str| Error::Unauthenticated(why.to_owned());
    let value = http.headers().get(header::AUTHORIZATION).ok_or_else(|| refused("sign in first"))?;
    let token = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
    let token = token.ok_or_else(|| refused("the authorization header must be: Bearer <access token>"))?;
    service::identity::identify(app, token, request).await
}

fn failure(error: Error) -> Response {
    let mut server_error = ServerError::new(error.to_string(), None);
    server_error.source = Some(Arc::new(error));
    Response::from_errors(vec![server_error])
}

/// Gives every error its code and the request's id; what is not ours to tell goes to the log.
fn masked(mut response: Response, request: &Request) -> Response {
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
            None => extensions.set("code", "INVALID"),
        }
        if internal {
            error.message = "internal error".to_owned();
        }
        extensions.set("requestId", request.id.to_string());
        error.extensions = Some(extensions);
    }
    response
}
