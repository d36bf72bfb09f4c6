//! Tokens: what robots act with, from the key that is shown once to the end that is set.

mod audit;
mod reach;
mod refused;
mod vote;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    answer::Answer,
    input::{ahead, mutation, text},
    world::{World, eventually},
};

/// The input of a token of acme that ends in an hour.
fn wanted(name: &str, roles: &[&str]) -> Value {
    json!({"team": "acme", "name": name, "roles": roles, "expiresAt": ahead(3_600)})
}

fn with(mut input: Value, key: &str, value: Value) -> Value {
    input[key] = value;
    input
}

fn acme(name: &str) -> Value {
    json!({"team": "acme", "name": name})
}

/// Makes a token of acme and gives its key.
async fn robot(world: &World, owner: &str, name: &str, roles: &[&str]) -> String {
    text(&world.done(owner, "createToken", wanted(name, roles)).await["key"])
}

/// A world with root, a TEAM_ADMIN of acme.
async fn furnished(db: PgPool) -> World {
    let world = World::new(db).await;
    world.user("root").await;
    world.member("acme", "root", &["TEAM_ADMIN"]).await;
    world
}

/// Runs a mutation with a key.
async fn run(world: &World, key: &str, field: &str, input: Value) -> Answer {
    world.ask_with(Some(key), &mutation(field), json!({"input": input})).await
}

/// Runs a mutation with a key, which succeeds.
async fn done(world: &World, key: &str, field: &str, input: Value) -> Value {
    run(world, key, field, input).await.data()[field].clone()
}

/// Whether a key is let in, or why not.
async fn let_in(world: &World, key: &str) -> Result<(), String> {
    let answer = world.ask_with(Some(key), "{ teams { nodes { key } } }", json!({})).await;
    if answer.body.get("errors").is_none() {
        assert_eq!(answer.data()["teams"]["nodes"], json!([{"key": "acme"}]));
        return Ok(());
    }
    assert_eq!(answer.code(), "UNAUTHENTICATED");
    Err(text(&answer.error()["message"]))
}

async fn shown(world: &World, name: &str, fields: &str) -> Value {
    let query = format!(r#"{{ team(key: "acme") {{ token(name: "{name}") {{ {fields} }} }} }}"#);
    world.query("guest", &query).await["team"]["token"].clone()
}

#[sqlx::test(migrations = false)]
async fn a_key_is_shown_once_and_says_who_it_acts_for(db: PgPool) {
    let world = furnished(db).await;
    let input =
        with(wanted("ci", &["APPROVER", "REQUESTER", "APPROVER"]), "environments", json!(["prod", "dev"]));
    let made = world.done("root", "createToken", input).await;
    let key = text(&made["key"]);
    let id = text(&made["token"]["keys"][0]["id"]);
    assert!(key.starts_with(&format!("fgt_{id}_")) && key.len() == 56, "{key}");
    let who = "{ token { name owner roles environments state } me { username systemAdmin } }";
    let expected = json!({"token": {"name": "ci", "owner": "root", "roles": ["REQUESTER", "APPROVER"],
                                    "environments": ["dev", "prod"], "state": "ACTIVE"},
                          "me": {"username": "root", "systemAdmin": false}});
    assert_eq!(world.ask_with(Some(&key), who, json!({})).await.data(), &expected);
    assert_eq!(world.query("root", "{ token { name } }").await["token"], Value::Null);
    assert_eq!(world.ask("", "{ token { name } }", json!({})).await.code(), "UNAUTHENTICATED");
    let kept: Vec<String> = sqlx::query_scalar(
        "SELECT k::text FROM token_key k UNION ALL SELECT t::text FROM token t UNION ALL SELECT a::text FROM audit_entry a",
    )
    .fetch_all(&world.db)
    .await
    .unwrap();
    assert!(kept.iter().all(|row| !row.contains(&key[13..])), "the key is nowhere");
    let hashed = format!("SELECT count(*) FROM token_key WHERE sha256 = sha256('{key}')");
    assert_eq!(world.number(&hashed).await, 1);
    let other = robot(&world, "root", "other", &[]).await;
    for wrong in [
        format!("{}A", &key[..55]),
        format!("{}{}", &other[..13], &key[13..]),
        format!("fgt_zzzzzzzz_{}", &key[13..]),
        format!("fgc_{}", &key[4..]),
        "fgt_".to_owned(),
        format!("{key}A"),
    ] {
        // One text in sixty-four is the right one.
        if wrong != key {
            assert!(let_in(&world, &wrong).await.is_err(), "{wrong}");
        }
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_makes_no_token_is_said(db: PgPool) {
    let world = furnished(db).await;
    robot(&world, "root", "ci", &[]).await;
    for (input, code, path) in [
        (with(wanted("t", &[]), "expiresAt", ahead(-1)), "INVALID", "expiresAt"),
        (with(wanted("t", &[]), "expiresAt", ahead(366 * 86_400)), "INVALID", "expiresAt"),
        (with(wanted("t", &[]), "environments", json!([])), "INVALID", "environments"),
        (wanted("no name", &[]), "INVALID", "name"),
    ] {
        let refused = world.run("root", "createToken", input).await;
        assert_eq!((refused.code(), &refused.error()["extensions"]["path"]), (code, &json!(path)));
    }
    let elsewhere = with(wanted("t", &[]), "environments", json!(["moon"]));
    let refused = world.run("root", "createToken", elsewhere).await;
    assert_eq!(refused.error()["extensions"]["candidates"], json!(["dev", "staging", "prod"]));
    assert_eq!(world.run("root", "createToken", wanted("ci", &[])).await.code(), "CONFLICT");
    for who in ["dev", "lead"] {
        assert_eq!(world.run(who, "createToken", wanted("t", &[])).await.code(), "FORBIDDEN", "{who}");
    }
    assert_eq!(world.number("SELECT count(*) FROM token").await, 1);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_rotation_replaces_the_key_and_nothing_else(db: PgPool) {
    let world = furnished(db).await;
    let input = with(wanted("ci", &["REQUESTER"]), "environments", json!(["dev"]));
    let first = text(&world.done("root", "createToken", input).await["key"]);
    let fields = "id owner roles environments expiresAt createdAt";
    let before = shown(&world, "ci", fields).await;
    let second = text(&world.done("root", "rotateToken", acme("ci")).await["key"]);
    let gone = let_in(&world, &first).await.unwrap_err();
    assert_eq!(gone, "the token's key is not valid: it is wrong, or was revoked or replaced");
    let_in(&world, &second).await.unwrap();
    let third =
        text(&world.done("root", "rotateToken", with(acme("ci"), "graceSeconds", json!(2))).await["key"]);
    let_in(&world, &second).await.unwrap();
    let_in(&world, &third).await.unwrap();
    assert_eq!(shown(&world, "ci", fields).await, before, "a rotation widens nothing");
    let many = world.run("root", "rotateToken", with(acme("ci"), "graceSeconds", json!(60))).await;
    assert_eq!(many.code(), "CONFLICT");
    eventually("the former key ends", async || let_in(&world, &second).await.err()).await;
    let_in(&world, &third).await.unwrap();
    assert_eq!(shown(&world, "ci", "keys { id }").await["keys"], json!([{"id": third[4..12]}]));
    for wrong in [-1, 86_401] {
        let refused = world.run("root", "rotateToken", with(acme("ci"), "graceSeconds", json!(wrong))).await;
        assert_eq!(refused.error()["extensions"]["path"], "graceSeconds");
    }
    // Whoever got the key would act for root, and could approve what they propose themselves.
    let refused = world.run("admin", "rotateToken", acme("ci")).await;
    assert_eq!(refused.error()["message"], "admin may not rotate ci: it acts for root");
    let_in(&world, &third).await.unwrap();
    let at_once =
        (0..4).map(|_| world.run("root", "rotateToken", with(acme("ci"), "graceSeconds", json!(60))));
    let all = futures_util::future::join_all(at_once).await;
    assert_eq!(all.iter().filter(|answer| answer.body.get("errors").is_none()).count(), 1);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_revoked_token_is_out_at_once_and_its_name_is_free(db: PgPool) {
    let world = furnished(db).await;
    let limited = with(wanted("ci", &[]), "environments", json!(["dev"]));
    let key = text(&world.done("root", "createToken", limited).await["key"]);
    let_in(&world, &key).await.unwrap();
    assert_eq!(world.done("admin", "revokeToken", acme("ci")).await["state"], "REVOKED");
    let_in(&world, &key).await.unwrap_err();
    for field in ["revokeToken", "rotateToken"] {
        assert_eq!(world.run("root", field, acme("ci")).await.code(), "NOT_FOUND", "{field}");
    }
    // Its owner may revoke it as well, with or without a role; others may not.
    let second = robot(&world, "root", "ci", &["TEAM_ADMIN"]).await;
    world.member("acme", "root", &[]).await;
    assert_eq!(world.run("lead", "revokeToken", acme("ci")).await.code(), "FORBIDDEN");
    let_in(&world, &second).await.unwrap();
    world.done("root", "revokeToken", acme("ci")).await;
    let_in(&world, &second).await.unwrap_err();
    world.member("acme", "root", &["TEAM_ADMIN"]).await;
    for name in ["a", "b", "c"] {
        robot(&world, "root", name, &[]).await;
    }
    let list = "totalCount nodes { name } pageInfo { hasNextPage endCursor }";
    let page = async |arguments: &str| {
        let query = format!(r#"{{ team(key: "acme") {{ tokens({arguments}) {{ {list} }} }} }}"#);
        world.query("guest", &query).await["team"]["tokens"].clone()
    };
    let revoked = page("revoked: true").await;
    assert_eq!(
        (&revoked["totalCount"], &revoked["nodes"]),
        (&json!(2), &json!([{"name": "ci"}, {"name": "ci"}]))
    );
    let one = page("first: 2").await;
    assert_eq!((&one["totalCount"], &one["nodes"]), (&json!(3), &json!([{"name": "a"}, {"name": "b"}])));
    let next = page(&format!("first: 2, after: {}", one["pageInfo"]["endCursor"])).await;
    assert_eq!((&next["nodes"], &next["pageInfo"]["hasNextPage"]), (&json!([{"name": "c"}]), &json!(false)));
    for raw in [
        "UPDATE token SET revoked_at = NULL",
        "UPDATE token SET roles = ARRAY ['TEAM_ADMIN'] WHERE name = 'a'",
        "UPDATE token SET expires_at = expires_at + interval '1 day' WHERE name = 'a'",
        "UPDATE token SET owner_id = (SELECT id FROM app_user WHERE username = 'lead') WHERE name = 'a'",
        "DELETE FROM token",
        "DELETE FROM token_environment",
        "TRUNCATE token_environment",
        "INSERT INTO token_environment SELECT t.id, e.id FROM token t, environment e WHERE t.name = 'a'",
    ] {
        assert!(world.sql(raw).await.is_err(), "{raw}");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_token_ends_at_its_time(db: PgPool) {
    let world = furnished(db).await;
    let short = with(wanted("ci", &["REQUESTER"]), "expiresAt", ahead(2));
    let key = text(&world.done("root", "createToken", short).await["key"]);
    let_in(&world, &key).await.unwrap();
    let why = eventually("the token ends", async || let_in(&world, &key).await.err()).await;
    assert_eq!(why, "the token ci of root has expired: make another one");
    assert_eq!(shown(&world, "ci", "state").await["state"], "EXPIRED");
    assert_eq!(world.run("root", "rotateToken", acme("ci")).await.code(), "CONFLICT");
    world.done("root", "revokeToken", acme("ci")).await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_token_acts_as_long_as_its_owner_is_there(db: PgPool) {
    let world = furnished(db).await;
    let key = robot(&world, "root", "ci", &["APPROVER"]).await;
    let active = async |who: &str, active: bool| {
        world.done("admin", "setUserActive", json!({"username": who, "active": active})).await
    };
    active("root", false).await;
    let why = let_in(&world, &key).await.unwrap_err();
    assert_eq!(why, "the token ci acts for root, who was deactivated, or is not in the team any more");
    assert_eq!(shown(&world, "ci", "state").await["state"], "SUSPENDED");
    active("root", true).await;
    let_in(&world, &key).await.unwrap();
    // A password that somebody else has set, or another role, is no matter of the token.
    world.done("admin", "resetPassword", json!({"username": "root", "password": "another password"})).await;
    world.member("acme", "root", &[]).await;
    let_in(&world, &key).await.unwrap();
    world.done("admin", "removeMember", json!({"team": "acme", "username": "root"})).await;
    let_in(&world, &key).await.unwrap_err();
    // A system administrator's token acts without a membership, and only so long.
    let boss = json!({"username": "boss", "password": crate::world::PASSWORD, "systemAdmin": true});
    world.done("admin", "createUser", boss).await;
    let theirs = robot(&world, "boss", "theirs", &["REQUESTER"]).await;
    let_in(&world, &theirs).await.unwrap();
    world.done("admin", "editUser", json!({"username": "boss", "systemAdmin": false})).await;
    let_in(&world, &theirs).await.unwrap_err();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn its_last_use_is_noted_to_the_minute(db: PgPool) {
    let world = furnished(db).await;
    let key = robot(&world, "root", "ci", &[]).await;
    let used = async || shown(&world, "ci", "lastUsedAt").await["lastUsedAt"].clone();
    assert_eq!(used().await, Value::Null);
    let_in(&world, &key).await.unwrap();
    let first = used().await;
    assert!(first.is_string());
    let_in(&world, &key).await.unwrap();
    assert_eq!(used().await, first, "once a minute is enough");
    world.sql("UPDATE token SET last_used_at = last_used_at - interval '61 seconds'").await.unwrap();
    // Somebody who is at the token holds up nobody.
    let mut tx = world.db.begin().await.unwrap();
    sqlx::query("SELECT FROM token FOR UPDATE").execute(&mut *tx).await.unwrap();
    let_in(&world, &key).await.unwrap();
    tx.rollback().await.unwrap();
    assert!(text(&used().await) < text(&first));
    let_in(&world, &key).await.unwrap();
    assert!(text(&used().await) > text(&first));
    world.stop().await;
}
