//! The real program through its own restarts: with a disk, without one, with one that fails.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fluxgate_proto::v1::Welcome;
use fluxgate_proto::v1::backend_message::Message;
use fluxgate_proto::v1::edge_message::Message as Said;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::peer::{Peer, Running, eventually, serving};
use crate::world::{BACKEND_DEV, DEV, EDGE_KEY, ROTATED_KEY, delta, kills, stage, text_flag};

/// Nobody listens there.
const NOBODY: &str = "127.0.0.1:1";

async fn value(edge: &Running) -> Value {
    edge.post("/evaluate", Some(BACKEND_DEV), &json!({ "flagKey": "integer" })).await.1["value"].clone()
}

async fn saved(edge: &Running, revision: u64) {
    edge.status(|status| status["disk"]["revision"] == revision).await;
}

#[tokio::test]
async fn an_edge_starts_from_disk_without_a_backend() {
    let folder = tempfile::tempdir().unwrap();
    let state_dir = ["--state-dir", folder.path().to_str().unwrap()];
    let (edge, mut stream, peer) = serving(&state_dir).await;
    let id = edge.until("/status", 200).await["id"].clone();
    stream.say(delta(1, 2, vec![stage(0x104, 2, DEV, ("integer", text_flag("two")))])).await;
    stream.say(kills(3, &[(DEV, "text")])).await;
    stream.hear().await;
    stream.hear().await;
    // What changed last is written before the end, however soon that is.
    drop((peer, stream));
    edge.ended().await;

    let edge = Running::start(NOBODY, &state_dir);
    edge.until("/readyz", 200).await;
    assert_eq!(value(&edge).await, "two");
    let status = edge.until("/status", 200).await;
    assert_eq!((&status["revision"], &status["killsRevision"], &status["id"]), (&json!(2), &json!(3), &id));
    assert_eq!(status["disk"]["failing"], Value::Null);
    edge.ended().await;

    // It goes on where it was, without a snapshot.
    let mut peer = Peer::start(None).await;
    let edge = Running::start(&peer.address, &state_dir);
    let Some(Said::Hello(hello)) = peer.stream().await.hear().await else { panic!("no hello") };
    assert_eq!(hello.have.map(|have| have.revision), Some(2));
    edge.ended().await;
}

#[tokio::test]
async fn another_clients_key_finds_nothing_and_a_rotated_one_finds_everything() {
    let folder = tempfile::tempdir().unwrap();
    let state_dir = ["--state-dir", folder.path().to_str().unwrap()];
    let (edge, stream, peer) = serving(&state_dir).await;
    saved(&edge, 1).await;
    let rotated = ["--state-dir", state_dir[1], "--client-secret", ROTATED_KEY];
    let copy = tempfile::tempdir().unwrap();
    fs::copy(folder.path().join("state.0"), copy.path().join("state.0")).unwrap();
    let with_copy = ["--state-dir", copy.path().to_str().unwrap(), "--client-secret", ROTATED_KEY];
    let stranger = Running::start_with(NOBODY, &with_copy);
    stranger.until("/readyz", 503).await;
    let status = stranger.until("/status", 200).await;
    assert!(status["disk"]["setAside"][0].as_str().unwrap().contains("another client"), "{status}");

    let key_sha256 = [EDGE_KEY, ROTATED_KEY].map(|key| Sha256::digest(key).to_vec()).to_vec();
    stream.say(Message::Welcome(Welcome { client_id: vec![1; 16], key_sha256, unit_key: Vec::new() })).await;
    edge.status(|status| status["stream"]["state"] == "connected").await;
    stream.say(delta(1, 2, Vec::new())).await;
    saved(&edge, 2).await;
    edge.ended().await;
    drop(peer);
    let edge = Running::start_with(NOBODY, &rotated);
    edge.until("/readyz", 200).await;
    assert_eq!(value(&edge).await, 1);
}

#[tokio::test]
async fn a_disk_that_fails_is_reported_and_keeps_nobody_from_serving() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("state");
    fs::write(&path, b"a file where a folder should be").unwrap();
    let (edge, stream, _peer) = serving(&["--state-dir", path.to_str().unwrap()]).await;
    assert_eq!(value(&edge).await, 1);
    let status = edge.until("/status", 200).await;
    assert!(status["disk"]["failing"].is_string(), "{status}");
    assert!(edge.text("/metrics").await.contains("edge_disk_failing 1"));
    fs::remove_file(&path).unwrap();
    stream.say(delta(1, 2, Vec::new())).await;
    saved(&edge, 2).await;
    let numbers = edge.text("/metrics").await;
    assert!(numbers.contains("edge_disk_failing 0"), "{numbers}");
    assert!(numbers.contains("edge_revision 2"), "{numbers}");
    assert!(numbers.contains("edge_stream_state{state=\"connected\"} 1"), "{numbers}");
}

/// The real program, which may write no file longer than a block.
struct Cramped(Child);

impl Drop for Cramped {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test]
async fn a_full_disk_is_reported_and_keeps_nobody_from_serving() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start(None).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // Room for the identity but not for the state; without the trap the program would be ended by a signal.
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"";
    let mut command = Command::new("bash");
    command.args(["-c", script, env!("CARGO_BIN_EXE_fluxgate-edge"), "--client-secret", EDGE_KEY]);
    command.args(["--backend-grpc", &format!("http://{}", peer.address)]);
    command.args(["--http-addr", &format!("127.0.0.1:{port}"), "--log", "off"]);
    command.arg("--state-dir").arg(folder.path());
    let _edge = Cramped(command.stderr(Stdio::null()).spawn().unwrap());
    let mut stream = peer.stream().await;
    stream.bring_up().await;
    let edge = crate::peer::Seen::at(port);
    let status = edge.status(|status| status["disk"]["failing"].is_string()).await;
    assert_eq!((&status["ready"], &status["revision"]), (&json!(true), &json!(1)), "{status}");
    assert!(folder.path().join("edge-id").exists());
    let half_done = || ["unfinished", "state.0"].iter().any(|name| folder.path().join(name).exists());
    eventually("half a file is left", || async { !half_done() }).await;
}

#[tokio::test]
async fn readiness_ends_when_what_is_served_is_too_old() {
    let (edge, stream, peer) = serving(&["--max-staleness-secs", "1"]).await;
    drop((stream, peer));
    let answer = edge.until("/readyz", 503).await;
    assert!(answer["errorDetails"].as_str().unwrap().contains("EDGE_MAX_STALENESS_SECS"), "{answer}");
    assert_eq!(value(&edge).await, 1, "it goes on answering");
    assert_eq!(edge.until("/status", 200).await["ready"], false);
}

#[tokio::test]
async fn an_edge_moves_on_to_a_backend_that_is_there() {
    let mut peers = [Peer::start(None).await, Peer::start(None).await];
    let list = format!("{NOBODY},http://{},http://{}", peers[0].address, peers[1].address);
    let edge = Running::start(&list, &[]);
    let [one, two] = &mut peers;
    let (mut stream, first) = tokio::select! {
        stream = one.stream() => (stream, 0),
        stream = two.stream() => (stream, 1),
    };
    stream.bring_up().await;
    edge.until("/readyz", 200).await;
    // It dies without a word.
    let [one, two] = peers;
    let (dead, mut other) = if first == 0 { (one, two) } else { (two, one) };
    drop((dead, stream));
    let mut stream = other.stream().await;
    let Some(Said::Hello(hello)) = stream.hear().await else { panic!("no hello") };
    assert_eq!(hello.have.map(|have| have.revision), Some(1), "no snapshot is needed");
    stream.say(delta(1, 2, vec![stage(0x104, 2, DEV, ("integer", text_flag("two")))])).await;
    stream.hear().await;
    assert_eq!(value(&edge).await, "two");
    tokio::time::timeout(Duration::from_secs(20), edge.ended()).await.unwrap();
}

#[tokio::test]
async fn an_edge_that_hears_of_its_backend_is_ready_between_two_messages() {
    let (edge, _stream, _peer) = serving(&["--max-staleness-secs", "1"]).await;
    let status = edge.status(|status| status["ageMs"].as_u64() > Some(1_200)).await;
    assert_eq!((&status["stream"]["state"], &status["ready"]), (&json!("connected"), &json!(true)));
    assert_eq!(edge.http.get(format!("{}/readyz", edge.url)).send().await.unwrap().status(), 200);
}
