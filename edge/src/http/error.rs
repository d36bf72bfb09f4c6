//! Every answer that is not an evaluation: one enum, and one table from it to status, code and words.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use fluxgate_engine::EvaluationError;
use thiserror::Error;

use super::reply;
use crate::json;

/// After how many seconds may somebody try again for whom there was no room among the event streams?
const RETRY_STREAMS_SECONDS: u64 = 60;

/// Why a request gets no value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Problem {
    #[error("this edge has not received anything to serve yet")]
    NotReady,
    #[error("what this edge serves is {age_secs} s old, older than EDGE_MAX_STALENESS_SECS allows")]
    Stale { age_secs: u64 },
    #[error("a client key is needed: Authorization: Bearer <key>, or X-API-Key")]
    NoCredentials,
    #[error("the client key is not valid here")]
    BadCredentials,
    #[error(
        "the token of the event stream is missing, does not hold or has ended: evaluate all flags again for a new one"
    )]
    NoToken,
    #[error("pages of {0} may not use this client: add the origin to the client")]
    Page(String),
    #[error("this client asks too often: again in {seconds} s")]
    TooOften { seconds: u64 },
    #[error("too many event streams are open here: poll, or try again later")]
    TooManyStreams,
    #[error("the body took too long to come")]
    Slow,
    #[error("too many large bodies are on their way here: send it again")]
    TooManyBodies,
    #[error("the body is larger than {} KiB", .0 / 1024)]
    TooLarge(usize),
    #[error("the content type is {0}, not application/json")]
    MediaType(String),
    #[error("{0}")]
    Parse(String),
    #[error("{0}")]
    Context(String),
    #[error("there is nothing at {0}")]
    NoRoute(String),
    #[error("only {0} is answered here")]
    Method(&'static str),
    #[error("this should not have happened: {0}")]
    Internal(String),
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
}

/// A problem, and the flag that was asked for, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) problem: Problem,
    /// The name of the field that carries the flag's key, and the key.
    pub(crate) flag: Option<(&'static str, String)>,
}

impl Problem {
    fn row(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NotReady | Self::Stale { .. } => (StatusCode::SERVICE_UNAVAILABLE, "PROVIDER_NOT_READY"),
            Self::TooManyBodies => (StatusCode::SERVICE_UNAVAILABLE, "GENERAL"),
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, "GENERAL"),
            Self::NoCredentials | Self::BadCredentials | Self::NoToken => {
                (StatusCode::UNAUTHORIZED, "GENERAL")
            }
            Self::Page(_) => (StatusCode::FORBIDDEN, "GENERAL"),
            Self::TooOften { .. } | Self::TooManyStreams => (StatusCode::TOO_MANY_REQUESTS, "GENERAL"),
            Self::MediaType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "PARSE_ERROR"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "GENERAL"),
            Self::Parse(_) => (StatusCode::BAD_REQUEST, "PARSE_ERROR"),
            Self::Context(_) => (StatusCode::BAD_REQUEST, "INVALID_CONTEXT"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "GENERAL"),
            Self::NoRoute(_) => (StatusCode::NOT_FOUND, "GENERAL"),
            Self::Method(_) => (StatusCode::METHOD_NOT_ALLOWED, "GENERAL"),
            Self::Evaluation(error @ EvaluationError::FlagNotFound { .. }) => {
                (StatusCode::NOT_FOUND, error.code())
            }
            Self::Evaluation(error) => (StatusCode::BAD_REQUEST, error.code()),
        }
    }
}

impl Problem {
    /// Returns the header that tells a program what to do about it.
    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        Some(match self {
            Self::NotReady | Self::Stale { .. } | Self::TooManyBodies => {
                (header::RETRY_AFTER, HeaderValue::from_static("1"))
            }
            Self::TooOften { seconds } => (header::RETRY_AFTER, HeaderValue::from(*seconds)),
            Self::TooManyStreams => (header::RETRY_AFTER, HeaderValue::from(RETRY_STREAMS_SECONDS)),
            Self::NoCredentials | Self::BadCredentials => {
                (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            Self::Method(allowed) => (header::ALLOW, HeaderValue::from_static(allowed)),
            _ => return None,
        })
    }
}

impl Failure {
    /// Names the flag in a field of the answer.
    pub(crate) fn of(problem: Problem, field: &'static str, key: &str) -> Self {
        Self { problem, flag: Some((field, key.to_owned())) }
    }

    /// Returns the answer.
    pub(crate) fn respond(&self, request: &HttpRequest) -> HttpResponse {
        let (status, code) = self.problem.row();
        let mut body = Vec::with_capacity(160);
        body.push(b'{');
        if let Some((field, key)) = &self.flag {
            json::put(&mut body, *field);
            body.push(b':');
            json::put(&mut body, key);
            body.push(b',');
        }
        body.extend_from_slice(b"\"errorCode\":");
        json::put(&mut body, code);
        body.extend_from_slice(b",\"errorDetails\":");
        json::put(&mut body, &self.problem.to_string());
        body.extend_from_slice(b",\"metadata\":{}}");
        let mut response = reply(request, status, body);
        if let Some((name, value)) = self.problem.header() {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, flag: None }
    }
}
