//! What is told of every request: its id to the caller and, at level debug, to the log; its number to the metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use tracing::field::Empty;
use tracing::{Level, Span, debug, debug_span, enabled};

use super::app;
use crate::clock;
use crate::metrics::Endpoint;

/// Names the request in its answer, as the log does.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives each request an id: drawing a random one each time would cost more than an evaluation.
#[derive(Debug)]
pub struct Ids {
    process: u32,
    next: AtomicU64,
}

impl Default for Ids {
    fn default() -> Self {
        Self::new()
    }
}

impl Ids {
    /// Starts at one, with a random part that tells processes apart.
    pub fn new() -> Self {
        Self { process: clock::random_id().as_fields().0, next: AtomicU64::new(1) }
    }

    fn next(&self) -> String {
        format!("{:08x}-{:x}", self.process, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// Answers a request, and tells of it.
pub(super) fn told(
    request: &HttpRequest,
    endpoint: Endpoint,
    answer: impl FnOnce() -> HttpResponse,
) -> HttpResponse {
    let app = app(request);
    let id = app.ids.next();
    let mut response = if enabled!(Level::DEBUG) {
        let span = debug_span!("request", id, client = Empty, operation = endpoint.name());
        let _in_span = span.enter();
        let began = Instant::now();
        let response = answer();
        let milliseconds = began.elapsed().as_secs_f64() * 1000.0;
        debug!(status = response.status().as_u16(), milliseconds, path = request.path(), "answered");
        response
    } else {
        answer()
    };
    app.metrics.answered(endpoint, response.status());
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID.clone(), id);
    }
    response
}

/// Says who asks.
pub(super) fn note_client(name: &str) {
    if enabled!(Level::DEBUG) {
        Span::current().record("client", name);
    }
}
