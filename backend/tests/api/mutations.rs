//! All mutations, one case each: what strangers hear, and that none changes what is served without a change.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::{edit, new_feature, targeted},
    world::{PASSWORD, World},
};

/// These need nobody to be signed in.
const SESSION: [&str; 4] = ["bootstrap", "signIn", "refreshSession", "signOut"];

/// Who may, and what they say; it succeeds after `furnish`.
fn cases() -> Vec<(&'static str, &'static str, Value)> {
    let feature = |key: &str| json!({"team": "acme", "feature": key});
    let with = |mut input: Value, key: &str, value: Value| {
        input[key] = value;
        input
    };
    let stages = json!([{"environment": "prod"}]);
    vec![
        ("createUser", "admin", json!({"username": "new", "password": PASSWORD})),
        ("setMember", "admin", json!({"team": "acme", "username": "guest", "roles": ["REQUESTER"]})),
        ("createTeam", "admin", json!({"key": "new"})),
        ("createEnvironment", "admin", json!({"team": "acme", "key": "qa", "type": "STAGING"})),
        ("createPipeline", "admin", json!({"team": "acme", "key": "short", "stages": stages})),
        (
            "createPolicy",
            "admin",
            json!({"team": "acme", "name": "more", "scope": "PRODUCTION", "approvals": 2}),
        ),
        ("createClient", "admin", json!({"team": "acme", "name": "shop", "kind": "BACKEND"})),
        ("setClientEnabled", "admin", json!({"team": "acme", "name": "edge", "enabled": false})),
        ("createFeature", "dev", with(new_feature("new"), "pipeline", json!("main"))),
        ("killFeature", "dev", with(feature("ready"), "reason", json!("test"))),
        ("restoreFeature", "lead", feature("dark")),
        ("editStage", "dev", edit("flag", "dev", targeted("new"))),
        ("promote", "dev", with(feature("flag"), "to", json!("staging"))),
        ("rollback", "dev", with(feature("flag"), "environment", json!("dev"))),
        ("withdraw", "dev", with(feature("flag"), "environment", json!("dev"))),
        ("vote", "lead", json!({"team": "acme", "number": 6, "decision": "APPROVE"})),
        ("cancelChange", "dev", json!({"team": "acme", "number": 7})),
    ]
}

/// Something for every mutation to act on, with a policy over everything.
async fn furnish(world: &World) {
    for key in ["flag", "dark", "ready", "doubtful"] {
        world.feature(key).await;
    }
    world.edit("dev", "flag", "dev", targeted("second")).await;
    world.done("dev", "killFeature", json!({"team": "acme", "feature": "dark", "reason": "test"})).await;
    world.done("admin", "createClient", json!({"team": "acme", "name": "edge", "kind": "EDGE"})).await;
    world.policy("everything", "ALL", 1, &["APPROVER"]).await;
    assert_eq!(world.pending("dev", "ready", "dev", "ready").await, 6);
    assert_eq!(world.pending("dev", "doubtful", "dev", "doubtful").await, 7);
}

/// The fields of a type in the schema.
pub fn fields(of: &str) -> BTreeSet<String> {
    let sdl = fluxgate_backend::graphql::sdl();
    let body = sdl.split_once(&format!("\ntype {of} {{\n")).unwrap().1.split_once("\n}").unwrap().0;
    let names = body.lines().filter_map(|line| line.strip_prefix('\t')?.split(['(', ':']).next());
    names.filter(|name| name.bytes().all(|b| b.is_ascii_alphanumeric())).map(str::to_owned).collect()
}

#[test]
fn every_mutation_has_a_case() {
    let known: BTreeSet<String> =
        cases().into_iter().map(|(field, ..)| field).chain(SESSION).map(str::to_owned).collect();
    assert_eq!(known, fields("Mutation"));
}

#[sqlx::test(migrations = false)]
async fn strangers_change_nothing(db: PgPool) {
    let world = World::new(db).await;
    furnish(&world).await;
    let before = world.contents().await;
    for (field, _, input) in cases() {
        let answer = world.run("outsider", field, input.clone()).await;
        let expected = if ["createUser", "createTeam"].contains(&field) { "FORBIDDEN" } else { "NOT_FOUND" };
        assert_eq!(answer.code(), expected, "{field}: {}", answer.body);
        if expected == "NOT_FOUND" {
            // What exists elsewhere and what does not exist at all are one and the same.
            let mut missing = input.clone();
            missing["team"] = json!("nowhere");
            let missing =
                world.run("outsider", field, missing).await.body.to_string().replace("nowhere", "acme");
            let strip = |text: &str| text.split("\"requestId\"").next().unwrap().to_owned();
            assert_eq!(strip(&missing), strip(&answer.body.to_string()), "{field}");
        }
        assert_eq!(world.run("", field, input.clone()).await.code(), "UNAUTHENTICATED", "{field}");
        assert_eq!(world.run("guest", field, input).await.code(), "FORBIDDEN", "{field}");
    }
    assert_eq!(world.contents().await, before);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn only_an_approved_change_changes_what_is_served(db: PgPool) {
    let world = World::new(db).await;
    furnish(&world).await;
    let served = "SELECT coalesce(sum(live_version * ('x' || left(md5(id::text), 7))::bit(28)::bigint), 0)::bigint FROM stage";
    for (field, who, input) in cases() {
        let before = world.number(served).await;
        let answer = world.run(who, field, input).await;
        answer.data();
        let same = world.number(served).await == before;
        assert_eq!(same, field != "vote", "{field}: {}", answer.body);
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn managing_and_restoring_take_more_than_a_requester(db: PgPool) {
    let world = World::new(db).await;
    furnish(&world).await;
    for (field, who, input) in cases() {
        let answer = world.run("peer", field, input).await;
        if ["admin", "lead"].contains(&who) || field == "cancelChange" {
            assert_eq!(answer.code(), "FORBIDDEN", "{field}");
        } else {
            answer.data();
        }
    }
    world.stop().await;
}
