//! The body of an evaluation. A large one is taken in only from somebody who may ask, few at once, and none for ever.

use std::time::Duration;

use actix_web::error::Error;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{Bytes, Payload};
use actix_web::{FromRequest as _, HttpRequest};
use tokio::time::timeout;

use super::app;
use super::auth::may_enter;
use super::error::Problem;

/// Up to how many bytes is a body small? Most are, and come with their headers.
const SMALL_BYTES: usize = 16 * 1024;
/// How many large bodies may be under way at once? With a limit for each, that bounds the memory of all.
pub(super) const LARGE_BODIES: usize = 64;
/// How long may a body take?
const WITHIN: Duration = Duration::from_secs(10);

/// Returns the body of a request, of `limit` bytes at most, unless it says that it is something other than JSON.
pub(super) async fn read(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    if let Some(stated) = request.headers().get(CONTENT_TYPE)
        && !is_json(stated.as_bytes())
    {
        return Err(Problem::MediaType(stated.to_str().unwrap_or("unreadable").to_owned()));
    }
    let app = app(request);
    let _turn = if is_small(request) {
        None
    } else {
        may_enter(app, request)?;
        Some(app.large_bodies.try_acquire().map_err(|_| Problem::TooManyBodies)?)
    };
    let mut payload = payload.into_inner();
    let body = timeout(WITHIN, Bytes::from_request(request, &mut payload));
    body.await.map_err(|_| Problem::Slow)?.map_err(|error| unread(&error, limit))
}

fn unread(error: &Error, limit: usize) -> Problem {
    match error.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge(limit),
        _ => Problem::Parse(format!("the body cannot be read: {error}")),
    }
}

/// Returns whether a request says that its body is small; one that comes in chunks says nothing.
fn is_small(request: &HttpRequest) -> bool {
    let stated = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    stated.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length <= SMALL_BYTES)
}

/// Without this, any page in a browser could post here without asking first.
fn is_json(content_type: &[u8]) -> bool {
    let end = content_type.iter().position(|byte| *byte == b';').unwrap_or(content_type.len());
    let essence = content_type[..end].trim_ascii();
    let (kind, subtype) = essence.split_at(essence.len().min(12));
    kind.eq_ignore_ascii_case(b"application/")
        && (subtype.eq_ignore_ascii_case(b"json") || subtype.to_ascii_lowercase().ends_with(b"+json"))
}

#[cfg(test)]
mod tests {
    use actix_web::error::PayloadError;
    use actix_web::test::TestRequest;
    use actix_web::web::Data;
    use futures_util::{StreamExt as _, stream};

    use super::super::App;
    use super::super::events::sample;
    use super::*;

    #[actix_web::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        tokio::time::pause();
        let edge = sample::edge(sample::state(1));
        let app =
            App { allow_anonymous: true, ..App::new(edge, "test".to_owned(), crate::clock::Clock::start()) };
        let app = Data::new(app);
        for length in ["10", "100000"] {
            let request = TestRequest::post().app_data(app.clone()).insert_header((CONTENT_LENGTH, length));
            let request = request.to_http_request();
            let pending = stream::pending::<Result<Bytes, PayloadError>>().boxed_local();
            let mut never = actix_web::dev::Payload::Stream { payload: pending };
            let never = Payload::from_request(&request, &mut never).await.unwrap();
            assert_eq!(read(&request, never, 1 << 20).await, Err(Problem::Slow));
        }
        assert_eq!(app.large_bodies.available_permits(), LARGE_BODIES);
    }
}
