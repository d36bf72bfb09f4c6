//! What a robot does in a CI, and that everything tells that it was the robot, and whose it is.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{done, furnished, robot};
use crate::input::{edit, new_feature, targeted};

#[sqlx::test(migrations = false)]
async fn a_requesters_token_does_what_a_requester_does_and_is_named(db: PgPool) {
    let world = furnished(db).await;
    let key = robot(&world, "root", "ci", &["REQUESTER"]).await;
    let ask = async |query: &str| world.ask_with(Some(&key), query, json!({})).await.data().clone();
    assert_eq!(done(&world, &key, "createFeature", new_feature("flag")).await["outcome"], "APPLIED");
    assert_eq!(
        done(&world, &key, "editStage", edit("flag", "dev", targeted("a"))).await["outcome"],
        "APPLIED"
    );
    let flag = |more: Value| {
        let mut input = json!({"team": "acme", "feature": "flag"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    assert_eq!(done(&world, &key, "promote", flag(json!({"to": "staging"}))).await["outcome"], "APPLIED");
    done(&world, &key, "rollback", flag(json!({"environment": "dev"}))).await;
    done(&world, &key, "editFeature", flag(json!({"tags": ["ci"]}))).await;
    let evaluate = r#"{ team(key: "acme") { evaluate(environment: "staging", features: ["flag"], context: {}) { variant } } }"#;
    assert_eq!(ask(evaluate).await["team"]["evaluate"][0]["variant"], "on");
    world.policy("everything", "ALL", 1, &["APPROVER"]).await;
    let pending = done(&world, &key, "editStage", edit("flag", "dev", targeted("b"))).await;
    let number = pending["change"]["number"].as_i64().unwrap();
    let comment = json!({"team": "acme", "number": number, "text": "from the build"});
    done(&world, &key, "commentChange", comment).await;
    done(&world, &key, "killFeature", flag(json!({"environment": "prod", "reason": "the build says so"})))
        .await;
    let change = format!(
        r#"{{ team(key: "acme") {{
            change(number: {number}) {{ author token comments {{ user token text }} }}
            kills {{ nodes {{ kill {{ by token }} }} }}
            feature(key: "flag") {{ createdBy }}
            versions(feature: "flag") {{ nodes {{ createdBy }} }}
            changes(author: "root") {{ totalCount }} }} }}"#
    );
    let told = ask(&change).await["team"].clone();
    assert_eq!((&told["change"]["author"], &told["change"]["token"]), (&json!("root"), &json!("ci")));
    let comments = json!([{"user": "root", "token": "ci", "text": "from the build"}]);
    assert_eq!(told["change"]["comments"], comments);
    assert_eq!(told["kills"]["nodes"], json!([{"kill": {"by": "root", "token": "ci"}}]));
    assert_eq!(told["feature"]["createdBy"], "root");
    assert_eq!(told["versions"]["nodes"], json!(vec![json!({"createdBy": "root"}); 4]));
    assert_eq!(told["changes"]["totalCount"], 5);
    let cancelled = json!({"team": "acme", "number": number});
    assert_eq!(done(&world, &key, "cancelChange", cancelled).await["status"], "CANCELLED");
    let audit =
        r#"{ team(key: "acme") { audit(actor: "ci") { nodes { actor actorKind owner action address } } } }"#;
    let entries = ask(audit).await["team"]["audit"]["nodes"].clone();
    let entries = entries.as_array().unwrap();
    for action in [
        "feature.create",
        "change.propose",
        "change.apply",
        "feature.edit",
        "change.comment",
        "feature.kill",
        "change.cancel",
    ] {
        let of_ci = json!({"actor": "ci", "actorKind": "TOKEN", "owner": "root", "action": action, "address": "127.0.0.1"});
        assert!(entries.contains(&of_ci), "{action}");
    }
    let made =
        r#"{ team(key: "acme") { audit(action: "token.") { nodes { actor actorKind owner subject } } } }"#;
    let expected = json!([{"actor": "root", "actorKind": "USER", "owner": null, "subject": "token ci"}]);
    assert_eq!(world.query("guest", made).await["team"]["audit"]["nodes"], expected);
    // In person nothing of this has a token.
    world.edit("dev", "flag", "prod", targeted("mine")).await;
    let latest = r#"{ team(key: "acme") { changes(first: 1) { nodes { author token } } } }"#;
    let latest = world.query("guest", latest).await["team"]["changes"]["nodes"].clone();
    assert_eq!(latest, json!([{"author": "dev", "token": null}]));
    world.stop().await;
}
