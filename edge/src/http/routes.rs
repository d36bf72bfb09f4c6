//! The table of what is served where; a test compares the OpenAPI document with it.

use actix_web::guard::{Any, Get, Head};
use actix_web::http::Method;
use actix_web::web::{PayloadConfig, ServiceConfig, get, method, post, resource, route, to};
use actix_web::{HttpRequest, HttpResponse, Route};

use super::error::{Failure, Problem};
use super::observe::told;
use super::{MAX_BULK_BODY_BYTES, bulk, cors, docs, evaluate, events, health, numbers, ofrep};
use crate::metrics::Endpoint;

/// One path, and what answers there.
struct Served {
    path: String,
    methods: &'static str,
    route: Route,
    max_body_bytes: Option<usize>,
}

const POST: &str = "POST, OPTIONS";
const GET: &str = "GET, HEAD";
/// A stream has no end that a HEAD could tell of.
const STREAM: &str = "GET";

fn table(prefix: &str) -> Vec<Served> {
    let at =
        |path: &str, methods, route| Served { path: path.to_owned(), methods, route, max_body_bytes: None };
    let under = |path: &str, methods, route| at(&format!("{prefix}{path}"), methods, route);
    let read = || route().guard(Any(Get()).or(Head()));
    vec![
        at("/evaluate", POST, post().to(evaluate::evaluate)),
        under("/ofrep/v1/evaluate/flags/{key}", POST, post().to(ofrep::single)),
        Served {
            max_body_bytes: Some(MAX_BULK_BODY_BYTES),
            ..under("/ofrep/v1/evaluate/flags", POST, post().to(bulk::bulk))
        },
        under(events::PATH, STREAM, get().to(events::events)),
        at("/livez", GET, read().to(health::live)),
        at("/readyz", GET, read().to(health::ready)),
        at("/health", GET, read().to(health::ready)),
        at("/status", GET, read().to(health::status)),
        at("/metrics", GET, read().to(numbers)),
        at("/openapi.json", GET, read().to(docs::document)),
        at("/docs", GET, read().to(docs::moved)),
        at("/docs/{file:.*}", GET, read().to(docs::page)),
    ]
}

/// Registers every route; a method that a path does not have is answered with those that it has.
pub(super) fn register(prefix: &str, config: &mut ServiceConfig) {
    for Served { path, methods, route, max_body_bytes } in table(prefix) {
        let mut served = resource(path).route(route);
        if let Some(max) = max_body_bytes {
            served = served.app_data(PayloadConfig::new(max));
        }
        if methods == POST {
            served = served.route(method(Method::OPTIONS).to(cors::preflight));
        }
        let other = move |request: HttpRequest| async move { wrong_method(&request, methods) };
        config.service(served.default_service(to(other)));
    }
}

fn wrong_method(request: &HttpRequest, methods: &'static str) -> HttpResponse {
    told(request, Endpoint::Other, || Failure::from(Problem::Method(methods)).respond(request))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::openapi::document;
    use super::*;

    #[test]
    fn the_document_lists_exactly_what_is_served() {
        for prefix in ["", "/flags"] {
            let document: serde_json::Value = serde_json::from_slice(&document(prefix).unwrap().0).unwrap();
            let mut described = BTreeSet::new();
            for (path, item) in document["paths"].as_object().unwrap() {
                described.extend(item.as_object().unwrap().keys().map(|verb| format!("{verb} {path}")));
            }
            let verb = |methods| if methods == POST { "post" } else { "get" };
            // The pages that show the document are for people.
            let served = table(prefix).into_iter().filter(|served| !served.path.starts_with("/docs"));
            let served: BTreeSet<_> =
                served.map(|served| format!("{} {}", verb(served.methods), served.path)).collect();
            assert_eq!(described, served);
        }
    }
}
