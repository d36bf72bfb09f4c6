//! A token that is limited to environments: it reads everything and changes nothing anywhere else.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{done, furnished, run, wanted, with};
use crate::{
    input::{edit, targeted, text},
    world::World,
};

const ALL: [&str; 3] = ["REQUESTER", "APPROVER", "TEAM_ADMIN"];

fn flag(more: Value) -> Value {
    and(json!({"team": "acme", "feature": "flag"}), more)
}

fn numbered(number: i64, more: Value) -> Value {
    and(json!({"team": "acme", "number": number}), more)
}

/// An object with the fields of another, too.
fn and(mut input: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("{more} is no object") };
    input.as_object_mut().unwrap().extend(more);
    input
}

/// Makes root's token with every role in these environments.
async fn limited(world: &World, name: &str, environments: &[&str]) -> String {
    let input = with(wanted(name, &ALL), "environments", json!(environments));
    text(&world.done("root", "createToken", input).await["key"])
}

/// Refused because of where it is, and not for anything else.
async fn beyond(world: &World, key: &str, field: &str, input: Value) {
    let refused = run(world, key, field, input).await;
    assert_eq!(refused.code(), "FORBIDDEN", "{field}: {}", refused.body);
    let message = text(&refused.error()["message"]);
    assert!(message.ends_with("it is limited to dev, staging"), "{field}: {message}");
}

#[sqlx::test(migrations = false)]
async fn it_proposes_only_where_it_may(db: PgPool) {
    let world = furnished(db).await;
    world.feature("flag").await;
    for environment in ["dev", "staging", "prod"] {
        world.edit("dev", "flag", environment, targeted("first")).await;
        world.edit("dev", "flag", environment, targeted("second")).await;
    }
    world.edit("dev", "flag", "dev", targeted("news")).await;
    let key = limited(&world, "ci", &["dev", "staging"]).await;
    beyond(&world, &key, "editStage", edit("flag", "prod", targeted("x"))).await;
    beyond(&world, &key, "editStage", with(edit("flag", "prod", targeted("x")), "dryRun", json!(true))).await;
    beyond(&world, &key, "promote", flag(json!({"to": "prod"}))).await;
    for field in ["rollback", "withdraw"] {
        beyond(&world, &key, field, flag(json!({"environment": "prod"}))).await;
    }
    done(&world, &key, "promote", flag(json!({"to": "staging"}))).await;
    for field in ["rollback", "withdraw"] {
        let there = flag(json!({"environment": "staging"}));
        assert_eq!(done(&world, &key, field, there).await["outcome"], "APPLIED", "{field}");
    }
    // Of several at once all have to be where it may.
    let withdrawals = |places: &[&str]| -> Value {
        let each = places.iter().map(|place| json!({"feature": "flag", "environment": place}));
        json!({"team": "acme", "withdrawals": each.collect::<Vec<_>>()})
    };
    beyond(&world, &key, "proposeBatch", withdrawals(&["dev", "prod"])).await;
    done(&world, &key, "proposeBatch", withdrawals(&["dev"])).await;
    // A new feature begins at the first stage of its pipeline.
    let straight = json!({"team": "acme", "key": "straight", "stages": [{"environment": "prod"}]});
    world.done("admin", "createPipeline", straight).await;
    let new = |key: &str, pipeline: &str| json!({"team": "acme", "key": key, "kind": "SIMPLE", "pipeline": pipeline});
    beyond(&world, &key, "createFeature", new("there", "straight")).await;
    assert_eq!(done(&world, &key, "createFeature", new("here", "main")).await["outcome"], "APPLIED");
    assert_eq!(world.number("SELECT count(*) FROM feature WHERE key = 'there'").await, 0);
    // What is said of a feature is said of it in all its places.
    beyond(&world, &key, "editFeature", flag(json!({"tags": ["x"]}))).await;
    beyond(&world, &key, "archiveFeature", flag(json!({}))).await;
    beyond(&world, &key, "unarchiveFeature", flag(json!({}))).await;
    // Reading is not limited.
    let read = r#"{ team(key: "acme") { evaluate(environment: "prod", features: ["flag"], context: {}) { variant } } }"#;
    let read = world.ask_with(Some(&key), read, json!({})).await;
    assert_eq!(read.data()["team"]["evaluate"][0]["variant"], "on");
    let everywhere = limited(&world, "everywhere", &["dev", "staging", "prod"]).await;
    done(&world, &everywhere, "editFeature", flag(json!({"tags": ["x"]}))).await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn it_kills_and_restores_only_where_it_may(db: PgPool) {
    let world = furnished(db).await;
    world.feature("flag").await;
    let key = limited(&world, "ci", &["dev", "staging"]).await;
    let kill = |environment: Option<&str>| flag(json!({"environment": environment, "reason": "r"}));
    beyond(&world, &key, "killFeature", kill(Some("prod"))).await;
    beyond(&world, &key, "killFeature", kill(None)).await;
    assert_eq!(done(&world, &key, "killFeature", kill(Some("dev"))).await["environments"], json!(["dev"]));
    world.done("dev", "killFeature", kill(None)).await;
    let restore = |environment: Option<&str>| flag(json!({"environment": environment}));
    beyond(&world, &key, "restoreFeature", restore(Some("prod"))).await;
    beyond(&world, &key, "restoreFeature", restore(None)).await;
    let restored = done(&world, &key, "restoreFeature", restore(Some("staging"))).await;
    assert_eq!(restored["environments"], json!(["staging"]));
    // All at once is everywhere, now and later, even for one that covers all that there are.
    let everywhere = limited(&world, "everywhere", &["dev", "staging", "prod"]).await;
    assert_eq!(run(&world, &everywhere, "killFeature", kill(None)).await.code(), "FORBIDDEN");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn it_decides_only_where_it_may(db: PgPool) {
    let world = furnished(db).await;
    world.member("acme", "root", &["TEAM_ADMIN", "APPROVER"]).await;
    for key in ["flag", "other"] {
        world.feature(key).await;
    }
    let policy = json!({"team": "acme", "name": "everything", "scope": "ALL", "approvals": 1,
                        "roles": ["APPROVER"], "overrideAllowed": true});
    world.done("admin", "createPolicy", policy).await;
    let (here, there) =
        (world.pending("dev", "flag", "dev", "a").await, world.pending("dev", "flag", "prod", "a").await);
    let key = limited(&world, "ci", &["dev", "staging"]).await;
    for decision in ["APPROVE", "REJECT"] {
        beyond(&world, &key, "vote", numbered(there, json!({"decision": decision}))).await;
    }
    beyond(&world, &key, "commentChange", numbered(there, json!({"text": "x"}))).await;
    beyond(&world, &key, "overrideChange", numbered(there, json!({"reason": "x"}))).await;
    beyond(&world, &key, "cancelChange", numbered(there, json!({}))).await;
    let may = r#"{ team(key: "acme") { changes(status: [PENDING]) { nodes { number viewerMayVote } } } }"#;
    let may = world.ask_with(Some(&key), may, json!({})).await.data()["team"]["changes"]["nodes"].clone();
    let expected =
        json!([{"number": there, "viewerMayVote": false}, {"number": here, "viewerMayVote": true}]);
    assert_eq!(may, expected);
    done(&world, &key, "commentChange", numbered(here, json!({"text": "x"}))).await;
    let voted = done(&world, &key, "vote", numbered(here, json!({"decision": "APPROVE"}))).await;
    assert_eq!(voted["status"], "APPLIED");
    let urgent = world.pending("dev", "other", "staging", "a").await;
    let forced = done(&world, &key, "overrideChange", numbered(urgent, json!({"reason": "now"}))).await;
    assert_eq!(forced["status"], "APPLIED");
    let shown = format!(
        r#"{{ team(key: "acme") {{ change(number: {urgent}) {{ override {{ by token reason }} }} }} }}"#
    );
    let expected = json!({"by": "root", "token": "ci", "reason": "now"});
    assert_eq!(world.query("guest", &shown).await["team"]["change"]["override"], expected);
    // What became stale there is not proposed again by it.
    let newer = world.pending("dev", "flag", "prod", "b").await;
    world.vote("lead", newer, "APPROVE").await.data();
    assert_eq!(world.change(there).await["status"], "STALE");
    beyond(&world, &key, "rebaseChange", numbered(there, json!({}))).await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn it_manages_nothing_as_that_reaches_everywhere(db: PgPool) {
    let world = furnished(db).await;
    let key = limited(&world, "ci", &["dev", "staging"]).await;
    let stages = json!([{"environment": "dev"}]);
    for (field, input) in [
        ("createEnvironment", json!({"team": "acme", "key": "qa", "type": "STAGING"})),
        ("setEnvironmentActive", json!({"team": "acme", "key": "staging", "active": false})),
        ("createPipeline", json!({"team": "acme", "key": "short", "stages": stages})),
        ("createContextKey", json!({"team": "acme", "key": "country", "type": "STRING"})),
        ("createPolicy", json!({"team": "acme", "name": "p", "scope": "ALL", "approvals": 1})),
        ("createClient", json!({"team": "acme", "name": "shop", "kind": "BACKEND", "environment": "dev"})),
    ] {
        beyond(&world, &key, field, input).await;
    }
    world.stop().await;
}
