//! How often a client may ask.

use serde_json::json;

use crate::peer::serving;
use crate::refusals::refused;
use crate::world::{BACKEND_ALL, BACKEND_DEV};

#[tokio::test]
async fn a_client_that_asks_too_often_is_told_when_to_come_back() {
    let (edge, _stream, _peer) = serving(&["--rate-limit", "2", "--allow-anonymous"]).await;
    let body = json!({ "flagKey": "BetaUsers", "context": { "environment": "prod" } });
    let post = |path: &str, key: Option<&str>| {
        let post = edge.http.post(format!("{}{path}", edge.url)).json(&body);
        match key {
            Some(key) => post.bearer_auth(key),
            None => post,
        }
    };
    for key in [Some(BACKEND_DEV), Some(BACKEND_ALL), None] {
        let mut refusals = 0;
        for path in ["/evaluate", "/ofrep/v1/evaluate/flags", "/ofrep/v1/evaluate/flags/BetaUsers"].repeat(20)
        {
            let answer = post(path, key).send().await.unwrap();
            if answer.status() == 429 {
                refusals += 1;
                assert_eq!(answer.headers()["retry-after"], "1");
            }
        }
        assert!(refusals > 0, "{key:?}: each client has an allowance of its own, and it ends");
        // Whoever is refused is told in the usual form; a second may have passed since.
        let answer = post("/evaluate", key).send().await.unwrap();
        if answer.status() == 429 {
            let (_, code, _) = refused(post("/evaluate", key)).await;
            assert_eq!(code, "GENERAL");
        }
    }
}

#[tokio::test]
async fn without_a_limit_nobody_is_refused() {
    let (edge, _stream, _peer) = serving(&[]).await;
    for _ in 0..50 {
        let (status, _) = edge.post("/evaluate", Some(BACKEND_DEV), &json!({ "flagKey": "integer" })).await;
        assert_eq!(status, 200);
    }
}
