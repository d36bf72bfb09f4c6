//! OFREP's evaluation of one flag.

use serde_json::{Value, json};

use crate::peer::serving;
use crate::world::{BACKEND_ALL, BACKEND_DEV, PROD};

const FLAGS: &str = "/ofrep/v1/evaluate/flags";

#[tokio::test]
async fn an_answer_carries_every_field_that_some_client_needs() {
    let (edge, _stream, _peer) = serving(&[]).await;
    let ask = async |flag: &str, context: Value| {
        edge.post(&format!("{FLAGS}/{flag}"), Some(BACKEND_DEV), &json!({ "context": context })).await
    };
    let (code, answer) = ask("BetaUsers", json!({ "targetingKey": "u", "role": "admin" })).await;
    let expected = json!({
        "key": "BetaUsers", "value": true, "variant": "on", "reason": "TARGETING_MATCH",
        "metadata": { "version": 1, "revision": 1, "criterion": "admins" },
    });
    assert_eq!((code, answer), (200, expected));
    assert_eq!(ask("BetaUsers", json!({ "targetingKey": "u" })).await.1["reason"], "DEFAULT");
    let (code, answer) = ask("disabled", json!({})).await;
    assert_eq!((code, &answer["value"], &answer["reason"]), (200, &json!(false), &json!("DISABLED")));
    let (code, answer) = ask("own-default", json!({})).await;
    assert_eq!((code, answer.get("value"), &answer["variant"]), (200, None, &json!("")));
    assert!(answer["metadata"].is_object());
    let (code, answer) = ask("half", json!({})).await;
    assert_eq!(
        (code, &answer["errorCode"], &answer["key"]),
        (400, &json!("TARGETING_KEY_MISSING"), &json!("half"))
    );
    let (code, answer) = ask("unknown", json!({})).await;
    assert_eq!(
        (code, &answer["errorCode"], &answer["key"]),
        (404, &json!("FLAG_NOT_FOUND"), &json!("unknown"))
    );
    assert_eq!(answer["metadata"], json!({}));
    assert_eq!(ask("a%2Fb%20c", json!({})).await.1["value"], "odd key", "keys are decoded");
}

#[tokio::test]
async fn a_float_keeps_its_point_and_an_integer_has_none() {
    let (edge, _stream, _peer) = serving(&[]).await;
    for (flag, text) in [("float", "\"value\":1.0,"), ("integer", "\"value\":1,")] {
        let request = edge.http.post(format!("{}{FLAGS}/{flag}", edge.url)).bearer_auth(BACKEND_DEV);
        let answer = request.json(&json!({ "context": {} })).send().await.unwrap().text().await.unwrap();
        assert!(answer.contains(text), "{answer}");
    }
}

#[tokio::test]
async fn the_environment_may_stand_in_the_context_and_a_prefix_before_the_path() {
    let (edge, _stream, _peer) = serving(&["--allow-anonymous", "--path-prefix", "/flags/"]).await;
    let path = format!("/flags{FLAGS}/BetaUsers");
    let body = json!({ "context": { "environment": "prod", "role": "admin" } });
    for key in [None, Some(BACKEND_ALL)] {
        assert_eq!(edge.post(&path, key, &body).await.1["variant"], "on");
    }
    let by_id = json!({ "context": { "environment_id": PROD } });
    assert_eq!(edge.post(&path, None, &by_id).await.1["variant"], "off");
    assert_eq!(edge.post(&format!("{FLAGS}/BetaUsers"), None, &body).await.0, 404);
}
