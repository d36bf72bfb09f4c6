//! Whether what edges counted is what backends say, by GraphQL: nothing lost, nothing twice.

use std::collections::BTreeMap;
use std::time::Duration;

use fluxgate_client::clock;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::system::System;
use super::{Outcome, edge, http, people};

/// How long may it take until everything that was counted has been told?
const PATIENCE: Duration = Duration::from_secs(30);
/// How many seals make sure that nothing is left which was counted before?
const SEALS: u64 = 2;

const QUERY: &str = "query($team: String!, $from: DateTime!, $until: DateTime!) { team(key: $team) {
  evaluations(from: $from, until: $until, resolution: HOUR, groupBy: [CLIENT]) { series { client { name } total } } } }";

/// Waits until every edge has sealed what it counted before and a backend has taken it.
pub(super) async fn wait_until_told(system: &System) -> Outcome<()> {
    let deadline = Instant::now() + PATIENCE;
    let mut sealed = Vec::new();
    for edge in &system.seen {
        sealed.push(edge.status().await?["events"]["sealed"].as_u64().unwrap_or_default());
    }
    for (edge, before) in system.seen.iter().zip(sealed) {
        loop {
            let status = edge.status().await?;
            let events = &status["events"];
            let newer = events["sealed"].as_u64() >= Some(before + SEALS);
            if newer && events["waiting"] == 0 {
                break;
            }
            if Instant::now() > deadline {
                return Err(
                    format!("edge {} does not get rid of what it counted: {events}", edge.number).into()
                );
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(())
}

/// Compares the figures of every edge's caller with what was counted, and returns how many there were.
pub(super) async fn compare(system: &System) -> Outcome<u64> {
    let told = read(system).await?;
    let mut all = 0;
    for edge in &system.seen {
        let (least, most) = edge.tally().bounds();
        let told = told.get(&people::caller(edge.number)).copied().unwrap_or_default();
        all += told;
        if !(least..=most).contains(&told) {
            let number = edge.number;
            let what = format!("edge {number} evaluated {least} to {most} times, its figures say {told}");
            system.violations.add(&what);
        }
    }
    Ok(all)
}

async fn read(system: &System) -> Outcome<BTreeMap<String, u64>> {
    let port = system.backends[0].port;
    let (_, session) = people::sign_in(port).await?;
    let (from, until) =
        (clock::now() - chrono::TimeDelta::days(1), clock::now() + chrono::TimeDelta::hours(1));
    let body = json!({ "query": QUERY, "variables": { "team": people::TEAM, "from": from, "until": until } });
    let bearer = format!("Authorization: Bearer {}", session.access_token);
    let answer = http::post(port, "/graphql", &bearer, &body).await;
    let answer = answer.map_err(|silence| format!("no figures: {silence:?}"))?;
    let odd = || format!("odd figures: {}", answer.body);
    let series = answer.body.pointer("/data/team/evaluations/series").and_then(Value::as_array);
    let figure = |one: &Value| Some((one["client"]["name"].as_str()?.to_owned(), one["total"].as_u64()?));
    let figures: Option<BTreeMap<_, _>> = series.ok_or_else(odd)?.iter().map(figure).collect();
    Ok(figures.ok_or_else(odd)?)
}

/// Tells whether an edge gave up anything that it counted.
pub(super) async fn nothing_given_up(edge: &edge::Edge) -> Outcome<bool> {
    let status = edge.status().await?;
    Ok(["dropped", "refused", "lostEvaluations"].iter().all(|field| status["events"][*field] == 0))
}
