//! Documents: what a stage may be given, and how a refusal tells where it is wrong.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::{edit, new_feature, targeted},
    world::World,
};

fn depending(on: &str) -> Value {
    let mut config = targeted("depending");
    config["dependsOn"] = json!([{"feature": on}]);
    config
}

#[sqlx::test(migrations = false)]
async fn every_violation_is_told_with_its_path(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let broken = json!({"enabled": "yes", "variants": {"on": true, "off": false}, "default": "missing", "off": "off",
                        "criteria": [{"serve": "nowhere"}, {"serve": "on", "rollout": 101}], "extra": 1});
    let answer = world.run("dev", "editStage", edit("flag", "dev", broken.clone())).await;
    assert_eq!(answer.code(), "INVALID");
    let violations = answer.error()["extensions"]["violations"].as_array().unwrap();
    let paths: Vec<_> = violations.iter().map(|v| v["path"].as_str().unwrap()).collect();
    for path in ["config.enabled", "config.criteria[0].serve", "config.criteria[1].rollout", "config.extra"] {
        assert!(paths.contains(&path), "{path} is not among {paths:?}");
    }
    assert_eq!(answer.error()["extensions"]["path"], json!(paths[0]));
    let mut input = new_feature("other");
    input["config"] = broken;
    assert_eq!(world.run("dev", "createFeature", input).await.code(), "INVALID");
    assert_eq!(world.number("SELECT count(*) FROM feature WHERE key = 'other'").await, 0);
    for no_document in [json!(null), json!([]), json!("on"), json!(1), json!({})] {
        let answer = world.run("dev", "editStage", edit("flag", "dev", no_document.clone())).await;
        assert_eq!(answer.code(), "INVALID", "{no_document}");
    }
    assert_eq!(world.live("flag", "dev").await.unwrap().0, 1);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_simple_feature_is_on_or_off(db: PgPool) {
    let world = World::new(db).await;
    world.done("dev", "createFeature", json!({"team": "acme", "key": "flag", "kind": "SIMPLE"})).await;
    let simple = |enabled| json!({"enabled": enabled, "variants": {"on": true, "off": false}, "default": "on", "off": "off"});
    assert_eq!(world.live("flag", "dev").await, Some((1, simple(false))));
    let refused = world.run("dev", "editStage", edit("flag", "dev", targeted("a"))).await;
    assert_eq!(refused.code(), "INVALID");
    let mut criteria = simple(true);
    criteria["criteria"] = json!([{"serve": "on"}]);
    let refused = world.run("dev", "editStage", edit("flag", "dev", criteria)).await;
    assert_eq!(
        (refused.code(), &refused.error()["extensions"]["path"]),
        ("INVALID", &json!("config.criteria"))
    );
    assert_eq!(world.edit("dev", "flag", "dev", simple(true)).await["outcome"], "APPLIED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_feature_keeps_its_value_type(db: PgPool) {
    let world = World::new(db).await;
    let text = |a: &str| json!({"enabled": true, "variants": {"a": a, "b": "b"}, "default": "a", "off": "b"});
    let mut input = new_feature("text");
    input["config"] = text("first");
    world.done("dev", "createFeature", input).await;
    let refused = world.run("dev", "editStage", edit("text", "dev", targeted("a"))).await;
    assert_eq!(
        (refused.code(), &refused.error()["extensions"]["path"]),
        ("INVALID", &json!("config.variants"))
    );
    let edited = world.edit("dev", "text", "dev", text("second")).await;
    assert_eq!(edited["items"][0]["diff"], json!([{"kind": "CHANGED", "path": "variants.a"}]));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn nothing_comes_to_depend_on_itself(db: PgPool) {
    let world = World::new(db).await;
    for key in ["a", "b", "c"] {
        world.feature(key).await;
    }
    let itself = world.run("dev", "editStage", edit("a", "dev", depending("a"))).await;
    assert_eq!(itself.code(), "INVALID");
    world.edit("dev", "a", "dev", depending("b")).await;
    world.edit("dev", "b", "dev", depending("c")).await;
    let circle = world.run("dev", "editStage", edit("c", "dev", depending("a"))).await;
    assert_eq!(
        (circle.code(), &circle.error()["extensions"]["path"]),
        ("INVALID", &json!("config.dependsOn"))
    );
    assert!(circle.error()["message"].as_str().unwrap().contains("c -> a -> b -> c"), "{}", circle.body);
    // Elsewhere the same document closes no circle.
    world.edit("dev", "c", "staging", depending("a")).await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_circle_that_closes_while_a_change_waits_fails_it(db: PgPool) {
    let world = World::new(db).await;
    world.feature("a").await;
    world.feature("b").await;
    world.policy("everything", "ALL", 1, &["APPROVER"]).await;
    let propose = async |feature: &str, on: &str| {
        world.edit("dev", feature, "dev", depending(on)).await["change"]["number"].as_i64().unwrap()
    };
    let (first, second) = (propose("a", "b").await, propose("b", "a").await);
    assert_eq!(world.vote("lead", first, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    let failed = world.vote("lead", second, "APPROVE").await.data()["vote"].clone();
    assert_eq!(failed["status"], "FAILED");
    assert!(failed["failure"].as_str().unwrap().contains("would depend on itself"), "{failed}");
    assert_eq!(world.live("b", "dev").await.unwrap().0, 1);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn keys_and_texts_have_their_limits(db: PgPool) {
    let world = World::new(db).await;
    for key in ["", "-a", "a b", "a/b", "ä", "a\u{0}", &"x".repeat(101)] {
        assert_eq!(world.run("dev", "createFeature", new_feature(key)).await.code(), "INVALID", "{key:?}");
    }
    for (field, value) in
        [("description", json!("x".repeat(1_001))), ("owner", json!("a\u{0}")), ("tags", json!(["a b"]))]
    {
        let mut input = new_feature("flag");
        input[field] = value;
        assert_eq!(world.run("dev", "createFeature", input).await.code(), "INVALID", "{field}");
    }
    world.feature("flag").await;
    let again = world.run("dev", "createFeature", new_feature("flag")).await;
    assert_eq!(again.code(), "CONFLICT");
    // What PostgreSQL cannot keep is the caller's mistake, wherever it stands.
    let mut config = json!({"enabled": true, "variants": {"a": "\u{0}"}, "default": "a", "off": "a"});
    let mut input = new_feature("nul");
    input["config"] = config.take();
    assert_eq!(world.run("dev", "createFeature", input).await.code(), "INVALID");
    let unknown = json!({"team": "acme", "feature": "f\u{0}", "reason": "r"});
    assert_eq!(world.run("dev", "killFeature", unknown).await.code(), "INVALID");
    assert_eq!(
        world.run("", "signIn", json!({"username": "\u{0}", "password": "p"})).await.code(),
        "INVALID"
    );
    world.stop().await;
}
