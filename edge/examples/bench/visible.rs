//! Changes a flag many times and notes when an edge first answers with each change.
//!
//! Prints a line a change: its revision, and Unix microseconds. BENCH_PASSWORD is that of `admin`, BENCH_KEY that of a
//! BACKEND client.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::admin::Admin;

const FEATURE: &str = "bench-visible";
/// How long may one change take to arrive?
const PATIENCE: Duration = Duration::from_secs(10);
/// How long is the pause between two changes, so that each meets an idle system?
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) async fn run(
    backend: &str,
    edge: &str,
    (team, environment): (&str, &str),
    changes: u32,
) -> anyhow::Result<()> {
    let password = std::env::var("BENCH_PASSWORD").context("BENCH_PASSWORD")?;
    let mut admin = Admin::sign_in(backend, &password).await?;
    let input = json!({ "team": team, "key": FEATURE, "kind": "CONTEXTUAL", "config": config("v0") });
    let create = "mutation($input: CreateFeatureInput!) { createFeature(input: $input) { outcome } }";
    admin.call(create, json!({ "input": input })).await?;
    let mut poller = Poller::connect(edge, environment)?;
    poller.until("v0")?;
    let edit =
        "mutation($input: EditStageInput!) { editStage(input: $input) { outcome change { revision } } }";
    let mut out = std::io::stdout().lock();
    for change in 1..=changes {
        let value = format!("v{change}");
        let input =
            json!({ "team": team, "feature": FEATURE, "environment": environment, "config": config(&value) });
        // The poller is already asking when the change is sent.
        let (sender, seen) = mpsc::sync_channel(1);
        let polling = std::thread::spawn(move || {
            let at = poller.until(&value);
            sender.send(at).ok();
            poller
        });
        let answer = admin.call(edit, json!({ "input": input })).await?;
        let seen = seen.recv()??;
        poller = polling.join().ok().context("the poller failed")?;
        let revision = &answer["editStage"]["change"]["revision"];
        let revision = revision.as_u64().with_context(|| format!("the change was not applied: {answer}"))?;
        writeln!(out, "{revision}\t{seen}")?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

fn config(value: &str) -> Value {
    json!({ "enabled": true, "variants": { "only": value }, "default": "only", "off": "only" })
}

/// Asks an edge over one connection, again and again.
struct Poller {
    connection: TcpStream,
    request: Vec<u8>,
}

impl Poller {
    fn connect(edge: &str, environment: &str) -> anyhow::Result<Self> {
        let key = std::env::var("BENCH_KEY").context("BENCH_KEY")?;
        let connection =
            TcpStream::connect(edge).with_context(|| format!("cannot reach the edge at {edge}"))?;
        connection.set_nodelay(true)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        let body = json!({ "flagKey": FEATURE, "context": { "environment": environment } }).to_string();
        let length = body.len();
        let request = format!(
            "POST /evaluate HTTP/1.1\r\nHost: {edge}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        Ok(Self { connection, request: request.into_bytes() })
    }

    /// Asks until the value is answered; returns when that was, in Unix microseconds.
    fn until(&mut self, value: &str) -> anyhow::Result<u128> {
        let needle = format!("\"value\":\"{value}\"");
        let started = Instant::now();
        let mut buffer = [0; 4096];
        loop {
            self.connection.write_all(&self.request)?;
            let mut answer = Vec::new();
            while !answer.ends_with(b"}}") {
                let read = self.connection.read(&mut buffer)?;
                if read == 0 {
                    bail!("the edge closed the connection");
                }
                answer.extend_from_slice(&buffer[..read]);
            }
            if answer.windows(needle.len()).any(|window| window == needle.as_bytes()) {
                return unix_us();
            }
            if started.elapsed() > PATIENCE {
                bail!("{value} was never served: {}", String::from_utf8_lossy(&answer));
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement compares with the database's clock")]
fn unix_us() -> anyhow::Result<u128> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())
}
