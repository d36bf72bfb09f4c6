//! What is evaluated is counted, once, and arrives: through outages, restarts, crashes and full disks.

use std::collections::{BTreeMap, BTreeSet};

use fluxgate_proto::event::check;
use fluxgate_proto::unit::UnitKey;
use fluxgate_proto::v1::backend_message::Message;
use fluxgate_proto::v1::edge_message::Message as Said;
use fluxgate_proto::v1::{EvaluationReason, EventBatch, EventOutcome, RefusedRows, TombstoneReason, Welcome};
use serde_json::{Value, json};
use tonic::Code;
use uuid::Uuid;

use crate::peer::{Conversation, Peer, Running, Seen, eventually, serving};
use crate::program::Program;
use crate::world::{BACKEND_ALL, BACKEND_DEV, DEV, FRONTEND_DEV};

const OFTEN: &[&str] = &["--evaluation-flush-secs", "1", "--allow-anonymous"];
const NEVER: &[&str] = &["--evaluation-flush-secs", "86400"];
const UNIT_KEY: [u8; 32] = [7; 32];
const EDGE_CLIENT: Uuid = Uuid::from_u128(0xedce);

async fn welcome(stream: &Conversation) {
    let (client_id, unit_key) = (EDGE_CLIENT.as_bytes().to_vec(), UNIT_KEY.to_vec());
    stream.say(Message::Welcome(Welcome { client_id, key_sha256: Vec::new(), unit_key })).await;
}

async fn ask(edge: &Seen, times: usize) {
    for n in 0..times {
        let body = json!({ "flagKey": "integer", "context": { "targetingKey": format!("user-{n}") } });
        assert_eq!(edge.post("/evaluate", Some(BACKEND_DEV), &body).await.0, 200);
    }
}

/// Each batch once, whatever its answers were.
fn once(pushed: &[EventBatch]) -> Vec<EventBatch> {
    let mut ids = BTreeSet::new();
    let batches: Vec<_> = pushed.iter().filter(|batch| ids.insert(batch.id.clone())).cloned().collect();
    batches.iter().for_each(|batch| check(batch).unwrap());
    batches
}

fn evaluations(batches: &[EventBatch]) -> u64 {
    batches.iter().flat_map(|batch| &batch.counts).map(|count| count.n).sum()
}

/// Waits until so many evaluations came, each batch taken once.
async fn came(peer: &Peer, wanted: u64) {
    eventually(&format!("{wanted} evaluations never came"), async || {
        evaluations(&once(&peer.events().pushed)) == wanted
    })
    .await;
}

fn dense(batches: &[EventBatch]) -> bool {
    batches.iter().zip(1..).all(|(batch, number)| batch.sequence == number)
}

#[tokio::test]
async fn every_form_of_asking_is_counted_for_whoever_asked() {
    let (edge, mut stream, peer) = serving(OFTEN).await;
    welcome(&stream).await;
    let with =
        |unit: &str| json!({ "flagKey": "half", "context": { "targetingKey": unit, "environment": "dev" } });
    edge.post("/evaluate", Some(BACKEND_DEV), &with("user-1")).await;
    edge.post("/evaluate", Some(BACKEND_ALL), &with("user-1")).await;
    let listed = json!({ "feature_key": "disabled", "environment_id": DEV, "context": [] });
    edge.post("/evaluate", None, &listed).await;
    edge.post("/ofrep/v1/evaluate/flags/own-default", Some(BACKEND_DEV), &json!({ "context": {} })).await;
    edge.post("/ofrep/v1/evaluate/flags/half", Some(BACKEND_DEV), &json!({ "context": {} })).await;
    for path in ["/ofrep/v1/evaluate/flags/nothing", "/ofrep/v1/evaluate/flags/integer"] {
        edge.post(path, Some(FRONTEND_DEV), &json!({ "context": {} })).await;
    }
    let bulk = json!({ "context": { "targetingKey": "user-2" } });
    edge.post("/ofrep/v1/evaluate/flags", Some(BACKEND_DEV), &bulk).await;
    edge.post("/ofrep/v1/evaluate/flags", Some(FRONTEND_DEV), &bulk).await;
    came(&peer, 5 + 11 + 1).await;

    let batches = once(&peer.events().pushed);
    let mut counts = BTreeMap::new();
    for count in batches.iter().flat_map(|batch| &batch.counts) {
        assert_eq!(count.environment_id, DEV.as_bytes());
        let client = Uuid::from_slice(&count.client_id).unwrap();
        let (variant, reason) = (count.variant.as_deref().unwrap_or("-"), count.reason());
        *counts.entry((count.feature_key.as_str(), variant, reason, client)).or_insert(0) += count.n;
    }
    let [dev, all, front] = [0xc1, 0xc2, 0xc3].map(Uuid::from_u128);
    for (feature, variant, reason, client, n) in [
        ("disabled", "off", EvaluationReason::Disabled, EDGE_CLIENT, 1),
        ("disabled", "off", EvaluationReason::Disabled, dev, 1),
        ("own-default", "-", EvaluationReason::Static, dev, 2),
        ("half", "-", EvaluationReason::Error, dev, 1),
        ("banner", "on", EvaluationReason::Static, front, 1),
        ("integer", "one", EvaluationReason::Static, dev, 1),
    ] {
        assert_eq!(counts.get(&(feature, variant, reason, client)), Some(&n), "{feature}: {counts:?}");
    }
    let split = |client| {
        counts.iter().filter(move |((feature, _, reason, c), _)| {
            (*feature, *reason, *c) == ("half", EvaluationReason::Split, client)
        })
    };
    assert_eq!((split(dev).map(|(_, n)| n).sum::<u64>(), split(all).count()), (2, 1));
    assert!(!counts.keys().any(|(feature, ..)| *feature == "nothing"));

    let samples: Vec<_> = batches.iter().flat_map(|batch| &batch.samples).collect();
    assert_eq!(samples.len(), 17, "so few are all of them");
    let key = UnitKey::new(UNIT_KEY);
    let units: BTreeSet<_> = samples.iter().map(|sample| sample.unit.clone()).collect();
    let expected = [Vec::new(), key.hash("user-1").to_vec(), key.hash("user-2").to_vec()];
    assert_eq!(units, expected.into(), "no unit as it is");

    let numbers = edge.text("/metrics").await;
    for line in [
        "fluxgate_edge_evaluations_total{reason=\"DISABLED\"} 3",
        "fluxgate_edge_evaluations_total{reason=\"ERROR\"} 1",
        "fluxgate_edge_flags_not_found_total 2",
        "fluxgate_edge_event_batches_total{what=\"refused\"} 0",
    ] {
        assert!(numbers.lines().any(|found| found == line), "{line}\n{numbers}");
    }
    let status = loop {
        if let Some(Said::Status(status)) = stream.hear().await {
            break status;
        }
    };
    assert!(status.evaluations_per_second.is_some_and(|n| n > 0.0) && status.p50_ns.is_some(), "{status:?}");
    assert!(status.p99_ns >= status.p50_ns && status.spooled.is_some(), "{status:?}");
}

#[tokio::test]
async fn an_edge_that_is_told_to_stop_sends_everything_first() {
    for folder in [None, Some(tempfile::tempdir().unwrap())] {
        let path = folder.as_ref().map(|folder| folder.path().join("state").to_str().unwrap().to_owned());
        let state = path.as_deref().map_or(vec![], |path| vec!["--state-dir", path]);
        let (edge, stream, peer) = serving(&[NEVER, &state].concat()).await;
        ask(&edge, 25).await;
        assert!(peer.events().pushed.is_empty());
        drop(stream);
        edge.ended().await;
        let batches = once(&peer.events().pushed);
        assert_eq!((evaluations(&batches), batches.len(), batches[0].sequence), (25, 1, 1));
    }
}

#[tokio::test]
async fn a_backend_that_takes_nothing_for_a_while_gets_everything_once() {
    let (edge, _stream, peer) = serving(OFTEN).await;
    peer.events().answer = Err(Code::Unavailable);
    ask(&edge, 10).await;
    edge.status(|status| status["events"]["waiting"].as_u64() >= Some(2)).await;
    ask(&edge, 10).await;
    eventually("no batch was sent again", async || peer.events().pushed.len() > 3).await;
    peer.events().answer = Ok(EventOutcome::Accepted);
    came(&peer, 20).await;
    edge.status(|status| status["events"]["waiting"] == 0).await;
    let pushed = peer.events().pushed.clone();
    assert!(dense(&once(&pushed)));
    // The twin of the backend's protection: whoever does not look at the ids counts twice what was sent again.
    assert_eq!(evaluations(&once(&pushed)), 20);
    assert!(evaluations(&pushed) > 20, "{}", evaluations(&pushed));
}

#[tokio::test]
async fn refused_batches_end_and_refused_credentials_do_not_end_them() {
    let (edge, _stream, peer) = serving(OFTEN).await;
    peer.events().answer = Ok(EventOutcome::Refused);
    ask(&edge, 3).await;
    let status = edge.status(|status| status["events"]["lostEvaluations"] == 3).await;
    assert!(status["events"]["refused"].as_u64() >= Some(1), "{status}");
    peer.events().answer = Ok(EventOutcome::Accepted);
    let buried = || {
        let events = peer.events();
        let graves = events.pushed.iter().flat_map(|batch| batch.tombstones.clone());
        graves
            .filter(|grave| grave.why() == TombstoneReason::Refused)
            .filter_map(|grave| grave.lost)
            .sum::<u64>()
    };
    eventually("nobody is told what was refused", async || buried() == 3).await;
    peer.events().answer = Err(Code::Unauthenticated);
    ask(&edge, 4).await;
    edge.status(|status| status["events"]["waiting"].as_u64() >= Some(3)).await;
    let sent = peer.events().pushed.len();
    edge.status(|status| status["events"]["waiting"].as_u64() >= Some(5)).await;
    assert!(peer.events().pushed.len() <= sent + 1, "they are not tried all the time");
}

#[tokio::test]
async fn a_killed_edge_loses_at_most_what_was_not_sealed_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start(None).await;
    peer.events().answer = Err(Code::Unavailable);
    let edge = Program::start(&peer, folder.path(), "");
    let mut stream = peer.stream().await;
    stream.bring_up().await;
    edge.until("/readyz", 200).await;
    ask(&edge, 30).await;
    let sealed = |status: &Value| status["events"]["sealed"].as_u64().unwrap();
    let before = sealed(&edge.status(|_| true).await);
    // Everything that was asked is in one of those.
    edge.status(|status| sealed(status) >= before + 2).await;
    edge.signal("KILL");
    edge.ended().await;
    let edge = Program::start(&peer, folder.path(), "");
    peer.events().answer = Ok(EventOutcome::Accepted);
    let mut stream = peer.stream().await;
    assert!(matches!(stream.hear().await, Some(Said::Hello(_))));
    ask(&edge, 5).await;
    edge.signal("TERM");
    edge.ended().await;
    let batches = once(&peer.events().pushed);
    assert_eq!(evaluations(&batches), 35);
    let graves: Vec<_> = batches.iter().flat_map(|batch| batch.tombstones.clone()).collect();
    assert_eq!(graves.len(), 1);
    assert_eq!(
        (graves[0].why(), graves[0].lost),
        (TombstoneReason::SpoolBroken, None),
        "nobody knows how many"
    );
    let mut numbers: BTreeSet<u64> = batches.iter().map(|batch| batch.sequence).collect();
    numbers.insert(graves[0].first);
    assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "{numbers:?}");
}

#[tokio::test]
async fn a_full_disk_costs_nothing_but_safety_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start(None).await;
    peer.events().answer = Err(Code::Unavailable);
    // No file may grow beyond a kilobyte; without the signal, so that writing fails.
    let edge = Program::start(&peer, folder.path(), "trap '' XFSZ; ulimit -f 2;");
    let mut stream = peer.stream().await;
    stream.bring_up().await;
    edge.until("/readyz", 200).await;
    let bulk = json!({ "context": { "targetingKey": "user-1" } });
    for _ in 0..10 {
        assert_eq!(edge.post("/ofrep/v1/evaluate/flags", Some(BACKEND_DEV), &bulk).await.0, 200);
    }
    let status = edge.status(|status| !status["events"]["failing"].is_null()).await;
    assert!(status["events"]["inMemory"].as_u64() >= Some(1), "{status}");
    assert!(edge.text("/metrics").await.contains("fluxgate_edge_spool_failing 1"));
    peer.events().answer = Ok(EventOutcome::Accepted);
    came(&peer, 110).await;
}

#[tokio::test]
async fn an_edge_that_waited_for_the_folder_goes_on_as_the_edge_that_had_it() {
    let folder = tempfile::tempdir().unwrap();
    let with_folder = [OFTEN, &["--state-dir", folder.path().to_str().unwrap()]].concat();
    let (first, _first_stream, mut peer) = serving(&with_folder).await;
    let id = first.status(|status| status["disk"]["revision"] == 1).await["id"].clone();
    let second = Running::start(&peer.address, &with_folder);
    let mut stream = peer.stream().await;
    stream.hear().await;
    let status = second.status(|status| status["ready"] == true).await;
    assert_eq!(status["events"]["failing"], "another edge uses the folder", "{status}");
    assert_eq!((&status["events"]["folder"], status["id"] == id), (&Value::Null, false));
    assert!(second.text("/metrics").await.contains("fluxgate_edge_spool_failing 1"));
    ask(&second, 5).await;
    came(&peer, 5).await;
    first.ended().await;

    let status = second.status(|status| status["events"]["folder"].is_string()).await;
    assert_eq!(status["events"]["failing"], Value::Null, "{status}");
    // It tells backends on a new stream who it is now.
    let mut stream = peer.stream().await;
    let Some(Said::Hello(hello)) = stream.hear().await else { panic!("no hello") };
    assert_eq!(Uuid::from_slice(&hello.edge_id).unwrap().to_string(), id);
    second.status(|status| status["id"] == id).await;
    peer.events().answer = Err(Code::Unavailable);
    ask(&second, 4).await;
    second.ended().await;
    peer.events().answer = Ok(EventOutcome::Accepted);
    let third = Running::start(&peer.address, &with_folder);
    came(&peer, 9).await;
    let batches = once(&peer.events().pushed);
    let of = |batch: &&EventBatch| Uuid::from_slice(&batch.edge_id).unwrap().to_string() == id;
    let numbers: BTreeSet<u64> = batches.iter().filter(of).map(|batch| batch.sequence).collect();
    assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "{numbers:?}");
    third.ended().await;
}

#[tokio::test]
async fn what_another_teams_edge_left_is_not_sent_under_this_ones_key() {
    let folder = tempfile::tempdir().unwrap();
    let with_folder = [OFTEN, &["--state-dir", folder.path().to_str().unwrap()]].concat();
    let (edge, stream, peer) = serving(&with_folder).await;
    welcome(&stream).await;
    peer.events().answer = Err(Code::Unavailable);
    ask(&edge, 6).await;
    edge.status(|status| status["events"]["waiting"].as_u64() >= Some(2)).await;
    edge.ended().await;
    drop(stream);

    let mut peer = Peer::start(None).await;
    let with_key = [&with_folder[..], &["--client-secret", crate::world::ROTATED_KEY]].concat();
    let other = Running::start_with(&peer.address, &with_key);
    let stream = peer.stream().await;
    let status = other.status(|status| status["events"]["failing"].is_string()).await;
    assert!(status["events"]["failing"].as_str().unwrap().contains("another key"), "{status}");
    let (client_id, unit_key) = (vec![9; 16], vec![9; 32]);
    stream.say(Message::Welcome(Welcome { client_id, key_sha256: Vec::new(), unit_key })).await;
    let status = other.status(|status| status["events"]["failing"].is_null()).await;
    assert_eq!(status["events"]["lostEvaluations"], 6, "{status}");
    assert!(status["events"]["setAside"][0].as_str().unwrap().contains("6 evaluations of another client"));
    other.status(|status| status["events"]["accepted"].as_u64() >= Some(2)).await;
    let pushed = once(&peer.events().pushed);
    assert!(evaluations(&pushed) == 0 && dense(&pushed), "{pushed:?}");
}

#[tokio::test]
async fn evaluations_that_are_left_out_are_lost() {
    let (edge, _stream, peer) = serving(OFTEN).await;
    let rows = RefusedRows { out_of_scope: 1, evaluations: 3, ..RefusedRows::default() };
    peer.events().refused = Some(rows);
    ask(&edge, 3).await;
    came(&peer, 3).await;
    edge.status(|status| status["events"]["lostEvaluations"].as_u64() >= Some(3)).await;
}
