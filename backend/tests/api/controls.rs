//! Controls that no caller meets by name: the limits of connections, what is kept of secrets, what hashing costs.

use std::time::{Duration, Instant};

use fluxgate_backend::app;
use fluxgate_proto::v1::{EdgeMessage, delivery_client::DeliveryClient};
use futures_util::future::join_all;
use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgPool};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Request;

use crate::{
    input::text,
    stream::client,
    world::{PASSWORD, World, eventually},
};

#[sqlx::test(migrations = false)]
async fn every_connection_gives_up_in_time(db: PgPool) {
    let url = db.connect_options().to_url_lossy().to_string();
    let pool = app::connect(&url, 4).await.unwrap();
    for (setting, expected) in [
        ("statement_timeout", "5s"),
        ("lock_timeout", "3s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("synchronous_commit", "on"),
    ] {
        let show = AssertSqlSafe(format!("SHOW {setting}"));
        let found: String = sqlx::query_scalar(show).fetch_one(&pool).await.unwrap();
        assert_eq!(found, expected, "{setting}");
    }
    pool.close().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_secret_is_kept_as_a_hash_or_not_at_all(db: PgPool) {
    let world = World::fresh(db).await;
    let bootstrap = world.bootstrap_token();
    let input = json!({"token": bootstrap, "username": "admin", "password": PASSWORD});
    let session = world.done("", "bootstrap", input).await;
    let wrong = json!({"username": "admin", "password": "a wrong password"});
    world.run("", "signIn", wrong).await.error();
    let again = world.done("", "refreshSession", json!({"refreshToken": session["refreshToken"]})).await;
    let ask = async |field: &str, input| {
        let (query, token) = (crate::input::mutation(field), text(&again["accessToken"]));
        world.ask_with(Some(&token), &query, json!({"input": input})).await.data()[field].clone()
    };
    ask("createTeam", json!({"key": "acme"})).await;
    let made = ask("createClient", json!({"team": "acme", "name": "shop", "kind": "EDGE"})).await;
    let rotated = ask("rotateClientKey", json!({"team": "acme", "name": "shop"})).await;
    let mut secrets = vec![bootstrap, PASSWORD.to_owned(), "a wrong password".to_owned()];
    for (holder, field) in [(&session, "accessToken"), (&session, "refreshToken"), (&again, "accessToken")] {
        secrets.push(text(&holder[field]));
    }
    secrets.extend([text(&again["refreshToken"]), text(&made["key"]), text(&rotated["key"])]);
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
            .fetch_all(&world.db)
            .await
            .unwrap();
    for table in tables {
        let rows = AssertSqlSafe(format!("SELECT t::text FROM {table} t"));
        let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&world.db).await.unwrap();
        for secret in &secrets {
            assert!(!rows.iter().any(|row| row.contains(secret)), "{table} holds {secret}");
        }
    }
    let hash: String =
        sqlx::query_scalar("SELECT password_hash FROM app_user").fetch_one(&world.db).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    world.stop().await;
}

/// How long a refusal takes at least.
async fn quickest(world: &World, account: &str) -> Duration {
    let mut quickest = Duration::MAX;
    for n in 0..4 {
        let input = json!({"username": account, "password": "wrong password"});
        let began = Instant::now();
        let answer = world.run_from(&format!("10.9.{n}.{}", account.len()), "signIn", input).await;
        assert_eq!(answer.code(), "UNAUTHENTICATED");
        quickest = quickest.min(began.elapsed());
        world.sql("DELETE FROM failure").await.unwrap();
    }
    quickest
}

#[sqlx::test(migrations = false)]
async fn who_does_not_exist_costs_a_hash_like_everybody(db: PgPool) {
    let world = World::new(db).await;
    let (known, unknown) = (quickest(&world, "dev").await, quickest(&world, "nobody").await);
    assert!(unknown > known / 3, "{unknown:?}, and {known:?} for one who exists");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn more_passwords_than_can_be_looked_at_are_put_off(db: PgPool) {
    let world = World::new(db).await;
    world.token("dev").await;
    let tries = join_all((0..150).map(|n| {
        let input = json!({"username": format!("user{n}"), "password": "wrong password"});
        let address = format!("10.1.{n}.1");
        let world = &world;
        async move { world.run_from(&address, "signIn", input).await }
    }));
    let asking = async {
        let mut asked = 0;
        for _ in 0..20 {
            world.ask("dev", "{ me { username } }", json!({})).await.data();
            asked += 1;
        }
        asked
    };
    let (answers, asked) = tokio::join!(tries, asking);
    assert_eq!(asked, 20, "others are answered meanwhile");
    let put_off: Vec<_> = answers.iter().filter(|answer| answer.code() == "LIMITED").collect();
    assert!(!put_off.is_empty());
    assert!(put_off.iter().all(|answer| answer.error()["extensions"]["retryAfterSeconds"].is_number()));
    let rest = answers.iter().filter(|answer| answer.code() != "LIMITED");
    // On a machine that is busy with other things, some do not get a connection in time.
    assert!(rest.into_iter().all(|answer| ["UNAUTHENTICATED", "UNAVAILABLE"].contains(&answer.code())));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_connection_carries_so_many_streams_and_no_more(db: PgPool) {
    let world = World::new(db).await;
    let key = client(&world, "acme", "edge", "EDGE", None).await;
    let delivery = DeliveryClient::connect(world.grpc.clone()).await.unwrap();
    let open = async || {
        let (sender, receiver) = mpsc::channel::<EdgeMessage>(1);
        let mut request = Request::new(ReceiverStream::new(receiver));
        request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
        (sender, delivery.clone().sync(request).await.unwrap())
    };
    let mut streams = Vec::new();
    for _ in 0..64 {
        streams.push(open().await);
    }
    let one_more = open();
    tokio::pin!(one_more);
    let refused = tokio::time::timeout(Duration::from_millis(500), &mut one_more).await;
    assert!(refused.is_err(), "the 65th waits");
    streams.clear();
    let opened = async { Some(one_more.await) };
    tokio::time::timeout(Duration::from_secs(10), opened).await.unwrap();
    // The server is none the worse for it.
    eventually("others get in", async || Some(open().await)).await;
    world.stop().await;
}
