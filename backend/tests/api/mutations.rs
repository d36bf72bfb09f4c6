//! All mutations, one case each that succeeds: none changes what is served without an approved change, whoever runs it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::{ahead, edit, new_feature, targeted},
    surface::Surface,
    world::{PASSWORD, World},
};

/// These need nobody to be signed in, or are everybody's own.
const SESSION: [&str; 5] = ["bootstrap", "signIn", "refreshSession", "signOut", "changePassword"];

/// Who may, and what they say; it succeeds after `furnish`.
pub fn cases() -> Vec<(&'static str, &'static str, Value)> {
    let feature = |key: &str| json!({"team": "acme", "feature": key});
    let with = |mut input: Value, key: &str, value: Value| {
        input[key] = value;
        input
    };
    let stages = json!([{"environment": "prod"}]);
    let edits = ["flag", "doubtful"]
        .map(|key| json!({"feature": key, "environment": "dev", "config": targeted("both")}));
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
        ("archiveTeam", "admin", json!({"team": "new"})),
        ("unarchiveTeam", "admin", json!({"team": "new"})),
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
        ("createToken", "admin", token("robot")),
        ("rotateToken", "admin", json!({"team": "acme", "name": "ci"})),
        ("revokeToken", "admin", json!({"team": "acme", "name": "ci"})),
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
        ("proposeBatch", "dev", json!({"team": "acme", "edits": edits})),
        ("vote", "lead", json!({"team": "acme", "number": 8, "decision": "APPROVE"})),
        ("cancelChange", "dev", json!({"team": "acme", "number": 9})),
        ("commentChange", "dev", json!({"team": "acme", "number": 8, "text": "test"})),
        ("rebaseChange", "dev", json!({"team": "acme", "number": 11})),
        ("overrideChange", "root", json!({"team": "acme", "number": 10, "reason": "test"})),
    ]
}

/// The input of a token of acme.
fn token(name: &str) -> Value {
    json!({"team": "acme", "name": name, "roles": ["REQUESTER"], "expiresAt": ahead(600)})
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
    world.done("admin", "createToken", token("ci")).await;
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

/// What a mutation may deliver to the edges without a change: kills, restores, clients, and what environments are called.
fn delivers(field: &str) -> &'static str {
    match field {
        "killFeature" | "restoreFeature" => "KILL",
        "createClient" | "setClientEnabled" | "editClient" | "revokeClientKey" | "rotateClientKey"
        | "deleteClient" => "CLIENT",
        "createEnvironment" | "editEnvironment" | "setEnvironmentActive" => "ENVIRONMENT",
        // The approved change, and the one that a TEAM_ADMIN lets through.
        "vote" | "overrideChange" => "STAGE",
        _ => "",
    }
}

#[test]
fn every_mutation_has_a_case() {
    let known: BTreeSet<String> =
        cases().into_iter().map(|(field, ..)| field).chain(SESSION).map(str::to_owned).collect();
    assert_eq!(known, Surface::new().fields("Mutation"));
}

/// What is live, and what was delivered since a revision.
async fn served(world: &World, since: i64) -> (i64, i64, Vec<String>) {
    let live = "SELECT coalesce(sum(live_version * ('x' || left(md5(id::text), 7))::bit(28)::bigint), 0)::bigint FROM stage";
    let kinds = "SELECT DISTINCT kind FROM delivery_item WHERE revision > $1 ORDER BY 1";
    let kinds = sqlx::query_scalar(kinds).bind(since).fetch_all(&world.db).await.unwrap();
    (world.number(live).await, world.number("SELECT revision FROM delivery_head").await, kinds)
}

/// Runs every mutation, as those who may or as one and the same; only an approved change changes what is served.
async fn gate(db: PgPool, only: Option<&str>) {
    let world = World::new(db).await;
    furnish(&world).await;
    for (field, who, input) in cases() {
        let (live, since, _) = served(&world, 0).await;
        let answer = world.run(only.unwrap_or(who), field, input).await;
        let done = answer.body.get("errors").is_none();
        assert!(done || only.is_some(), "{field}: {}", answer.body);
        let (now, head, kinds) = served(&world, since).await;
        let through = done && ["vote", "overrideChange"].contains(&field);
        assert!(now == live || through, "{field}: {}", answer.body);
        assert_eq!(head > since, !kinds.is_empty(), "{field}");
        assert!(kinds.iter().all(|kind| done && kind == delivers(field)), "{field} delivers {kinds:?}");
        if only.is_none() {
            let delivered = kinds.join(" ");
            assert_eq!((now != live, delivered.as_str()), (through, delivers(field)), "{field}");
        }
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn only_an_approved_change_changes_what_is_served(db: PgPool) {
    gate(db, None).await;
}

#[sqlx::test(migrations = false)]
async fn no_mutation_leads_a_requester_past_the_gate(db: PgPool) {
    gate(db, Some("peer")).await;
}

#[sqlx::test(migrations = false)]
async fn no_mutation_leads_a_team_admin_past_the_gate(db: PgPool) {
    gate(db, Some("root")).await;
}

#[sqlx::test(migrations = false)]
async fn no_mutation_leads_a_system_administrator_past_the_gate(db: PgPool) {
    gate(db, Some("admin")).await;
}

/// Inputs that would succeed, so that nothing but who asks stands in the way.
#[sqlx::test(migrations = false)]
async fn strangers_change_nothing(db: PgPool) {
    let world = World::new(db).await;
    furnish(&world).await;
    let before = world.contents().await;
    for (field, _, input) in cases() {
        for who in ["outsider", "", "guest"] {
            let answer = world.run(who, field, input.clone()).await;
            assert!(answer.body.get("errors").is_some(), "{field} as {who:?}: {}", answer.body);
        }
    }
    assert_eq!(world.contents().await, before);
    world.stop().await;
}
