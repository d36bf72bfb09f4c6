//! Event streams: who is told of what, when they end, and what a client that was away is told.

use std::time::Duration;

use fluxgate_proto::v1::{Client, ItemKind};
use prost::Message as _;
use reqwest::Response;
use serde_json::{Value, json};

use crate::peer::{Running, serving};
use crate::refusals::refused;
use crate::world::{
    BACKEND_ALL, BACKEND_DEV, DEV, FRONTEND_DEV, PROD, SHOP, delta, item, items, kills, stage, text_flag,
};

const FLAGS: &str = "/ofrep/v1/evaluate/flags";
/// How long may an event take?
const PATIENCE: Duration = Duration::from_secs(10);

/// A stream as a browser reads it.
struct Reader {
    answer: Response,
    unread: String,
}

impl Reader {
    /// The next block that is no comment; none when the stream has ended.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.unread.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.unread = rest;
                if block != ":" {
                    return Some(block);
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await.expect("something comes");
            self.unread += std::str::from_utf8(&chunk.unwrap()?).unwrap();
        }
    }

    async fn event(&mut self) -> Value {
        let block = self.next().await.expect("an event");
        assert!(block.contains("event: message"), "{block}");
        let data = block.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["type"], "refetchEvaluation");
        assert_eq!(data["etag"].as_str().unwrap(), id(&block));
        data
    }
}

fn id(block: &str) -> &str {
    block.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id")
}

/// The address that the answer with all flags lends.
async fn lent(edge: &Running, key: Option<&str>, context: Value) -> String {
    let (status, answer) = edge.post(FLAGS, key, &json!({ "context": context })).await;
    assert_eq!((status, &answer["eventStreams"][0]["type"]), (200, &json!("sse")));
    answer["eventStreams"][0]["endpoint"]["requestUri"].as_str().unwrap().to_owned()
}

async fn open(edge: &Running, uri: &str, last: Option<&str>) -> Response {
    let get = edge.http.get(format!("{}{uri}", edge.url));
    let get = match last {
        Some(last) => get.header("last-event-id", last),
        None => get,
    };
    get.send().await.unwrap()
}

/// Follows from where the answer with all flags stood; returns the id of that.
async fn follow(edge: &Running, uri: &str) -> (Reader, String) {
    let answer = open(edge, uri, None).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let mut reader = Reader { answer, unread: String::new() };
    let greeting = reader.next().await.unwrap();
    assert!(greeting.starts_with("retry: ") && !greeting.contains("data:"), "{greeting}");
    let at = id(&greeting).to_owned();
    (reader, at)
}

#[tokio::test]
async fn a_client_is_told_of_its_environment_and_nothing_else() {
    let (edge, stream, _peer) = serving(&[]).await;
    let uri = lent(&edge, Some(BACKEND_DEV), json!({})).await;
    let (mut reader, at) = follow(&edge, &uri).await;
    let of_all = lent(&edge, Some(BACKEND_ALL), json!({ "environment": "prod" })).await;
    let (mut prod, _) = follow(&edge, &of_all).await;
    stream.say(delta(1, 2, vec![stage(0x200, 2, PROD, ("BetaUsers", text_flag("x")))])).await;
    prod.event().await;
    stream.say(kills(3, &[(DEV, "integer")])).await;
    let killed = reader.event().await;
    stream.say(kills(4, &[])).await;
    let lifted = reader.event().await;
    assert_ne!(killed["etag"], lifted["etag"]);
    assert_eq!(lifted["etag"], at.as_str(), "two events, for the two kills: none was for prod");
}

#[tokio::test]
async fn a_browser_is_told_of_what_it_sees() {
    let (edge, stream, _peer) = serving(&[]).await;
    let uri = lent(&edge, Some(FRONTEND_DEV), json!({})).await;
    let (mut reader, _) = follow(&edge, &uri).await;
    stream.say(delta(1, 2, vec![stage(0x104, 2, DEV, ("integer", text_flag("two")))])).await;
    stream.say(kills(3, &[(DEV, "banner")])).await;
    let killed = reader.event().await;
    stream.say(kills(4, &[(DEV, "integer")])).await;
    let lifted = reader.event().await;
    assert_ne!(killed["etag"], lifted["etag"]);
    let get = |origin| edge.http.get(format!("{}{uri}", edge.url)).header("origin", origin);
    assert_eq!(refused(get("https://evil.example")).await.0, 403);
    let answer = get(SHOP).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["access-control-allow-origin"]),
        (200, &SHOP.parse().unwrap())
    );
}

#[tokio::test]
async fn whoever_missed_something_is_told_at_once() {
    let (edge, mut stream, _peer) = serving(&["--path-prefix", "/flags", "--allow-anonymous"]).await;
    let bulk = format!("/flags{FLAGS}");
    let body = json!({ "context": { "environment_id": DEV } });
    let (_, answer) = edge.post(&bulk, None, &body).await;
    let uri = answer["eventStreams"][0]["endpoint"]["requestUri"].as_str().unwrap().to_owned();
    assert!(uri.starts_with("/flags/ofrep/v1/events?"), "{uri}");
    let (_, at) = follow(&edge, &uri).await;
    stream.say(delta(1, 2, vec![stage(0x104, 2, DEV, ("integer", text_flag("two")))])).await;
    stream.hear().await;
    // Between the answer with all flags and the stream, and while away from the stream.
    for last in [None, Some(at.as_str())] {
        let mut late = Reader { answer: open(&edge, &uri, last).await, unread: String::new() };
        let now = late.event().await;
        let mut current =
            Reader { answer: open(&edge, &uri, now["etag"].as_str()).await, unread: String::new() };
        assert!(!current.next().await.unwrap().contains("data:"), "nothing is new to this one");
    }
}

#[tokio::test]
async fn a_stream_ends_when_its_key_does_and_when_the_edge_stops() {
    let (mut edge, stream, _peer) = serving(&[]).await;
    let uri = lent(&edge, Some(BACKEND_DEV), json!({})).await;
    let other = lent(&edge, Some(FRONTEND_DEV), json!({})).await;
    let (mut reader, _) = follow(&edge, &uri).await;
    let (mut goes_on, _) = follow(&edge, &other).await;
    stream.say(delta(1, 2, vec![item(ItemKind::Client, 0xc1, 2, Vec::new())])).await;
    assert_eq!(reader.next().await, None, "the client is no more");
    assert_eq!(refused(edge.http.get(format!("{}{uri}", edge.url))).await.0, 401);
    edge.stop();
    assert_eq!(goes_on.next().await, None);
    drop((reader, goes_on, stream));
    edge.ended().await;
}

#[tokio::test]
async fn without_a_token_that_holds_nothing_is_told() {
    let (edge, _stream, _peer) = serving(&[]).await;
    let uri = lent(&edge, Some(BACKEND_DEV), json!({})).await;
    let token = uri.split(['=', '&']).nth(1).unwrap();
    let changed = format!("{}AAAAAA", &token[..token.len() - 6]);
    for query in
        ["".to_owned(), format!("?environment={DEV}"), "?token=".to_owned(), format!("?token={changed}")]
    {
        let (status, code, _) = refused(edge.http.get(format!("{}/ofrep/v1/events{query}", edge.url))).await;
        assert_eq!((status, code.as_str()), (401, "GENERAL"), "{query}");
    }
    let bad = edge.http.get(format!("{}/ofrep/v1/events?environment=nonsense", edge.url));
    assert_eq!(refused(bad).await.0, 400);
    // A token follows, and nothing more.
    let post =
        edge.http.post(format!("{}{FLAGS}", edge.url)).bearer_auth(token).json(&json!({ "context": {} }));
    assert_eq!(refused(post).await.0, 401);
}

#[tokio::test]
async fn a_stream_ends_when_its_page_may_not_ask_any_more() {
    let (edge, stream, _peer) = serving(&[]).await;
    let uri = lent(&edge, Some(FRONTEND_DEV), json!({})).await;
    let from_page = edge.http.get(format!("{}{uri}", edge.url)).header("origin", SHOP);
    let mut page = Reader { answer: from_page.send().await.unwrap(), unread: String::new() };
    let (mut app, _) = follow(&edge, &uri).await;
    page.next().await.unwrap();
    let found = items().into_iter().find(|item| item.id == 0xc3_u128.to_be_bytes()).unwrap();
    let moved = Client {
        origins: vec!["https://new.example".to_owned()],
        ..Client::decode(&found.payload[..]).unwrap()
    };
    stream.say(delta(1, 2, vec![item(ItemKind::Client, 0xc3, 2, moved.encode_to_vec())])).await;
    stream.say(kills(3, &[(DEV, "banner")])).await;
    app.event().await;
    assert_eq!(page.next().await, None);
}
