//! Every way to be refused is JSON with a code, details and metadata.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::peer::serving;
use crate::world::{BACKEND_DEV, EDGE_KEY, ENDED};

const SINGLE: &str = "/ofrep/v1/evaluate/flags/integer";

/// Sends a request and checks the form of the refusal.
pub(crate) async fn refused(request: RequestBuilder) -> (u16, String, Value) {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    assert!(body["errorDetails"].as_str().is_some_and(|details| !details.is_empty()), "{body}");
    assert_eq!(body["metadata"], json!({}), "{body}");
    (status, body["errorCode"].as_str().unwrap().to_owned(), body)
}

#[tokio::test]
async fn keys_that_prove_nothing() {
    let (edge, _stream, _peer) = serving(&[]).await;
    // Of the right form, and almost right.
    let wrong_secret = format!("{}x", &BACKEND_DEV[..BACKEND_DEV.len() - 1]);
    let too_long = format!("{BACKEND_DEV}x");
    for path in ["/evaluate", SINGLE] {
        let post = || edge.http.post(format!("{}{path}", edge.url)).json(&json!({ "flagKey": "integer" }));
        for key in [&wrong_secret, &too_long, ENDED, EDGE_KEY, "fgc_", "nonsense", ""] {
            let (status, code, _) = refused(post().bearer_auth(key)).await;
            assert_eq!((status, code.as_str()), (401, "GENERAL"), "{key}");
            assert_eq!(refused(post().header("X-API-Key", key)).await.0, 401, "{key}");
        }
        assert_eq!(refused(post()).await.0, 401);
        assert_eq!(refused(post().basic_auth("a", Some("b"))).await.0, 401);
        assert_eq!(post().header("X-API-Key", BACKEND_DEV).send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_even_where_none_is_needed() {
    let (edge, _stream, _peer) = serving(&["--allow-anonymous"]).await;
    let request = edge.http.post(format!("{}/evaluate", edge.url)).bearer_auth("fgc_xxxxxxxx_y");
    assert_eq!(refused(request.json(&json!({ "flagKey": "integer" }))).await.0, 401);
}

#[tokio::test]
async fn paths_and_methods_that_do_not_exist() {
    let (edge, _stream, _peer) = serving(&[]).await;
    for path in ["/", "/evaluate/x", "/ofrep/v1/evaluate/flags/a/b"] {
        assert_eq!(refused(edge.http.post(format!("{}{path}", edge.url))).await.0, 404);
    }
    for (method, path) in [
        (Method::GET, "/evaluate"),
        (Method::PUT, SINGLE),
        (Method::POST, "/health"),
        (Method::DELETE, "/status"),
    ] {
        let (status, _, _) = refused(edge.http.request(method, format!("{}{path}", edge.url))).await;
        assert_eq!(status, 405, "{path}");
    }
    assert_eq!(
        edge.http.get(format!("{}/evaluate", edge.url)).send().await.unwrap().headers()["allow"],
        "POST, OPTIONS"
    );
}

#[tokio::test]
async fn bodies_that_are_not_what_they_should_be() {
    let (edge, _stream, _peer) = serving(&[]).await;
    let deep = format!("{{\"context\":{{\"a\":{}1{}}}}}", "[".repeat(40), "]".repeat(40));
    let deepest = format!("{{\"context\":{}", "[".repeat(30_000));
    let long = json!({ "context": { "a": "x".repeat(5000) } }).to_string();
    let many: serde_json::Map<_, _> = (0..129).map(|n| (format!("a{n}"), json!(n))).collect();
    let cases = [
        ("", 400, "PARSE_ERROR"),
        ("{", 400, "PARSE_ERROR"),
        ("[]", 400, "PARSE_ERROR"),
        ("{\"context\":{\"a\":\"\u{0}\"}}", 400, "PARSE_ERROR"),
        (&deep, 400, "PARSE_ERROR"),
        (&deepest, 400, "PARSE_ERROR"),
        ("{\"context\":3}", 400, "INVALID_CONTEXT"),
        (&long, 400, "INVALID_CONTEXT"),
        (&json!({ "context": many }).to_string(), 400, "INVALID_CONTEXT"),
        (&"x".repeat(65 * 1024), 413, "GENERAL"),
    ];
    for (body, status, code) in cases {
        let post = edge.http.post(format!("{}{SINGLE}", edge.url)).bearer_auth(BACKEND_DEV);
        let post = post.header("content-type", "application/json").body(body.to_owned());
        let (got, got_code, answer) = refused(post).await;
        assert_eq!((got, got_code.as_str()), (status, code), "{}", &body[..body.len().min(80)]);
        assert_eq!(answer["key"], "integer");
    }
    let post = edge.http.post(format!("{}{SINGLE}", edge.url)).bearer_auth(BACKEND_DEV);
    let (status, code, _) = refused(post.header("content-type", "text/plain").body("{\"context\":{}}")).await;
    assert_eq!((status, code.as_str()), (415, "PARSE_ERROR"));
    let post = edge.http.post(format!("{}/evaluate", edge.url)).bearer_auth(BACKEND_DEV).json(&json!({}));
    assert_eq!(refused(post).await.1, "PARSE_ERROR", "no flag named");
}

#[tokio::test]
async fn paths_that_are_no_text() {
    let (edge, _stream, _peer) = serving(&[]).await;
    for key in ["%FF", "%C3%28", "a%00b", "100%", "%zz", "%"] {
        let url = format!("{}/ofrep/v1/evaluate/flags/{key}", edge.url);
        let post = edge.http.post(url).bearer_auth(BACKEND_DEV).json(&json!({ "context": {} }));
        let (status, _, _) = refused(post).await;
        assert!(status == 400 || status == 404, "{key} {status}");
    }
}

#[tokio::test]
async fn a_list_is_no_context_of_ofrep() {
    let (edge, _stream, _peer) = serving(&[]).await;
    for path in [SINGLE, "/ofrep/v1/evaluate/flags"] {
        let post = edge.http.post(format!("{}{path}", edge.url)).bearer_auth(BACKEND_DEV);
        let (status, code, _) = refused(post.json(&json!({ "context": [] }))).await;
        assert_eq!((status, code.as_str()), (400, "INVALID_CONTEXT"));
    }
}

#[tokio::test]
async fn a_large_body_is_not_taken_in_from_somebody_who_may_not_ask() {
    let (edge, _stream, _peer) = serving(&[]).await;
    let address = edge.url.trim_start_matches("http://");
    for length in ["content-length: 1000000", "transfer-encoding: chunked"] {
        let mut connection = TcpStream::connect(address).await.unwrap();
        let head = format!("POST /ofrep/v1/evaluate/flags HTTP/1.1\r\nhost: edge\r\n{length}\r\n\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        let answered = connection.read_exact(&mut answer);
        tokio::time::timeout(Duration::from_secs(5), answered).await.expect("it waits for the body").unwrap();
        assert_eq!(answer, *b"HTTP/1.1 401");
    }
}
