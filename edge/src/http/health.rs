//! Whether the process lives, whether it can answer, and what it is doing. A stream that is down is no reason to take
//! an edge out of rotation: it goes on answering with what it has.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::error::{Failure, Problem};
use super::observe::told;
use super::{App, app, plain};
use crate::assignment::AssignmentStatus;
use crate::disk::DiskStatus;
use crate::metrics::Endpoint;
use crate::spool::SpoolStatus;
use crate::sync::StreamState;

pub(super) async fn live(request: HttpRequest) -> HttpResponse {
    told(&request, Endpoint::Other, || plain(StatusCode::OK, br#"{"status":"ok"}"#.to_vec()))
}

pub(super) async fn ready(request: HttpRequest) -> HttpResponse {
    told(&request, Endpoint::Other, || {
        let app = app(&request);
        match (app.edge.state().as_deref(), stale(app)) {
            (Some(state), None) => {
                let body = json!({ "status": "ok", "revision": state.revision() });
                plain(StatusCode::OK, body.to_string().into_bytes())
            }
            (Some(_), Some(problem)) => Failure::from(problem).respond(&request),
            (None, _) => Failure::from(Problem::NotReady).respond(&request),
        }
    })
}

/// Returns whether what is served is older than somebody wants to have it. While the stream is open and current it is not:
/// between two messages nothing is missing.
fn stale(app: &App) -> Option<Problem> {
    let limit = app.max_staleness?;
    let stream = app.edge.stream();
    if stream.state == StreamState::Connected {
        return None;
    }
    let age = stream.current?.age(app.clock.now().elapsed);
    (age > limit).then_some(Problem::Stale { age_secs: age.as_secs() })
}

pub(super) async fn status(request: HttpRequest) -> HttpResponse {
    told(&request, Endpoint::Other, || describe(&request))
}

fn describe(request: &HttpRequest) -> HttpResponse {
    let app = app(request);
    let stream = app.edge.stream();
    let state = app.edge.state();
    let state = state.as_deref();
    let now = app.clock.now();
    let age_ms = stream.current.map(|current| current.age(now.elapsed).as_millis());
    let (environments, flags) = state.map(|state| state.sizes()).unwrap_or_default();
    let body = json!({
        "name": app.name,
        "id": stream.edge_id,
        "version": env!("CARGO_PKG_VERSION"),
        "ready": state.is_some() && stale(app).is_none(),
        "epoch": state.map(|state| state.epoch()),
        "revision": state.map(|state| state.revision()),
        "killsRevision": state.and_then(|state| state.kills_revision()),
        "head": stream.head,
        "lag": stream.head.zip(state).map(|(head, state)| head.saturating_sub(state.revision())),
        "ageMs": age_ms,
        "digest": hex::encode(&stream.digest),
        "environments": environments,
        "flags": flags,
        "stream": {
            "state": stream.state,
            "since": instant(stream.since_ms),
            "backend": stream.backend,
            "lastMessage": stream.last_message_ms.map(instant),
            "ageMs": stream.last_message_ms.map(|at| now.unix_ms - at),
            "lastError": stream.last_error,
            "counters": stream.counters,
        },
        "disk": disk(&app.edge.disk()),
        "events": events(&app.edge.spool()),
        "assignments": assignments(&app.edge.assignments().status()),
    });
    plain(StatusCode::OK, body.to_string().into_bytes())
}

fn disk(disk: &DiskStatus) -> Value {
    let Some(folder) = &disk.folder else { return Value::Null };
    json!({
        "folder": folder,
        "epoch": disk.saved.map(|(epoch, _)| epoch),
        "revision": disk.saved.map(|(_, revision)| revision),
        "saved": disk.saved_ms.map(instant),
        "failing": disk.failing,
        "errors": disk.errors,
        "setAside": disk.set_aside,
    })
}

fn events(spool: &SpoolStatus) -> Value {
    let counters = spool.counters;
    json!({
        "folder": spool.folder,
        "waiting": spool.waiting,
        "inMemory": spool.in_memory,
        "bytes": spool.bytes,
        "oldest": spool.oldest_ms.map(instant),
        "failing": spool.failing,
        "errors": spool.errors,
        "setAside": spool.set_aside,
        "sealed": counters.sealed,
        "accepted": counters.accepted,
        "duplicate": counters.duplicate,
        "refused": counters.refused,
        "refusedRows": counters.refused_rows,
        "dropped": counters.dropped,
        "merged": counters.merged,
        "lostEvaluations": counters.lost_evaluations,
        "lostSamples": counters.lost_samples,
    })
}

fn assignments(status: &AssignmentStatus) -> Value {
    json!({
        "waiting": status.waiting,
        "pushed": status.pushed,
        "lookedUp": status.looked_up,
        "corrected": status.corrected,
        "refused": status.refused,
        "passedOver": status.passed_over,
        "failing": status.failing,
    })
}

fn instant(unix_ms: i64) -> Option<String> {
    Some(DateTime::from_timestamp_millis(unix_ms)?.to_rfc3339_opts(SecondsFormat::Millis, true))
}
