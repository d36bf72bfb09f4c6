//! Signing keys: rotated with overlap on every replica.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::{mutation, text},
    world::{PASSWORD, World, eventually},
};

const ME: &str = "{ me { username } }";
const KEYS: &str = "{ signingKeys { kid state createdAt verifiesUntil } }";

/// Asks one of the replicas.
async fn ask(world: &World, url: &str, token: Option<&str>, query: &str, input: Value) -> Value {
    let mut request = world.client.post(url).json(&json!({"query": query, "variables": {"input": input}}));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap().json().await.unwrap()
}

async fn session(world: &World, username: &str) -> Value {
    world.done("", "signIn", json!({"username": username, "password": PASSWORD})).await
}

async fn holds(world: &World, token: &str) -> bool {
    let answer = world.ask_with(Some(token), ME, json!({})).await;
    if answer.body.get("errors").is_some() {
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{}", answer.body);
    }
    answer.body.get("errors").is_none()
}

#[sqlx::test(migrations = false)]
async fn only_system_administrators_see_and_rotate(db: PgPool) {
    let world = World::new(db).await;
    for who in ["lead", "outsider"] {
        assert_eq!(world.ask(who, KEYS, json!({})).await.code(), "FORBIDDEN");
        assert_eq!(world.run(who, "rotateSigningKey", json!({})).await.code(), "FORBIDDEN");
    }
    let first = world.query("admin", KEYS).await["signingKeys"].clone();
    assert_eq!((first.as_array().unwrap().len(), &first[0]["state"]), (1, &json!("SIGNS")));
    let made = world.done("admin", "rotateSigningKey", json!({})).await;
    let keys = world.query("admin", KEYS).await["signingKeys"].clone();
    assert_eq!((&keys[0]["kid"], &keys[0]["state"]), (&made["kid"], &json!("SIGNS")));
    assert_eq!((&keys[1]["kid"], &keys[1]["state"]), (&first[0]["kid"], &json!("VERIFIES")));
    assert!(keys[1]["verifiesUntil"].is_string() && keys[0]["verifiesUntil"].is_null());
    let told = "SELECT count(*) FROM audit_entry WHERE action = 'signing_key.rotate' AND actor = 'admin'";
    assert_eq!(world.number(told).await, 1);
    let two = "UPDATE signing_key SET retired_at = NULL";
    assert!(world.sql(two).await.is_err(), "one key signs");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_rotation_under_load_logs_nobody_out(db: PgPool) {
    let world = World::new(db).await;
    let replica = world.replica().await;
    let urls = [world.http.clone(), format!("http://{}/graphql", replica.http)];
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut people = Vec::new();
    for n in 0..6 {
        people.push((n, session(&world, ["dev", "peer", "lead"][n % 3]).await));
    }
    let work = join_all(people.into_iter().map(|(n, mut held)| {
        let (world, urls, done, asked) = (&world, &urls, &done, &asked);
        async move {
            let mut turn = n;
            while !done.load(Ordering::Relaxed) {
                // Signed by one replica, checked by both.
                let input = json!({"refreshToken": held["refreshToken"]});
                let body = ask(world, &urls[turn % 2], None, &mutation("refreshSession"), input).await;
                assert!(body.get("errors").is_none(), "{body}");
                for url in urls {
                    for token in [&held, &body["data"]["refreshSession"]] {
                        let token = token["accessToken"].as_str();
                        let answer = ask(world, url, token, ME, json!({})).await;
                        assert!(answer.get("errors").is_none(), "{answer}");
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                }
                held = body["data"]["refreshSession"].clone();
                turn += 1;
            }
        }
    }));
    let rotate = async {
        for _ in 0..5 {
            world.done("admin", "rotateSigningKey", json!({})).await;
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        done.store(true, Ordering::Relaxed);
    };
    tokio::join!(work, rotate);
    assert!(asked.load(Ordering::Relaxed) > 100);
    assert_eq!(world.number("SELECT count(*) FROM signing_key").await, 6);
    replica.stop().await.unwrap();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_key_whose_tokens_have_ended_is_removed(db: PgPool) {
    let world = World::new(db).await;
    let old = text(&session(&world, "dev").await["accessToken"]);
    world.done("admin", "rotateSigningKey", json!({})).await;
    assert!(holds(&world, &old).await);
    world.sql("UPDATE signing_key SET retired_at = retired_at - interval '17 minutes'").await.unwrap();
    let new = text(&session(&world, "dev").await["accessToken"]);
    eventually("the old key is gone", async || {
        assert!(holds(&world, &new).await);
        (!holds(&world, &old).await).then_some(())
    })
    .await;
    assert_eq!(world.number("SELECT count(*) FROM signing_key").await, 1);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_key_that_became_known_ends_at_once_on_every_replica(db: PgPool) {
    let world = World::new(db).await;
    let replica = world.replica().await;
    let there = format!("http://{}/graphql", replica.http);
    let held = session(&world, "dev").await;
    let token = text(&held["accessToken"]);
    world.done("admin", "rotateSigningKey", json!({"endOthers": true})).await;
    assert!(!holds(&world, &token).await);
    let since = Instant::now();
    eventually("the other replica refuses it", async || {
        ask(&world, &there, Some(&token), ME, json!({})).await.get("errors").map(|_| ())
    })
    .await;
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    // Nobody has to sign in again.
    let input = json!({"refreshToken": held["refreshToken"]});
    let again = ask(&world, &there, None, &mutation("refreshSession"), input).await;
    assert!(holds(&world, again["data"]["refreshSession"]["accessToken"].as_str().unwrap()).await);
    replica.stop().await.unwrap();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn names_of_keys_that_do_not_exist_do_not_hammer_the_database(db: PgPool) {
    let world = World::new(db).await;
    let good = world.token("dev").await;
    let garbage = |n: u64| {
        let header = Header { kid: Some(format!("{n:016x}")), ..Header::new(Algorithm::HS256) };
        encode(&header, &json!({"sub": "x"}), &EncodingKey::from_secret(b"x")).unwrap()
    };
    let since = Instant::now();
    for n in 0..6 {
        assert!(!holds(&world, &garbage(n)).await);
    }
    assert!(since.elapsed() > Duration::from_millis(1200), "each waited for its turn: {:?}", since.elapsed());
    // Many at once share a reading, and a good token does not wait for them.
    let since = Instant::now();
    let flood = join_all((0..50).map(|n| {
        let (world, token) = (&world, garbage(100 + n));
        async move { holds(world, &token).await }
    }));
    let good = async {
        let since = Instant::now();
        for _ in 0..5 {
            assert!(holds(&world, &good).await);
        }
        since.elapsed()
    };
    let (flood, good) = tokio::join!(flood, good);
    assert!(flood.iter().all(|held| !held));
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    assert!(good < Duration::from_secs(2), "{good:?}");
    world.stop().await;
}
