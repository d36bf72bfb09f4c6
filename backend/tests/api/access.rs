//! Access: what a team's things are to those who are not in it, and that refusals are kept.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::PgPool;

use crate::{
    input::{edit, targeted},
    mutations::fields,
    world::World,
};

/// Every field of a team, as one who sees the team asks for it.
const TEAM: [(&str, &str); 22] = [
    ("key", "key"),
    ("name", "name"),
    ("description", "description"),
    ("members", "members { nodes { user { username email } } }"),
    ("environments", "environments { nodes { id } }"),
    ("pipelines", "pipelines { nodes { key } }"),
    ("environment", r#"environment(key: "dev") { id }"#),
    ("pipeline", r#"pipeline(key: "main") { stages { after } }"#),
    ("contextKeys", "contextKeys { nodes { key } }"),
    ("contextKey", r#"contextKey(key: "country") { key type allowedValues }"#),
    ("policies", "policies { nodes { name } }"),
    ("policy", r#"policy(name: "production") { approvals }"#),
    ("clients", "clients { nodes { name keyIds } }"),
    ("client", r#"client(name: "shop") { keys { id } origins }"#),
    ("kills", "kills { nodes { feature { key } kill { reason } } }"),
    ("features", "features { nodes { key } }"),
    ("feature", r#"feature(key: "flag") { id stages { live { config } } }"#),
    ("versions", r#"versions(feature: "flag") { nodes { config } }"#),
    ("changes", "changes { nodes { number items { after } } }"),
    ("change", "change(number: 1) { author }"),
    ("audit", "audit { nodes { subject } }"),
    ("evaluate", r#"evaluate(environment: "dev", features: ["flag"], context: {}) { value }"#),
];

#[test]
fn every_way_to_read_has_a_case() {
    let known: BTreeSet<String> =
        TEAM.iter().map(|(field, _)| *field).chain(["edges"]).map(str::to_owned).collect();
    assert_eq!(known, fields("Team"));
    let roots =
        ["server", "me", "logFilter", "signingKeys", "teams", "team", "user", "users"].map(str::to_owned);
    assert_eq!(fields("Query"), BTreeSet::from(roots));
}

#[sqlx::test(migrations = false)]
async fn another_teams_things_are_not_there(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world
        .done("admin", "createContextKey", json!({"team": "acme", "key": "country", "type": "STRING"}))
        .await;
    world.policy("production", "PRODUCTION", 1, &["APPROVER"]).await;
    world.done("admin", "createClient", json!({"team": "acme", "name": "shop", "kind": "FRONTEND"})).await;
    for (field, selection) in TEAM.iter().chain(&[("edges", "edges { nodes { name } }")]) {
        let ask = async |who: &str, team: &str| {
            world.ask(who, &format!("{{ team(key: \"{team}\") {{ {selection} }} }}"), json!({})).await
        };
        ask("guest", "acme").await.data();
        let (theirs, missing) = (ask("outsider", "acme").await, ask("outsider", "nowhere").await);
        assert_eq!((theirs.code(), missing.code()), ("NOT_FOUND", "NOT_FOUND"), "{field}");
        let same = missing.error()["extensions"]["candidates"].clone();
        assert_eq!(theirs.error()["extensions"]["candidates"], same);
        assert_eq!(same, json!(["rival"]));
        assert_eq!(ask("", "acme").await.code(), "UNAUTHENTICATED", "{field}");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn names_of_another_team_lead_nowhere_from_ones_own(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    for selection in [
        r#"feature(key: "flag") { key }"#,
        r#"versions(feature: "flag") { totalCount }"#,
        r#"changes(feature: "flag") { totalCount }"#,
        r#"audit(feature: "flag") { totalCount }"#,
        "change(number: 1) { author }",
        r#"evaluate(environment: "prod", features: ["flag"], context: {}) { value }"#,
    ] {
        let answer =
            world.ask("outsider", &format!("{{ team(key: \"rival\") {{ {selection} }} }}"), json!({})).await;
        assert_eq!(answer.code(), "NOT_FOUND", "{selection}");
        assert!(!answer.body.to_string().contains("staging"), "{}", answer.body);
    }
    let evaluated = r#"{ team(key: "rival") { evaluate(environment: "dev", features: ["flag"], context: {}) { errorCode } } }"#;
    let evaluated = world.query("outsider", evaluated).await;
    assert_eq!(evaluated["team"]["evaluate"][0]["errorCode"], "FLAG_NOT_FOUND");
    for (field, input) in [
        ("createPipeline", json!({"team": "rival", "key": "p", "stages": [{"environment": "prod"}]})),
        ("createClient", json!({"team": "rival", "name": "c", "kind": "EDGE", "environment": "prod"})),
        (
            "createPolicy",
            json!({"team": "rival", "name": "p", "scope": "LISTED", "environments": ["prod"], "approvals": 1}),
        ),
        ("createFeature", json!({"team": "rival", "key": "f", "kind": "SIMPLE", "pipeline": "other"})),
        ("rotateClientKey", json!({"team": "rival", "name": "shop"})),
        ("deleteClient", json!({"team": "rival", "name": "shop"})),
        ("vote", json!({"team": "rival", "number": 1, "decision": "APPROVE"})),
    ] {
        assert_eq!(world.run("outsider", field, input).await.code(), "NOT_FOUND", "{field}");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn lists_hold_what_the_caller_sees(db: PgPool) {
    let world = World::new(db).await;
    let teams = world.query("outsider", "{ teams { nodes { key } totalCount } }").await;
    assert_eq!(teams["teams"], json!({"nodes": [{"key": "rival"}], "totalCount": 1}));
    assert_eq!(world.query("admin", "{ teams { totalCount } }").await["teams"]["totalCount"], 2);
    assert_eq!(world.ask("outsider", "{ users { totalCount } }", json!({})).await.code(), "FORBIDDEN");
    assert_eq!(world.query("admin", "{ users { totalCount } }").await["users"]["totalCount"], 6);
    // A member of both teams is seen from each with the teams in common only.
    world.member("rival", "dev", &["APPROVER"]).await;
    let members = r#"{ team(key: "acme") { members { nodes { user { username memberships { team } } } } } }"#;
    let seen = world.query("lead", members).await["team"]["members"]["nodes"].clone();
    assert_eq!(seen[0]["user"], json!({"username": "dev", "memberships": [{"team": "acme"}]}));
    let own = world.query("dev", members).await["team"]["members"]["nodes"].clone();
    assert_eq!(own[0]["user"]["memberships"], json!([{"team": "acme"}, {"team": "rival"}]));
    // Whoever runs a team learns no more names by mistyping one.
    let unknown = json!({"team": "rival", "username": "dave", "roles": []});
    let answer = world.run("outsider", "setMember", unknown).await;
    assert_eq!(answer.error()["extensions"]["candidates"], json!(["dev", "outsider"]));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn nobody_reads_without_signing_in(db: PgPool) {
    let world = World::new(db).await;
    assert!(world.query("", "{ server { version } }").await["server"]["version"].is_string());
    for query in ["{ me { username } }", "{ teams { totalCount } }", "{ users { totalCount } }"] {
        assert_eq!(world.ask("", query, json!({})).await.code(), "UNAUTHENTICATED", "{query}");
    }
    let schema = "{ __schema { queryType { name } } }";
    let hidden = world.ask("", schema, json!({})).await;
    assert!(!hidden.body.to_string().contains("Query"), "{}", hidden.body);
    assert_eq!(world.query("guest", schema).await["__schema"]["queryType"]["name"], "Query");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn refusals_are_kept_where_they_belong(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.policy("everything", "ALL", 1, &["APPROVER"]).await;
    world.member("rival", "dev", &["REQUESTER"]).await;
    world.done("dev", "editStage", edit("flag", "dev", targeted("a"))).await;
    for (who, field, input) in [
        ("dev", "restoreFeature", json!({"team": "acme", "feature": "flag"})),
        ("dev", "vote", json!({"team": "acme", "number": 2, "decision": "APPROVE"})),
        ("peer", "cancelChange", json!({"team": "acme", "number": 2})),
        ("admin", "vote", json!({"team": "acme", "number": 2, "decision": "APPROVE"})),
    ] {
        assert_eq!(world.run(who, field, input).await.code(), "FORBIDDEN", "{field}");
    }
    let audit = r#"{ team(key: "acme") { audit(first: 4) { nodes { action actor actorKind address } } } }"#;
    let kept = world.query("guest", audit).await["team"]["audit"]["nodes"].clone();
    let actors: Vec<_> =
        kept.as_array().unwrap().iter().map(|entry| entry["actor"].as_str().unwrap()).collect();
    assert_eq!(actors, ["admin", "peer", "dev", "dev"]);
    for entry in kept.as_array().unwrap() {
        assert_eq!(
            (&entry["action"], &entry["address"]),
            (&json!("access.denied"), &json!("127.0.0.1")),
            "{entry}"
        );
    }
    // What belongs to no team is kept as well, though no team reads it.
    for (field, input) in [
        ("createTeam", json!({"key": "x"})),
        ("createUser", json!({"username": "x", "password": "12345678"})),
    ] {
        assert_eq!(world.run("dev", field, input).await.code(), "FORBIDDEN");
    }
    assert_eq!(world.ask("dev", "{ users { totalCount } }", json!({})).await.code(), "FORBIDDEN");
    let denied = "SELECT count(*) FROM audit_entry WHERE action = 'access.denied' AND actor = 'dev' AND team_id IS NULL";
    assert_eq!(world.number(denied).await, 3);
    world.stop().await;
}
