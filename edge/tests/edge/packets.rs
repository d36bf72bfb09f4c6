//! What a connection does at the level of bytes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::peer::serving;
use crate::world::BACKEND_DEV;

/// Well below the 40 ms for which a delayed acknowledgement would hold an answer back.
const HELD_BACK: Duration = Duration::from_millis(25);

#[tokio::test]
async fn an_answer_never_waits_for_an_acknowledgement() {
    let (edge, _stream, _peer) = serving(&[]).await;
    let port = edge.port;
    let median = tokio::task::spawn_blocking(move || {
        let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
        connection.set_nodelay(true).unwrap();
        let body = r#"{"flagKey":"integer","context":{"targetingKey":"u"}}"#;
        let head = format!(
            "POST /evaluate HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer {BACKEND_DEV}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut buffer = [0; 4096];
        // The request comes in two packets as well, as from clients that write head and body apart.
        let mut times: Vec<Duration> = (0..21)
            .map(|_| {
                let start = Instant::now();
                connection.write_all(head.as_bytes()).unwrap();
                connection.write_all(body.as_bytes()).unwrap();
                let mut answer = Vec::new();
                while !answer.ends_with(b"}}") {
                    let read = connection.read(&mut buffer).unwrap();
                    answer.extend_from_slice(&buffer[..read]);
                }
                start.elapsed()
            })
            .collect();
        times.sort();
        times[times.len() / 2]
    });
    let median = median.await.unwrap();
    assert!(median < HELD_BACK, "{median:?}");
}
