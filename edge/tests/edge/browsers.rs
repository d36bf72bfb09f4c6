//! Pages in browsers: whose may use which key, and what they may read.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::peer::{Running, serving};
use crate::world::{BACKEND_DEV, DEV, FRONTEND_DEV, SHOP, delta, stage};

const PATHS: [&str; 3] = ["/evaluate", "/ofrep/v1/evaluate/flags/banner", "/ofrep/v1/evaluate/flags"];

async fn ask(edge: &Running, path: &str, key: &str, origin: Option<&str>) -> Response {
    let post = edge.http.post(format!("{}{path}", edge.url)).bearer_auth(key);
    let post = match origin {
        Some(origin) => post.header("origin", origin),
        None => post,
    };
    post.json(&json!({ "flagKey": "banner", "context": {} })).send().await.unwrap()
}

#[tokio::test]
async fn a_browser_may_ask_whether_it_may_ask() {
    let (edge, _stream, _peer) = serving(&[]).await;
    for path in PATHS {
        let ask = edge.http.request(Method::OPTIONS, format!("{}{path}", edge.url)).header("origin", SHOP);
        let answer = ask.send().await.unwrap();
        assert_eq!(answer.status(), 204);
        let headers = answer.headers();
        assert_eq!(headers["access-control-allow-origin"], SHOP);
        assert_eq!(headers["access-control-allow-methods"], "POST, OPTIONS");
        assert_eq!(headers["access-control-max-age"], "600");
        let allowed = headers["access-control-allow-headers"].to_str().unwrap();
        assert_eq!(allowed, "Authorization, X-API-Key, Content-Type, If-None-Match");
    }
}

#[tokio::test]
async fn a_frontend_key_works_only_in_pages_of_its_origins() {
    let (edge, _stream, _peer) = serving(&[]).await;
    for path in PATHS {
        for foreign in ["https://evil.example", "null", "http://shop.example", "https://shop.example:8443"] {
            let answer = ask(&edge, path, FRONTEND_DEV, Some(foreign)).await;
            assert_eq!(answer.status(), 403);
            assert_eq!(answer.headers()["access-control-allow-origin"], foreign, "the page reads why");
            let body: Value = answer.json().await.unwrap();
            assert_eq!((&body["errorCode"], &body["metadata"]), (&json!("GENERAL"), &json!({})));
            assert!(body["errorDetails"].as_str().unwrap().contains(foreign), "{body}");
        }
        let answer = ask(&edge, path, FRONTEND_DEV, Some(SHOP)).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["access-control-allow-origin"], SHOP);
        assert_eq!(answer.headers()["vary"], "Origin");
        assert_eq!(answer.headers()["access-control-expose-headers"], "ETag, Retry-After, X-Request-Id");
        let app = ask(&edge, path, FRONTEND_DEV, None).await;
        assert_eq!(app.status(), 200, "an app on a phone is no page");
        assert!(!app.headers().contains_key("access-control-allow-origin"));
        assert_eq!(ask(&edge, path, BACKEND_DEV, Some("https://tools.example")).await.status(), 200);
    }
}

#[tokio::test]
async fn a_refusal_can_be_read_by_a_page() {
    let (edge, _stream, _peer) = serving(&[]).await;
    let answer = ask(&edge, "/evaluate", "wrong", Some("https://a.example")).await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://a.example");
}

#[tokio::test]
async fn what_is_meant_for_operators_is_not_for_pages() {
    let (edge, _stream, _peer) = serving(&[]).await;
    for path in ["/status", "/metrics", "/livez", "/readyz", "/health"] {
        let asked = edge.http.get(format!("{}{path}", edge.url)).header("origin", "https://evil.example");
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("access-control-allow-origin"), "{path}");
    }
}

#[tokio::test]
async fn a_page_is_not_told_the_names_of_flags_that_it_may_not_see() {
    let (edge, stream, _peer) = serving(&[]).await;
    let needs = |feature: &str| {
        json!({
            "enabled": true, "variants": { "on": true, "off": false }, "default": "on", "off": "off",
            "clientSide": true, "dependsOn": [{ "feature": feature, "variants": ["none"] }],
        })
    };
    let added = [("needs-integer", "integer"), ("needs-banner", "banner")].into_iter().zip(0x300..);
    let added = added.map(|((key, feature), id)| stage(id, 2, DEV, (key, needs(feature))));
    stream.say(delta(1, 2, added.collect())).await;
    edge.status(|status| status["revision"] == 2).await;
    let flags = "/ofrep/v1/evaluate/flags";
    for (flag, told) in [("needs-integer", Value::Null), ("needs-banner", json!("banner"))] {
        let body = json!({ "flagKey": flag, "context": {} });
        for path in ["/evaluate".to_owned(), format!("{flags}/{flag}")] {
            let (_, answer) = edge.post(&path, Some(FRONTEND_DEV), &body).await;
            assert_eq!((&answer["reason"], &answer["metadata"]["blockedBy"]), (&json!("DISABLED"), &told));
        }
        let (_, all) = edge.post(flags, Some(FRONTEND_DEV), &json!({ "context": {} })).await;
        let all = all["flags"].as_array().unwrap();
        let found = all.iter().find(|found| found["key"] == flag).unwrap();
        assert_eq!(found["metadata"]["blockedBy"], told, "{found}");
    }
}
