//! The description of this API for programs, and a page to try it on, both from the build.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use utoipa_swagger_ui::{Config, SwaggerFile};

use super::cors;
use super::error::{Failure, Problem};
use super::observe::told;
use super::openapi::Document;
use crate::metrics::Endpoint;

/// Where the page finds the document, seen from the page: right behind every proxy.
const DOCUMENT_FROM_PAGE: &str = "../openapi.json";

pub(super) async fn document(request: HttpRequest, document: Data<Document>) -> HttpResponse {
    told(&request, Endpoint::Other, || {
        let mut response = HttpResponse::Ok().body(document.0.clone());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        cors::expose(&request, &mut response);
        response
    })
}

pub(super) async fn moved(request: HttpRequest) -> HttpResponse {
    let moved =
        || HttpResponse::build(StatusCode::PERMANENT_REDIRECT).insert_header((LOCATION, "docs/")).finish();
    told(&request, Endpoint::Other, moved)
}

pub(super) async fn page(request: HttpRequest) -> HttpResponse {
    told(&request, Endpoint::Other, || file(&request))
}

fn file(request: &HttpRequest) -> HttpResponse {
    let config = Config::from(DOCUMENT_FROM_PAGE).try_it_out_enabled(true).validator_url("none");
    let problem = match utoipa_swagger_ui::serve(request.match_info().query("file"), Arc::new(config)) {
        Ok(Some(SwaggerFile { bytes, content_type, .. })) => {
            return HttpResponse::Ok().content_type(content_type).body(Bytes::from(bytes.into_owned()));
        }
        Ok(None) => Problem::NoRoute(request.path().to_owned()),
        Err(error) => Problem::Internal(error.to_string()),
    };
    Failure::from(problem).respond(request)
}
