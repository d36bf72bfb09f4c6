//! Whoever asks the edges all the while, and whoever looks at what they serve.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;
use uuid::Uuid;

use super::chance::Chance;
use super::edge::{Edge, Violations, key};
use super::http::{self, Silence};
use super::people::{FLAGS, flag};
use super::watch::Served;

/// How long between two evaluations at an edge?
const PACE: Duration = Duration::from_millis(30);
/// How long between two looks at an edge?
const LOOK: Duration = Duration::from_millis(150);

/// Evaluates until `go` says no more; each answer counts.
pub(super) async fn evaluate(
    edge: Arc<Edge>,
    violations: Arc<Violations>,
    go: watch::Receiver<bool>,
    mut chance: Chance,
) {
    while *go.borrow() {
        let counted = !edge.uncounted.load(Ordering::SeqCst);
        let context = json!({ "targetingKey": format!("user-{}", chance.below(1000)) });
        let body = json!({ "flagKey": flag(chance.below(FLAGS)), "context": context });
        let caller = if counted { &edge.caller } else { &edge.watcher };
        let mark = edge.mark();
        let answer = http::post(edge.port, "/evaluate", &key(caller), &body).await;
        let failed = match answer {
            Ok(reply) if reply.status == 200 && reply.body["reason"] != "ERROR" => {
                if counted {
                    edge.tally().answered();
                }
                None
            }
            Ok(reply) => Some(format!("{} {}", reply.status, reply.body)),
            Err(Silence::Unsent) => Some("nobody listens".to_owned()),
            Err(Silence::Unsure(why)) => {
                if counted {
                    edge.tally().unsure();
                }
                Some(why)
            }
        };
        if let Some(why) = failed.filter(|_| edge.held(mark)) {
            violations.add(&format!("edge {} had data and did not evaluate: {why}", edge.number));
        }
        sleep(PACE).await;
    }
}

/// Looks at what an edge serves, at one moment each time, until `go` says no more.
pub(super) async fn look(edge: Arc<Edge>, go: watch::Receiver<bool>) {
    while *go.borrow() {
        sleep(LOOK).await;
        let mark = edge.mark();
        let answered = edge.tally().so_far();
        let Ok(before) = edge.status().await else { continue };
        if edge.held(mark)
            && let Some((sealed, in_memory)) = sealed(&before)
        {
            edge.tally().look(answered, sealed, in_memory);
        }
        let Ok(flags) = edge.all_flags().await else { continue };
        let Ok(after) = edge.status().await else { continue };
        let same = ["epoch", "killsRevision"].iter().all(|field| before[*field] == after[*field]);
        let between = edge.in_between(&before) || edge.in_between(&after);
        if !same || between || !edge.held(mark) {
            continue;
        }
        if let Some(served) = served(&after, &flags.body) {
            let mut history = edge.history();
            if history.last.as_ref() != Some(&served) {
                history.seen += 1;
                history.last = Some(served.clone());
                if let Some(watch) = history.watches.last_mut() {
                    watch.serves(served);
                }
            }
        }
    }
}

fn sealed(status: &Value) -> Option<(u64, u64)> {
    Some((status["events"]["sealed"].as_u64()?, status["events"]["inMemory"].as_u64()?))
}

/// Returns what an answer with all flags shows.
pub(super) fn served(status: &Value, answer: &Value) -> Option<Served> {
    let (mut flags, mut killed) = (BTreeMap::new(), BTreeSet::new());
    for shown in answer["flags"].as_array()? {
        let key = shown["key"].as_str()?.to_owned();
        if shown["metadata"]["killSwitch"] == true {
            killed.insert(key.clone());
        }
        flags.insert(key, shown["metadata"]["version"].as_u64()?);
    }
    Some(Served {
        epoch: Uuid::parse_str(status["epoch"].as_str()?).ok()?,
        revision: answer["metadata"]["revision"].as_u64()?,
        kills_revision: status["killsRevision"].as_u64()?,
        flags,
        killed,
    })
}
