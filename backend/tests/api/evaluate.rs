//! Evaluating at the backend: the answers and refusals of an edge, from memory.

use fluxgate_proto::v1::{EvaluateRequest, EvaluateResponse, evaluation_client::EvaluationClient};
use serde_json::{Value, json};
use sqlx::PgPool;
use tonic::{Code, Request, Status};

use crate::{
    stream::{Edge, client},
    world::{World, eventually},
};

async fn ask(
    world: &World,
    key: &str,
    (flag, environment): (&str, &str),
    context: Value,
) -> Result<EvaluateResponse, Status> {
    let mut client = EvaluationClient::connect(world.grpc.clone()).await.unwrap();
    let context = if context.is_null() { String::new() } else { context.to_string() };
    let (flag_key, environment) = (flag.to_owned(), environment.to_owned());
    let mut request = Request::new(EvaluateRequest { flag_key, context, environment });
    request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    Ok(client.evaluate(request).await?.into_inner())
}

/// Waits until the backend has in memory what was made.
async fn ready(world: &World) {
    let edges = client(world, "acme", "edges", "EDGE", None).await;
    Edge::caught_up(world, &edges).await;
}

#[sqlx::test(migrations = false)]
async fn a_caller_gets_what_an_edge_would_say(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let key = client(&world, "acme", "shop", "BACKEND", Some("dev")).await;
    let wide = client(&world, "acme", "wide", "BACKEND", None).await;
    let page = client(&world, "acme", "page", "FRONTEND", Some("dev")).await;
    ready(&world).await;
    let found = ask(&world, &key, ("flag", ""), Value::Null).await.unwrap();
    assert_eq!((found.flag_key.as_str(), found.version, found.error_code), ("flag", 1, None));
    assert!(found.revision > 0 && found.value.is_some() && !found.reason.is_empty());
    let in_context = ask(&world, &wide, ("flag", ""), json!({"environment": "dev"})).await.unwrap();
    let beside = ask(&world, &wide, ("flag", "dev"), json!({"environment": "nowhere"})).await.unwrap();
    assert_eq!((&in_context.value, &beside.value), (&found.value, &found.value));
    for (who, flag) in [(&key, "unknown"), (&page, "flag")] {
        let missing = ask(&world, who, (flag, ""), Value::Null).await.unwrap();
        assert_eq!(missing.error_code.as_deref(), Some("FLAG_NOT_FOUND"), "{flag}");
        assert_eq!((missing.value.as_deref(), missing.reason.as_str()), (Some("false"), "DEFAULT"));
    }
    world.done("dev", "killFeature", json!({"team": "acme", "feature": "flag", "reason": "test"})).await;
    eventually("the kill is there", async || {
        ask(&world, &key, ("flag", ""), Value::Null).await.unwrap().kill_switch.then_some(())
    })
    .await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn nobody_else_is_answered(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let wide = client(&world, "acme", "wide", "BACKEND", None).await;
    let stranger = client(&world, "rival", "their", "EDGE", None).await;
    ready(&world).await;
    for key in ["", "fgc_nonsense", &stranger, &format!("{}x", &wide[..wide.len() - 1])] {
        let refused = ask(&world, key, ("flag", "dev"), Value::Null).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{key}");
    }
    for (environment, context) in [("", Value::Null), ("nowhere", Value::Null), ("dev", json!([1]))] {
        let refused = ask(&world, &wide, ("flag", environment), context).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
    let many: serde_json::Map<_, _> = (0..129).map(|n| (format!("a{n}"), json!(n))).collect();
    for context in [Value::Object(many), json!({"a": "x".repeat(5_000)})] {
        let refused = ask(&world, &wide, ("flag", "dev"), context).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "as an edge");
    }
    // A client that is disabled is out at once.
    world.done("admin", "setClientEnabled", json!({"team": "acme", "name": "wide", "enabled": false})).await;
    eventually("it is refused", async || {
        ask(&world, &wide, ("flag", "dev"), Value::Null)
            .await
            .err()
            .filter(|s| s.code() == Code::Unauthenticated)
    })
    .await;
    world.stop().await;
}
