//! Sticky splits at an edge: who was served something keeps it, and the backend is told, asked, and believed.

use fluxgate_proto::convert::stage_payload;
use fluxgate_proto::unit::UnitKey;
use fluxgate_proto::v1::backend_message::Message;
use fluxgate_proto::v1::{Assignment, AssignmentBatch, Item, ItemKind, KeptAssignments, KeptGroup, Welcome};
use serde_json::{Value, json};

use crate::peer::{Conversation, Peer, Running, Told, eventually, serving};
use crate::world::{BACKEND_DEV, DEV, delta, item};

const UNIT_KEY: [u8; 32] = [7; 32];
const OFTEN: &[&str] = &["--assignment-flush-secs", "1"];
const NEVER: &[&str] = &["--assignment-flush-secs", "86400"];

/// A flag that serves everybody the one or the other.
fn sticky(revision: u64, (a, b): (u32, u32), reweighted: bool) -> Item {
    let config = json!({
        "enabled": true, "variants": { "a": "A", "b": "B" }, "default": "a", "off": "a", "sticky": true,
        "criteria": [{ "split": [{ "variant": "a", "weight": a }, { "variant": "b", "weight": b }] }],
    });
    item(ItemKind::Stage, 0x300, revision, stage_payload(DEV, "sticky", (revision, reweighted), &config))
}

async fn welcome(stream: &Conversation) {
    let unit_key = UNIT_KEY.to_vec();
    stream.say(Message::Welcome(Welcome { client_id: vec![1; 16], key_sha256: Vec::new(), unit_key })).await;
}

/// An edge that serves `a` to everybody, and knows what to hash units with.
async fn serving_a(more: &[&str]) -> (Running, Conversation, Peer) {
    let (edge, mut stream, peer) = serving(more).await;
    welcome(&stream).await;
    serve(&mut stream, sticky(2, (100, 0), false)).await;
    (edge, stream, peer)
}

async fn serve(stream: &mut Conversation, item: Item) {
    let to = item.revision;
    stream.say(delta(to - 1, to, vec![item])).await;
    stream.hear().await;
}

async fn served(edge: &Running, unit: &str) -> String {
    let body = json!({ "context": { "targetingKey": unit } });
    let (status, answer) = edge.post("/ofrep/v1/evaluate/flags/sticky", Some(BACKEND_DEV), &body).await;
    assert_eq!((status, &answer["reason"]), (200, &json!("SPLIT")), "{answer}");
    answer["variant"].as_str().unwrap().to_owned()
}

/// The units that a batch names, with what they were served.
fn units(batch: &AssignmentBatch) -> Vec<(Vec<u8>, String)> {
    assert_eq!(batch.groups.len(), 1, "{batch:?}");
    let group = &batch.groups[0];
    let place = (&group.environment_id[..], &*group.feature_key, &*group.salt);
    assert_eq!(place, (&DEV.as_bytes()[..], "sticky", "sticky"));
    group.assignments.iter().map(|one| (one.unit.clone(), one.variant.clone())).collect()
}

fn hash(unit: &str) -> Vec<u8> {
    UnitKey::new(UNIT_KEY).hash(unit).to_vec()
}

/// Answers that this is kept of the only group.
fn answer(told: Told, kept: &[(&str, &str)]) {
    let kept =
        kept.iter().map(|(unit, variant)| Assignment { unit: hash(unit), variant: (*variant).to_owned() });
    let group = KeptGroup { kept: kept.collect(), refused: false };
    told.answer.send(Ok(KeptAssignments { groups: vec![group] })).unwrap();
}

#[tokio::test]
async fn a_unit_keeps_what_it_was_served_and_another_edge_would_be_told() {
    let (edge, mut stream, mut peer) = serving_a(OFTEN).await;
    assert_eq!(served(&edge, "user-1").await, "a");
    let told = peer.told().await;
    assert!(!told.asks && told.authorization.starts_with("Bearer fgc_eeeeeeee_"));
    assert_eq!(units(&told.batch), [(hash("user-1"), "a".to_owned())], "as a keyed hash");
    answer(told, &[]);
    edge.status(|status| status["assignments"]["pushed"] == 1).await;
    assert_eq!(served(&edge, "user-1").await, "a");
    serve(&mut stream, sticky(3, (0, 100), true)).await;
    assert_eq!(served(&edge, "user-1").await, "a", "the weights changed, and it stays");
    assert_eq!(edge.status(|_| true).await["assignments"]["waiting"], 0, "it is told once");
    // Somebody whom this edge does not know: the bucket decides, until the backend says otherwise.
    assert_eq!(served(&edge, "user-2").await, "b");
    let asked = peer.told().await;
    assert!(asked.asks);
    assert_eq!(units(&asked.batch), [(hash("user-2"), String::new())]);
    answer(asked, &[("user-2", "a")]);
    eventually("what was kept is served", async || served(&edge, "user-2").await == "a").await;
    // And somebody whom nobody knows is told.
    assert_eq!(served(&edge, "user-3").await, "b");
    answer(peer.told().await, &[]);
    let told = peer.told().await;
    assert!(!told.asks);
    assert_eq!(units(&told.batch), [(hash("user-3"), "b".to_owned())]);
    // Another edge was first.
    answer(told, &[("user-3", "a")]);
    eventually("the first wins", async || served(&edge, "user-3").await == "a").await;
    let numbers = edge.text("/metrics").await;
    assert!(numbers.contains("edge_assignments_total{what=\"corrected\"} 2"), "{numbers}");
}

#[tokio::test]
async fn without_a_change_of_weights_nobody_is_asked() {
    let (edge, mut stream, mut peer) = serving_a(OFTEN).await;
    serve(&mut stream, sticky(3, (0, 100), false)).await;
    assert_eq!(served(&edge, "user-1").await, "b");
    assert!(!peer.told().await.asks);
}

#[tokio::test]
async fn the_end_tells_the_rest_and_a_late_key_is_not_too_late() {
    let (mut edge, mut stream, mut peer) = serving(NEVER).await;
    serve(&mut stream, sticky(2, (100, 0), false)).await;
    assert_eq!(served(&edge, "user-1").await, "a");
    edge.status(|status| status["assignments"]["waiting"] == 1).await;
    welcome(&stream).await;
    stream.say(delta(2, 3, Vec::new())).await;
    stream.hear().await;
    edge.stop();
    let told = peer.told().await;
    assert_eq!(units(&told.batch), [(hash("user-1"), "a".to_owned())]);
    answer(told, &[]);
    edge.ended().await;
}

#[tokio::test]
async fn a_backend_that_fails_is_told_again_and_one_that_is_gone_keeps_nobody_from_ending() {
    let (edge, _stream, mut peer) = serving_a(OFTEN).await;
    assert_eq!(served(&edge, "user-1").await, "a");
    peer.told().await.answer.send(Err(tonic::Status::unavailable("busy"))).unwrap();
    let failing = edge.status(|status| status["assignments"]["failing"].is_string()).await;
    assert!(failing["assignments"]["failing"].as_str().unwrap().contains("busy"), "{failing}");
    let told = peer.told().await;
    assert_eq!(units(&told.batch), [(hash("user-1"), "a".to_owned())]);
    answer(told, &[]);
    edge.status(|status| status["assignments"]["failing"].is_null()).await;
    served(&edge, "user-2").await;
    drop(peer);
    edge.ended().await;
}

#[tokio::test]
async fn what_is_kept_changes_the_answer_for_all_flags_and_its_tag() {
    let (edge, mut stream, mut peer) = serving_a(NEVER).await;
    serve(&mut stream, sticky(3, (0, 100), true)).await;
    let ask = async |known: Option<&str>| {
        let post = edge.http.post(format!("{}/ofrep/v1/evaluate/flags", edge.url)).bearer_auth(BACKEND_DEV);
        let post = known.into_iter().fold(post, |post, etag| post.header("if-none-match", etag));
        post.json(&json!({ "context": { "targetingKey": "user-1" } })).send().await.unwrap()
    };
    let first = ask(None).await;
    let etag = first.headers()["etag"].to_str().unwrap().to_owned();
    let variant = |answer: &Value| {
        let flags = answer["flags"].as_array().unwrap();
        flags.iter().find(|flag| flag["key"] == "sticky").unwrap()["variant"].clone()
    };
    assert_eq!(variant(&first.json().await.unwrap()), "b");
    assert_eq!(ask(Some(&etag)).await.status(), 304);
    answer(peer.told().await, &[("user-1", "a")]);
    eventually("the tag is another", async || ask(Some(&etag)).await.status() == 200).await;
    let now = ask(Some(&etag)).await;
    let etag = now.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(variant(&now.json().await.unwrap()), "a");
    assert_eq!(ask(Some(&etag)).await.status(), 304);
}
