//! What the HTTP address says beside GraphQL: which web pages may ask, and numbers for Prometheus.

use reqwest::{Method, Response, header::HeaderMap};
use serde_json::json;
use sqlx::PgPool;

use crate::{
    input::mutation,
    stream::{Edge, client},
    world::{World, eventually, url},
};

async fn preflight(world: &World, origin: &str, method: &str, headers: &str) -> Response {
    let asked = world.client.request(Method::OPTIONS, &world.http).header("origin", origin);
    let asked = asked.header("access-control-request-method", method);
    asked.header("access-control-request-headers", headers).send().await.unwrap()
}

fn allowed(headers: &HeaderMap) -> Option<&str> {
    headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap())
}

#[sqlx::test(migrations = false)]
async fn only_listed_pages_may_ask(db: PgPool) {
    let url = url(&db);
    let settings =
        ["--database-url", &url, "--allowed-origin", "https://flags.example,HTTPS://Other.example:443"];
    let world = World::fresh_with(db, &settings).await;
    for origin in ["https://flags.example", "https://other.example"] {
        let answer = preflight(&world, origin, "POST", "authorization,content-type").await;
        assert_eq!((answer.status().as_u16(), allowed(answer.headers())), (200, Some(origin)));
        assert_eq!(answer.headers().get("access-control-allow-credentials"), None);
    }
    for (origin, method, headers) in [
        ("https://evil.example", "POST", "content-type"),
        ("http://localhost:5173", "POST", "content-type"),
        ("http://flags.example", "POST", "content-type"),
        ("null", "POST", "content-type"),
        ("https://flags.example", "DELETE", "content-type"),
        ("https://flags.example", "POST", "x-other"),
    ] {
        let answer = preflight(&world, origin, method, headers).await;
        assert_eq!((answer.status().as_u16(), allowed(answer.headers())), (400, None), "{origin} {method}");
    }
    let body = json!({"query": "{ server { version } }"});
    for (origin, expected) in
        [("https://flags.example", Some("https://flags.example")), ("https://evil.example", None)]
    {
        let answer =
            world.client.post(&world.http).header("origin", origin).json(&body).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), allowed(answer.headers())), (200, expected));
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn without_a_setting_no_page_may_ask(db: PgPool) {
    let world = World::fresh(db).await;
    let answer = preflight(&world, "http://localhost:5173", "POST", "content-type").await;
    assert_eq!((answer.status().as_u16(), allowed(answer.headers())), (400, None));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn numbers_tell_what_happens(db: PgPool) {
    let world = World::new(db).await;
    let numbers = async || world.get("/metrics").await.text().await.unwrap();
    let has = async |line: &str| {
        let found = eventually(line, async || {
            let numbers = numbers().await;
            numbers.lines().any(|found| found == line).then_some(())
        });
        found.await;
    };
    let first = numbers().await;
    for line in [
        concat!(
            "fluxgate_build_info{program=\"fluxgate-backend\",version=\"",
            env!("CARGO_PKG_VERSION"),
            "\"} 1"
        ),
        "fluxgate_sign_in_failures_total{why=\"wrong\"} 0",
        "fluxgate_streams 0",
        "# TYPE fluxgate_request_seconds histogram",
    ] {
        assert!(first.lines().any(|found| found == line), "{line}\n{first}");
    }
    assert!(first.contains("fluxgate_database_connections{state=\"idle\"}"), "{first}");
    world.feature("flag").await;
    for _ in 0..3 {
        world.run("", "signIn", json!({"username": "dev", "password": "wrong horse"})).await;
    }
    has("fluxgate_sign_in_failures_total{why=\"wrong\"} 3").await;
    has("fluxgate_requests_total{kind=\"mutation\",code=\"UNAUTHENTICATED\"} 3").await;
    world.ask("dev", "{ me { nothing } }", json!({})).await;
    has("fluxgate_requests_total{kind=\"query\",code=\"INVALID\"} 1").await;
    world.ask_with(None, "{{{", json!({})).await;
    has("fluxgate_requests_total{kind=\"invalid\",code=\"INVALID\"} 1").await;
    let mut kill = json!({"team": "acme", "feature": "flag", "environment": "dev", "reason": "r"});
    kill["restoreAt"] = crate::schedule::ahead(&world, 1).await;
    world.ask("dev", &mutation("killFeature"), json!({"input": kill})).await.data();
    has("fluxgate_jobs_total{kind=\"restore\",outcome=\"done\"} 1").await;
    let head = world.number("SELECT revision FROM delivery_head").await;
    has(&format!("fluxgate_revision {head}")).await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let edge = Edge::caught_up(&world, &key).await;
    has("fluxgate_streams 1").await;
    drop(edge);
    has("fluxgate_streams 0").await;
    for unwanted in ["flag", "acme", "dev\"", "edges"] {
        assert!(!numbers().await.contains(unwanted), "{unwanted} is in a label");
    }
    world.stop().await;
}
