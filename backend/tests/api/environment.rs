//! Environments: edited, deactivated and active again, never out from under what is served or waits.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    answer::Answer,
    input::targeted,
    stream::{Edge, client},
    world::World,
};

async fn edited(world: &World, key: &str, input: Value) -> Answer {
    let mut all = json!({"team": "acme", "key": key});
    all.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
    world.run("admin", "editEnvironment", all).await
}

async fn active(world: &World, key: &str, active: bool) -> Answer {
    let input = json!({"team": "acme", "key": key, "active": active});
    world.run("admin", "setEnvironmentActive", input).await
}

async fn order(world: &World) -> Value {
    let query = r#"{ team(key: "acme") { environments { nodes { key position } } } }"#;
    let nodes = world.query("guest", query).await["team"]["environments"]["nodes"].clone();
    let positions: Vec<_> = nodes.as_array().unwrap().iter().map(|n| n["position"].clone()).collect();
    assert_eq!(positions, [1, 2, 3]);
    nodes.as_array().unwrap().iter().map(|n| n["key"].clone()).collect()
}

#[sqlx::test(migrations = false)]
async fn an_environment_is_edited_and_found(db: PgPool) {
    let world = World::new(db).await;
    let input = json!({"name": " Development ", "colour": "#3fb950"});
    let made = edited(&world, "dev", input.clone()).await.data()["editEnvironment"].clone();
    assert_eq!((&made["name"], &made["colour"]), (&json!("Development"), &json!("#3fb950")));
    let query =
        r#"{ team(key: "acme") { environment(key: "dev") { id key name type colour position active } } }"#;
    assert_eq!(world.query("guest", query).await["team"]["environment"], made);
    let revision = "SELECT revision FROM delivery_head";
    let before = world.number(revision).await;
    edited(&world, "dev", input).await.data();
    assert_eq!(world.number(revision).await, before, "nothing differs, so nothing is published");
    let entry = "SELECT count(*) FROM audit_entry WHERE action = 'environment.edit' AND environment = 'dev'
                 AND before ->> 'name' = 'dev' AND after ->> 'name' = 'Development'";
    assert_eq!(world.number(entry).await, 1);
    let emptied = edited(&world, "dev", json!({"name": "", "colour": null})).await.data().clone();
    assert_eq!(emptied["editEnvironment"]["name"], "dev");
    assert_eq!(emptied["editEnvironment"]["colour"], Value::Null);
    assert_eq!(world.number(revision).await, before + 1);
    for wrong in [json!({"colour": "red"}), json!({"position": 0}), json!({"position": 4})] {
        assert_eq!(edited(&world, "dev", wrong.clone()).await.code(), "INVALID", "{wrong}");
    }
    assert_eq!(edited(&world, "nowhere", json!({})).await.code(), "NOT_FOUND");
    let theirs = json!({"team": "rival", "key": "staging", "active": false});
    assert_eq!(world.run("outsider", "setEnvironmentActive", theirs).await.code(), "NOT_FOUND");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn environments_make_way_for_one_that_moves(db: PgPool) {
    let world = World::new(db).await;
    for (key, position, expected) in [
        ("prod", 1, json!(["prod", "dev", "staging"])),
        ("prod", 3, json!(["dev", "staging", "prod"])),
        ("staging", 1, json!(["staging", "dev", "prod"])),
        ("dev", 2, json!(["staging", "dev", "prod"])),
    ] {
        let moved = edited(&world, key, json!({"position": position})).await;
        assert_eq!(moved.data()["editEnvironment"]["position"], position);
        assert_eq!(order(&world).await, expected, "{key} to {position}");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_production_stays_so_while_changes_wait_there(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.policy("production", "PRODUCTION", 1, &["APPROVER"]).await;
    let number = world.pending("dev", "flag", "prod", "a").await;
    let refused = edited(&world, "prod", json!({"type": "STAGING"})).await;
    assert_eq!(refused.code(), "CONFLICT");
    assert_eq!(
        refused.error()["message"],
        format!(
            "prod cannot become STAGING: decide on or cancel the changes that wait there first: #{number}"
        )
    );
    // What policies do not look at may change meanwhile.
    edited(&world, "prod", json!({"name": "Production"})).await.data();
    let lead = json!({"team": "acme", "key": "prod", "type": "STAGING"});
    assert_eq!(world.run("lead", "editEnvironment", lead).await.code(), "FORBIDDEN");
    world.vote("lead", number, "APPROVE").await.data();
    assert_eq!(
        edited(&world, "prod", json!({"type": "STAGING"})).await.data()["editEnvironment"]["type"],
        "STAGING"
    );
    let entry = "SELECT count(*) FROM audit_entry WHERE before ->> 'type' = 'PRODUCTION' AND after ->> 'type' = 'STAGING'";
    assert_eq!(world.number(entry).await, 1);
    edited(&world, "staging", json!({"type": "PRODUCTION"})).await.data();
    world.pending("dev", "flag", "staging", "b").await;
    assert_eq!(edited(&world, "staging", json!({"type": "DEVELOPMENT"})).await.code(), "CONFLICT");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn nothing_is_served_where_an_environment_is_inactive(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.edit("dev", "flag", "prod", targeted("a")).await;
    let deployed = active(&world, "prod", false).await;
    assert_eq!(deployed.code(), "CONFLICT");
    assert_eq!(
        deployed.error()["message"],
        "prod cannot be deactivated: withdraw what is deployed there first: flag"
    );
    let withdraw = json!({"team": "acme", "feature": "flag", "environment": "prod"});
    world.done("dev", "withdraw", withdraw.clone()).await;
    world.policy("production", "PRODUCTION", 1, &["APPROVER"]).await;
    let number = world.pending("dev", "flag", "prod", "b").await;
    assert_eq!(active(&world, "prod", false).await.code(), "CONFLICT");
    world.vote("lead", number, "REJECT").await.data();
    assert_eq!(active(&world, "prod", false).await.data()["setEnvironmentActive"]["active"], false);
    let audit = "SELECT count(*) FROM audit_entry WHERE action LIKE 'environment.%activate'";
    active(&world, "prod", false).await.data();
    assert_eq!(world.number(audit).await, 1);
    // It takes no changes, and edges do not know it.
    for dry_run in [true, false] {
        let mut input = crate::input::edit("flag", "prod", targeted("c"));
        input["dryRun"] = json!(dry_run);
        let refused = world.run("dev", "editStage", input).await;
        assert_eq!(refused.code(), "CONFLICT");
        assert_eq!(refused.error()["message"], "prod is inactive and takes no changes: activate it first");
    }
    assert_eq!(world.done("dev", "withdraw", withdraw).await["outcome"], "UNCHANGED");
    let key = client(&world, "acme", "edge", "EDGE", None).await;
    let held = |edge: &Edge| edge.items.values().filter(|item| item.kind == 2).count();
    let without = held(&Edge::caught_up(&world, &key).await);
    active(&world, "prod", true).await.data();
    assert_eq!(held(&Edge::caught_up(&world, &key).await), without + 1);
    world.pending("dev", "flag", "prod", "d").await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_database_keeps_inactive_environments_empty(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let mut tx = world.db.begin().await.unwrap();
    sqlx::query("UPDATE environment SET active = false").execute(&mut *tx).await.unwrap();
    sqlx::query("SELECT publish(array_agg('ENVIRONMENT'::text), array_agg(id)) FROM environment")
        .execute(&mut *tx)
        .await
        .unwrap();
    let refused = tx.commit().await.unwrap_err().to_string();
    assert!(refused.contains("is inactive and serves something"), "{refused}");
    let refused = world.sql("DELETE FROM pipeline_stage").await.unwrap_err().to_string();
    assert!(refused.contains("a feature of the pipeline is deployed"), "{refused}");
    world.stop().await;
}
