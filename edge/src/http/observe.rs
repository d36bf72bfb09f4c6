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
    /// Eight digits and a dash.
    process: String,
    next: AtomicU64,
}

/// How long is an id at most? A part for the process, and a number.
const ID_CHARS: usize = 9 + 16;

impl Default for Ids {
    fn default() -> Self {
        Self::new()
    }
}

impl Ids {
    /// Starts at one, with a random part that tells processes apart.
    pub fn new() -> Self {
        let process = format!("{:08x}-", clock::random_id().as_fields().0);
        Self { process, next: AtomicU64::new(1) }
    }

    /// Written digit by digit: every request has one, and formatting costs more than an evaluation.
    fn next(&self) -> Option<HeaderValue> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut text = [0; ID_CHARS];
        let (process, digits) = text.split_at_mut_checked(self.process.len())?;
        process.copy_from_slice(self.process.as_bytes());
        let length = (16 - number.leading_zeros() as usize / 4).max(1);
        for (place, digit) in digits.iter_mut().take(length).enumerate() {
            let nibble = number >> (4 * (length - 1 - place)) & 0xf;
            *digit = b"0123456789abcdef"[nibble as usize];
        }
        HeaderValue::from_bytes(&text[..self.process.len() + length]).ok()
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
        let id = id.as_ref().and_then(|id| id.to_str().ok());
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
    if let Some(id) = id {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_process_and_a_number_in_hexadecimal() {
        let ids = Ids { process: "0123abcd-".to_owned(), next: AtomicU64::new(1) };
        for (number, id) in [
            (0, "0123abcd-0"),
            (1, "0123abcd-1"),
            (0xf, "0123abcd-f"),
            (0x10, "0123abcd-10"),
            (0xfedc_ba98_7654_3210, "0123abcd-fedcba9876543210"),
        ] {
            ids.next.store(number, Ordering::Relaxed);
            assert_eq!(ids.next().unwrap(), id);
        }
        assert_ne!(Ids::new().process, Ids::new().process);
    }
}
