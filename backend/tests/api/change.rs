//! Changes: how documents reach stages, and what becomes of those that do not.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::{edit, targeted},
    world::World,
};

async fn promote(world: &World, to: &str) -> Value {
    world
        .done("dev", "promote", json!({"team": "acme", "feature": "flag", "to": to, "reason": "ready"}))
        .await
}

async fn at(world: &World, field: &str, environment: &str) -> Value {
    world.done("dev", field, json!({"team": "acme", "feature": "flag", "environment": environment})).await
}

async fn status(world: &World, environment: &str) -> String {
    let query = r#"{ team(key: "acme") { feature(key: "flag") { stages { environment { key } status } } } }"#;
    let feature = world.query("guest", query).await["team"]["feature"].clone();
    let stages = feature["stages"].as_array().unwrap();
    let stage = stages.iter().find(|stage| stage["environment"]["key"] == environment).unwrap();
    stage["status"].as_str().unwrap().to_owned()
}

#[sqlx::test(migrations = false)]
async fn a_document_travels_from_dev_to_prod(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    assert_eq!(status(&world, "dev").await, "DEPLOYED");
    assert_eq!(status(&world, "staging").await, "NOT_DEPLOYED");
    let edited = world.edit("dev", "flag", "dev", targeted("first")).await;
    assert_eq!((&edited["outcome"], &edited["items"][0]["version"]), (&json!("APPLIED"), &json!(2)));
    assert_eq!(edited["items"][0]["baseVersion"], 1);
    world.policy("production", "PRODUCTION", 1, &["APPROVER"]).await;
    let to_staging = promote(&world, "staging").await;
    assert_eq!(to_staging["outcome"], "APPLIED");
    assert_eq!(to_staging["items"][0]["source"]["key"], "dev");
    let to_prod = promote(&world, "prod").await;
    assert_eq!(to_prod["outcome"], "PENDING");
    assert_eq!(to_prod["policies"], json!([{"name": "production", "required": 1, "satisfied": false}]));
    assert_eq!(status(&world, "prod").await, "DEPLOYMENT_REQUESTED");
    assert_eq!(world.live("flag", "prod").await, None, "what waits is not served");
    let number = to_prod["change"]["number"].as_i64().unwrap();
    let applied = world.vote("lead", number, "APPROVE").await.data()["vote"].clone();
    assert_eq!(applied["status"], "APPLIED");
    assert_eq!(applied["revision"], world.number("SELECT revision FROM delivery_head").await);
    let (_, dev) = world.live("flag", "dev").await.unwrap();
    assert_eq!(world.live("flag", "prod").await, Some((1, dev)));
    let audit =
        r#"{ team(key: "acme") { audit(feature: "flag") { nodes { action actor subject environment } } } }"#;
    let audit = world.query("guest", audit).await["team"]["audit"]["nodes"].clone();
    let actions: Vec<_> =
        audit.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        [
            "change.apply",
            "change.approve",
            "change.propose",
            "change.apply",
            "change.propose",
            "change.apply",
            "change.propose",
            "change.apply",
            "change.propose",
            "feature.create"
        ]
    );
    let last = json!({"action": "change.apply", "actor": "lead", "subject": "#4 promote flag", "environment": "prod"});
    assert_eq!(audit[0], last);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn rolling_back_and_withdrawing_are_changes_too(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    assert_eq!(
        world
            .run("dev", "rollback", json!({"team": "acme", "feature": "flag", "environment": "dev"}))
            .await
            .code(),
        "CONFLICT"
    );
    let (_, first) = world.live("flag", "dev").await.unwrap();
    world.edit("dev", "flag", "dev", targeted("bad")).await;
    let (_, second) = world.live("flag", "dev").await.unwrap();
    let back = at(&world, "rollback", "dev").await;
    assert_eq!((&back["outcome"], &back["items"][0]["version"]), (&json!("APPLIED"), &json!(3)));
    assert_eq!(world.live("flag", "dev").await, Some((3, first.clone())));
    assert_eq!(status(&world, "dev").await, "ROLLED_BACK");
    let named = json!({"team": "acme", "feature": "flag", "environment": "dev", "version": 2});
    world.done("dev", "rollback", named).await;
    assert_eq!(world.live("flag", "dev").await, Some((4, second)));
    for version in [0, -1, 5] {
        let unknown = json!({"team": "acme", "feature": "flag", "environment": "dev", "version": version});
        assert_eq!(world.run("dev", "rollback", unknown).await.code(), "NOT_FOUND");
    }
    let gone = at(&world, "withdraw", "dev").await;
    assert_eq!((&gone["outcome"], &gone["items"][0]["after"]), (&json!("APPLIED"), &Value::Null));
    assert_eq!(
        (world.live("flag", "dev").await, status(&world, "dev").await.as_str()),
        (None, "NOT_DEPLOYED")
    );
    assert_eq!(at(&world, "withdraw", "dev").await["outcome"], "UNCHANGED");
    let again = world.edit("dev", "flag", "dev", first).await;
    assert_eq!((&again["outcome"], &again["items"][0]["version"]), (&json!("APPLIED"), &json!(5)));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_live_or_asked_for_already_is_not_asked_for_again(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let (_, live) = world.live("flag", "dev").await.unwrap();
    let changes = world.number("SELECT count(*) FROM change").await;
    let same = world.edit("dev", "flag", "dev", live).await;
    assert_eq!((&same["outcome"], &same["change"]), (&json!("UNCHANGED"), &Value::Null));
    assert_eq!(world.number("SELECT count(*) FROM change").await, changes);
    world.policy("everything", "ALL", 1, &["APPROVER"]).await;
    let first = promote(&world, "staging").await;
    assert_eq!(first["outcome"], "PENDING");
    let input = json!({"team": "acme", "feature": "flag", "to": "staging"});
    let joined = world.done("peer", "promote", input).await;
    assert_eq!(
        (&joined["outcome"], &joined["change"]["number"]),
        (&json!("JOINED"), &first["change"]["number"])
    );
    assert_eq!(joined["change"]["author"], "dev");
    let other = world.edit("peer", "flag", "dev", targeted("other")).await;
    assert_eq!(other["outcome"], "PENDING");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn of_two_on_one_stage_the_first_applied_makes_the_other_stale(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.feature("other").await;
    world.policy("everything", "ALL", 1, &["APPROVER"]).await;
    let first = world.pending("dev", "flag", "dev", "first").await;
    let second = world.pending("dev", "flag", "dev", "second").await;
    let elsewhere = world.pending("dev", "other", "dev", "elsewhere").await;
    assert_eq!(world.vote("lead", second, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    let stale = world.change(first).await;
    assert_eq!(stale["status"], "STALE");
    assert!(stale["failure"].as_str().unwrap().contains(&format!("#{second}")), "{stale}");
    assert_eq!(world.vote("lead", first, "APPROVE").await.code(), "STALE");
    assert_eq!(world.change(elsewhere).await["status"], "PENDING");
    let told = format!(
        "SELECT count(*) FROM audit_entry WHERE action = 'change.stale' AND subject LIKE '#{first} %'"
    );
    assert_eq!(world.number(&told).await, 1);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_edit_of_an_old_version_is_noticed(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let based = |base: i32, name: &str| {
        let mut input = edit("flag", "dev", targeted(name));
        input["baseVersion"] = json!(base);
        input
    };
    assert_eq!(world.done("dev", "editStage", based(1, "mine")).await["outcome"], "APPLIED");
    let late = world.run("dev", "editStage", based(1, "theirs")).await;
    assert_eq!(late.code(), "CONFLICT");
    assert!(late.error()["message"].as_str().unwrap().contains("moved to v2 from v1"), "{}", late.body);
    assert_eq!(world.done("dev", "editStage", based(2, "theirs")).await["outcome"], "APPLIED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_blocked_promotion_names_every_gate(db: PgPool) {
    let world = World::new(db).await;
    world.feature("needed").await;
    world.feature("flag").await;
    let mut needing = targeted("needing");
    needing["dependsOn"] = json!([{"feature": "needed"}]);
    world.edit("dev", "flag", "dev", needing).await;
    world.done("dev", "killFeature", json!({"team": "acme", "feature": "flag", "reason": "test"})).await;
    let input = |from: &str, to: &str| json!({"team": "acme", "feature": "flag", "from": from, "to": to});
    let shut = async |from: &str, to: &str| -> Vec<(String, bool)> {
        let answer = world.run("dev", "promote", input(from, to)).await;
        assert_eq!(answer.code(), "BLOCKED");
        let gates = answer.error()["extensions"]["gates"].as_array().unwrap().clone();
        assert!(gates.iter().all(|gate| gate["message"].is_string()), "{gates:?}");
        gates.iter().map(|g| (g["gate"].as_str().unwrap().to_owned(), g["passed"] == true)).collect()
    };
    let gate = |name: &str, open: bool| (name.to_owned(), open);
    let killed =
        [gate("relationship", true), gate("stage", true), gate("kill", false), gate("dependency", false)];
    assert_eq!(shut("dev", "staging").await, killed);
    assert_eq!(shut("dev", "prod").await[0], gate("relationship", false));
    let nothing = [gate("relationship", true), gate("stage", false), gate("kill", false)];
    assert_eq!(shut("staging", "prod").await, nothing);
    assert_eq!(shut("staging", "dev").await[0], gate("relationship", false));
    assert_eq!(world.live("flag", "staging").await, None);
    world.done("lead", "restoreFeature", json!({"team": "acme", "feature": "flag"})).await;
    world.done("dev", "promote", json!({"team": "acme", "feature": "needed", "to": "staging"})).await;
    assert_eq!(promote(&world, "staging").await["outcome"], "APPLIED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_promotion_finds_its_ends_where_there_is_no_choice(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let ends = async |from: Option<&str>, to: Option<&str>| {
        world.run("dev", "promote", json!({"team": "acme", "feature": "flag", "from": from, "to": to})).await
    };
    assert_eq!(ends(None, None).await.code(), "INVALID");
    assert_eq!(ends(None, Some("dev")).await.code(), "INVALID");
    assert_eq!(ends(Some("prod"), None).await.code(), "INVALID");
    assert_eq!(ends(None, Some("moon")).await.code(), "NOT_FOUND");
    let next = ends(Some("dev"), None).await.data()["promote"].clone();
    assert_eq!(next["items"][0]["environment"]["key"], "staging");
    assert_eq!(ends(None, Some("prod")).await.data()["promote"]["items"][0]["source"]["key"], "staging");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_requested_is_what_waits_for_a_decision(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.edit("dev", "flag", "dev", targeted("first")).await;
    let mut later = crate::input::edit("flag", "dev", targeted("later"));
    later["applyAt"] = crate::input::ahead(600);
    assert_eq!(world.done("dev", "editStage", later).await["change"]["status"], "APPROVED");
    assert_eq!(status(&world, "dev").await, "DEPLOYED", "it is decided, and waits for its time");
    world.policy("everything", "ALL", 1, &["APPROVER"]).await;
    let which = json!({"team": "acme", "feature": "flag", "environment": "dev"});
    assert_eq!(world.done("dev", "withdraw", which.clone()).await["outcome"], "PENDING");
    assert_eq!(status(&world, "dev").await, "DEPLOYMENT_REQUESTED");
    assert_eq!(world.done("dev", "rollback", which).await["outcome"], "PENDING");
    assert_eq!(status(&world, "dev").await, "ROLLBACK_REQUESTED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn versions_of_the_same_instant_are_all_on_some_page(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    // What one request does, it does at one time.
    let both = "mutation ($a: EditStageInput!, $b: EditStageInput!) {
                    a: editStage(input: $a) { outcome } b: editStage(input: $b) { outcome } }";
    let edit = |name: &str| crate::input::edit("flag", "dev", targeted(name));
    world.ask("dev", both, json!({"a": edit("a"), "b": edit("b")})).await.data();
    let (mut numbers, mut after) = (Vec::new(), "null".to_owned());
    for _ in 0..3 {
        let query = format!(
            r#"{{ team(key: "acme") {{ feature(key: "flag") {{ versions(first: 1, after: {after}) {{
                nodes {{ number }} pageInfo {{ endCursor }} }} }} }} }}"#
        );
        let page = world.query("dev", &query).await["team"]["feature"]["versions"].clone();
        numbers.push(page["nodes"][0]["number"].clone());
        after = page["pageInfo"]["endCursor"].to_string();
    }
    assert_eq!(numbers, [3, 2, 1]);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_withdrawal_tells_what_goes_and_a_dependency_what_is_missing(db: PgPool) {
    let world = World::new(db).await;
    for key in ["base", "top"] {
        world.feature(key).await;
    }
    let ask = async |field: &str, input: Value, selection: &str| {
        let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
        let query = format!("mutation ($input: {kind}!) {{ {field}(input: $input) {{ {selection} }} }}");
        let token = world.token("dev").await;
        world.ask_with(Some(&token), &query, json!({"input": input})).await.data()[field].clone()
    };
    let withdraw = json!({"team": "acme", "feature": "top", "environment": "dev", "dryRun": true});
    let gone = ask("withdraw", withdraw, "items { diff { kind path before after } }").await;
    let first = &gone["items"][0]["diff"][0];
    assert_eq!(first, &json!({"kind": "REMOVED", "path": "enabled", "before": "true", "after": null}));

    let mut needs = crate::input::targeted("a");
    needs["dependsOn"] = json!([{"feature": "base", "variants": ["onn"]}, {"feature": "nope"}]);
    let input = crate::input::edit("top", "dev", needs);
    let warned = ask("editStage", input, "outcome warnings { rule path message }").await;
    let told = |rule: &str| {
        let warnings = warned["warnings"].as_array().unwrap();
        warnings.iter().find(|warning| warning["rule"] == rule).cloned().unwrap_or_default()
    };
    assert_eq!(told("missing-variant")["path"], "config.dependsOn[0].variants[0]");
    assert_eq!(told("missing-dependency")["path"], "config.dependsOn[1].feature");
    assert_eq!(warned["outcome"], "APPLIED");
    world.stop().await;
}
