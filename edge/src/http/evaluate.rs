//! `POST /evaluate`: one flag, in the plain form, with the answer in one object.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use fluxgate_engine::EvaluationError;

use super::answer::{Evaluated, blocked_by, evaluate_for, put_reason_and_metadata};
use super::auth::admit;
use super::error::{Failure, Problem};
use super::observe::told;
use super::request::Body;
use super::{App, MAX_BODY_BYTES, app, body, counter, reply};
use crate::assignment::KeptHere;
use crate::json;
use crate::metrics::Endpoint;

/// The field that carries the flag's key in answers.
const KEY_FIELD: &str = "flagKey";

pub(super) async fn evaluate(request: HttpRequest, payload: Payload) -> HttpResponse {
    let body = body::read(&request, payload, MAX_BODY_BYTES).await;
    told(&request, Endpoint::Evaluate, || match answer(app(&request), &request, body) {
        Ok(buffer) => reply(&request, StatusCode::OK, buffer),
        Err(failure) => failure.respond(&request),
    })
}

fn answer(app: &App, request: &HttpRequest, body: Result<Bytes, Problem>) -> Result<Vec<u8>, Failure> {
    let state = app.edge.state();
    let state = state.as_deref().ok_or(Problem::NotReady)?;
    let asker = admit(app, request, state)?;
    let bytes = body?;
    let body = Body::parse(&bytes)?;
    let Some(key) = body.flag.as_deref() else {
        return Err(Problem::Parse("the flag is missing: name it in flagKey".to_owned()).into());
    };
    let failed = |problem| Failure::of(problem, KEY_FIELD, key);
    let view = asker.environment(state, body.environment.as_deref(), &body.context).map_err(failed)?;
    let kept = KeptHere::new(view, app.edge.assignments());
    let mut buffer = Vec::with_capacity(256);
    buffer.extend_from_slice(b"{\"flagKey\":");
    match evaluate_for((asker, counter(request)), &kept, key, &body.context) {
        Ok(Evaluated { flag, evaluation, fields }) => {
            buffer.extend_from_slice(flag.key_json());
            buffer.push(b',');
            buffer.extend_from_slice(fields.unwrap_or(b"\"value\":null,\"variant\":null"));
            let told = (&evaluation, blocked_by(asker, &view, &evaluation));
            put_reason_and_metadata(&mut buffer, told, flag.version(), Some(state.revision()));
        }
        Err(EvaluationError::FlagNotFound { .. }) => {
            json::put(&mut buffer, key);
            buffer.extend_from_slice(
                b",\"value\":false,\"variant\":null,\"reason\":\"DEFAULT\",\"errorCode\":\"FLAG_NOT_FOUND\",\"metadata\":{\"revision\":",
            );
            json::put(&mut buffer, &state.revision());
            buffer.push(b'}');
        }
        Err(error) => return Err(failed(error.into())),
    }
    buffer.push(b'}');
    Ok(buffer)
}
