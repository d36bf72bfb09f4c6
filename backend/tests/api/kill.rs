//! Kill switches: at once, over whatever is approved, and never in its place.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::targeted,
    world::{World, eventually},
};

async fn kill(world: &World, environment: Option<&str>) -> Value {
    let input =
        json!({"team": "acme", "feature": "flag", "environment": environment, "reason": " it burns "});
    world.done("dev", "killFeature", input).await
}

async fn restore(world: &World, environment: Option<&str>) -> Value {
    world
        .done(
            "lead",
            "restoreFeature",
            json!({"team": "acme", "feature": "flag", "environment": environment}),
        )
        .await
}

async fn evaluated(world: &World) -> (Value, Value) {
    let query = r#"{ team(key: "acme") { evaluate(environment: "dev", features: ["flag"], context: {}) { variant killSwitch } } }"#;
    let found = world.query("guest", query).await["team"]["evaluate"][0].clone();
    (found["variant"].clone(), found["killSwitch"].clone())
}

#[sqlx::test(migrations = false)]
async fn a_kill_needs_a_reason_and_a_place_that_exists(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    for reason in ["", "  \t ", &"x".repeat(1_001)] {
        let input = json!({"team": "acme", "feature": "flag", "reason": reason});
        let answer = world.run("dev", "killFeature", input).await;
        assert_eq!((answer.code(), &answer.error()["extensions"]["path"]), ("INVALID", &json!("reason")));
    }
    let elsewhere = json!({"team": "acme", "feature": "flag", "environment": "moon", "reason": "r"});
    let answer = world.run("dev", "killFeature", elsewhere).await;
    assert_eq!(answer.code(), "NOT_FOUND");
    assert_eq!(answer.error()["extensions"]["candidates"], json!(["dev", "staging", "prod"]));
    assert_eq!(world.number("SELECT count(*) FROM stage WHERE killed_at IS NOT NULL").await, 0);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn one_place_or_all_and_only_once(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let first = kill(&world, Some("staging")).await;
    assert_eq!(first["environments"], json!(["staging"]));
    let all = kill(&world, None).await;
    assert_eq!(all["environments"], json!(["dev", "prod"]));
    assert_eq!(all["revision"].as_i64(), first["revision"].as_i64().map(|r| r + 1));
    assert_eq!(kill(&world, None).await, json!({"environments": [], "revision": null}));
    let stages = r#"{ team(key: "acme") { feature(key: "flag") { stages { kill { reason by } } } } }"#;
    let seen = world.query("guest", stages).await["team"]["feature"]["stages"].clone();
    assert_eq!(seen[0]["kill"], json!({"reason": "it burns", "by": "dev"}));
    assert_eq!(restore(&world, Some("dev")).await["environments"], json!(["dev"]));
    assert_eq!(restore(&world, None).await["environments"], json!(["staging", "prod"]));
    assert_eq!(restore(&world, None).await, json!({"environments": [], "revision": null}));
    let kills = world
        .number("SELECT count(*) FROM audit_entry WHERE action = 'feature.kill' AND reason = 'it burns'");
    assert_eq!(kills.await, 3);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_kill_overlays_and_lifting_it_gives_back_what_is_approved(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.edit("dev", "flag", "dev", targeted("first")).await;
    assert_eq!(evaluated(&world).await, (json!("on"), json!(false)));
    world.policy("everything", "ALL", 1, &["APPROVER"]).await;
    let number = world.pending("dev", "flag", "dev", "second").await;
    let (before, _) = world.live("flag", "dev").await.unwrap();
    kill(&world, None).await;
    assert_eq!(evaluated(&world).await, (json!("off"), json!(true)));
    assert_eq!(world.change(number).await["status"], "PENDING");
    assert_eq!(world.live("flag", "dev").await.unwrap().0, before);
    assert_eq!(world.vote("lead", number, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    assert_eq!(evaluated(&world).await, (json!("off"), json!(true)), "an applied change lifts no kill");
    restore(&world, None).await;
    assert_eq!(evaluated(&world).await, (json!("on"), json!(false)));
    let (version, config) = world.live("flag", "dev").await.unwrap();
    assert_eq!((version, &config["criteria"][0]["name"]), (before + 1, &json!("second")));
    world.stop().await;
}

async fn until(world: &World, who: &str, end: Value) -> crate::answer::Answer {
    let mut input = json!({"team": "acme", "feature": "flag", "environment": "dev", "reason": "it burns"});
    input["restoreAt"] = end;
    world.run(who, "killFeature", input).await
}

async fn ahead(world: &World, seconds: i64) -> Value {
    let now = world.number("SELECT floor(extract(epoch FROM clock_timestamp()))::bigint").await;
    json!(chrono::DateTime::from_timestamp(now + seconds, 0))
}

#[sqlx::test(migrations = false)]
async fn a_kill_ends_at_its_time(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.edit("dev", "flag", "dev", targeted("first")).await;
    let replica = world.replica().await;
    until(&world, "dev", ahead(&world, 2).await).await.data();
    assert_eq!(evaluated(&world).await, (json!("off"), json!(true)));
    let killed = "SELECT count(*) FROM stage WHERE killed_at IS NOT NULL";
    eventually("the kill ends", async || (world.number(killed).await == 0).then_some(())).await;
    assert_eq!(evaluated(&world).await, (json!("on"), json!(false)));
    let entries = "SELECT count(*) FROM audit_entry WHERE action = 'feature.restore' AND actor = 'scheduler'
                   AND actor_kind = 'SYSTEM' AND reason = 'its time is over; killed for: it burns'";
    assert_eq!(world.number(entries).await, 1, "once, however many replicas look");
    replica.stop().await.unwrap();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn putting_the_end_off_is_killing_and_bringing_it_forward_is_restoring(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let near = until(&world, "dev", ahead(&world, 600).await).await;
    assert_eq!(near.data()["killFeature"]["environments"], json!(["dev"]));
    let far = ahead(&world, 1200).await;
    assert_eq!(until(&world, "dev", far.clone()).await.data()["killFeature"]["environments"], json!([]));
    let moved = "SELECT count(*) FROM audit_entry WHERE action = 'feature.kill_until'";
    assert_eq!(world.number(moved).await, 1);
    until(&world, "dev", far).await.data();
    assert_eq!(world.number(moved).await, 1, "nothing new, nothing recorded");
    assert_eq!(until(&world, "dev", ahead(&world, 300).await).await.code(), "FORBIDDEN");
    until(&world, "lead", ahead(&world, 300).await).await.data();
    until(&world, "dev", Value::Null).await.data();
    assert_eq!(
        until(&world, "dev", ahead(&world, 3000).await).await.code(),
        "FORBIDDEN",
        "by hand only is later than any time"
    );
    for wrong in [ahead(&world, -1).await, ahead(&world, 3600 * 24 * 366).await] {
        let answer = until(&world, "lead", wrong).await;
        assert_eq!((answer.code(), &answer.error()["extensions"]["path"]), ("INVALID", &json!("restoreAt")));
    }
    assert_eq!(world.number("SELECT count(*) FROM stage WHERE kill_restore_at IS NOT NULL").await, 0);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn who_may_not_restore_kills_the_rest_and_leaves_what_is_killed_for_longer(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    kill(&world, Some("dev")).await;
    let (near, far) = (ahead(&world, 600).await, ahead(&world, 1200).await);
    let everywhere = async |who: &str, end: &Value| {
        let query = "mutation ($input: KillFeatureInput!) { killFeature(input: $input) { environments rescheduled } }";
        let input = json!({"team": "acme", "feature": "flag", "reason": "it burns", "restoreAt": end});
        world.ask(who, query, json!({"input": input})).await.data()["killFeature"].clone()
    };
    let rest = everywhere("dev", &far).await;
    assert_eq!(rest, json!({"environments": ["staging", "prod"], "rescheduled": []}));
    assert_eq!(everywhere("dev", &near).await, json!({"environments": [], "rescheduled": []}));
    assert_eq!(until(&world, "dev", near.clone()).await.code(), "FORBIDDEN", "in one place it is refused");
    let ends = "SELECT count(kill_restore_at) FROM stage WHERE killed_at IS NOT NULL";
    assert_eq!(world.number(ends).await, 2, "by hand stays by hand");
    let all = everywhere("lead", &near).await;
    assert_eq!(all, json!({"environments": [], "rescheduled": ["dev", "staging", "prod"]}));
    world.stop().await;
}
