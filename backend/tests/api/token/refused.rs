//! What no token may, whatever its roles and its owner's: so that a key that got about ends with its token.

use serde_json::json;
use sqlx::PgPool;

use super::{acme, furnished, robot, run, wanted};
use crate::{
    subscriber::Subscriber,
    world::{PASSWORD, World},
};

#[sqlx::test(migrations = false)]
async fn a_token_lets_nobody_in_and_changes_no_user(db: PgPool) {
    let world = furnished(db).await;
    // Of a system administrator, with every role.
    let key = robot(&world, "admin", "ci", &["REQUESTER", "APPROVER", "TEAM_ADMIN"]).await;
    let before = world.contents().await;
    for (field, input) in [
        ("createToken", wanted("more", &["TEAM_ADMIN"])),
        ("rotateToken", acme("ci")),
        ("revokeToken", acme("ci")),
        ("setMember", json!({"team": "acme", "username": "guest", "roles": ["APPROVER"]})),
        ("removeMember", json!({"team": "acme", "username": "guest"})),
        ("editUser", json!({"username": "admin", "email": "me@elsewhere.example"})),
        ("changePassword", json!({"oldPassword": PASSWORD, "newPassword": "a new password"})),
        ("createUser", json!({"username": "new", "password": PASSWORD})),
        ("resetPassword", json!({"username": "dev", "password": PASSWORD})),
        ("setUserActive", json!({"username": "dev", "active": false})),
        ("createTeam", json!({"key": "new"})),
        ("editTeam", json!({"team": "acme", "name": "New"})),
        ("rotateSigningKey", json!({"endOthers": true})),
    ] {
        let refused = run(&world, &key, field, input).await;
        assert_eq!(refused.code(), "FORBIDDEN", "{field}: {}", refused.body);
        assert!(refused.body.to_string().contains("admin's token ci may not"), "{}", refused.body);
    }
    for query in ["{ users { totalCount } }", "{ signingKeys { kid } }"] {
        assert_eq!(world.ask_with(Some(&key), query, json!({})).await.code(), "FORBIDDEN", "{query}");
    }
    let after = world.contents().await;
    let differing: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).map(|(a, _)| &a.0).collect();
    assert_eq!(differing, ["token"], "when it was last used");
    let denied = "SELECT count(*) FROM audit_entry WHERE action = 'access.denied' AND actor_kind = 'TOKEN' AND actor = 'ci'";
    assert_eq!(world.number(denied).await, 15);
    // What its role allows it does.
    run(&world, &key, "createContextKey", json!({"team": "acme", "key": "country", "type": "STRING"}))
        .await
        .data();
    world.stop().await;
}

/// Root is in rival too, with outsider.
async fn in_both(world: &World) -> String {
    world.member("rival", "root", &["TEAM_ADMIN"]).await;
    robot(world, "root", "ci", &["TEAM_ADMIN"]).await
}

#[sqlx::test(migrations = false)]
async fn a_socket_ends_with_the_token_that_opened_it(db: PgPool) {
    let world = furnished(db).await;
    let key = robot(&world, "root", "ci", &[]).await;
    let mut socket = Subscriber::with_token(&world.http, &key).await;
    socket.subscribe("head", "revision { revision }").await;
    socket.event("head").await;
    world.done("root", "revokeToken", acme("ci")).await;
    let happening = async {
        for n in 0.. {
            world.feature(&format!("f{n}")).await;
        }
    };
    let (code, why) = tokio::select! {
        closed = socket.closed() => closed,
        () = happening => panic!("it is told all of it"),
    };
    assert_eq!(code, 4403, "{why}");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_token_sees_its_team_and_no_other_of_its_owner(db: PgPool) {
    let world = furnished(db).await;
    for key in [in_both(&world).await, robot(&world, "admin", "of-admin", &[]).await] {
        let ask = async |query: &str| world.ask_with(Some(&key), query, json!({})).await;
        let teams = ask("{ teams { nodes { key } totalCount } }").await;
        assert_eq!(teams.data()["teams"], json!({"nodes": [{"key": "acme"}], "totalCount": 1}));
        let refused = ask(r#"{ team(key: "rival") { key } }"#).await;
        assert_eq!(
            (refused.code(), &refused.error()["extensions"]["candidates"]),
            ("NOT_FOUND", &json!(["acme"]))
        );
        assert_eq!(ask(r#"{ user(username: "outsider") { username } }"#).await.code(), "NOT_FOUND");
        assert_eq!(ask(r#"{ user(username: "dev") { username } }"#).await.data()["user"]["username"], "dev");
        let own = ask("{ me { memberships { team } } }").await;
        assert!(!own.body.to_string().contains("rival"), "{}", own.body);
        let input = json!({"team": "rival", "key": "qa", "type": "STAGING"});
        assert_eq!(run(&world, &key, "createEnvironment", input).await.code(), "NOT_FOUND");
    }
    world.stop().await;
}
