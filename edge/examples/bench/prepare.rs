//! Makes what is measured: a flag with five conditions and a rollout, a client for an edge of its own, a body.

use std::io::Write as _;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::admin::Admin;

const FEATURE: &str = "bench-rule";
/// How long is the body of a request, in bytes?
const BODY_BYTES: usize = 180;

pub(crate) async fn run(folder: &str) -> anyhow::Result<()> {
    let status: Value = serde_json::from_reader(std::io::stdin()).context("the status")?;
    let text = |value: &Value| value.as_str().map(str::to_owned).context("the status lacks a part");
    let (backend, team) = (text(&status["backend"])?, text(&status["team"])?);
    let users = status["users"].as_array().context("the status lacks users")?;
    let admin = users.iter().find(|user| user["username"] == "admin").context("there is no admin")?;
    let password = text(&admin["password"])?;
    let mut admin = Admin::sign_in(&backend, &password).await?;
    let input = json!({ "team": team, "key": FEATURE, "kind": "CONTEXTUAL", "config": flag() });
    let create = "mutation($input: CreateFeatureInput!) { createFeature(input: $input) { outcome } }";
    admin.call(create, json!({ "input": input })).await?;
    let create = "mutation($input: CreateClientInput!) { createClient(input: $input) { key } }";
    let input = json!({ "team": team, "name": "bench-edge", "kind": "EDGE" });
    let edge_client = admin.call(create, json!({ "input": input })).await?;
    let input = json!({ "team": team, "name": "bench-caller", "kind": "BACKEND", "environment": "dev" });
    let caller = admin.call(create, json!({ "input": input })).await?;
    let caller_key = text(&caller["createClient"]["key"])?;

    let body = body()?;
    std::fs::write(format!("{folder}/body.json"), &body)?;
    let script = format!(
        "wrk.method = \"POST\"\nwrk.body = [[{body}]]\nwrk.headers[\"Content-Type\"] = \"application/json\"\n\
         wrk.headers[\"Authorization\"] = \"Bearer {caller_key}\"\n"
    );
    std::fs::write(format!("{folder}/wrk.lua"), script)?;

    let edge = text(&status["edge"])?;
    let edge = edge.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let variables = [
        ("BACKEND", backend),
        ("EDGE", edge),
        ("GRPC", text(&status["grpc"])?),
        ("DATABASE", text(&status["databaseUrl"])?),
        ("TEAM", team),
        ("BENCH_PASSWORD", password),
        ("BENCH_KEY", caller_key),
        ("EDGE_KEY", text(&edge_client["createClient"]["key"])?),
    ];
    let mut out = std::io::stdout().lock();
    for (name, value) in variables {
        writeln!(out, "{name}='{}'", value.replace('\'', "'\\''"))?;
    }
    Ok(())
}

fn flag() -> Value {
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

/// Returns a request that meets all five conditions and is taken in.
fn body() -> anyhow::Result<String> {
    let taken_in = |unit: &String| fluxgate_engine::bucket(FEATURE, "rollout", unit) < 50_000;
    let unit = (0..1000).map(|n| format!("user-{n}")).find(taken_in).context("nobody is taken in")?;
    let with = |padding: &str| {
        format!(
            "{{\"flagKey\":\"{FEATURE}\",\"context\":{{\"targetingKey\":\"{unit}\",\"country\":\"US\",\
             \"plan\":\"premium\",\"device\":\"mobile\",\"language\":\"en\",\"segment\":\"early\",\"v\":\"{padding}\"}}}}"
        )
    };
    let short = with("").len();
    ensure!(short <= BODY_BYTES, "the body has {short} bytes");
    Ok(with(&"x".repeat(BODY_BYTES - short)))
}
