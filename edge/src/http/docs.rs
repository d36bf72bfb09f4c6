//! The description of this API for programs, and a page to try it on, both from the build.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use utoipa_swagger_ui::{Config, SwaggerFile};

use super::error::{Failure, Problem};
use super::openapi::Document;
use super::{cors, no_route};

/// Where the page finds the document, seen from the page: right behind every proxy.
const DOCUMENT_FROM_PAGE: &str = "../openapi.json";

pub(super) async fn document(request: HttpRequest, document: Data<Document>) -> HttpResponse {
    let mut response = HttpResponse::Ok().body(document.0.clone());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    cors::expose(&request, &mut response);
    response
}

pub(super) async fn moved() -> HttpResponse {
    HttpResponse::build(StatusCode::PERMANENT_REDIRECT).insert_header((LOCATION, "docs/")).finish()
}

pub(super) async fn page(request: HttpRequest) -> HttpResponse {
    let config = Config::from(DOCUMENT_FROM_PAGE).try_it_out_enabled(true).validator_url("none");
    match utoipa_swagger_ui::serve(request.match_info().query("file"), Arc::new(config)) {
        Ok(Some(SwaggerFile { bytes, content_type, .. })) => {
            HttpResponse::Ok().content_type(content_type).body(Bytes::from(bytes.into_owned()))
        }
        Ok(None) => no_route(request).await,
        Err(error) => Failure::from(Problem::Internal(error.to_string())).respond(&request),
    }
}
