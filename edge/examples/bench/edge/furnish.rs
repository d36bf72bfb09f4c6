//! Makes what is measured: teams with none, a thousand and ten thousand flags, through the admin API like anybody.

use std::io::Write as _;

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use crate::admin::Admin;
use crate::http::{FLAG, USER};

/// The flag that is asked for.
const FEATURE: &str = "flag-00000";
/// The flag that is changed while others look.
pub(crate) const CHANGED: &str = "changed";
/// How long is the body of a request, in bytes?
const BODY_BYTES: usize = 180;
/// How many flags are made at once?
const WRITERS: usize = 8;

/// A team with one environment, and what it takes to ask for its flags.
pub(crate) struct Team {
    pub(crate) key: String,
    pub(crate) flags: usize,
    pub(crate) edge_key: String,
    pub(crate) caller_key: String,
}

impl Team {
    /// Makes a team of so many flags.
    pub(crate) async fn make(admin: &Admin, key: &str, flags: usize) -> anyhow::Result<Self> {
        writeln!(std::io::stderr(), "making {flags} flags")?;
        admin.run("createTeam", json!({ "key": key }), "key").await?;
        let environment = json!({ "team": key, "key": "dev", "type": "DEVELOPMENT" });
        admin.run("createEnvironment", environment, "key").await?;
        let pipeline = json!({ "team": key, "key": "main", "stages": [{ "environment": "dev" }] });
        admin.run("createPipeline", pipeline, "key").await?;
        let client = async |name: &str, kind: &str| {
            let input = json!({ "team": key, "name": name, "kind": kind, "environment": "dev" });
            let made = admin.run("createClient", input, "key").await?;
            made["key"].as_str().map(str::to_owned).context("a client has no key")
        };
        let (edge_key, caller_key) = (client("edge", "EDGE").await?, client("caller", "BACKEND").await?);
        let make = async |feature: String, config: Value| {
            let input = json!({ "team": key, "key": feature, "kind": "CONTEXTUAL", "config": config });
            admin.run("createFeature", input, "outcome").await
        };
        if flags > 0 {
            make(CHANGED.to_owned(), text("v0")).await?;
        }
        // One of them is made already.
        let make = &make;
        try_join_all((0..WRITERS).map(|writer| async move {
            for n in (writer..flags.saturating_sub(1)).step_by(WRITERS) {
                make(format!("flag-{n:05}"), rule()).await?;
            }
            anyhow::Ok(())
        }))
        .await?;
        Ok(Self { key: key.to_owned(), flags, edge_key, caller_key })
    }
}

/// A flag that is one text for everybody.
pub(crate) fn text(value: &str) -> Value {
    json!({ "enabled": true, "variants": { "only": value }, "default": "only", "off": "only" })
}

/// Five conditions and half of those who meet them.
fn rule() -> Value {
    let is = |key: &str, value: &str| json!({ "key": key, "op": "equals", "value": value });
    json!({
        "enabled": true, "variants": { "on": true, "off": false }, "default": "off", "off": "off",
        "criteria": [{
            "name": "half of them",
            "when": { "all": [
                is("country", "US"), is("plan", "premium"), is("device", "mobile"), is("language", "en"),
                is("segment", "early"),
            ] },
            "rollout": 50,
            "serve": "on",
        }],
    })
}

/// Returns a request of `POST /evaluate` that meets all five conditions and is taken in.
pub(crate) fn single() -> anyhow::Result<String> {
    let taken_in = |unit: &String| fluxgate_engine::bucket(FEATURE, "rollout", unit) < 50_000;
    let unit = (0..1000).map(|n| format!("user-{n}")).find(taken_in).context("nobody is taken in")?;
    padded(FEATURE, &unit)
}

/// Returns the same with another user and another flag each time.
pub(crate) fn for_each_user() -> anyhow::Result<String> {
    padded(&format!("flag-{FLAG}"), &format!("user-{USER}"))
}

/// Returns a request of all flags.
pub(crate) fn bulk() -> String {
    format!("{{\"context\":{}}}", context("user-1", ""))
}

fn padded(flag: &str, unit: &str) -> anyhow::Result<String> {
    let with = |padding: &str| format!("{{\"flagKey\":\"{flag}\",\"context\":{}}}", context(unit, padding));
    let short = with("").len();
    ensure!(short <= BODY_BYTES, "the body has {short} bytes");
    Ok(with(&"x".repeat(BODY_BYTES - short)))
}

fn context(unit: &str, padding: &str) -> String {
    format!(
        "{{\"targetingKey\":\"{unit}\",\"country\":\"US\",\"plan\":\"premium\",\"device\":\"mobile\",\
         \"language\":\"en\",\"segment\":\"early\",\"v\":\"{padding}\"}}"
    )
}
