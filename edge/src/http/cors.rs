//! Lets pages in browsers ask, and read why they were refused. Credentials travel in a header that a page must have, never
//! in cookies; which pages may use a key is checked where the key is.

use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderValue, ORIGIN, VARY,
};
use actix_web::{HttpRequest, HttpResponse};

use super::observe::told;
use crate::metrics::Endpoint;

/// Adds what a browser wants to see before it hands an answer to a page.
pub(super) fn expose(request: &HttpRequest, response: &mut HttpResponse) {
    if let Some(origin) = request.headers().get(ORIGIN) {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(VARY, HeaderValue::from_static("Origin"));
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("ETag, Retry-After, X-Request-Id"),
        );
    }
}

/// Answers a browser that asks whether it may ask.
pub(super) async fn preflight(request: HttpRequest) -> HttpResponse {
    told(&request, Endpoint::Other, || allow(&request))
}

fn allow(request: &HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::NoContent().finish();
    expose(request, &mut response);
    let headers = response.headers_mut();
    let allowed = "Authorization, X-API-Key, Content-Type, If-None-Match";
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, OPTIONS"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}
