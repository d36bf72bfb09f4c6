//! Evaluating by GraphQL: what the database holds now, from memory, and nobody else waits for it.

use futures_util::future::{join_all, select, select_all};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::world::World;

/// How many flags are heavy?
const HEAVY: usize = 12;

fn question(features: &[&str], fields: &str) -> String {
    let features = json!(features);
    format!(
        r#"{{ team(key: "acme") {{ evaluate(environment: "dev", features: {features}, context: {{text: "x"}}) {{ {fields} }} }} }}"#
    )
}

async fn evaluated(world: &World, feature: &str) -> Value {
    let found =
        world.query("guest", &question(&[feature], "value variant version killSwitch errorCode")).await;
    found["team"]["evaluate"][0].clone()
}

#[sqlx::test(migrations = false)]
async fn what_is_served_is_compiled_once(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let before = evaluated(&world, "flag").await;
    assert_eq!((&before["variant"], &before["version"]), (&json!("on"), &json!(1)));
    // Whoever read the document again would find nothing in it.
    world.script("ALTER TABLE version DISABLE TRIGGER USER; UPDATE version SET config = '{}'").await;
    assert_eq!(evaluated(&world, "flag").await, before);
    assert_eq!(evaluated(&world, "nothing").await["errorCode"], "FLAG_NOT_FOUND");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_float_keeps_its_point(db: PgPool) {
    let world = World::new(db).await;
    let config =
        json!({"enabled": true, "variants": {"one": 1, "half": 0.5}, "default": "one", "off": "half"});
    let input = json!({"team": "acme", "key": "flag", "kind": "CONTEXTUAL", "config": config});
    assert_eq!(world.done("dev", "createFeature", input).await["outcome"], "APPLIED");
    assert_eq!(evaluated(&world, "flag").await["value"].to_string(), "1.0");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn another_replica_knows_at_once(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let replica = world.replica().await;
    let (url, token) = (format!("http://{}/graphql", replica.http), world.token("guest").await);
    let killed = async || {
        let body = json!({"query": question(&["flag"], "killSwitch")});
        let answer = world.client.post(&url).bearer_auth(&token).json(&body).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["data"]["team"]["evaluate"][0]["killSwitch"].clone()
    };
    for _ in 0..10 {
        world.done("dev", "killFeature", json!({"team": "acme", "feature": "flag", "reason": "r"})).await;
        assert_eq!(killed().await, true);
        world.done("lead", "restoreFeature", json!({"team": "acme", "feature": "flag"})).await;
        assert_eq!(killed().await, false);
    }
    replica.stop().await.unwrap();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn others_are_answered_while_heavy_flags_are_compiled(db: PgPool) {
    let world = World::new(db).await;
    let keys: Vec<String> = (0..HEAVY).map(|n| format!("heavy{n}")).collect();
    for key in &keys {
        world.feature(key).await;
        let when = json!({"key": "text", "op": "regex", "value": r"\w{9}0"});
        let config = json!({"enabled": true, "variants": {"on": true, "off": false}, "default": "off", "off": "off",
                            "criteria": [{"when": when, "serve": "on"}]});
        assert_eq!(world.edit("dev", key, "dev", config).await["outcome"], "APPLIED");
    }
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let heavy = question(&keys, "variant");
    world.token("guest").await;
    // More than the server has threads for HTTP.
    let asked = (0..8).map(|_| Box::pin(world.query("guest", &heavy)));
    let others = Box::pin(async {
        for _ in 0..5 {
            world.query("dev", "{ me { username } }").await;
        }
    });
    match select(select_all(asked), others).await {
        futures_util::future::Either::Left(_) => panic!("others waited for what is compiled"),
        futures_util::future::Either::Right(((), heavy)) => {
            let (first, _, rest) = heavy.await;
            for found in std::iter::once(first).chain(join_all(rest).await) {
                assert_eq!(found["team"]["evaluate"][0]["variant"], "off");
            }
        }
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_operation_evaluates_few_features(db: PgPool) {
    let world = World::new(db).await;
    let keys: Vec<String> = (0..101).map(|n| format!("f{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    world.query("guest", &question(&keys[1..], "variant")).await;
    let many = world.ask("guest", &question(&keys, "variant"), json!({})).await;
    assert_eq!((many.code(), &many.error()["message"]), ("INVALID", &json!("features: are more than 100")));
    // As many in each of several fields cost as much as any that look something up.
    let field = question(&keys[1..], "variant");
    let field = field.trim_start_matches("{ team(key: \"acme\") { ").trim_end_matches(" } }");
    let twice = format!("{{ team(key: \"acme\") {{ a: {field} b: {field} }} }}");
    let refused = world.ask("guest", &twice, json!({})).await;
    assert_eq!((refused.code(), &refused.error()["message"]), ("INVALID", &json!("Query is too complex.")));
    world.stop().await;
}
