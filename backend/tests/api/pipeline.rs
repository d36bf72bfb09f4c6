//! Pipelines: stages come and go, and features follow.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{answer::Answer, input::targeted, world::World};

async fn run(world: &World, field: &str, more: Value) -> Answer {
    let mut input = json!({"team": "acme", "pipeline": "main"});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.run("admin", field, input).await
}

async fn add(world: &World, environment: &str, after: &str) -> Answer {
    run(world, "addPipelineStage", json!({"environment": environment, "after": after})).await
}

async fn remove(world: &World, environment: &str) -> Answer {
    run(world, "removePipelineStage", json!({"environment": environment})).await
}

async fn world(db: PgPool) -> World {
    let world = World::new(db).await;
    world.done("admin", "createEnvironment", json!({"team": "acme", "key": "qa", "type": "STAGING"})).await;
    world
}

#[sqlx::test(migrations = false)]
async fn a_pipeline_is_named_found_and_deleted(db: PgPool) {
    let world = world(db).await;
    let query = r#"{ team(key: "acme") { pipeline(key: "main") { key name stages { environment { key } after } } } }"#;
    let edit = |name: &str| json!({"team": "acme", "key": "main", "name": name});
    let named = world.done("admin", "editPipeline", edit("The way")).await;
    assert_eq!(named["name"], "The way");
    assert_eq!(world.query("guest", query).await["team"]["pipeline"], named);
    world.done("admin", "editPipeline", edit("The way")).await;
    let entry = "SELECT count(*) FROM audit_entry WHERE action = 'pipeline.edit'
                 AND before ->> 'name' = 'main' AND after ->> 'name' = 'The way'";
    assert_eq!(world.number(entry).await, 1);
    world.feature("flag").await;
    let delete = |team: &str, key: &str| json!({"team": team, "key": key});
    let used = world.run("admin", "deletePipeline", delete("acme", "main")).await;
    assert_eq!(used.code(), "CONFLICT");
    assert_eq!(used.error()["message"], "main cannot be deleted: it is the way of flag");
    let stages = json!([{"environment": "dev"}, {"environment": "qa", "after": "dev"}]);
    world.done("admin", "createPipeline", json!({"team": "acme", "key": "other", "stages": stages})).await;
    let theirs = world.run("outsider", "deletePipeline", delete("rival", "other")).await;
    assert_eq!(theirs.error()["message"], "no pipeline \"other\"");
    world.done("admin", "deletePipeline", delete("acme", "other")).await;
    assert_eq!(world.run("admin", "deletePipeline", delete("acme", "other")).await.code(), "NOT_FOUND");
    let entry = "SELECT count(*) FROM audit_entry WHERE action = 'pipeline.delete'
                 AND before -> 'stages' = '[\"dev\", \"qa\"]'";
    assert_eq!(world.number(entry).await, 1);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_stage_that_comes_is_one_of_every_feature(db: PgPool) {
    let world = world(db).await;
    world.feature("flag").await;
    let added = add(&world, "qa", "dev").await.data()["addPipelineStage"].clone();
    let stage = json!({"environment": {"key": "qa"}, "after": "dev"});
    assert_eq!(added["stages"][3], stage);
    // Said again it is so already; said otherwise it is refused.
    assert_eq!(add(&world, "qa", "dev").await.data()["addPipelineStage"]["stages"], added["stages"]);
    assert_eq!(world.number("SELECT count(*) FROM audit_entry WHERE action = 'pipeline.add_stage'").await, 1);
    assert_eq!(add(&world, "qa", "prod").await.code(), "CONFLICT");
    for (environment, after) in [("nowhere", "dev"), ("qa", "nowhere")] {
        assert_eq!(add(&world, environment, after).await.code(), "NOT_FOUND", "{environment} {after}");
    }
    let query = r#"{ team(key: "acme") { feature(key: "flag") { stages { environment { key } status } } } }"#;
    let stages = world.query("dev", query).await["team"]["feature"]["stages"].clone();
    assert_eq!(stages[3], json!({"environment": {"key": "qa"}, "status": "NOT_DEPLOYED"}));
    let promote = json!({"team": "acme", "feature": "flag", "from": "dev", "to": "qa"});
    assert_eq!(world.done("dev", "promote", promote).await["outcome"], "APPLIED");
    world.feature("later").await;
    world.edit("dev", "later", "qa", targeted("a")).await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn another_teams_environment_is_no_stage(db: PgPool) {
    let world = world(db).await;
    let input = json!({"team": "rival", "pipeline": "main", "environment": "qa", "after": "dev"});
    assert_eq!(world.run("outsider", "addPipelineStage", input).await.code(), "NOT_FOUND");
    let input = json!({"team": "rival", "pipeline": "main", "environment": "prod"});
    assert_eq!(world.run("outsider", "removePipelineStage", input).await.code(), "NOT_FOUND");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_stage_goes_only_when_nothing_needs_it(db: PgPool) {
    let world = world(db).await;
    world.feature("flag").await;
    let refused = |answer: Answer| {
        assert_eq!(answer.code(), "CONFLICT");
        answer.error()["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        refused(remove(&world, "staging").await),
        "staging cannot leave main: remove what follows it first: prod"
    );
    assert_eq!(remove(&world, "qa").await.code(), "NOT_FOUND");
    world.edit("dev", "flag", "prod", targeted("a")).await;
    assert_eq!(
        refused(remove(&world, "prod").await),
        "prod cannot leave main: withdraw what is deployed there first: flag"
    );
    let place = json!({"team": "acme", "feature": "flag", "environment": "prod"});
    world.done("dev", "withdraw", place.clone()).await;
    world.policy("production", "PRODUCTION", 1, &["APPROVER"]).await;
    let number = world.pending("dev", "flag", "prod", "b").await;
    let waiting = refused(remove(&world, "prod").await);
    assert!(waiting.ends_with(&format!("wait there first: #{number}")), "{waiting}");
    world.done("dev", "cancelChange", json!({"team": "acme", "number": number})).await;
    let left = remove(&world, "prod").await.data()["removePipelineStage"]["stages"].clone();
    assert_eq!(left.as_array().unwrap().len(), 2);
    // Nobody reaches the stage any more, by whatever way.
    for (field, mut input) in [
        ("editStage", crate::input::edit("flag", "prod", targeted("c"))),
        ("rollback", place.clone()),
        ("withdraw", place.clone()),
        ("killFeature", place.clone()),
    ] {
        input["reason"] = json!("test");
        assert_eq!(world.run("dev", field, input).await.code(), "NOT_FOUND", "{field}");
    }
    // Back again, it counts on from where it was.
    add(&world, "prod", "staging").await.data();
    world.sql("DELETE FROM policy").await.unwrap();
    let again = world.edit("dev", "flag", "prod", targeted("d")).await;
    assert_eq!(again["items"][0]["version"], 2);
    remove(&world, "nowhere").await.error();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_only_stage_stays(db: PgPool) {
    let world = world(db).await;
    let stages = json!([{"environment": "dev"}]);
    world.done("admin", "createPipeline", json!({"team": "acme", "key": "short", "stages": stages})).await;
    let only = run(&world, "removePipelineStage", json!({"pipeline": "short", "environment": "dev"})).await;
    assert_eq!(
        only.error()["message"],
        "dev cannot leave short: it is the only stage; delete the pipeline instead"
    );
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_stage_stays_while_something_is_killed_there(db: PgPool) {
    let world = world(db).await;
    world.feature("flag").await;
    let which = json!({"team": "acme", "feature": "flag", "environment": "prod"});
    let mut kill = which.clone();
    kill["reason"] = json!("r");
    world.done("dev", "killFeature", kill).await;
    let refused = remove(&world, "prod").await;
    assert_eq!(refused.code(), "CONFLICT");
    assert_eq!(
        refused.error()["message"],
        "prod cannot leave main: restore what is killed there first (fgctl feature restore): flag"
    );
    world.done("lead", "restoreFeature", which).await;
    remove(&world, "prod").await.data();
    world.stop().await;
}
