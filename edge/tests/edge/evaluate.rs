//! `POST /evaluate` in both its forms.

use serde_json::{Value, json};

use crate::peer::serving;
use crate::world::{BACKEND_ALL, BACKEND_DEV, DEV, FRONTEND_DEV, PROD, STRANGERS};

#[tokio::test]
async fn the_documented_call_works_as_it_is_written() {
    let (edge, _stream, _peer) = serving(&["--allow-anonymous"]).await;
    let body = json!({
        "feature_key": "BetaUsers", "environment_id": PROD,
        "context": [{ "key": "userId", "value": "15" }, { "key": "role", "value": "admin" }],
    });
    let (code, answer) = edge.post("/evaluate", None, &body).await;
    let expected = json!({
        "flagKey": "BetaUsers", "value": true, "variant": "on", "reason": "TARGETING_MATCH",
        "metadata": { "version": 1, "revision": 1, "criterion": "admins" },
    });
    assert_eq!((code, answer), (200, expected));
    let body = json!({ "feature_key": "Unknown", "environment_id": PROD, "context": [] });
    let (code, answer) = edge.post("/evaluate", None, &body).await;
    let expected = json!({
        "flagKey": "Unknown", "value": false, "variant": null, "reason": "DEFAULT", "errorCode": "FLAG_NOT_FOUND",
        "metadata": { "revision": 1 },
    });
    assert_eq!((code, answer), (200, expected));
}

#[tokio::test]
async fn the_second_form_names_the_environment_in_the_context() {
    let (edge, _stream, _peer) = serving(&["--allow-anonymous=true"]).await;
    for context in [json!({ "environment_id": PROD }), json!({ "environment": "prod" })] {
        let mut body = json!({ "flagKey": "BetaUsers", "context": context });
        body["context"]["role"] = json!("admin");
        assert_eq!(edge.post("/evaluate", None, &body).await.1["variant"], "on");
    }
    // Two teams have an environment of that key, and nobody in particular asks.
    let body = json!({ "flagKey": "BetaUsers", "context": { "environment": "dev" } });
    let (code, answer) = edge.post("/evaluate", None, &body).await;
    assert_eq!(
        (code, &answer["errorCode"], &answer["flagKey"]),
        (400, &json!("INVALID_CONTEXT"), &json!("BetaUsers"))
    );
}

#[tokio::test]
async fn the_client_decides_the_environment() {
    let (edge, _stream, _peer) = serving(&[]).await;
    let ask = async |key, context: Value| {
        let body = json!({ "flagKey": "integer", "context": context });
        edge.post("/evaluate", Some(key), &body).await
    };
    assert_eq!(ask(BACKEND_DEV, json!({ "environment": "prod" })).await.1["value"], 1);
    assert_eq!(ask(BACKEND_ALL, json!({ "environment": "dev" })).await.1["value"], 1, "its own team's dev");
    assert_eq!(ask(BACKEND_ALL, json!({ "environment": DEV })).await.1["value"], 1);
    assert_eq!(ask(BACKEND_ALL, json!({ "environment": "prod" })).await.1["errorCode"], "FLAG_NOT_FOUND");
    for named in [json!({ "environment": STRANGERS }), json!({ "environment": "nowhere" }), json!({})] {
        let (code, answer) = ask(BACKEND_ALL, named).await;
        assert_eq!((code, &answer["errorCode"]), (400, &json!("INVALID_CONTEXT")));
    }
}

#[tokio::test]
async fn frontend_clients_see_only_what_is_meant_for_them() {
    let (edge, _stream, _peer) = serving(&[]).await;
    let ask = async |flag| edge.post("/evaluate", Some(FRONTEND_DEV), &json!({ "flagKey": flag })).await.1;
    assert_eq!(ask("banner").await["value"], true);
    assert_eq!(ask("integer").await["errorCode"], "FLAG_NOT_FOUND");
}

#[tokio::test]
async fn every_kind_of_answer() {
    let (edge, _stream, _peer) = serving(&[]).await;
    let ask = async |flag, context: Value| {
        let body = json!({ "flagKey": flag, "context": context });
        edge.post("/evaluate", Some(BACKEND_DEV), &body).await
    };
    let (_, answer) = ask("needs-disabled", json!({})).await;
    let metadata = json!({ "version": 1, "revision": 1, "blockedBy": "disabled" });
    assert_eq!((&answer["reason"], &answer["metadata"]), (&json!("DISABLED"), &metadata));
    let (_, answer) = ask("own-default", json!({})).await;
    assert_eq!(
        (&answer["value"], &answer["variant"], &answer["reason"]),
        (&json!(null), &json!(null), &json!("STATIC"))
    );
    assert_eq!(ask("text", json!({})).await.1["value"], "say \"hi\"\n");
    assert_eq!(ask("object", json!({})).await.1["value"], json!({ "colour": "red", "sizes": [1, 2] }));
    for context in [
        json!({ "targetingKey": "u" }),
        json!({ "bucketingKey": "u" }),
        json!([{ "key": "userId", "value": "u" }]),
    ] {
        assert_eq!(ask("half", context).await.1["reason"], "SPLIT");
    }
    let (code, answer) = ask("half", json!({ "userId": "u" })).await;
    assert_eq!(
        (code, &answer["errorCode"], &answer["flagKey"]),
        (400, &json!("TARGETING_KEY_MISSING"), &json!("half"))
    );
}
