//! GraphQL over HTTP: one operation a request, by POST and as JSON only, so that no other site's form can send one.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use async_graphql::{Value, http::GraphiQLSource};

use super::{
    Shared, address,
    observe::{note_operation, note_outcome, note_user, request_id},
    operation::{failure, masked, read, within_limits},
};
use crate::{
    app::App,
    auth::{Caller, Request},
    clock,
    error::{Error, Result},
    graphql::{Identity, loader::loader},
    service,
};

/// The extension of a request that has its mutations checked in everything, and taken back; and of its answer.
const DRY_RUN: &str = "dryRun";

/// Executes one operation.
pub async fn execute(shared: web::Data<Shared>, http: HttpRequest, body: web::Bytes) -> HttpResponse {
    let request = Request {
        now: clock::now(),
        id: request_id(&http),
        address: address::of(&http, &shared.trusted_proxies).map(|address| address.to_string()),
        dry_run: false,
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
    let request = match operation.extensions.get(DRY_RUN) {
        None => request,
        Some(Value::Boolean(dry_run)) => Request { dry_run: *dry_run, ..request },
        Some(_) => {
            let response = masked(failure(Error::invalid(DRY_RUN, "must be true or false")), &request);
            return note_outcome(HttpResponse::BadRequest().json(&response), "invalid", &response);
        }
    };
    let kind = match (note_operation(&mut operation), request.dry_run) {
        ("mutation", true) => "rehearsal",
        (kind, _) => kind,
    };
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
        .data(loader(shared.app.pool.clone(), request.now))
        .data(request.clone())
        .data::<Identity>(identity);
    let mut response = masked(shared.schema.execute(operation).await, &request);
    if request.dry_run {
        // Whoever asked for it has to know that it was one.
        response.extensions.insert(DRY_RUN.to_owned(), Value::Boolean(true));
    }
    note_outcome(HttpResponse::Ok().json(&response), kind, &response)
}

/// The page for trying queries out; it loads its scripts from a public host.
pub async fn graphiql() -> HttpResponse {
    let page = GraphiQLSource::build().endpoint("/graphql").subscription_endpoint("/graphql/ws").finish();
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page)
}

/// Who calls, by the token that the request carries.
async fn identify(app: &App, http: &HttpRequest, request: &Request) -> Result<Caller> {
    let refused = |why: &str| Error::Unauthenticated(why.to_owned());
    let mut values = http.headers().get_all(header::AUTHORIZATION);
    let value = values.next().ok_or_else(|| refused("sign in first"))?;
    // Of two, a proxy may have looked at the other.
    if values.next().is_some() {
        return Err(refused("there is more than one authorization header"));
    }
    let token = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
    let token = token.ok_or_else(|| {
        refused("the authorization header must be: Bearer <access token, or a token's key>")
    })?;
    service::identity::identify(app, token, request).await
}
