//! Access: what lists hold, what is hidden from those who are not signed in, and that refusals are kept. Who may do what
//! is in `matrix`.

use serde_json::json;
use sqlx::PgPool;

use crate::{
    input::{edit, targeted},
    world::World,
};

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
async fn the_schema_is_told_to_those_who_are_signed_in(db: PgPool) {
    let world = World::new(db).await;
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
