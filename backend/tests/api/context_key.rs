//! Context keys: declared once, and every proposal is checked against them.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    answer::Answer,
    input::{edit, new_feature},
    world::World,
};

fn comparing(key: &str, op: &str, value: impl Into<Value>) -> Value {
    let value = value.into();
    json!({"enabled": true, "variants": {"on": true, "off": false}, "default": "off", "off": "off",
           "criteria": [{"when": {"any": [{"key": key, "op": op, "value": value}]}, "serve": "on"}]})
}

async fn declare(world: &World, key: &str, kind: &str, allowed: Value) {
    let input = json!({"team": "acme", "key": key, "type": kind, "allowedValues": allowed});
    world.done("admin", "createContextKey", input).await;
}

async fn edited(world: &World, input: Value) -> Answer {
    let mut all = json!({"team": "acme", "key": "country"});
    all.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
    world.run("admin", "editContextKey", all).await
}

#[sqlx::test(migrations = false)]
async fn a_context_key_is_made_edited_and_deleted(db: PgPool) {
    let world = World::new(db).await;
    declare(&world, "country", "STRING", json!(["US", "DE"])).await;
    let again = json!({"team": "acme", "key": "country", "type": "NUMBER"});
    assert_eq!(world.run("admin", "createContextKey", again).await.code(), "CONFLICT");
    let described = edited(&world, json!({"description": " ISO code "})).await.data().clone();
    let expected = json!({"key": "country", "type": "STRING", "description": "ISO code",
                          "allowedValues": ["US", "DE"]});
    assert_eq!(described["editContextKey"], expected);
    let query =
        r#"{ team(key: "acme") { contextKey(key: "country") { key type description allowedValues } } }"#;
    assert_eq!(world.query("guest", query).await["team"]["contextKey"], expected);
    // Said again, it is no edit.
    let audit = "SELECT count(*) FROM audit_entry WHERE action = 'context_key.edit'";
    edited(&world, json!({"description": "ISO code", "type": "STRING"})).await.data();
    assert_eq!(world.number(audit).await, 1);
    let entry = "SELECT count(*) FROM audit_entry WHERE action = 'context_key.edit'
                 AND before ->> 'description' = '' AND after ->> 'description' = 'ISO code' AND actor = 'admin'";
    assert_eq!(world.number(entry).await, 1);
    let emptied = edited(&world, json!({"description": null, "allowedValues": null})).await.data().clone();
    assert_eq!(emptied["editContextKey"]["allowedValues"], json!([]));
    assert_eq!(emptied["editContextKey"]["description"], "");
    let which = json!({"team": "acme", "key": "country"});
    assert_eq!(world.done("admin", "deleteContextKey", which.clone()).await["key"], "country");
    let gone = world.run("admin", "deleteContextKey", which).await;
    assert_eq!(gone.error()["message"], "no context key \"country\"");
    assert_eq!(gone.code(), "NOT_FOUND");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn another_teams_key_is_not_found(db: PgPool) {
    let world = World::new(db).await;
    declare(&world, "country", "STRING", json!([])).await;
    let theirs = json!({"team": "rival", "key": "country"});
    for field in ["editContextKey", "deleteContextKey"] {
        assert_eq!(world.run("outsider", field, theirs.clone()).await.code(), "NOT_FOUND", "{field}");
    }
    let query = r#"{ team(key: "rival") { contextKey(key: "country") { key } } }"#;
    assert_eq!(world.ask("outsider", query, json!({})).await.code(), "NOT_FOUND");
    // What one team declares is not what another's documents are checked against.
    let input = json!({"team": "rival", "key": "theirs", "kind": "CONTEXTUAL",
                       "config": comparing("country", "equals", 1)});
    assert_eq!(world.done("outsider", "createFeature", input).await["warnings"], json!([]));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn allowed_values_are_of_the_type(db: PgPool) {
    let world = World::new(db).await;
    for (kind, allowed, path) in [
        ("STRING", json!(["a", 1]), "allowedValues[1]"),
        ("NUMBER", json!(["1"]), "allowedValues[0]"),
        ("BOOLEAN", json!(["true"]), "allowedValues[0]"),
        ("VERSION", json!(["1.2.3", "1.2"]), "allowedValues[1]"),
        ("INSTANT", json!(["2026-06-01"]), "allowedValues[0]"),
        ("STRING", json!(["a", "a"]), "allowedValues[1]"),
        ("STRING", json!([["a"]]), "allowedValues[0]"),
        ("STRING", json!(["x".repeat(1_001)]), "allowedValues[0]"),
        ("NUMBER", json!((0..201).collect::<Vec<_>>()), "allowedValues"),
    ] {
        let input = json!({"team": "acme", "key": "k", "type": kind, "allowedValues": allowed});
        let refused = world.run("admin", "createContextKey", input).await;
        assert_eq!(refused.code(), "INVALID", "{kind} {allowed}");
        assert_eq!(refused.error()["extensions"]["path"], path, "{kind} {allowed}");
    }
    declare(&world, "country", "STRING", json!(["US"])).await;
    let unfit = edited(&world, json!({"type": "NUMBER"})).await;
    assert_eq!(unfit.error()["message"], "allowedValues[0]: \"US\" is no NUMBER");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn proposals_are_checked_against_them(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    // Nobody has declared anything: nothing is known.
    let free = world.edit("dev", "flag", "dev", comparing("age", "contains", "1")).await;
    assert_eq!(free["warnings"], json!([]));
    declare(&world, "age", "NUMBER", json!([])).await;
    declare(&world, "country", "STRING", json!(["US", "DE"])).await;
    for dry_run in [true, false] {
        for (field, mut input) in
            [("editStage", edit("flag", "staging", json!(null))), ("createFeature", new_feature("other"))]
        {
            input["config"] = comparing("age", "equals", "18");
            input["dryRun"] = json!(dry_run);
            let refused = world.run("dev", field, input).await;
            assert_eq!(refused.code(), "INVALID", "{field}");
            assert_eq!(refused.error()["extensions"]["path"], "config.criteria[0].when.any[0].value");
            let message = refused.error()["message"].as_str().unwrap();
            assert!(message.ends_with("\"18\" is no NUMBER, and age is one"), "{message}");
        }
        let mut input = edit("flag", "staging", comparing("contry", "equals", "US"));
        input["dryRun"] = json!(dry_run);
        let warned = world.done("dev", "editStage", input).await;
        assert_eq!(
            warned["warnings"],
            json!([{"rule": "undeclared-attribute", "path": "config.criteria[0].when.any[0].key",
                    "message": "no context key \"contry\"; did you mean \"country\"?"}])
        );
    }
    let warned = world.edit("dev", "flag", "staging", comparing("country", "in", json!(["FR"]))).await;
    assert_eq!(warned["warnings"][0]["rule"], "not-allowed-value");
    // What the engine finds is told in the same list.
    let mut unused = comparing("country", "in", json!(["US"]));
    unused["variants"]["spare"] = json!(true);
    let linted = world.edit("dev", "flag", "staging", unused).await;
    assert_eq!(linted["warnings"][0]["rule"], "unused-variant");
    assert_eq!(linted["warnings"][0]["path"], "config.variants.spare");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_was_declared_later_stops_neither_what_waits_nor_the_way_back(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.edit("dev", "flag", "dev", comparing("age", "contains", "1")).await;
    world.edit("dev", "flag", "dev", comparing("age", "contains", "2")).await;
    world.policy("everything", "ALL", 1, &["APPROVER"]).await;
    let waiting = world.edit("dev", "flag", "dev", comparing("age", "contains", "3")).await;
    let number = waiting["change"]["number"].as_i64().unwrap();
    declare(&world, "age", "NUMBER", json!([])).await;
    assert_eq!(world.vote("lead", number, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    let onwards = json!({"team": "acme", "feature": "flag", "to": "staging"});
    assert_eq!(world.run("dev", "promote", onwards).await.code(), "INVALID");
    let back = json!({"team": "acme", "feature": "flag", "environment": "dev", "version": 2});
    let back = world.done("dev", "rollback", back).await;
    assert_eq!(
        (&back["outcome"], &back["warnings"][0]["rule"]),
        (&json!("PENDING"), &json!("unfit-comparison"))
    );
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_type_stays_while_a_document_would_not_fit_another(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    declare(&world, "country", "STRING", json!([])).await;
    world.edit("dev", "flag", "dev", comparing("country", "contains", "U")).await;
    let live = edited(&world, json!({"type": "NUMBER"})).await;
    assert_eq!(live.code(), "CONFLICT");
    assert_eq!(
        live.error()["message"],
        "country cannot become a NUMBER: flag in dev would not fit; change or cancel that first"
    );
    world.edit("dev", "flag", "dev", comparing("country", "equals", "US")).await;
    world.policy("everything", "ALL", 1, &["APPROVER"]).await;
    let waiting = world.edit("dev", "flag", "prod", comparing("country", "contains", "U")).await;
    // Equality with a text that is no version stands in the way as well.
    let refused = edited(&world, json!({"type": "VERSION"})).await;
    let message = refused.error()["message"].as_str().unwrap();
    assert!(message.contains("flag in dev, #4 (flag in prod) would not fit"), "{message}");
    let number = waiting["change"]["number"].as_i64().unwrap();
    world.done("dev", "cancelChange", json!({"team": "acme", "number": number})).await;
    world.sql("DELETE FROM policy").await.unwrap();
    world.edit("dev", "flag", "dev", comparing("plan", "equals", "US")).await;
    assert_eq!(edited(&world, json!({"type": "NUMBER"})).await.data()["editContextKey"]["type"], "NUMBER");
    world.stop().await;
}
