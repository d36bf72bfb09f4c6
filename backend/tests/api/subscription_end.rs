//! How subscriptions and sockets end: with the rights, the session, the token, and the server.

use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::PgPool;

use crate::{
    forged::short_token,
    subscriber::{Subscriber, cursor},
    subscription_feed::load,
    world::World,
};

async fn rename(world: &World, name: &str) {
    world.done("dev", "editFeature", json!({"team": "acme", "feature": "flag", "name": name})).await;
}

#[sqlx::test(migrations = false)]
async fn who_leaves_a_team_hears_no_more_of_it(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.member("rival", "guest", &[]).await;
    let mut guest = Subscriber::open(&world, "guest").await;
    let (here, there) = (cursor(&world, "acme").await, cursor(&world, "rival").await);
    guest.subscribe("acme", &format!(r#"features(team: "acme", after: "{here}") {{ at }}"#)).await;
    guest
        .subscribe("rival", &format!(r#"audit(team: "rival", after: "{there}") {{ entry {{ action }} }}"#))
        .await;
    rename(&world, "still").await;
    guest.event("acme").await;
    world.done("admin", "removeMember", json!({"team": "acme", "username": "guest"})).await;
    let removed = Instant::now();
    let mut n = 0;
    let end = loop {
        n += 1;
        rename(&world, &n.to_string()).await;
        match guest.next_within(Duration::from_millis(50)).await {
            Some(message) if message["type"] == "next" => {
                assert!(
                    removed.elapsed() < Duration::from_millis(1500),
                    "told {:?} later",
                    removed.elapsed()
                );
            }
            Some(message) => break message,
            None => {}
        }
    };
    assert_eq!((&end["type"], &end["id"]), (&json!("error"), &json!("acme")));
    let extensions = &end["payload"][0]["extensions"];
    assert_eq!((&extensions["code"], &extensions["candidates"]), (&json!("NOT_FOUND"), &json!(["rival"])));
    // The other subscription of the same socket goes on.
    world.done("admin", "editTeam", json!({"team": "rival", "name": "Rival"})).await;
    assert_eq!(guest.event("rival").await["entry"]["action"], "team.edit");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_waited_for_a_slow_client_is_not_told_to_who_has_left(db: PgPool) {
    let world = World::new(db).await;
    let mut guest = Subscriber::open(&world, "guest").await;
    let after = cursor(&world, "acme").await;
    load(&world, 3_000).await;
    guest
        .subscribe(
            "all",
            &format!(r#"audit(team: "acme", after: "{after}") {{ entry {{ subject after }} }}"#),
        )
        .await;
    guest.event("all").await;
    world.done("admin", "removeMember", json!({"team": "acme", "username": "guest"})).await;
    // Longer than what is known of somebody may be old; what is in the sockets by then is on its way.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let mut told = 1;
    let end = loop {
        let message = guest.next().await;
        if message["type"] != "next" {
            break message;
        }
        told += 1;
    };
    assert_eq!(end["payload"][0]["extensions"]["code"], "NOT_FOUND");
    assert!(told < 2_500, "{told} of 3000");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn whose_session_ends_is_out(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let after = cursor(&world, "acme").await;
    for (field, who, input) in [
        ("resetPassword", "guest", json!({"username": "guest", "password": "another password"})),
        ("setUserActive", "peer", json!({"username": "peer", "active": false})),
    ] {
        let mut socket = Subscriber::open(&world, who).await;
        let features = format!(r#"features(team: "acme", feature: "flag", after: "{after}") {{ at }}"#);
        socket.subscribe("features", &features).await;
        world.done("admin", field, input).await;
        let stop = std::sync::atomic::AtomicBool::new(false);
        let happening = async {
            let mut n = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                n += 1;
                rename(&world, &format!("{field}{n}")).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let since = Instant::now();
        let closed = async {
            let closed = socket.closed().await;
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            closed
        };
        let ((code, why), ()) = tokio::join!(closed, happening);
        assert_eq!(code, 4403, "{field}: {why}");
        assert!(since.elapsed() < Duration::from_secs(5), "{field}: {:?}", since.elapsed());
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_socket_at_which_nothing_happens_ends_as_well(db: PgPool) {
    let world = World::new(db).await;
    let mut idle = Subscriber::open(&world, "peer").await;
    let since = Instant::now();
    world.done("admin", "setUserActive", json!({"username": "peer", "active": false})).await;
    assert_eq!(idle.closed().await.0, 4403);
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_socket_ends_with_its_token(db: PgPool) {
    let world = World::new(db).await;
    let token = short_token(&world, "guest", 3).await;
    let mut guest = Subscriber::with_token(&world.http, &token).await;
    guest.subscribe("head", "revision { revision }").await;
    guest.event("head").await;
    let (code, why) = guest.closed().await;
    assert_eq!((code, why.as_str()), (4401, "the access token has ended; connect with a new one"));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_server_that_stops_says_so(db: PgPool) {
    let world = World::new(db).await;
    let token = world.token("guest").await;
    let replica = world.replica().await;
    let url = format!("http://{}/graphql", replica.http);
    let mut listening = Subscriber::with_token(&url, &token).await;
    listening.subscribe("head", "revision { revision }").await;
    listening.event("head").await;
    let mut stranger = Subscriber::stranger(&url).await;
    let since = Instant::now();
    let (stopped, one, other) = tokio::join!(replica.stop(), listening.closed(), stranger.closed());
    stopped.unwrap();
    assert_eq!((one.0, other.0), (1001, 1001));
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
    world.stop().await;
}
