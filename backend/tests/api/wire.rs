//! gRPC as the network sees it.

use std::time::Duration;

use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::world::World;

/// How HTTP/2 begins: its preface, and settings that say nothing.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// The type of frames with headers.
const HEADERS: u8 = 1;
/// The type of frames that ask whether somebody is there.
const PING: u8 = 6;
/// How long may it take until a dead peer is found out? It is asked after ten seconds, and has ten to answer.
const PATIENCE: Duration = Duration::from_secs(40);

/// The types of the frames in what came.
fn frames(mut bytes: &[u8]) -> Vec<u8> {
    let mut types = Vec::new();
    while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = bytes {
        types.push(*kind);
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        bytes = rest.get(length..).unwrap_or_default();
    }
    types
}

#[sqlx::test(migrations = false)]
async fn a_peer_that_says_nothing_is_asked_and_then_hung_up_on(db: PgPool) {
    let world = World::fresh(db).await;
    let mut peer = TcpStream::connect(world.grpc.trim_start_matches("http://")).await.unwrap();
    peer.write_all(PREFACE).await.unwrap();
    let mut said = Vec::new();
    let end = timeout(PATIENCE, peer.read_to_end(&mut said)).await;
    assert!(end.is_ok(), "it is still connected; {:?}", frames(&said));
    assert!(frames(&said).contains(&PING), "{:?}", frames(&said));
    world.stop().await;
}

/// A frame of HTTP/2 on the first stream.
fn frame(kind: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, 1], body].concat()
}

/// Headers as they are, without compression.
fn headers(fields: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    fields.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect()
}

#[sqlx::test(migrations = false)]
async fn nothing_is_taken_in_from_somebody_who_may_not_ask(db: PgPool) {
    let world = World::fresh(db).await;
    let delivery =
        ["PushEvents", "PushAssignments", "LookUpAssignments", "Sync"].map(|it| format!("Delivery/{it}"));
    for method in delivery.iter().map(String::as_str).chain(["Evaluation/Evaluate"]) {
        let mut peer = TcpStream::connect(world.grpc.trim_start_matches("http://")).await.unwrap();
        let path = format!("/fluxgate.delivery.v1.{method}");
        let fields = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", &path),
            (":authority", "backend"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
        ];
        // The headers end here, the body never comes.
        peer.write_all(&[PREFACE, &frame(HEADERS, 4, &headers(&fields))].concat()).await.unwrap();
        let mut said = Vec::new();
        let answered = async {
            while !frames(&said).contains(&HEADERS) {
                assert_ne!(peer.read_buf(&mut said).await.unwrap(), 0, "{method}: {:?}", frames(&said));
            }
        };
        timeout(PATIENCE, answered).await.unwrap_or_else(|_| panic!("{method} waits for the body"));
    }
    world.stop().await;
}
