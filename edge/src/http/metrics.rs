//! Numbers for Prometheus, taken from what stream and disk report at the moment that somebody asks: nothing is counted twice.
//!
//! Labels are few and known beforehand: never a feature, a client or a user.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use metrics::{Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use super::{App, app, reply};
use crate::sync::{Counters, StreamState};

/// The content type of Prometheus' text form.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const METADATA: Metadata<'static> = Metadata::new("fluxgate", Level::INFO, None);

pub(super) async fn metrics(request: HttpRequest) -> HttpResponse {
    let recorder = PrometheusBuilder::new().build_recorder();
    let numbers = Numbers { recorder };
    numbers.take(app(&request));
    let text = numbers.recorder.handle().render();
    let mut response = reply(&request, StatusCode::OK, text.into_bytes());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(TEXT));
    response
}

struct Numbers {
    recorder: PrometheusRecorder,
}

impl Numbers {
    fn take(&self, app: &App) {
        let (state, stream, disk) = (app.edge.state(), app.edge.stream(), app.edge.disk());
        self.gauge("fluxgate_build_info", "What was built", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
        if let Some(state) = state.as_deref() {
            let (environments, flags) = state.sizes();
            self.gauge("edge_revision", "The revision that is served", &[], state.revision() as f64);
            self.gauge("edge_environments", "Environments that are served", &[], environments as f64);
            self.gauge("edge_flags", "Flags that are served", &[], flags as f64);
            if let Some(head) = stream.head {
                let lag = head.saturating_sub(state.revision());
                self.gauge("edge_lag_revisions", "Revisions that are known of and not served", &[], lag as f64);
            }
        }
        if let Some(head) = stream.head {
            self.gauge("edge_head", "The newest revision that a backend told of", &[], head as f64);
        }
        if let Some(revision) = stream.kills_revision {
            self.gauge("edge_kills_revision", "The revision of the kill switches", &[], revision as f64);
        }
        if let Some(current) = stream.current {
            let age = current.age(app.clock.now().elapsed).as_secs_f64();
            self.gauge("edge_state_age_seconds", "Since what is served was known to be current", &[], age);
        }
        for state in StreamState::ALL {
            let on = f64::from(u8::from(state == stream.state));
            self.gauge("edge_stream_state", "1 for where the stream stands", &[("state", state.name())], on);
        }
        self.counters(&stream.counters);
        let failing = f64::from(u8::from(disk.failing.is_some()));
        if disk.folder.is_some() {
            self.gauge("edge_disk_failing", "1 while what is served cannot be kept on disk", &[], failing);
        }
        self.counter("edge_disk_errors_total", "Failures to read or write the state on disk", &[], disk.errors);
    }

    fn counters(&self, counters: &Counters) {
        let resyncs = [
            ("gap", counters.gaps),
            ("digest", counters.digest_differences),
            ("snapshot", counters.broken_snapshots),
            ("misplaced", counters.misplaced_messages),
            ("reset", counters.resets),
        ];
        for (why, count) in resyncs {
            let what = "How often something made the edge ask again, or the backend start again";
            self.counter("edge_resyncs_total", what, &[("why", why)], count);
        }
        let lost = "Streams that ended without a goodbye or could not be opened";
        self.counter("edge_disconnects_total", lost, &[], counters.disconnects);
        self.counter("edge_bad_items_total", "Items that could not be understood", &[], counters.bad_items);
    }

    fn gauge(&self, name: &'static str, what: &'static str, labels: &[(&'static str, &'static str)], to: f64) {
        self.recorder.describe_gauge(name.into(), None, what.into());
        self.recorder.register_gauge(&key(name, labels), &METADATA).set(to);
    }

    fn counter(&self, name: &'static str, what: &'static str, labels: &[(&'static str, &'static str)], to: u64) {
        self.recorder.describe_counter(name.into(), None, what.into());
        self.recorder.register_counter(&key(name, labels), &METADATA).absolute(to);
    }
}

fn key(name: &'static str, labels: &[(&'static str, &'static str)]) -> Key {
    let labels: Vec<_> = labels.iter().map(|(key, value)| Label::from_static_parts(key, value)).collect();
    Key::from_parts(name, labels)
}
