//! What is counted and measured of this edge. No label names a feature, a client or a user.

use std::fmt;
use std::sync::Arc;

use actix_web::http::StatusCode;
use fluxgate_server::metrics::Metrics as Registry;
use metrics::{Counter, Gauge};

use crate::clock::{self, Clock};
use crate::edge::Edge;
use crate::spool::SpoolStatus;
use crate::sync::StreamState;

/// The statuses that are answered, the most frequent first; others count as the last.
const STATUSES: [u16; 14] = [200, 304, 204, 401, 404, 400, 403, 405, 413, 415, 429, 308, 503, 500];

const BATCHES: &str = "fluxgate_edge_event_batches_total";
const BATCHES_ARE: &str = "Batches of events, by what became of them";
const LOST: &str = "fluxgate_edge_events_lost_total";
const LOST_IS: &str = "What no backend will count, by what it is";

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Evaluate,
    Ofrep,
    Bulk,
    Events,
    Other,
}

impl Endpoint {
    const ALL: [Self; 5] = [Self::Evaluate, Self::Ofrep, Self::Bulk, Self::Events, Self::Other];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Evaluate => "evaluate",
            Self::Ofrep => "ofrep",
            Self::Bulk => "bulk",
            Self::Events => "events",
            Self::Other => "other",
        }
    }
}

/// The numbers of one edge.
pub struct Metrics {
    registry: Arc<Registry>,
    /// By endpoint and status, found without a lock.
    requests: [[Counter; STATUSES.len()]; Endpoint::ALL.len()],
    revision: Gauge,
    head: Gauge,
    kills_revision: Gauge,
    flags: Gauge,
    connected: Gauge,
    lag: Gauge,
    age: Gauge,
    disk_failing: Gauge,
    silence: Gauge,
    assignments_waiting: Gauge,
}

impl Metrics {
    /// Starts at zero. Within a runtime.
    pub fn start() -> Self {
        let registry = Registry::start("fluxgate-edge", env!("CARGO_PKG_VERSION"));
        let gauge = |name, what| registry.gauge(name, what, &[]);
        let requests = Endpoint::ALL.map(|endpoint| {
            STATUSES.map(|status| {
                let labels = [("endpoint", endpoint.name()), ("status", &status.to_string()[..])];
                registry.counter("fluxgate_edge_requests_total", "Requests that were answered", &labels)
            })
        });
        Self {
            requests,
            revision: gauge("fluxgate_edge_revision", "The revision that is served"),
            head: gauge("fluxgate_edge_head", "The newest revision that the backend told of"),
            kills_revision: gauge("fluxgate_edge_kills_revision", "The revision of the kill switches"),
            flags: gauge("fluxgate_edge_flags", "Flags that are served"),
            connected: gauge("fluxgate_edge_connected", "Whether the stream is open and current"),
            lag: gauge("fluxgate_edge_lag_revisions", "Revisions that are known of and not served"),
            age: gauge(
                "fluxgate_edge_state_age_seconds",
                "Since when what is served was known to be current",
            ),
            disk_failing: gauge(
                "fluxgate_edge_disk_failing",
                "1 while what is served cannot be kept on disk",
            ),
            silence: gauge("fluxgate_edge_silence_seconds", "How long ago the backend was heard last"),
            assignments_waiting: gauge(
                "fluxgate_edge_assignments_waiting",
                "Units of sticky splits that a backend is still to be told of or asked about",
            ),
            registry,
        }
    }

    /// For what counts by itself.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Counts a request that was answered.
    pub(crate) fn answered(&self, endpoint: Endpoint, status: StatusCode) {
        let place = STATUSES.iter().position(|known| *known == status.as_u16());
        let of_endpoint = &self.requests[endpoint as usize];
        if let Some(counter) = place.map_or(of_endpoint.last(), |place| of_endpoint.get(place)) {
            counter.increment(1);
        }
    }

    /// All of them as text, in Prometheus's form.
    pub fn render(&self, edge: &Edge, clock: Clock) -> String {
        let (stream, disk) = (edge.stream(), edge.disk());
        if let Some(state) = edge.state().as_deref() {
            self.revision.set(state.revision() as f64);
            self.flags.set(state.sizes().1 as f64);
            let lag = stream.head.map_or(0, |head| head.saturating_sub(state.revision()));
            self.lag.set(lag as f64);
        }
        self.head.set(stream.head.unwrap_or_default() as f64);
        self.kills_revision.set(stream.kills_revision.unwrap_or_default() as f64);
        self.connected.set(f64::from(u8::from(stream.state == StreamState::Connected)));
        if let Some(at) = stream.last_message_ms {
            self.silence.set((clock::unix_ms() - at) as f64 / 1000.0);
        }
        if let Some(current) = stream.current {
            self.age.set(current.age(clock.now().elapsed).as_secs_f64());
        }
        for state in StreamState::ALL {
            let on = f64::from(u8::from(state == stream.state));
            let what = "1 for where the stream stands";
            self.registry.gauge("fluxgate_edge_stream_state", what, &[("state", state.name())]).set(on);
        }
        self.disk_failing.set(f64::from(u8::from(disk.failing.is_some())));
        let what = "Failures to read or write the state on disk";
        self.registry.counter("fluxgate_edge_disk_errors_total", what, &[]).absolute(disk.errors);
        let counters = stream.counters;
        for (what, count) in [
            ("disconnect", counters.disconnects),
            ("gap", counters.gaps),
            ("digest_difference", counters.digest_differences),
            ("broken_snapshot", counters.broken_snapshots),
            ("misplaced_message", counters.misplaced_messages),
            ("reset", counters.resets),
            ("bad_item", counters.bad_items),
        ] {
            let explained = "What had to be put right on the stream";
            self.registry
                .counter("fluxgate_edge_stream_faults_total", explained, &[("what", what)])
                .absolute(count);
        }
        self.set_assignments(edge);
        self.set_evaluations(edge);
        self.set_spool(&edge.spool());
        self.registry.render()
    }

    fn set_evaluations(&self, edge: &Edge) {
        let totals = edge.counting().totals();
        let what = "Evaluations of flags, by the reason of what they came to";
        for (reason, n) in totals.by_reason() {
            self.registry.counter("fluxgate_edge_evaluations_total", what, &[("reason", reason)]).absolute(n);
        }
        let what = "Evaluations of flags that are not there for whoever asked";
        self.registry.counter("fluxgate_edge_flags_not_found_total", what, &[]).absolute(totals.not_found());
    }

    fn set_spool(&self, spool: &SpoolStatus) {
        let gauge = |name, what, value: u64| self.registry.gauge(name, what, &[]).set(value as f64);
        gauge("fluxgate_edge_spool_batches", "Batches of events that wait for a backend", spool.waiting);
        gauge("fluxgate_edge_spool_bytes", "How much room they take", spool.bytes);
        let what = "1 while events cannot be kept on disk and wait in memory";
        gauge("fluxgate_edge_spool_failing", what, u64::from(spool.failing.is_some()));
        let what = "Failures to read or write events on disk";
        self.registry.counter("fluxgate_edge_spool_errors_total", what, &[]).absolute(spool.errors);
        let counters = spool.counters;
        for (name, explained, what, n) in [
            (BATCHES, BATCHES_ARE, "sealed", counters.sealed),
            (BATCHES, BATCHES_ARE, "accepted", counters.accepted),
            (BATCHES, BATCHES_ARE, "duplicate", counters.duplicate),
            (BATCHES, BATCHES_ARE, "refused", counters.refused),
            (BATCHES, BATCHES_ARE, "dropped", counters.dropped),
            (BATCHES, BATCHES_ARE, "merged", counters.merged),
            (LOST, LOST_IS, "evaluations", counters.lost_evaluations),
            (LOST, LOST_IS, "samples", counters.lost_samples),
            (LOST, LOST_IS, "refused_rows", counters.refused_rows),
        ] {
            self.registry.counter(name, explained, &[("what", what)]).absolute(n);
        }
    }

    fn set_assignments(&self, edge: &Edge) {
        let status = edge.assignments().status();
        self.assignments_waiting.set(status.waiting as f64);
        for (what, count) in [
            ("pushed", status.pushed),
            ("looked_up", status.looked_up),
            ("corrected", status.corrected),
            ("refused", status.refused),
            ("passed_over", status.passed_over),
        ] {
            let explained = "Units of sticky splits, by what became of them";
            self.registry
                .counter("fluxgate_edge_assignments_total", explained, &[("what", what)])
                .absolute(count);
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
