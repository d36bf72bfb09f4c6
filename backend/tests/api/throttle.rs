//! Throttling: what failed tries cost those who try, and that they cost nobody else anything.

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    answer::Answer,
    world::{PASSWORD, World},
};

async fn try_from(world: &World, address: &str, username: &str, password: &str) -> Answer {
    world.run_from(address, "signIn", json!({"username": username, "password": password})).await
}

fn refusal(answer: &Answer) -> &str {
    answer.body["errors"][0]["extensions"]["code"].as_str().unwrap_or("OK")
}

async fn fail(world: &World, address: &str, username: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(try_from(world, address, username, "wrong").await.code(), "UNAUTHENTICATED");
    }
}

/// As if so much time had passed.
async fn later(world: &World, seconds: i32) {
    let statement = format!("UPDATE failure SET last_at = last_at - interval '{seconds} seconds'");
    world.sql(&statement).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn after_five_failures_a_try_waits_longer_and_longer(db: PgPool) {
    let world = World::new(db).await;
    fail(&world, "10.0.0.1", "dev", 5).await;
    let refused = try_from(&world, "10.0.0.1", "dev", PASSWORD).await;
    assert_eq!(refused.code(), "LIMITED");
    assert_eq!(refused.error()["extensions"]["retryAfterSeconds"], 1);
    assert_eq!(refused.error()["message"], "too many tries have failed: wait 1 s");
    for wait in [2, 4, 8] {
        later(&world, wait / 2).await;
        fail(&world, "10.0.0.1", "dev", 1).await;
        let refused = try_from(&world, "10.0.0.1", "dev", PASSWORD).await;
        assert_eq!(refused.error()["extensions"]["retryAfterSeconds"], wait);
    }
    // What is refused does not make the wait longer, and the right password then gets in and clears it.
    later(&world, 8).await;
    assert_eq!(refusal(&try_from(&world, "10.0.0.1", "dev", PASSWORD).await), "OK");
    fail(&world, "10.0.0.1", "dev", 5).await;
    assert_eq!(refusal(&try_from(&world, "10.0.0.1", "dev", PASSWORD).await), "LIMITED");
    later(&world, 3601).await;
    fail(&world, "10.0.0.1", "dev", 1).await;
    assert_eq!(refusal(&try_from(&world, "10.0.0.1", "dev", PASSWORD).await), "OK");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn unknown_and_deactivated_users_are_treated_the_same(db: PgPool) {
    let world = World::new(db).await;
    world.done("admin", "setUserActive", json!({"username": "guest", "active": false})).await;
    let mut heard = Vec::new();
    for (address, username) in [("10.0.0.1", "dev"), ("10.0.0.2", "nobody"), ("10.0.0.3", "guest")] {
        let mut answers = Vec::new();
        for _ in 0..7 {
            let answer = try_from(&world, address, username, "wrong").await;
            let error = answer.error();
            answers.push((error["message"].clone(), error["extensions"]["code"].clone()));
        }
        heard.push(answers);
    }
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0], heard[2]);
    assert_eq!(heard[0][5].1, "LIMITED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_stranger_locks_nobody_out(db: PgPool) {
    let world = World::new(db).await;
    for n in 0..20 {
        fail(&world, &format!("10.0.1.{n}"), "dev", 1).await;
    }
    // The account has failed twenty times. From an address without failures the right password gets in.
    assert_eq!(refusal(&try_from(&world, "10.0.0.1", "dev", PASSWORD).await), "OK");
    // Whoever mistypes then waits a minute at most, and no stranger makes it longer.
    for n in 0..20 {
        fail(&world, &format!("10.0.2.{n}"), "dev", 1).await;
    }
    fail(&world, "10.0.0.1", "dev", 1).await;
    let refused = try_from(&world, "10.0.0.1", "dev", PASSWORD).await;
    assert_eq!(
        (refused.code(), &refused.error()["extensions"]["retryAfterSeconds"]),
        ("LIMITED", &json!(60))
    );
    later(&world, 60).await;
    fail(&world, "10.0.3.1", "dev", 1).await;
    assert_eq!(refusal(&try_from(&world, "10.0.0.1", "dev", PASSWORD).await), "OK");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_address_that_fails_over_many_accounts_waits(db: PgPool) {
    let world = World::new(db).await;
    for n in 0..5 {
        fail(&world, "2001:db8::1", &format!("user{n}"), 1).await;
        if n < 4 {
            // Success with an account of one's own wipes nothing clean.
            assert_eq!(refusal(&try_from(&world, "2001:db8::1", "peer", PASSWORD).await), "OK");
        }
    }
    // The whole network of a host waits, and nobody else.
    assert_eq!(try_from(&world, "2001:db8::2", "dev", PASSWORD).await.code(), "LIMITED");
    assert_eq!(refusal(&try_from(&world, "2001:db8:0:1::1", "dev", PASSWORD).await), "OK");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn many_tries_at_once_are_no_more_than_five(db: PgPool) {
    let world = World::new(db).await;
    let tries = join_all((0..20).map(|_| try_from(&world, "10.0.0.1", "dev", "wrong"))).await;
    let answered = tries.iter().filter(|answer| refusal(answer) == "UNAUTHENTICATED").count();
    assert_eq!(answered, 5);
    // Right ones at once take nothing away from each other.
    for answer in join_all((0..10).map(|_| try_from(&world, "10.0.0.2", "peer", PASSWORD))).await {
        assert_eq!(refusal(&answer), "OK", "{}", answer.body);
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn all_replicas_count_together_and_a_stolen_session_guesses_no_faster(db: PgPool) {
    let world = World::new(db).await;
    let replica = world.replica().await;
    fail(&world, "10.0.0.1", "dev", 5).await;
    let body = json!({
        "query": crate::input::mutation("signIn"),
        "variables": {"input": {"username": "dev", "password": PASSWORD}},
    });
    let there = world.client.post(format!("http://{}/graphql", replica.http));
    let there: Value =
        there.header("x-forwarded-for", "10.0.0.1").json(&body).send().await.unwrap().json().await.unwrap();
    assert_eq!(there["errors"][0]["extensions"]["code"], "LIMITED");
    let guess = || {
        world.run("peer", "changePassword", json!({"oldPassword": "wrong", "newPassword": "a new password"}))
    };
    for _ in 0..5 {
        assert_eq!(guess().await.code(), "INVALID");
    }
    assert_eq!(guess().await.code(), "LIMITED");
    replica.stop().await.unwrap();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn wrong_secrets_are_limited_and_right_ones_always_get_in(db: PgPool) {
    let world = World::fresh(db).await;
    let bootstrap = |token: &str| json!({"token": token, "username": "admin", "password": PASSWORD});
    for (field, input) in
        [("bootstrap", bootstrap("fgb_wrong")), ("refreshSession", json!({"refreshToken": "fgr_wrong"}))]
    {
        for _ in 0..5 {
            assert_eq!(world.run("", field, input.clone()).await.code(), "UNAUTHENTICATED");
        }
        let refused = world.run("", field, input).await;
        assert_eq!(
            (refused.code(), &refused.error()["extensions"]["retryAfterSeconds"]),
            ("LIMITED", &json!(1))
        );
    }
    let session = world.done("", "bootstrap", bootstrap(&world.bootstrap_token())).await;
    world.done("", "refreshSession", json!({"refreshToken": session["refreshToken"]})).await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn failures_fill_neither_the_audit_nor_their_table(db: PgPool) {
    let world = World::new(db).await;
    for _ in 0..40 {
        try_from(&world, "10.0.0.1", "dev", "wrong").await;
        later(&world, 900).await;
        world.sql("UPDATE failure SET last_at = now() - interval '20 minutes'").await.unwrap();
    }
    let told: Vec<i64> = sqlx::query_scalar(
        "SELECT (after->>'failures')::bigint FROM audit_entry WHERE action = 'user.sign_in_failed' ORDER BY number",
    )
    .fetch_all(&world.db)
    .await
    .unwrap();
    assert_eq!(told, [1, 2, 3, 4, 5, 8, 16, 32]);
    world
        .sql("INSERT INTO failure SELECT sha256(n::text::bytea), 1, now() - interval '2 hours' FROM generate_series(1, 30) n")
        .await
        .unwrap();
    fail(&world, "10.0.0.2", "peer", 1).await;
    let left = world.number("SELECT count(*) FROM failure WHERE last_at < now() - interval '1 hour'").await;
    assert_eq!(left, 10, "a failure clears more away than it leaves");
    let names = "SELECT count(*) FROM failure WHERE position('dev'::bytea IN key) > 0";
    assert_eq!(world.number(names).await, 0, "what was typed is kept as a hash");
    world.stop().await;
}
