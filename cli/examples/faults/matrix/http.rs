//! One HTTP request a connection, so that it is always known whether it can have arrived.

use std::io;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::dev::ports::local;

/// How long may an answer take? Longer than anything is stopped for.
const PATIENCE: Duration = Duration::from_secs(12);

/// What a server answered.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Silence {
    /// Nobody listened: nothing was sent.
    Unsent,
    /// It may have arrived.
    Unsure(String),
}

pub(super) async fn get(port: u16, path: &str) -> Result<Reply, Silence> {
    ask(port, &format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", local(port))).await
}

/// Posts JSON; `header` is a whole line.
pub(super) async fn post(port: u16, path: &str, header: &str, body: &Value) -> Result<Reply, Silence> {
    let (host, body) = (local(port), body.to_string());
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{header}\r\n");
    ask(port, &format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"))
        .await
}

async fn ask(port: u16, request: &str) -> Result<Reply, Silence> {
    let mut stream = TcpStream::connect(local(port)).await.map_err(|_| Silence::Unsent)?;
    let answer = timeout(PATIENCE, exchange(&mut stream, request)).await;
    answer
        .unwrap_or_else(|_| Err(io::Error::other("no answer in time")))
        .map_err(|error| Silence::Unsure(error.to_string()))
}

async fn exchange(stream: &mut TcpStream, request: &str) -> io::Result<Reply> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let odd = || io::Error::other("no whole answer");
    let text = std::str::from_utf8(&answer).map_err(io::Error::other)?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(odd)?;
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).ok_or_else(odd)?;
    let status = status.parse().map_err(io::Error::other)?;
    Ok(Reply { status, body: serde_json::from_str(body).unwrap_or_default() })
}
