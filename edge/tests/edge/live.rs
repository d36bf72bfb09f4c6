//! The real edge and a real gRPC peer: changes arrive, faults pass, the end is clean.

use std::time::Duration;

use fluxgate_proto::v1::edge_message::Message as Said;
use serde_json::json;
use tonic::Status;

use crate::peer::{Peer, Running, serving};
use crate::world::{BACKEND_DEV, DEV, EDGE_KEY, delta, kills, stage, text_flag};

async fn value(edge: &Running) -> serde_json::Value {
    let (_, answer) = edge.post("/evaluate", Some(BACKEND_DEV), &json!({ "flagKey": "integer" })).await;
    answer["value"].clone()
}

#[tokio::test]
async fn without_anything_to_serve_only_the_process_is_healthy() {
    let edge = Running::start("127.0.0.1:1", &[]);
    assert_eq!(edge.until("/livez", 200).await["status"], "ok");
    for path in ["/health", "/readyz"] {
        assert_eq!(edge.until(path, 503).await["errorCode"], "PROVIDER_NOT_READY");
    }
    let status = edge.until("/status", 200).await;
    assert_eq!((&status["ready"], &status["revision"]), (&json!(false), &json!(null)));
    assert!(status["stream"]["lastError"].as_str().unwrap().contains("refused"), "{status}");
    let (code, answer) = edge.post("/evaluate", None, &json!({ "flagKey": "integer" })).await;
    assert_eq!((code, &answer["errorCode"]), (503, &json!("PROVIDER_NOT_READY")));
}

#[tokio::test]
async fn changes_and_kills_arrive_and_are_acknowledged() {
    let (edge, mut stream, _peer) = serving(&[]).await;
    assert_eq!(stream.authorization, format!("Bearer {EDGE_KEY}"));
    assert_eq!(value(&edge).await, 1);
    stream.say(delta(1, 2, vec![stage(0x104, 2, DEV, ("integer", text_flag("two")))])).await;
    let Some(Said::Ack(ack)) = stream.hear().await else { panic!("no ack") };
    assert_eq!(ack.applied, 2);
    assert_eq!(value(&edge).await, "two", "what is acknowledged is served");
    stream.say(kills(3, &[(DEV, "integer")])).await;
    stream.hear().await;
    assert_eq!(value(&edge).await, json!(null));
    let status = edge.until("/status", 200).await;
    assert_eq!(
        (&status["revision"], &status["head"], &status["killsRevision"]),
        (&json!(2), &json!(2), &json!(3))
    );
    assert_eq!((&status["flags"], &status["environments"]), (&json!(12), &json!(3)));
    assert_eq!(status["stream"]["state"], "connected");
}

#[tokio::test]
async fn a_backend_that_goes_away_is_found_again_where_it_left_off() {
    let (edge, stream, peer) = serving(&[]).await;
    let address = peer.address.clone();
    stream.fail(Status::unavailable("going away")).await;
    drop(peer);
    assert_eq!(value(&edge).await, 1, "an edge with data goes on answering");
    let mut peer = Peer::start_at(&address, None).await;
    let mut stream = peer.stream().await;
    let Some(Said::Hello(hello)) = stream.hear().await else { panic!("no hello") };
    assert_eq!(hello.have.map(|have| have.revision), Some(1));
    stream.say(delta(1, 2, vec![stage(0x104, 2, DEV, ("integer", text_flag("two")))])).await;
    stream.hear().await;
    assert_eq!(value(&edge).await, "two");
}

#[tokio::test]
async fn refused_credentials_are_reported() {
    let peer = Peer::start(Some(Status::unauthenticated("no such key"))).await;
    let edge = Running::start(&peer.address, &[]);
    edge.until("/livez", 200).await;
    for _ in 0..500 {
        let status = edge.until("/status", 200).await;
        if status["stream"]["state"] == "refused" {
            assert_eq!(status["stream"]["lastError"], "no such key");
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never refused");
}

#[tokio::test]
async fn an_edge_that_stops_says_so_and_ends_its_stream() {
    let (mut edge, mut stream, _peer) = serving(&[]).await;
    edge.stop();
    assert!(matches!(stream.hear().await, Some(Said::Goodbye(_))), "else it counts as one that went away");
    assert!(stream.hear().await.is_none(), "the edge has nothing more to say");
    drop(stream);
    edge.ended().await;
}
