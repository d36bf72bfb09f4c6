//! OFREP's evaluation of one flag: `POST /ofrep/v1/evaluate/flags/{key}`.

use actix_web::error::Error;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::answer::{Evaluated, blocked_by, evaluate_for, put_reason_and_metadata};
use super::auth::admit;
use super::error::{Failure, Problem};
use super::observe::told;
use super::request::Body;
use super::{App, MAX_BODY_BYTES, app, body, counter, reply};
use crate::assignment::KeptHere;
use crate::metrics::Endpoint;

pub(super) async fn single(
    request: HttpRequest,
    key: Result<Path<String>, Error>,
    payload: Payload,
) -> HttpResponse {
    let body = body::read(&request, payload, MAX_BODY_BYTES).await;
    told(&request, Endpoint::Ofrep, || {
        let answer = match key {
            Ok(key) => {
                let answer = answer(app(&request), &request, &key, body);
                answer.map_err(|problem| Failure::of(problem, "key", &key))
            }
            Err(error) => Err(Problem::Parse(format!("the flag's key cannot be read: {error}")).into()),
        };
        match answer {
            Ok(buffer) => reply(&request, StatusCode::OK, buffer),
            Err(failure) => failure.respond(&request),
        }
    })
}

fn answer(
    app: &App,
    request: &HttpRequest,
    key: &str,
    body: Result<Bytes, Problem>,
) -> Result<Vec<u8>, Problem> {
    let state = app.edge.state();
    let state = state.as_deref().ok_or(Problem::NotReady)?;
    let asker = admit(app, request, state)?;
    let bytes = body?;
    let body = Body::parse(&bytes)?.with_object()?;
    let view = asker.environment(state, body.environment.as_deref(), &body.context)?;
    let kept = KeptHere::new(view, app.edge.assignments());
    let asking = (asker, counter(request));
    let Evaluated { flag, evaluation, fields } = evaluate_for(asking, &kept, key, &body.context)?;
    let mut buffer = Vec::with_capacity(256);
    buffer.extend_from_slice(b"{\"key\":");
    buffer.extend_from_slice(flag.key_json());
    buffer.push(b',');
    // Without a value, the caller uses its own default; some clients fail when `variant` is absent or null.
    buffer.extend_from_slice(fields.unwrap_or(b"\"variant\":\"\""));
    let told = (&evaluation, blocked_by(asker, &view, &evaluation));
    put_reason_and_metadata(&mut buffer, told, flag.version(), Some(state.revision()));
    buffer.push(b'}');
    Ok(buffer)
}
