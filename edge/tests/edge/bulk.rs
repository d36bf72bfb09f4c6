//! OFREP's evaluation of all flags.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::peer::{Running, serving};
use crate::refusals::refused;
use crate::world::{
    BACKEND_ALL, BACKEND_DEV, DEV, FRONTEND_DEV, PROD, beta_users, delta, environment, kills, stage,
    text_flag,
};

const FLAGS: &str = "/ofrep/v1/evaluate/flags";

async fn ask(edge: &Running, key: &str, context: &Value, known: Option<&str>) -> Response {
    let post = edge.http.post(format!("{}{FLAGS}", edge.url)).bearer_auth(key);
    let post = match known {
        Some(etag) => post.header("if-none-match", etag),
        None => post,
    };
    post.json(&json!({ "context": context })).send().await.unwrap()
}

async fn tag(edge: &Running, key: &str, context: &Value) -> String {
    let answer = ask(edge, key, context, None).await;
    assert_eq!(answer.status(), 200);
    answer.headers()["etag"].to_str().unwrap().to_owned()
}

fn keys(answer: &Value) -> Vec<&str> {
    answer["flags"].as_array().unwrap().iter().map(|flag| flag["key"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_flag_is_answered_as_alone_in_the_order_of_keys() {
    let (edge, mut stream, _peer) = serving(&[]).await;
    // Changed one by one, so that their order is not that of a snapshot.
    let items = vec![stage(0x200, 2, DEV, ("c", text_flag("c"))), stage(0x201, 2, DEV, ("Z", beta_users()))];
    stream.say(delta(1, 2, items)).await;
    stream.say(kills(3, &[(DEV, "banner")])).await;
    stream.hear().await;
    stream.hear().await;
    let context = json!({ "targetingKey": "u", "role": "admin" });
    let answer: Value = ask(&edge, BACKEND_DEV, &context, None).await.json().await.unwrap();
    assert_eq!(answer["metadata"], json!({ "revision": 2 }));
    assert_eq!(
        keys(&answer),
        [
            "BetaUsers",
            "Z",
            "a/b c",
            "banner",
            "c",
            "disabled",
            "float",
            "half",
            "integer",
            "needs-disabled",
            "object",
            "own-default",
            "text",
        ]
    );
    for flag in answer["flags"].as_array().unwrap() {
        let path = format!("{FLAGS}/{}", flag["key"].as_str().unwrap().replace('/', "%2F"));
        let (_, mut alone) = edge.post(&path, Some(BACKEND_DEV), &json!({ "context": context })).await;
        let revision = alone["metadata"].as_object_mut().unwrap().remove("revision");
        assert_eq!(revision, Some(json!(2)));
        assert_eq!(flag, &alone);
    }
    assert_eq!(answer["flags"][3]["metadata"]["killSwitch"], true);
}

#[tokio::test]
async fn a_missing_targeting_key_is_told_where_it_is_missed() {
    let (edge, _stream, _peer) = serving(&[]).await;
    let answer = ask(&edge, BACKEND_DEV, &json!({}), None).await;
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.unwrap();
    let place = keys(&answer).iter().position(|key| *key == "half").unwrap();
    let flag = &answer["flags"][place];
    assert_eq!((&flag["errorCode"], &flag["metadata"]), (&json!("TARGETING_KEY_MISSING"), &json!({})));
    assert!(flag["errorDetails"].is_string());
    let own_default = keys(&answer).iter().position(|key| *key == "own-default").unwrap();
    let flag = &answer["flags"][own_default];
    assert_eq!((flag.get("value"), &flag["variant"]), (None, &json!("")));
}

#[tokio::test]
async fn frontend_clients_get_only_what_is_meant_for_them() {
    let (edge, _stream, _peer) = serving(&[]).await;
    let answer: Value = ask(&edge, FRONTEND_DEV, &json!({}), None).await.json().await.unwrap();
    assert_eq!(keys(&answer), ["banner"]);
    let answer: Value =
        ask(&edge, BACKEND_ALL, &json!({ "environment": "prod" }), None).await.json().await.unwrap();
    assert_eq!(keys(&answer), ["BetaUsers"]);
    assert_eq!(ask(&edge, BACKEND_ALL, &json!({}), None).await.status(), 400);
    assert_eq!(ask(&edge, "wrong", &json!({}), None).await.status(), 401);
}

#[tokio::test]
async fn who_has_the_answer_gets_no_other() {
    let (edge, _stream, _peer) = serving(&[]).await;
    let context = json!({ "targetingKey": "u", "plan": "pro" });
    let etag = tag(&edge, BACKEND_DEV, &context).await;
    assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");
    for known in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
        let answer = ask(&edge, BACKEND_DEV, &context, Some(&known)).await;
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert_eq!(answer.headers()["etag"], etag.as_str());
        assert_eq!(answer.bytes().await.unwrap().len(), 0);
    }
    let written_otherwise = json!({ "plan": "pro", "targetingKey": "u" });
    assert_eq!(tag(&edge, BACKEND_DEV, &written_otherwise).await, etag);
    for other in
        [json!({ "targetingKey": "u", "plan": "free" }), json!({ "targetingKey": "v", "plan": "pro" })]
    {
        assert_eq!(ask(&edge, BACKEND_DEV, &other, Some(&etag)).await.status(), 200, "{other}");
    }
    assert_eq!(ask(&edge, FRONTEND_DEV, &context, Some(&etag)).await.status(), 200, "another client");
    let single = edge.http.post(format!("{}{FLAGS}/integer", edge.url)).bearer_auth(BACKEND_DEV);
    let single = single.header("if-none-match", "*").json(&json!({ "context": {} })).send().await.unwrap();
    assert_eq!((single.status().as_u16(), single.headers().get("etag")), (200, None));
}

#[tokio::test]
async fn a_tag_follows_its_environment_and_no_other() {
    let (edge, mut stream, _peer) = serving(&[]).await;
    let context = json!({ "targetingKey": "u" });
    let first = tag(&edge, BACKEND_DEV, &context).await;
    stream.say(delta(1, 2, vec![stage(0x200, 2, PROD, ("BetaUsers", text_flag("x")))])).await;
    stream.hear().await;
    assert_eq!(tag(&edge, BACKEND_DEV, &context).await, first, "prod is not dev");
    stream.say(kills(3, &[(DEV, "integer")])).await;
    stream.hear().await;
    let killed = tag(&edge, BACKEND_DEV, &context).await;
    assert_ne!(killed, first);
    stream.say(kills(4, &[])).await;
    stream.hear().await;
    assert_eq!(tag(&edge, BACKEND_DEV, &context).await, first, "all as before");
    let frontend = tag(&edge, FRONTEND_DEV, &context).await;
    stream.say(delta(2, 5, vec![stage(0x104, 5, DEV, ("integer", text_flag("two")))])).await;
    stream.hear().await;
    assert_ne!(tag(&edge, BACKEND_DEV, &context).await, first);
    assert_eq!(tag(&edge, FRONTEND_DEV, &context).await, frontend, "that flag is not for browsers");
    stream.say(delta(5, 6, vec![environment(PROD, "production", "demo")])).await;
    stream.hear().await;
    assert_eq!(tag(&edge, FRONTEND_DEV, &context).await, frontend);
}

#[tokio::test]
async fn a_body_may_be_larger_than_for_one_flag_but_not_much() {
    let (edge, _stream, _peer) = serving(&[]).await;
    let send = |bytes: usize| {
        let padding = " ".repeat(bytes);
        let post = edge.http.post(format!("{}{FLAGS}", edge.url)).bearer_auth(BACKEND_DEV);
        post.header("content-type", "application/json").body(format!("{{\"context\":{{}}{padding}}}"))
    };
    assert_eq!(send(1000 * 1024).send().await.unwrap().status(), 200);
    let (status, _, body) = refused(send(1100 * 1024)).await;
    assert_eq!(status, 413);
    assert!(body["errorDetails"].as_str().unwrap().contains("1024 KiB"), "{body}");
}
