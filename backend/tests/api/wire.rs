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
