//! Numbers for Prometheus. Each server has its own, so that several in one process do not add up.
//!
//! Labels are few and known beforehand: never a feature, a client or a user.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// What requests are sorted by, in seconds.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// How often are measured durations added up, should nobody ask for them?
const UPKEEP: Duration = Duration::from_secs(15);
/// The content type of what is rendered.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

const METADATA: Metadata<'static> = Metadata::new("fluxgate", Level::INFO, None);

/// The numbers of one server.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Metrics {
    /// Starts with nothing but what was built: the program and its version. Within a runtime.
    pub fn start(program: &str, version: &str) -> Arc<Metrics> {
        let builder = PrometheusBuilder::new();
        // Not empty, so that it is taken.
        let builder = builder.set_buckets(&SECONDS).unwrap_or_default();
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        let metrics = Arc::new(Metrics { recorder, handle });
        let labels = [("program", program), ("version", version)];
        metrics.gauge("fluxgate_build_info", "What was built", &labels).set(1.0);
        tokio::spawn(keep_up(Arc::downgrade(&metrics)));
        metrics
    }

    /// A number that only grows.
    pub fn counter(
        &self,
        name: &'static str,
        what: &'static str,
        labels: &[(&'static str, &str)],
    ) -> Counter {
        self.recorder.describe_counter(name.into(), None, what.into());
        self.recorder.register_counter(&key(name, labels), &METADATA)
    }

    /// A number that goes up and down.
    pub fn gauge(&self, name: &'static str, what: &'static str, labels: &[(&'static str, &str)]) -> Gauge {
        self.recorder.describe_gauge(name.into(), None, what.into());
        self.recorder.register_gauge(&key(name, labels), &METADATA)
    }

    /// Durations in seconds.
    pub fn durations(
        &self,
        name: &'static str,
        what: &'static str,
        labels: &[(&'static str, &str)],
    ) -> Histogram {
        self.recorder.describe_histogram(name.into(), None, what.into());
        self.recorder.register_histogram(&key(name, labels), &METADATA)
    }

    /// All of them as text.
    pub fn render(&self) -> String {
        self.handle.render()
    }
}

fn key(name: &'static str, labels: &[(&'static str, &str)]) -> Key {
    let labels: Vec<Label> =
        labels.iter().map(|(key, value)| Label::new(*key, (*value).to_owned())).collect();
    Key::from_parts(name, labels)
}

async fn keep_up(metrics: Weak<Metrics>) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        let Some(metrics) = metrics.upgrade() else { return };
        metrics.handle.run_upkeep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_servers_do_not_add_up() {
        let (one, two) = (Metrics::start("one", "1.0"), Metrics::start("two", "1.0"));
        one.counter("asked_total", "Questions", &[("kind", "query")]).increment(2);
        one.durations("asked_seconds", "How long", &[]).record(0.003);
        let (one, two) = (one.render(), two.render());
        assert!(one.contains("asked_total{kind=\"query\"} 2"), "{one}");
        assert!(one.contains("# HELP asked_total Questions"), "{one}");
        assert!(one.contains("asked_seconds_bucket{le=\"0.005\"} 1"), "{one}");
        assert!(one.contains("fluxgate_build_info{program=\"one\",version=\"1.0\"} 1"), "{one}");
        assert!(!two.contains("asked_total"), "{two}");
    }
}
