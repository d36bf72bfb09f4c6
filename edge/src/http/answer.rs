//! The steps that every evaluation shares, and the fields that every answer shares.

use actix_web::HttpRequest;
use actix_web::error::Error;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use fluxgate_engine::{Context, Evaluation, EvaluationError, evaluate_kept};

use super::auth::Asker;
use super::error::Problem;
use crate::assignment::KeptHere;
use crate::flag::ServedFlag;
use crate::json;

/// Returns the body of a request, unless it is larger than its limit or says that it is something other than JSON.
pub(crate) fn body_of(
    request: &HttpRequest,
    body: Result<Bytes, Error>,
    limit: usize,
) -> Result<Bytes, Problem> {
    if let Some(stated) = request.headers().get(CONTENT_TYPE)
        && !is_json(stated.as_bytes())
    {
        return Err(Problem::MediaType(stated.to_str().unwrap_or("unreadable").to_owned()));
    }
    body.map_err(|error| match error.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge(limit),
        _ => Problem::Parse(format!("the body cannot be read: {error}")),
    })
}

/// Without this, any page in a browser could post here without asking first.
fn is_json(content_type: &[u8]) -> bool {
    let end = content_type.iter().position(|byte| *byte == b';').unwrap_or(content_type.len());
    let essence = content_type[..end].trim_ascii();
    let (kind, subtype) = essence.split_at(essence.len().min(12));
    kind.eq_ignore_ascii_case(b"application/")
        && (subtype.eq_ignore_ascii_case(b"json") || subtype.to_ascii_lowercase().ends_with(b"+json"))
}

/// Evaluates a flag for somebody who may not see every flag.
pub(crate) fn evaluate_for<'v>(
    asker: Asker<'_>,
    kept: &'v KeptHere<'v>,
    key: &str,
    context: &Context<'_>,
) -> Result<(&'v ServedFlag, Evaluation<'v>), EvaluationError> {
    let not_found = || EvaluationError::FlagNotFound { key: key.to_owned() };
    let view = kept.view();
    let flag = view.flag(key).ok_or_else(not_found)?;
    if asker.sees_client_side_only() && !flag.flag().client_side() {
        return Err(not_found());
    }
    Ok((flag, evaluate_kept(view, key, context, kept)?))
}

/// Appends `,"reason":…,"metadata":{…}`, with the state's revision if it belongs there.
pub(crate) fn put_reason_and_metadata(
    buffer: &mut Vec<u8>,
    evaluation: &Evaluation<'_>,
    version: u64,
    revision: Option<u64>,
) {
    buffer.extend_from_slice(b",\"reason\":\"");
    buffer.extend_from_slice(evaluation.reason.as_str().as_bytes());
    buffer.extend_from_slice(b"\",\"metadata\":{\"version\":");
    json::put(buffer, &version);
    if let Some(revision) = revision {
        buffer.extend_from_slice(b",\"revision\":");
        json::put(buffer, &revision);
    }
    if let Some(name) = evaluation.criterion.and_then(|criterion| criterion.name) {
        buffer.extend_from_slice(b",\"criterion\":");
        json::put(buffer, name);
    }
    if evaluation.kill_switch {
        buffer.extend_from_slice(b",\"killSwitch\":true");
    }
    if let Some(feature) = evaluation.blocked_by {
        buffer.extend_from_slice(b",\"blockedBy\":");
        json::put(buffer, feature);
    }
    buffer.push(b'}');
}
