//! Feeds against a server made for the test: letting in, cutting off, going on.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may end that way")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use fluxgate_client::audit::{WatchAudit, watch_audit};
use fluxgate_client::subscribe::{Feed, News, Topics};
use fluxgate_client::{Api, Code, Credentials, Error, Tokens, clock};
use futures_util::{SinkExt, StreamExt};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// What one connection is answered with.
enum Socket {
    /// Its token is refused.
    Refuses(u16),
    /// It is let in, told events of these cursors, and cut off.
    Tells(&'static [&'static str]),
    /// It is let in, and its subscription refused.
    Ends(&'static str),
    /// It is let in and stays.
    Stays(&'static [&'static str]),
    /// There is no such thing here.
    Missing,
    /// Not now.
    Busy,
}

/// What each connection said: its token, and behind which cursor it goes on.
type Said = Arc<Mutex<Vec<(String, Value)>>>;

/// A server that answers one connection after the other, and renews each token.
async fn serve(sockets: impl IntoIterator<Item = Socket>) -> (String, Said) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut sockets: VecDeque<Socket> = sockets.into_iter().collect();
    let said = Said::default();
    let notes = Arc::clone(&said);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut first = [0; 4];
            stream.peek(&mut first).await.unwrap();
            if &first == b"POST" {
                renew(stream).await;
            } else if let Some(socket) = sockets.pop_front() {
                let talk = answer(stream, socket, Arc::clone(&notes));
                tokio::spawn(talk);
            }
        }
    });
    (address, said)
}

/// Gives another token.
async fn renew(mut stream: TcpStream) {
    let mut text = String::new();
    while !text.contains("refreshToken") || !text.ends_with('}') {
        let mut buffer = [0; 4096];
        let n = stream.read(&mut buffer).await.unwrap();
        text.push_str(&String::from_utf8_lossy(&buffer[..n]));
    }
    let session = json!({"accessToken": "new", "accessExpiresAt": clock::now() + TimeDelta::minutes(15),
        "refreshToken": "refresh-2", "user": {"username": "dev", "name": "", "systemAdmin": false, "memberships": []}});
    http(stream, "200 OK", &json!({"data": {"session": session}}).to_string()).await;
}

async fn http(mut stream: TcpStream, status: &str, body: &str) {
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await.unwrap();
}

async fn answer(stream: TcpStream, socket: Socket, said: Said) {
    match socket {
        Socket::Missing => return http(stream, "404 Not Found", "").await,
        Socket::Busy => return http(stream, "503 Service Unavailable", "").await,
        _ => {}
    }
    #[expect(clippy::result_large_err, reason = "the shape that the library wants")]
    let agree = |_: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        response.headers_mut().insert("sec-websocket-protocol", protocol);
        Ok(response)
    };
    let mut ws = accept_hdr_async(stream, agree).await.unwrap();
    let init = message(&ws.next().await.unwrap().unwrap());
    let token = init["payload"]["Authorization"].as_str().unwrap().to_owned();
    if let Socket::Refuses(code) = socket {
        said.lock().unwrap().push((token, Value::Null));
        let frame = CloseFrame { code: code.into(), reason: "the session has ended".into() };
        let _ = ws.close(Some(frame)).await;
        return;
    }
    ws.send(Message::text(json!({"type": "connection_ack"}).to_string())).await.unwrap();
    let subscribe = message(&ws.next().await.unwrap().unwrap());
    said.lock().unwrap().push((token, subscribe["payload"]["variables"]["after"].clone()));
    let id = &subscribe["id"];
    let cursors: &[&str] = match socket {
        Socket::Tells(cursors) | Socket::Stays(cursors) => cursors,
        _ => &[],
    };
    for cursor in cursors {
        let next = json!({"type": "next", "id": id, "payload": {"data": {"event": event(cursor)}}});
        ws.send(Message::text(next.to_string())).await.unwrap();
    }
    if let Socket::Ends(code) = socket {
        let errors = json!([{"message": "no more", "extensions": {"code": code}}]);
        let error = json!({"type": "error", "id": id, "payload": errors});
        ws.send(Message::text(error.to_string())).await.unwrap();
    }
    if matches!(socket, Socket::Stays(_) | Socket::Ends(_)) {
        while let Some(Ok(_)) = ws.next().await {}
    }
}

fn message(message: &Message) -> Value {
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

fn event(cursor: &str) -> Value {
    json!({"cursor": cursor, "entry": {
        "number": 1, "at": "2026-11-20T09:57:02Z", "actor": "dev", "actorKind": "USER", "owner": null,
        "action": "feature.kill", "subject": "checkout", "environment": null, "reason": null,
        "before": null, "after": null, "address": null}})
}

fn feed(server: &str, credentials: Credentials) -> Feed<String> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let api = Arc::new(Api::new(server, credentials, Duration::from_secs(5)).unwrap());
    let wanted =
        watch_audit::Variables { team: "demo".into(), after: Some("0".into()), ..Default::default() };
    Topics::new(api).with::<WatchAudit>(wanted, |data| data.event.cursor).unwrap().start()
}

fn token() -> Credentials {
    Credentials::Token(SecretString::from("robot"))
}

async fn next(feed: &mut Feed<String>) -> Result<News<String>, Error> {
    let next = tokio::time::timeout(Duration::from_secs(20), feed.next()).await;
    next.unwrap_or_else(|_| panic!("nothing is told")).unwrap()
}

/// Returns the next event's cursor, past what is said of the connection.
async fn event_of(feed: &mut Feed<String>) -> String {
    loop {
        if let News::Event(cursor) = next(feed).await.unwrap() {
            return cursor;
        }
    }
}

#[tokio::test]
async fn it_goes_on_where_it_was_cut_off() {
    let sockets = [Socket::Tells(&["1", "2"]), Socket::Busy, Socket::Tells(&[]), Socket::Stays(&["3"])];
    let (server, said) = serve(sockets).await;
    let mut feed = feed(&server, token());
    assert_eq!(next(&mut feed).await.unwrap(), News::Connected { away: None });
    assert_eq!((event_of(&mut feed).await, event_of(&mut feed).await), ("1".into(), "2".into()));
    assert!(matches!(next(&mut feed).await.unwrap(), News::Away { .. }));
    assert!(matches!(next(&mut feed).await.unwrap(), News::Connected { away: Some(_) }));
    assert_eq!(next(&mut feed).await.unwrap(), News::Event("3".into()));
    let places: Vec<Value> = said.lock().unwrap().iter().map(|(_, after)| after.clone()).collect();
    assert_eq!(places, ["0", "2", "2"]);
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_a_refused_robot_is_told() {
    let (server, said) = serve([Socket::Refuses(4403), Socket::Stays(&["1"])]).await;
    let tokens = Tokens {
        access: SecretString::from("old"),
        access_expires_at: clock::now() + TimeDelta::minutes(5),
        refresh: SecretString::from("refresh-1"),
    };
    let mut renewed = feed(&server, Credentials::Session(tokens));
    assert_eq!(next(&mut renewed).await.unwrap(), News::Connected { away: None });
    let tokens: Vec<String> = said.lock().unwrap().iter().map(|(token, _)| token.clone()).collect();
    assert_eq!(tokens, ["Bearer old", "Bearer new"]);

    let (server, _) = serve([Socket::Refuses(4401)]).await;
    let error = next(&mut feed(&server, token())).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::Unauthenticated));
    assert!(error.to_string().contains("the session has ended"), "{error}");
}

#[tokio::test]
async fn other_data_are_said_to_be_other_data() {
    let (server, said) = serve([Socket::Ends("STALE"), Socket::Stays(&["9"])]).await;
    let mut feed = feed(&server, token());
    assert_eq!(next(&mut feed).await.unwrap(), News::Lost);
    assert_eq!(event_of(&mut feed).await, "9");
    let places: Vec<Value> = said.lock().unwrap().iter().map(|(_, after)| after.clone()).collect();
    assert_eq!(places, [json!("0"), Value::Null]);
}

#[tokio::test]
async fn what_will_not_work_is_not_tried_for_ever() {
    let (server, _) = serve([Socket::Missing]).await;
    let error = next(&mut feed(&server, token())).await.unwrap_err();
    assert!(error.to_string().contains("404"), "{error}");
    let (server, _) = serve([Socket::Ends("FORBIDDEN")]).await;
    let error = next(&mut feed(&server, token())).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::Forbidden));
    // Nobody is signed in.
    let (server, _) = serve([]).await;
    let error = next(&mut feed(&server, Credentials::None)).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::Unauthenticated));
}
