//! Features: what is said of them, and their end and return.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::{edit, targeted},
    world::World,
};

/// The input of a mutation of one feature.
fn about(feature: &str, more: Value) -> Value {
    let mut input = json!({"team": "acme", "feature": feature});
    if let Value::Object(more) = more {
        for (key, value) in more {
            input[key] = value;
        }
    }
    input
}

async fn withdraw(world: &World, feature: &str, environment: &str) {
    let input = about(feature, json!({"environment": environment}));
    assert_eq!(world.done("dev", "withdraw", input).await["outcome"], "APPLIED");
}

/// The newest entries about a feature: what was done, and what was before and after.
async fn audited(world: &World, feature: &str, action: &str) -> Vec<(Value, Value)> {
    let query = format!(
        r#"{{ team(key: "acme") {{ audit(feature: "{feature}", action: "{action}") {{ nodes {{ before after }} }} }} }}"#
    );
    let entries = world.query("guest", &query).await["team"]["audit"]["nodes"].clone();
    let entries = entries.as_array().unwrap().iter();
    entries.map(|entry| (entry["before"].clone(), entry["after"].clone())).collect()
}

#[sqlx::test(migrations = false)]
async fn an_edit_says_only_what_it_names(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let all = json!({
        "name": " Flag ", "description": "Why", "lifecycle": "ACTIVE", "owner": "ada",
        "removalDate": "2027-01-01T00:00:00Z", "tags": ["web", "shop", "web"]
    });
    let edited = world.done("peer", "editFeature", about("flag", all)).await;
    let expected = json!({
        "key": "flag", "name": "Flag", "description": "Why", "lifecycle": "ACTIVE", "owner": "ada",
        "removalDate": "2027-01-01T00:00:00+00:00", "tags": ["web", "shop"]
    });
    assert_eq!(edited, expected);
    let tags = json!({"addTags": ["new", "shop"], "removeTags": ["web", "none"]});
    let edited = world.done("dev", "editFeature", about("flag", tags)).await;
    assert_eq!((&edited["tags"], &edited["owner"]), (&json!(["shop", "new"]), &json!("ada")));
    let gone = json!({"owner": null, "removalDate": null, "description": ""});
    let edited = world.done("dev", "editFeature", about("flag", gone.clone())).await;
    assert_eq!((&edited["owner"], &edited["removalDate"]), (&Value::Null, &Value::Null));
    world.done("dev", "editFeature", about("flag", gone)).await;
    world.done("dev", "editFeature", about("flag", json!({}))).await;
    let entries = audited(&world, "flag", "feature.edit").await;
    assert_eq!(entries.len(), 3, "what changes nothing is nothing");
    assert_eq!(entries[1], (json!({"tags": ["web", "shop"]}), json!({"tags": ["shop", "new"]})));
    let removed = json!({"description": "Why", "owner": "ada", "removalDate": "2027-01-01T00:00:00Z"});
    assert_eq!(entries[0], (removed, json!({"description": "", "owner": null, "removalDate": null})));
    assert_eq!(world.live("flag", "dev").await.unwrap().0, 1);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_may_not_be_said_is_refused_by_name(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let many: Vec<String> = (0..21).map(|n| format!("t{n}")).collect();
    for (wanted, path) in [
        (json!({"name": " "}), "name"),
        (json!({"name": "x".repeat(1_001)}), "name"),
        (json!({"description": "x".repeat(1_001)}), "description"),
        (json!({"lifecycle": "ARCHIVED"}), "lifecycle"),
        (json!({"owner": "x".repeat(1_001)}), "owner"),
        (json!({"removalDate": "1066-10-14T00:00:00Z"}), "removalDate"),
        (json!({"tags": many}), "tags"),
        (json!({"addTags": many}), "tags"),
        (json!({"tags": ["a b"]}), "tags"),
        (json!({"tags": ["a"], "addTags": ["b"]}), "tags"),
        (json!({"addTags": ["a"], "removeTags": ["a"]}), "removeTags"),
    ] {
        let answer = world.run("dev", "editFeature", about("flag", wanted)).await;
        assert_eq!((answer.code(), &answer.error()["extensions"]["path"]), ("INVALID", &json!(path)));
    }
    for fixed in ["key", "kind", "valueType", "pipeline"] {
        let answer = world.run("dev", "editFeature", about("flag", json!({fixed: "SIMPLE"}))).await;
        assert_eq!(answer.code(), "INVALID", "{fixed}");
    }
    assert_eq!(world.run("dev", "editFeature", about("none", json!({}))).await.code(), "NOT_FOUND");
    let created = json!({"team": "acme", "key": "new", "kind": "SIMPLE", "tags": many});
    assert_eq!(world.run("dev", "createFeature", created).await.code(), "INVALID");
    assert_eq!(audited(&world, "flag", "feature.edit").await.len(), 0);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn archiving_names_everything_that_stands_in_its_way(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.feature("cart").await;
    world.edit("dev", "flag", "staging", targeted("there")).await;
    let mut needing = targeted("needing");
    needing["dependsOn"] = json!([{"feature": "flag"}]);
    world.edit("dev", "cart", "dev", needing).await;
    let dependents =
        r#"{ team(key: "acme") { feature(key: "flag") { dependents { feature environment { key } } } } }"#;
    let seen = world.query("guest", dependents).await["team"]["feature"]["dependents"].clone();
    assert_eq!(seen, json!([{"feature": "cart", "environment": {"key": "dev"}}]));
    world.policy("prod", "PRODUCTION", 1, &["APPROVER"]).await;
    let number = world.pending("dev", "flag", "prod", "later").await;
    let refused = world.run("dev", "archiveFeature", about("flag", json!({}))).await;
    assert_eq!((refused.code(), &refused.error()["message"]), ("BLOCKED", &json!("flag cannot be archived")));
    let gates = refused.error()["extensions"]["gates"].as_array().unwrap().clone();
    let seen: Vec<_> = gates
        .iter()
        .map(|gate| {
            (gate["passed"].as_bool().unwrap(), gate["message"].as_str().unwrap(), gate["hint"].as_str())
        })
        .collect();
    let (change, cancel) = (format!("change #{number} is pending"), format!("fgctl change cancel {number}"));
    assert_eq!(
        seen,
        [
            (false, "dev serves v1 of flag", Some("fgctl feature withdraw flag -e dev")),
            (false, "staging serves v1 of flag", Some("fgctl feature withdraw flag -e staging")),
            (true, "prod serves nothing of flag", None),
            (false, change.as_str(), Some(cancel.as_str())),
            (false, "cart depends on flag in dev", Some("fgctl dependency remove cart flag -e dev")),
        ]
    );
    let sneaking = "UPDATE feature SET archived_from = lifecycle, lifecycle = 'ARCHIVED' WHERE key = 'flag'";
    assert!(world.sql(sneaking).await.unwrap_err().to_string().contains("cannot be archived"));
    for environment in ["dev", "staging"] {
        withdraw(&world, "flag", environment).await;
    }
    world.done("dev", "cancelChange", json!({"team": "acme", "number": number})).await;
    assert_eq!(world.run("dev", "archiveFeature", about("flag", json!({}))).await.code(), "BLOCKED");
    world.edit("dev", "cart", "dev", targeted("alone")).await;
    let archived = world.done("dev", "archiveFeature", about("flag", json!({"reason": "over"}))).await;
    assert_eq!(archived["lifecycle"], "ARCHIVED");
    let serving =
        "UPDATE stage SET live_version = 1 FROM feature f WHERE f.id = feature_id AND f.key = 'flag'";
    assert!(world.sql(serving).await.unwrap_err().to_string().contains("serves nothing"));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_archived_feature_rests_until_it_is_brought_back(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.feature("other").await;
    world.done("dev", "editFeature", about("flag", json!({"lifecycle": "DEPRECATED"}))).await;
    let kill = about("flag", json!({"environment": "dev", "reason": "r"}));
    world.done("dev", "killFeature", kill.clone()).await;
    withdraw(&world, "flag", "dev").await;
    let revision = "SELECT revision FROM delivery_head";
    let before = world.number(revision).await;
    for _ in 0..2 {
        let archived = world.done("dev", "archiveFeature", about("flag", json!({"reason": "over"}))).await;
        assert_eq!(archived["lifecycle"], "ARCHIVED");
    }
    assert_eq!(
        audited(&world, "flag", "feature.archive").await,
        [(json!({"lifecycle": "DEPRECATED"}), json!({"lifecycle": "ARCHIVED"}))]
    );
    for (field, input) in [
        ("editStage", edit("flag", "dev", targeted("new"))),
        ("promote", about("flag", json!({"to": "staging"}))),
        ("rollback", about("flag", json!({"environment": "dev", "version": 1}))),
        ("withdraw", about("flag", json!({"environment": "dev"}))),
        ("killFeature", about("flag", json!({"reason": "r"}))),
        ("editFeature", about("flag", json!({"name": "new"}))),
    ] {
        let answer = world.run("dev", field, input).await;
        let said = "flag is archived; bring it back first: fgctl feature unarchive flag";
        assert_eq!((answer.code(), &answer.error()["message"]), ("CONFLICT", &json!(said)), "{field}");
    }
    assert_eq!(world.number(revision).await, before, "edges hear nothing of it");
    let restored = world.done("lead", "restoreFeature", about("flag", json!({}))).await;
    assert_eq!(restored["environments"], json!(["dev"]), "a kill may be lifted nevertheless");
    let lists = r#"{ team(key: "acme") {
        present: features { totalCount nodes { key } }
        archived: features(filter: {lifecycle: [ARCHIVED]}) { totalCount nodes { key lifecycle } } } }"#;
    let seen = world.query("guest", lists).await["team"].clone();
    assert_eq!(seen["present"], json!({"totalCount": 1, "nodes": [{"key": "other"}]}));
    assert_eq!(
        seen["archived"],
        json!({"totalCount": 1, "nodes": [{"key": "flag", "lifecycle": "ARCHIVED"}]})
    );
    for _ in 0..2 {
        let back = world.done("peer", "unarchiveFeature", about("flag", json!({}))).await;
        assert_eq!(back["lifecycle"], "DEPRECATED");
    }
    assert_eq!(audited(&world, "flag", "feature.unarchive").await.len(), 1);
    assert_eq!(world.edit("dev", "flag", "dev", targeted("again")).await["outcome"], "APPLIED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn archiving_and_proposing_at_once_end_one_after_the_other(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.token("dev").await;
    withdraw(&world, "flag", "dev").await;
    for n in 0..8 {
        let (archived, proposed) = tokio::join!(
            world.run("dev", "archiveFeature", about("flag", json!({}))),
            world.run("dev", "editStage", edit("flag", "dev", targeted(&n.to_string()))),
        );
        let archived_first = archived.body.get("errors").is_none();
        assert_eq!(archived_first, proposed.body.get("errors").is_some(), "{archived:?} {proposed:?}");
        if archived_first {
            assert_eq!(proposed.code(), "CONFLICT");
            world.done("dev", "unarchiveFeature", about("flag", json!({}))).await;
        } else {
            assert_eq!(archived.code(), "BLOCKED");
            withdraw(&world, "flag", "dev").await;
        }
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_feature_tells_its_history(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.edit("dev", "flag", "prod", targeted("there")).await;
    world.edit("dev", "flag", "dev", targeted("here")).await;
    withdraw(&world, "flag", "prod").await;
    let query = r#"{ team(key: "acme") { feature(key: "flag") {
        stages { environment { key } } lastChange { number kind } changedAt
        all: versions { totalCount nodes { number environment { key } } }
        dev: versions(environment: "dev", first: 1) { totalCount nodes { number } pageInfo { hasNextPage } }
        changes(first: 2) { totalCount nodes { number } } } } }"#;
    let feature = world.query("guest", query).await["team"]["feature"].clone();
    let places: Vec<_> =
        feature["stages"].as_array().unwrap().iter().map(|s| &s["environment"]["key"]).collect();
    assert_eq!(places, ["dev", "staging", "prod"]);
    assert_eq!(feature["lastChange"], json!({"number": 4, "kind": "WITHDRAW"}));
    assert_eq!(feature["all"]["totalCount"], 3);
    assert_eq!(feature["all"]["nodes"][0], json!({"number": 2, "environment": {"key": "dev"}}));
    let dev = json!({"totalCount": 2, "nodes": [{"number": 2}], "pageInfo": {"hasNextPage": true}});
    assert_eq!(feature["dev"], dev);
    assert_eq!(feature["changes"], json!({"totalCount": 4, "nodes": [{"number": 4}, {"number": 3}]}));
    let kept = "SELECT count(*) FROM feature f WHERE changed_at = (SELECT max(applied_at) FROM change)";
    assert_eq!(world.number(kept).await, 1);
    world.stop().await;
}
