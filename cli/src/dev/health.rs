//! Asking a server on this machine whether it is ready. One plain request over the loopback address; an HTTP client
//! with its certificates would be slower than the question.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::ports::local;

/// How long may an answer take?
const PATIENCE: Duration = Duration::from_secs(1);

/// Tells whether a GET of this path is answered with 200.
pub(crate) async fn ok(port: u16, path: &str) -> bool {
    tokio::time::timeout(PATIENCE, status(port, path)).await.is_ok_and(|status| status == Some(200))
}

async fn status(port: u16, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(local(port)).await.ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", local(port));
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.ok()?;
    std::str::from_utf8(&answer).ok()?.strip_prefix("HTTP/1.1 ")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_200_is_ready() {
        let server = tokio::net::TcpListener::bind(local(0)).await.unwrap();
        let port = server.local_addr().unwrap().port();
        let answers = tokio::spawn(async move {
            for answer in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 503 Service Unavailable\r\n\r\n"] {
                let (mut stream, _) = server.accept().await.unwrap();
                let mut request = [0; 256];
                let _ = stream.read(&mut request).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        assert!(ok(port, "/readyz").await);
        assert!(!ok(port, "/readyz").await);
        answers.await.unwrap();
        assert!(!ok(port, "/readyz").await, "nobody listens any more");
    }
}
