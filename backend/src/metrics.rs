//! What is counted and measured of this server. No label names a feature, a client or a person.

use std::{sync::Arc, time::Duration};

use fluxgate_server::metrics::Metrics as Registry;
use metrics::{Counter, Gauge};

use crate::app::App;

/// The numbers of one server.
pub struct Metrics {
    registry: Arc<Registry>,
    streams: Gauge,
    head: Gauge,
    connections: [Gauge; 2],
}

impl Metrics {
    /// Starts at zero. Within a runtime.
    pub fn start() -> Metrics {
        let registry = Registry::start("fluxgate-backend", env!("CARGO_PKG_VERSION"));
        let connections = ["in_use", "idle"].map(|state| {
            let what = "Connections to PostgreSQL";
            registry.gauge("fluxgate_database_connections", what, &[("state", state)])
        });
        let metrics = Metrics {
            streams: registry.gauge("fluxgate_streams", "Edges that are connected to this server", &[]),
            head: registry.gauge("fluxgate_revision", "The newest revision that this server knows", &[]),
            connections,
            registry,
        };
        // What an alarm watches is there from the start.
        for why in ["wrong", "limited"] {
            metrics.sign_in_failures(why).increment(0);
        }
        metrics
    }

    /// For what counts by itself.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Counts an operation that was answered, by its kind and the code of its first error.
    pub fn answered(&self, kind: &str, code: &str, took: Duration) {
        let labels = [("kind", kind), ("code", code)];
        self.registry.counter("fluxgate_requests_total", "GraphQL operations", &labels).increment(1);
        let what = "How long GraphQL operations took";
        self.registry.durations("fluxgate_request_seconds", what, &[("kind", kind)]).record(took);
    }

    /// Counts what was done because it was due.
    pub fn job(&self, kind: &str, outcome: &str) {
        let labels = [("kind", kind), ("outcome", outcome)];
        self.registry.counter("fluxgate_jobs_total", "What was due", &labels).increment(1);
    }

    /// Attempts to prove who one is that failed.
    pub fn sign_in_failures(&self, why: &str) -> Counter {
        let what = "Attempts to sign in that failed";
        self.registry.counter("fluxgate_sign_in_failures_total", what, &[("why", why)])
    }

    /// Counts a stream for as long as what this gives lives.
    pub fn stream(&self) -> Open {
        self.streams.increment(1.0);
        Open(self.streams.clone())
    }

    /// All of them as text, in Prometheus's form.
    pub fn render(&self, app: &App) -> String {
        let idle = app.pool.num_idle();
        let size = usize::try_from(app.pool.size()).unwrap_or(idle);
        self.head.set(app.delivery.read(|served| served.position().revision) as f64);
        let [in_use, idle_ones] = &self.connections;
        in_use.set(size.saturating_sub(idle) as f64);
        idle_ones.set(idle as f64);
        self.registry.render()
    }
}

/// A stream that is counted.
pub struct Open(Gauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
