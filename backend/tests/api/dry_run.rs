//! Dry runs: everything is checked and told, nothing is written.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::{edit, new_feature, targeted},
    world::World,
};

#[sqlx::test(migrations = false)]
async fn a_dry_run_writes_nothing(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.edit("dev", "flag", "dev", targeted("a")).await;
    world.policy("production", "PRODUCTION", 1, &["APPROVER"]).await;
    world.token("dev").await;
    let place = |environment: &str| json!({"team": "acme", "feature": "flag", "environment": environment});
    let (before, audit) = (world.contents().await, world.number("SELECT count(*) FROM audit_entry").await);
    let cases = [
        ("createFeature", new_feature("new")),
        ("editStage", edit("flag", "dev", targeted("b"))),
        ("editStage", edit("flag", "prod", targeted("b"))),
        ("promote", json!({"team": "acme", "feature": "flag", "to": "staging"})),
        ("rollback", place("dev")),
        ("withdraw", place("dev")),
    ];
    for (field, input) in &cases {
        let mut dry = input.clone();
        dry["dryRun"] = json!(true);
        let proposal = world.done("dev", field, dry).await;
        assert_eq!((&proposal["outcome"], &proposal["change"]), (&json!("DRY_RUN"), &Value::Null), "{field}");
        assert_eq!(proposal["items"].as_array().unwrap().len(), 1, "{field}");
        assert_eq!(
            proposal["items"][0]["feature"]["key"],
            if *field == "createFeature" { "new" } else { "flag" }
        );
        let prod = proposal["items"][0]["environment"]["key"] == "prod";
        assert_eq!(proposal["policies"].as_array().unwrap().len(), usize::from(prod), "{field}");
    }
    assert_eq!(world.contents().await, before);
    assert_eq!(world.number("SELECT count(*) FROM audit_entry").await, audit);
    // The same in earnest does write.
    for (field, input) in cases {
        world.done("dev", field, input).await;
        assert_ne!(world.contents().await, before, "{field}");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_dry_run_neither_waits_for_those_who_write_nor_holds_them_up(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.token("dev").await;
    let mut writer = world.db.begin().await.unwrap();
    sqlx::raw_sql("SELECT FROM stage FOR UPDATE").execute(&mut *writer).await.unwrap();
    let mut dry = edit("flag", "dev", targeted("b"));
    // In earnest it waits, and is told so in the end.
    assert_eq!(world.run("dev", "editStage", dry.clone()).await.code(), "CONFLICT");
    dry["dryRun"] = json!(true);
    assert_eq!(world.done("dev", "editStage", dry).await["outcome"], "DRY_RUN");
    writer.rollback().await.unwrap();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_dry_run_is_refused_as_the_earnest_one_would_be(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let dry = |mut input: Value| {
        input["dryRun"] = json!(true);
        input
    };
    let broken = dry(edit("flag", "dev", json!({"enabled": 1})));
    assert_eq!(world.run("dev", "editStage", broken).await.code(), "INVALID");
    let blocked = dry(json!({"team": "acme", "feature": "flag", "from": "staging", "to": "prod"}));
    assert_eq!(world.run("dev", "promote", blocked).await.code(), "BLOCKED");
    assert_eq!(world.run("dev", "createFeature", dry(new_feature("flag"))).await.code(), "CONFLICT");
    let forbidden = dry(edit("flag", "dev", targeted("a")));
    assert_eq!(world.run("guest", "editStage", forbidden).await.code(), "FORBIDDEN");
    let (_, live) = world.live("flag", "dev").await.unwrap();
    let same = world.done("dev", "editStage", dry(edit("flag", "dev", live))).await;
    assert_eq!(same["outcome"], "UNCHANGED");
    world.stop().await;
}
