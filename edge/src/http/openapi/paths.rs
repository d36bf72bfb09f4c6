//! What is served where. Nothing calls these functions; their attributes are the description.
#![expect(dead_code, reason = "the attributes are read, the functions are not called")]

use super::schemas::{
    AllFlags, BulkRequest, Error, EvaluateRequest, Evaluated, Flag, FlagError, FlagRequest, Healthy,
    PlainError, Ready, Status,
};

/// Evaluate one flag, in the plain form
///
/// An unknown flag is answered with `false` and `FLAG_NOT_FOUND`, as a value to go on with.
#[utoipa::path(
    post, path = "/evaluate", tag = "evaluation", operation_id = "evaluate",
    request_body = EvaluateRequest,
    responses(
        (status = 200, description = "What the flag is for the context", body = Evaluated),
        (status = 400, description = "The request cannot be evaluated as it is", body = PlainError),
        (status = 401, description = "No client key, or one that does not hold", body = Error),
        (status = 403, description = "Pages of that origin may not use this client", body = Error),
        (status = 413, description = "The body is larger than 64 KiB", body = Error),
        (status = 415, description = "The body is no JSON", body = Error),
        (status = 429, description = "This client asks too often", body = Error,
            headers(("Retry-After" = u64, description = "After how many seconds there is room"))),
        (status = 503, description = "This edge has nothing to serve yet", body = Error,
            headers(("Retry-After" = u64, description = "After how many seconds to try again"))),
    ),
)]
fn evaluate() {}

/// Evaluate one flag (OFREP)
#[utoipa::path(
    post, path = "/ofrep/v1/evaluate/flags/{key}", tag = "OFREP", operation_id = "evaluateFlag",
    params(("key" = String, Path, description = "The flag's key", example = "BetaUsers")),
    request_body = FlagRequest,
    responses(
        (status = 200, description = "What the flag is for the context", body = Flag),
        (status = 400, description = "The request cannot be evaluated as it is", body = FlagError),
        (status = 401, description = "No client key, or one that does not hold", body = FlagError),
        (status = 403, description = "Pages of that origin may not use this client", body = FlagError),
        (status = 404, description = "There is no such flag here", body = FlagError),
        (status = 413, description = "The body is larger than 64 KiB", body = FlagError),
        (status = 415, description = "The body is no JSON", body = FlagError),
        (status = 429, description = "This client asks too often", body = FlagError,
            headers(("Retry-After" = u64, description = "After how many seconds there is room"))),
        (status = 503, description = "This edge has nothing to serve yet", body = FlagError,
            headers(("Retry-After" = u64, description = "After how many seconds to try again"))),
    ),
)]
fn single() {}

/// Evaluate all flags (OFREP)
///
/// Flags are sorted by key. One that cannot be evaluated for the context says so in its place.
#[utoipa::path(
    post, path = "/ofrep/v1/evaluate/flags", tag = "OFREP", operation_id = "evaluateFlagsBulk",
    params(
        ("If-None-Match" = Option<String>, Header, description = "The ETag of the answer that the client has"),
        ("flagConfigEtag" = Option<String>, Query, description = "What an event told; not needed here"),
        ("flagConfigLastModified" = Option<String>, Query, description = "What an event told; not needed here"),
    ),
    request_body = BulkRequest,
    responses(
        (status = 200, description = "What every flag is for the context", body = AllFlags,
            headers(("ETag" = String, description = "Tells this answer from any other that would differ"))),
        (status = 304, description = "The client has this answer already"),
        (status = 400, description = "The request cannot be evaluated as it is", body = Error),
        (status = 401, description = "No client key, or one that does not hold", body = Error),
        (status = 403, description = "Pages of that origin may not use this client", body = Error),
        (status = 413, description = "The body is larger than 1 MiB", body = Error),
        (status = 415, description = "The body is no JSON", body = Error),
        (status = 429, description = "This client asks too often", body = Error,
            headers(("Retry-After" = u64, description = "After how many seconds there is room"))),
        (status = 503, description = "This edge has nothing to serve yet", body = Error,
            headers(("Retry-After" = u64, description = "After how many seconds to try again"))),
    ),
)]
fn bulk() {}

/// Follow an environment (OFREP event stream)
///
/// The address comes from `eventStreams` in the answer with all flags. Events ask for that answer again.
#[utoipa::path(
    get, path = "/ofrep/v1/events", tag = "OFREP", operation_id = "followEvents", security(()),
    params(
        ("token" = Option<String>, Query, description = "Lent in the address"),
        ("environment" = Option<String>, Query, format = Uuid,
            description = "Instead of a token, where nobody needs credentials"),
        ("since" = Option<String>, Query, description = "What the client had when it was told of the address"),
        ("Last-Event-ID" = Option<String>, Header, description = "The event that the client saw last"),
    ),
    responses(
        (status = 200, description = "Server-sent events of the type `message`", body = String,
            content_type = "text/event-stream"),
        (status = 400, description = "The address cannot be followed", body = Error),
        (status = 401, description = "The token is missing, does not hold or has ended", body = Error),
        (status = 403, description = "Pages of that origin may not use this client", body = Error),
        (status = 429, description = "Too many streams are open, or this client asks too often", body = Error,
            headers(("Retry-After" = u64, description = "After how many seconds to try again"))),
        (status = 503, description = "This edge has nothing to serve yet", body = Error,
            headers(("Retry-After" = u64, description = "After how many seconds to try again"))),
    ),
)]
fn events() {}

/// Whether the process lives
#[utoipa::path(
    get, path = "/livez", tag = "health", operation_id = "livez", security(()),
    responses((status = 200, description = "It does", body = Healthy)),
)]
fn livez() {}

/// Whether there is something to serve
#[utoipa::path(
    get, path = "/readyz", tag = "health", operation_id = "readyz", security(()),
    responses(
        (status = 200, description = "There is", body = Ready),
        (status = 503, description = "Not yet", body = Error),
    ),
)]
fn readyz() {}

/// Whether there is something to serve
#[utoipa::path(
    get, path = "/health", tag = "health", operation_id = "health", security(()),
    responses(
        (status = 200, description = "There is", body = Ready),
        (status = 503, description = "Not yet", body = Error),
    ),
)]
fn health() {}

/// What this edge serves and what its stream is doing
#[utoipa::path(
    get, path = "/status", tag = "health", operation_id = "status", security(()),
    responses((status = 200, description = "How it is", body = Status)),
)]
fn status() {}

/// Numbers for Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "health", operation_id = "metrics", security(()),
    responses((status = 200, description = "Prometheus' text form", body = String, content_type = "text/plain")),
)]
fn metrics() {}

/// This document
#[utoipa::path(
    get, path = "/openapi.json", tag = "health", operation_id = "document", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)),
)]
fn document() {}
