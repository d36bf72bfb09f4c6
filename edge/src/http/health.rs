//! Whether the process lives, whether it can answer, and what it is doing. A stream that is down is no reason to take
//! an edge out of rotation: it goes on answering with what it has.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, SecondsFormat};
use serde_json::json;

use super::error::{Failure, Problem};
use super::observe::told;
use super::{app, reply};
use crate::clock;
use crate::metrics::Endpoint;

pub(super) async fn live(request: HttpRequest) -> HttpResponse {
    told(&request, Endpoint::Other, || reply(&request, StatusCode::OK, br#"{"status":"ok"}"#.to_vec()))
}

pub(super) async fn ready(request: HttpRequest) -> HttpResponse {
    told(&request, Endpoint::Other, || match app(&request).edge.state().as_deref() {
        Some(state) => {
            let body = json!({ "status": "ok", "revision": state.revision() });
            reply(&request, StatusCode::OK, body.to_string().into_bytes())
        }
        None => Failure::from(Problem::NotReady).respond(&request),
    })
}

pub(super) async fn status(request: HttpRequest) -> HttpResponse {
    told(&request, Endpoint::Other, || describe(&request))
}

fn describe(request: &HttpRequest) -> HttpResponse {
    let app = app(request);
    let stream = app.edge.stream();
    let state = app.edge.state();
    let state = state.as_deref();
    let (environments, flags) = state.map(|state| state.sizes()).unwrap_or_default();
    let body = json!({
        "name": app.name,
        "id": stream.edge_id,
        "version": env!("CARGO_PKG_VERSION"),
        "ready": state.is_some(),
        "epoch": state.map(|state| state.epoch()),
        "revision": state.map(|state| state.revision()),
        "killsRevision": stream.kills_revision,
        "head": stream.head,
        "digest": hex::encode(&stream.digest),
        "environments": environments,
        "flags": flags,
        "stream": {
            "state": stream.state,
            "since": instant(stream.since_ms),
            "lastMessage": stream.last_message_ms.map(instant),
            "ageMs": stream.last_message_ms.map(|at| clock::unix_ms() - at),
            "lastError": stream.last_error,
            "counters": stream.counters,
        },
    });
    reply(request, StatusCode::OK, body.to_string().into_bytes())
}

fn instant(unix_ms: i64) -> Option<String> {
    Some(DateTime::from_timestamp_millis(unix_ms)?.to_rfc3339_opts(SecondsFormat::Millis, true))
}
