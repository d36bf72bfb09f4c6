//! Every answer that is not an evaluation: one enum, and one table from it to status, code and words.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use fluxgate_engine::EvaluationError;
use thiserror::Error;

use super::reply;
use crate::json;

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
    #[error("the body is larger than {} KiB", super::MAX_BODY_BYTES / 1024)]
    TooLarge,
    #[error("{0}")]
    Parse(String),
    #[error("{0}")]
    Context(String),
    #[error("there is nothing at {0}")]
    NoRoute(String),
    #[error("only {0} is answered here")]
    Method(&'static str),
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
            Self::NoCredentials | Self::BadCredentials => (StatusCode::UNAUTHORIZED, "GENERAL"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "GENERAL"),
            Self::Parse(_) => (StatusCode::BAD_REQUEST, "PARSE_ERROR"),
            Self::Context(_) => (StatusCode::BAD_REQUEST, "INVALID_CONTEXT"),
            Self::NoRoute(_) => (StatusCode::NOT_FOUND, "GENERAL"),
            Self::Method(_) => (StatusCode::METHOD_NOT_ALLOWED, "GENERAL"),
            Self::Evaluation(error @ EvaluationError::FlagNotFound { .. }) => {
                (StatusCode::NOT_FOUND, error.code())
            }
            Self::Evaluation(error) => (StatusCode::BAD_REQUEST, error.code()),
        }
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
        let extra = match &self.problem {
            Problem::NotReady | Problem::Stale { .. } => Some((header::RETRY_AFTER, "1")),
            Problem::NoCredentials | Problem::BadCredentials => Some((header::WWW_AUTHENTICATE, "Bearer")),
            Problem::Method(allowed) => Some((header::ALLOW, *allowed)),
            _ => None,
        };
        if let Some((name, value)) = extra {
            response.headers_mut().insert(name, header::HeaderValue::from_static(value));
        }
        response
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, flag: None }
    }
}
