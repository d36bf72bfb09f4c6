//! Sessions: the first admin, signing in, staying so, and when it ends.

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    answer::Answer,
    input::text,
    world::{PASSWORD, World},
};

const ME: &str = "{ me { username } }";

async fn sign_in(world: &World, username: &str, password: &str) -> Answer {
    world.run("", "signIn", json!({"username": username, "password": password})).await
}

async fn refresh(world: &World, token: &Value) -> Answer {
    world.run("", "refreshSession", json!({"refreshToken": token})).await
}

#[sqlx::test(migrations = false)]
async fn a_hundred_tries_make_one_admin(db: PgPool) {
    let world = World::fresh(db).await;
    let server = world.query("", "{ server { bootstrapped } }").await;
    assert_eq!(server["server"]["bootstrapped"], false);
    let token = world.bootstrap_token();
    let wrong = json!({"token": "fgb_wrong", "username": "eve", "password": PASSWORD});
    assert_eq!(world.run("", "bootstrap", wrong).await.code(), "UNAUTHENTICATED");
    let tries = join_all((0..100).map(|n| {
        let input = json!({"token": token, "username": format!("admin{n}"), "password": PASSWORD});
        world.run("", "bootstrap", input)
    }));
    let answers = tries.await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.body.get("errors").is_none()).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].data()["bootstrap"]["user"]["systemAdmin"], true);
    assert_eq!(world.number("SELECT count(*) FROM app_user").await, 1);
    for refused in answers.iter().filter(|answer| answer.body.get("errors").is_some()) {
        // Those for whom the queue was too long were told so; the others came second.
        assert!(["UNAUTHENTICATED", "LIMITED"].contains(&refused.code()), "{}", refused.body);
    }
    let again = json!({"token": token, "username": "late", "password": PASSWORD});
    assert_eq!(world.run_from("10.0.0.1", "bootstrap", again).await.code(), "UNAUTHENTICATED");
    let server = world.query("", "{ server { bootstrapped } }").await;
    assert_eq!(server["server"]["bootstrapped"], true);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_start_writes_the_token_for_its_owner_only_and_none_once_there_is_an_admin(db: PgPool) {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::fresh(db).await;
    let file = world.token_file();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let first = world.bootstrap_token();
    let replica = world.replica().await;
    let second = world.bootstrap_token();
    assert_ne!(first, second);
    replica.stop().await.unwrap();
    let input = |token: &str| json!({"token": token, "username": "admin", "password": PASSWORD});
    assert_eq!(world.run("", "bootstrap", input(&first)).await.code(), "UNAUTHENTICATED");
    world.done("", "bootstrap", input(&second)).await;
    std::fs::remove_file(&file).unwrap();
    world.replica().await.stop().await.unwrap();
    assert!(!file.exists());
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer(db: PgPool) {
    let world = World::new(db).await;
    let wrong = sign_in(&world, "dev", "wrong password").await;
    let unknown = sign_in(&world, "nobody", PASSWORD).await;
    world.sql("UPDATE app_user SET active = false WHERE username = 'peer'").await.unwrap();
    let inactive = sign_in(&world, "peer", PASSWORD).await;
    for answer in [&wrong, &unknown, &inactive] {
        assert_eq!(answer.code(), "UNAUTHENTICATED");
        assert_eq!(answer.error()["message"], wrong.error()["message"]);
        assert_eq!(answer.status, wrong.status);
    }
    let tries = world.number("SELECT count(*) FROM audit_entry WHERE action = 'user.sign_in_failed'").await;
    assert_eq!(tries, 3);
    assert_eq!(sign_in(&world, "dev", PASSWORD).await.data()["signIn"]["user"]["username"], "dev");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_refresh_token_is_replaced_and_its_reuse_ends_the_family(db: PgPool) {
    let world = World::new(db).await;
    let first = sign_in(&world, "dev", PASSWORD).await.data()["signIn"]["refreshToken"].clone();
    let other = sign_in(&world, "dev", PASSWORD).await.data()["signIn"]["refreshToken"].clone();
    let second = refresh(&world, &first).await.data()["refreshSession"]["refreshToken"].clone();
    assert_ne!(first, second);
    // Two commands at once: the former token is good for a while.
    let third = refresh(&world, &first).await.data()["refreshSession"]["refreshToken"].clone();
    let token = refresh(&world, &second).await.data()["refreshSession"]["accessToken"].clone();
    assert_eq!(world.ask_with(token.as_str(), ME, json!({})).await.data()["me"]["username"], "dev");
    world.sql("UPDATE refresh_token SET replaced_at = replaced_at - interval '31 seconds'").await.unwrap();
    assert_eq!(refresh(&world, &first).await.code(), "UNAUTHENTICATED");
    for ended in [&second, &third] {
        assert_eq!(refresh(&world, ended).await.code(), "UNAUTHENTICATED");
    }
    assert_eq!(refresh(&world, &other).await.data()["refreshSession"]["user"]["username"], "dev");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_family_that_ends_takes_along_what_is_being_made(db: PgPool) {
    let world = World::new(db).await;
    for _ in 0..10 {
        let old = sign_in(&world, "dev", PASSWORD).await.data()["signIn"]["refreshToken"].clone();
        let new = refresh(&world, &old).await.data()["refreshSession"]["refreshToken"].clone();
        world
            .sql("UPDATE refresh_token SET replaced_at = replaced_at - interval '31 seconds'")
            .await
            .unwrap();
        let (_, reused) = tokio::join!(refresh(&world, &new), refresh(&world, &old));
        assert_eq!(reused.code(), "UNAUTHENTICATED");
        assert_eq!(world.number("SELECT count(*) FROM refresh_token WHERE replaced_at IS NOT NULL").await, 0);
        let left = world.number("SELECT count(*) FROM refresh_token WHERE user_id = (SELECT id FROM app_user WHERE username = 'dev')");
        assert_eq!(left.await, 0);
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn sessions_end_with_their_time_with_sign_out_and_with_the_user(db: PgPool) {
    let world = World::new(db).await;
    let token = async |user| sign_in(&world, user, PASSWORD).await.data()["signIn"]["refreshToken"].clone();
    let (old, gone) = (token("lead").await, token("dev").await);
    world.sql("UPDATE refresh_token SET expires_at = now() WHERE sha256 IN (SELECT sha256 FROM refresh_token r JOIN app_user u ON u.id = r.user_id WHERE u.username = 'lead')").await.unwrap();
    assert_eq!(refresh(&world, &old).await.code(), "UNAUTHENTICATED");
    assert_eq!(world.done("", "signOut", json!({"refreshToken": gone})).await["username"], "dev");
    assert_eq!(world.run("", "signOut", json!({"refreshToken": gone})).await.code(), "UNAUTHENTICATED");
    assert_eq!(refresh(&world, &gone).await.code(), "UNAUTHENTICATED");
    let (access, kept) = (world.token("dev").await, token("dev").await);
    assert_eq!(world.ask_with(Some(&access), ME, json!({})).await.data()["me"]["username"], "dev");
    world.sql("UPDATE app_user SET active = false WHERE username = 'dev'").await.unwrap();
    assert_eq!(world.ask_with(Some(&access), ME, json!({})).await.code(), "UNAUTHENTICATED");
    assert_eq!(refresh(&world, &kept).await.code(), "UNAUTHENTICATED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_role_acts_on_the_next_request(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.done("dev", "killFeature", json!({"team": "acme", "feature": "flag", "reason": "test"})).await;
    let restore = || world.run("dev", "restoreFeature", json!({"team": "acme", "feature": "flag"}));
    assert_eq!(restore().await.code(), "FORBIDDEN");
    world.member("acme", "dev", &["APPROVER"]).await;
    assert_eq!(restore().await.data()["restoreFeature"]["environments"].as_array().unwrap().len(), 3);
    world.member("acme", "dev", &[]).await;
    assert_eq!(restore().await.code(), "FORBIDDEN");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn broken_tokens_are_nobodys(db: PgPool) {
    let world = World::new(db).await;
    let good = world.token("dev").await;
    let (head, rest) = good.split_once('.').unwrap();
    let (claims, _) = rest.split_once('.').unwrap();
    let refresh_token = text(&sign_in(&world, "dev", PASSWORD).await.data()["signIn"]["refreshToken"]);
    let unsigned = format!("eyJhbGciOiJub25lIn0.{claims}.");
    let cut = good[..good.len() - 2].to_owned();
    for broken in ["", "garbage", "a.b.c", &format!("{head}.{claims}."), &unsigned, &cut, &refresh_token] {
        let answer = world.ask_with(Some(broken), ME, json!({})).await;
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{broken}");
    }
    let basic = world.client.post(&world.http).header("authorization", "Basic ZGV2OmRldg==");
    let answer: Value = basic.json(&json!({"query": ME})).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn one_operation_tries_one_password(db: PgPool) {
    let world = World::new(db).await;
    let one = r#"a: signIn(input: {username: "dev", password: "wrong"}) { accessToken }"#;
    let two = one.replacen("a:", "b:", 1);
    let many = world.ask("", &format!("mutation {{ {one} {two} }}"), json!({})).await;
    assert_eq!(many.code(), "INVALID");
    assert_eq!(
        world.number("SELECT count(*) FROM audit_entry WHERE action = 'user.sign_in_failed'").await,
        0
    );
    let single = world.ask("", &format!("mutation {{ {one} }}"), json!({})).await;
    assert_eq!(single.code(), "UNAUTHENTICATED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_becomes_of_sessions_is_told_and_what_fails_is_counted(db: PgPool) {
    let world = World::new(db).await;
    let told = async |action: &str, actor: &str| {
        let count =
            format!("SELECT count(*) FROM audit_entry WHERE action = '{action}' AND actor = '{actor}'");
        world.number(&count).await
    };
    let session = async || sign_in(&world, "dev", PASSWORD).await.data()["signIn"]["refreshToken"].clone();
    let (old, other) = (session().await, session().await);
    refresh(&world, &old).await.data();
    world.sql("UPDATE refresh_token SET replaced_at = replaced_at - interval '31 seconds'").await.unwrap();
    assert_eq!(refresh(&world, &old).await.code(), "UNAUTHENTICATED");
    assert_eq!(told("user.refresh_reused", "dev").await, 1);
    world.done("", "signOut", json!({"refreshToken": other})).await;
    assert_eq!(told("user.sign_out", "dev").await, 1);
    let guess = json!(format!("fgr_{}", "x".repeat(43)));
    for address in ["10.0.0.1", "10.0.0.2"] {
        for _ in 0..7 {
            world.run_from(address, "refreshSession", json!({"refreshToken": guess})).await.error();
        }
    }
    world.run_from("10.0.0.3", "refreshSession", json!({"refreshToken": "fgr_wrong"})).await.error();
    assert_eq!(
        told("user.refresh_failed", "unknown").await,
        10,
        "as many as were looked at, and no mistakes"
    );
    let wrong = json!({"token": "fgb_wrong", "username": "eve", "password": PASSWORD});
    world.run_from("10.0.0.1", "bootstrap", wrong).await.error();
    assert_eq!(told("user.bootstrap_failed", "bootstrap").await, 1);
    let failures = async |why: &str| {
        let line = format!("fluxgate_sign_in_failures_total{{why=\"{why}\"}} ");
        let numbers = world.get("/metrics").await.text().await.unwrap();
        numbers.lines().find_map(|found| found.strip_prefix(&line)?.parse::<u32>().ok())
    };
    let (wrong, limited) = (failures("wrong").await.unwrap(), failures("limited").await.unwrap());
    for _ in 0..6 {
        let input = json!({"oldPassword": "wrong", "newPassword": "another password"});
        world.run("peer", "changePassword", input).await.error();
    }
    assert_eq!(failures("wrong").await, Some(wrong + 5));
    assert_eq!(failures("limited").await, Some(limited + 1));
    world.stop().await;
}
