//! OFREP's evaluation of all flags: `POST /ofrep/v1/evaluate/flags`.

use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, HeaderValue};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use fluxgate_engine::{Context, Evaluation, EvaluationError, Served, evaluate_all};
use xxhash_rust::xxh3::xxh3_128;

use super::answer::{asked, blocked_by, outcome_of, put_reason_and_metadata};
use super::auth::{Asker, admit};
use super::error::{Failure, Problem};
use super::etag::{etag, identity, is_known};
use super::events::offer;
use super::observe::told;
use super::request::Body;
use super::{App, MAX_BULK_BODY_BYTES, app, body, cors, counter, reply};
use crate::assignment::KeptHere;
use crate::clock;
use crate::count::Counter;
use crate::flag::ServedFlag;
use crate::json;
use crate::listing::Listed;
use crate::metrics::Endpoint;

/// How long is an answer for one flag, roughly?
const BYTES_A_FLAG: usize = 160;

/// What a client that asks for all flags gets.
struct Answer {
    etag: String,
    /// None when the client has it already.
    body: Option<Vec<u8>>,
}

pub(super) async fn bulk(request: HttpRequest, payload: Payload) -> HttpResponse {
    let body = body::read(&request, payload, MAX_BULK_BODY_BYTES).await;
    told(&request, Endpoint::Bulk, || match answer(app(&request), &request, body) {
        Ok(answer) => respond(&request, answer),
        Err(problem) => Failure::from(problem).respond(&request),
    })
}

fn respond(request: &HttpRequest, Answer { etag, body }: Answer) -> HttpResponse {
    let mut response = match body {
        Some(body) => reply(request, StatusCode::OK, body),
        None => {
            let mut response = HttpResponse::NotModified().finish();
            cors::expose(request, &mut response);
            response
        }
    };
    if let Ok(etag) = HeaderValue::try_from(etag) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}

fn answer(app: &App, request: &HttpRequest, body: Result<Bytes, Problem>) -> Result<Answer, Problem> {
    let state = app.edge.state();
    let state = state.as_deref().ok_or(Problem::NotReady)?;
    let asker = admit(app, request, state)?;
    let bytes = body?;
    let body = Body::parse(&bytes)?.with_object()?;
    let view = asker.environment(state, body.environment.as_deref(), &body.context)?;
    let client_side_only = asker.sees_client_side_only();
    let identity = identity(asker, view.id(), &body.context);
    let version = view.listing().version(client_side_only);
    let offer = offer(asker, identity, (view.id(), version), clock::unix_ms());
    let kept = KeptHere::new(view, app.edge.assignments());
    let flags = || flags((asker, counter(request)), &kept, &body.context);
    // What is kept changes the answer, and no version tells of it.
    let written = view.listing().is_reweighted().then(flags);
    let version = written.as_deref().map_or(version, |flags| version ^ xxh3_128(flags));
    let etag = etag(identity, version, offer.expires);
    if is_known(request.headers(), &etag) {
        return Ok(Answer { etag, body: None });
    }
    let mut buffer = written.unwrap_or_else(flags);
    buffer.extend_from_slice(b"],\"metadata\":{\"revision\":");
    json::put(&mut buffer, &state.revision());
    buffer.extend_from_slice(b"},\"eventStreams\":[{\"type\":\"sse\",\"endpoint\":{\"requestUri\":");
    json::put(&mut buffer, &offer.uri(&app.path_prefix));
    buffer.extend_from_slice(b"}}]}");
    Ok(Answer { etag, body: Some(buffer) })
}

/// Returns the beginning of an answer: what every flag is for a context, one after the other. Counts each of them.
fn flags((asker, counter): (Asker<'_>, &Counter), kept: &KeptHere<'_>, context: &Context<'_>) -> Vec<u8> {
    let view = kept.view();
    let client_side_only = asker.sees_client_side_only();
    let (meter, unit) = (counter.meter(), context.unit());
    let mut counts = counter.bulk(asked(asker, view, unit.as_deref()), view.listing(), client_side_only);
    let mut buffer = Vec::with_capacity(512 + view.listing().flags().len() * BYTES_A_FLAG);
    buffer.extend_from_slice(b"{\"flags\":[");
    let shown = || {
        let flags = view.listing().flags().iter().enumerate();
        flags.filter(|(_, listed)| !client_side_only || listed.flag.flag().client_side())
    };
    let served = shown().map(|(_, listed)| Served { flag: listed.flag.flag(), killed: listed.killed });
    let results = evaluate_all(view, served, context, kept);
    let mut evaluations = 0;
    for ((place, Listed { flag, .. }), result) in shown().zip(results) {
        if evaluations > 0 {
            buffer.push(b',');
        }
        evaluations += 1;
        let (outcome, fields) = outcome_of(flag, &result);
        counts.count(place, flag, outcome);
        let stood = result.as_ref().ok().and_then(|evaluation| blocked_by(asker, view, evaluation));
        put_flag(&mut buffer, flag, (&result, fields), stood);
    }
    counts.finish();
    meter.stop(evaluations);
    buffer
}

/// What a flag came to, and the fields `value` and `variant` of its answer.
type Came<'r> = (&'r Result<Evaluation<'r>, EvaluationError>, Option<&'r [u8]>);

fn put_flag(buffer: &mut Vec<u8>, flag: &ServedFlag, (result, fields): Came<'_>, blocked_by: Option<&str>) {
    buffer.extend_from_slice(b"{\"key\":");
    buffer.extend_from_slice(flag.key_json());
    buffer.push(b',');
    match result {
        Ok(evaluation) => {
            buffer.extend_from_slice(fields.unwrap_or(b"\"variant\":\"\""));
            // The revision stands beside the flags: within them, clients would take every flag for changed.
            put_reason_and_metadata(buffer, (evaluation, blocked_by), flag.version(), None);
        }
        Err(error) => {
            buffer.extend_from_slice(b"\"errorCode\":");
            json::put(buffer, error.code());
            buffer.extend_from_slice(b",\"errorDetails\":");
            json::put(buffer, &error.to_string());
            buffer.extend_from_slice(b",\"metadata\":{}");
        }
    }
    buffer.push(b'}');
}
