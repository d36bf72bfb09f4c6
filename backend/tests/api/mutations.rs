//! All mutations, one case each: what strangers hear, and that none changes what is served without a change.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::{edit, new_feature, targeted},
    world::{PASSWORD, World},
};

/// These need nobody to be signed in, or are everybody's own.
const SESSION: [&str; 5] = ["bootstrap", "signIn", "refreshSession", "signOut", "changePassword"];
/// These belong to no team: they take a system administrator.
const TEAMLESS: [&str; 7] = [
    "setLogFilter",
    "rotateSigningKey",
    "createUser",
    "createTeam",
    "editUser",
    "setUserActive",
    "resetPassword",
];

/// Who may, and what they say; it succeeds after `furnish`.
pub fn cases() -> Vec<(&'static str, &'static str, Value)> {
    let feature = |key: &str| json!({"team": "acme", "feature": key});
    let with = |mut input: Value, key: &str, value: Value| {
        input[key] = value;
        input
    };
    let stages = json!([{"environment": "prod"}]);
    vec![
        ("createUser", "admin", json!({"username": "new", "password": PASSWORD})),
        ("editUser", "admin", json!({"username": "lead", "name": "Ada Lead"})),
        ("setUserActive", "admin", json!({"username": "outsider", "active": false})),
        ("resetPassword", "admin", json!({"username": "guest", "password": "another password"})),
        ("rotateSigningKey", "admin", json!({"endOthers": false})),
        ("setLogFilter", "admin", json!({"filter": "info"})),
        ("setMember", "admin", json!({"team": "acme", "username": "guest", "roles": ["REQUESTER"]})),
        ("removeMember", "admin", json!({"team": "acme", "username": "guest"})),
        ("editTeam", "admin", json!({"team": "acme", "name": "Acme"})),
        ("createTeam", "admin", json!({"key": "new"})),
        ("createEnvironment", "admin", json!({"team": "acme", "key": "qa", "type": "STAGING"})),
        ("editEnvironment", "admin", json!({"team": "acme", "key": "qa", "name": "QA", "position": 1})),
        ("setEnvironmentActive", "admin", json!({"team": "acme", "key": "qa", "active": false})),
        ("createPipeline", "admin", json!({"team": "acme", "key": "short", "stages": stages})),
        ("editPipeline", "admin", json!({"team": "acme", "key": "short", "name": "Short"})),
        (
            "addPipelineStage",
            "admin",
            json!({"team": "acme", "pipeline": "main", "environment": "qa", "after": "dev"}),
        ),
        ("removePipelineStage", "admin", json!({"team": "acme", "pipeline": "main", "environment": "qa"})),
        ("deletePipeline", "admin", json!({"team": "acme", "key": "short"})),
        ("createContextKey", "admin", json!({"team": "acme", "key": "country", "type": "STRING"})),
        ("editContextKey", "admin", json!({"team": "acme", "key": "country", "allowedValues": ["US"]})),
        ("deleteContextKey", "admin", json!({"team": "acme", "key": "country"})),
        (
            "createPolicy",
            "admin",
            json!({"team": "acme", "name": "more", "scope": "PRODUCTION", "approvals": 2}),
        ),
        ("editPolicy", "admin", json!({"team": "acme", "name": "more", "approvals": 1})),
        ("deletePolicy", "admin", json!({"team": "acme", "name": "more"})),
        ("createClient", "admin", json!({"team": "acme", "name": "shop", "kind": "BACKEND"})),
        ("setClientEnabled", "admin", json!({"team": "acme", "name": "edge", "enabled": false})),
        ("editClient", "admin", json!({"team": "acme", "name": "web", "origins": ["https://shop.example"]})),
        ("revokeClientKey", "admin", json!({"team": "acme", "name": "web", "keyId": "aaaaaaaa"})),
        ("rotateClientKey", "admin", json!({"team": "acme", "name": "web"})),
        ("deleteClient", "admin", json!({"team": "acme", "name": "web"})),
        ("createFeature", "dev", with(new_feature("new"), "pipeline", json!("main"))),
        ("editFeature", "dev", with(feature("flag"), "name", json!("renamed"))),
        ("archiveFeature", "dev", feature("old")),
        ("unarchiveFeature", "dev", feature("gone")),
        ("killFeature", "dev", with(feature("ready"), "reason", json!("test"))),
        ("restoreFeature", "lead", feature("dark")),
        ("editStage", "dev", edit("flag", "dev", targeted("new"))),
        ("promote", "dev", with(feature("flag"), "to", json!("staging"))),
        ("rollback", "dev", with(feature("flag"), "environment", json!("dev"))),
        ("withdraw", "dev", with(feature("flag"), "environment", json!("dev"))),
        ("vote", "lead", json!({"team": "acme", "number": 8, "decision": "APPROVE"})),
        ("cancelChange", "dev", json!({"team": "acme", "number": 9})),
        ("commentChange", "dev", json!({"team": "acme", "number": 8, "text": "test"})),
        ("rebaseChange", "dev", json!({"team": "acme", "number": 11})),
        ("overrideChange", "root", json!({"team": "acme", "number": 10, "reason": "test"})),
    ]
}

/// Something for every mutation to act on, with a policy over everything.
pub async fn furnish(world: &World) {
    for key in ["flag", "dark", "ready", "doubtful", "urgent", "overtaken"] {
        world.feature(key).await;
    }
    world.edit("dev", "flag", "dev", targeted("second")).await;
    world.done("dev", "killFeature", json!({"team": "acme", "feature": "dark", "reason": "test"})).await;
    world.done("admin", "createClient", json!({"team": "acme", "name": "edge", "kind": "EDGE"})).await;
    world.done("admin", "createClient", json!({"team": "acme", "name": "web", "kind": "FRONTEND"})).await;
    known_key(world, "web", "aaaaaaaa").await;
    world.user("root").await;
    world.member("acme", "root", &["TEAM_ADMIN"]).await;
    let everything = json!({"team": "acme", "name": "everything", "scope": "ALL", "approvals": 1,
                            "roles": ["APPROVER"], "overrideAllowed": true});
    world.done("admin", "createPolicy", everything).await;
    assert_eq!(world.pending("dev", "ready", "dev", "ready").await, 8);
    assert_eq!(world.pending("dev", "doubtful", "dev", "doubtful").await, 9);
    assert_eq!(world.pending("dev", "urgent", "dev", "urgent").await, 10);
    let stale = json!({"team": "acme", "feature": "overtaken", "environment": "dev"});
    assert_eq!(world.done("dev", "withdraw", stale).await["change"]["number"], 11);
    assert_eq!(world.pending("dev", "overtaken", "staging", "open").await, 12);
    assert_eq!(world.pending("dev", "overtaken", "dev", "newer").await, 13);
    assert_eq!(world.vote("lead", 13, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    // Features that serve nothing; by SQL, so that changes keep their numbers.
    let dark = "INSERT INTO feature (team_id, pipeline_id, key, name, kind, value_type, lifecycle, archived_from, created_by, created_at)
                SELECT f.team_id, f.pipeline_id, d.key, d.key, f.kind, f.value_type, d.lifecycle, d.archived_from, f.created_by, f.created_at
                FROM feature f, (VALUES ('old', 'BETA', NULL), ('gone', 'ARCHIVED', 'BETA')) AS d (key, lifecycle, archived_from)
                WHERE f.key = 'flag'";
    assert_eq!(world.sql(dark).await.unwrap(), 2);
}

/// Adds a key of a known id to a client.
async fn known_key(world: &World, name: &str, id: &str) {
    let mut tx = world.db.begin().await.unwrap();
    for statement in [
        format!(
            "INSERT INTO client_key SELECT '{id}', id, sha256('x'), now() FROM client WHERE name = '{name}'"
        ),
        format!("SELECT publish(ARRAY ['CLIENT'], ARRAY [id]) FROM client WHERE name = '{name}'"),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
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
        let expected = if TEAMLESS.contains(&field) { "FORBIDDEN" } else { "NOT_FOUND" };
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
        assert_eq!(same, !["vote", "overrideChange"].contains(&field), "{field}: {}", answer.body);
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn managing_and_restoring_take_more_than_a_requester(db: PgPool) {
    let world = World::new(db).await;
    furnish(&world).await;
    for (field, who, input) in cases() {
        let answer = world.run("peer", field, input).await;
        if ["admin", "lead", "root"].contains(&who) || field == "cancelChange" {
            assert_eq!(answer.code(), "FORBIDDEN", "{field}");
        } else {
            answer.data();
        }
    }
    world.stop().await;
}
