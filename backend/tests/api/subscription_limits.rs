//! What a socket may not do: the protocol's rules, and the limits of what one client can ask for.

use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_tungstenite::tungstenite::{Message, http::StatusCode};

use crate::{
    subscriber::Subscriber,
    world::{World, eventually},
};

const HEAD: &str = "revision { revision }";

fn subscribe(id: &str, query: &str) -> Value {
    json!({"type": "subscribe", "id": id, "payload": {"query": query}})
}

#[sqlx::test(migrations = false)]
async fn sockets_are_for_the_protocol_and_for_ones_own_pages(db: PgPool) {
    let world = World::new(db).await;
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    let own = world.http.trim_end_matches("/graphql");
    for (headers, expected) in [
        (vec![], Some(StatusCode::BAD_REQUEST)),
        (vec![("sec-websocket-protocol", "graphql-ws")], Some(StatusCode::BAD_REQUEST)),
        (vec![protocol, ("origin", "https://evil.example")], Some(StatusCode::FORBIDDEN)),
        (vec![protocol, ("origin", own)], None),
        (vec![protocol], None),
    ] {
        let opened = Subscriber::connect(&world.http, &headers).await;
        assert_eq!(opened.err(), expected, "{headers:?}");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn who_does_not_say_who_they_are_is_out(db: PgPool) {
    let world = World::new(db).await;
    let token = world.token("guest").await;
    let closed = async |messages: Vec<Value>| {
        let mut stranger = Subscriber::stranger(&world.http).await;
        for message in messages {
            stranger.say(&message).await;
        }
        stranger.closed().await
    };
    let init =
        |authorization: &str| json!({"type": "connection_init", "payload": {"Authorization": authorization}});
    let bearer = format!("Bearer {token}");
    for (messages, code) in [
        (vec![json!({"type": "connection_init"})], 4401),
        (vec![json!({"type": "connection_init", "payload": {"token": token}})], 4401),
        (vec![init(&token)], 4401),
        (vec![init("Bearer x")], 4403),
        (vec![subscribe("1", "subscription { revision { revision } }")], 4401),
        (vec![init(&bearer), init(&bearer)], 4429),
        (vec![json!({"type": "start", "id": "1", "payload": {"query": "{ me { username } }"}})], 4400),
        (vec![json!({"type": "nonsense"})], 4400),
        (vec![json!([])], 4400),
    ] {
        let (found, why) = closed(messages.clone()).await;
        assert_eq!(found, code, "{messages:?}: {why}");
        assert!(!why.is_empty());
    }
    // Neither does waiting help.
    assert_eq!(closed(vec![]).await.0, 4408);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn messages_have_their_form_and_size(db: PgPool) {
    let world = World::new(db).await;
    let large = format!(r#"{{"type": "ping", "payload": {{"x": "{}"}}}}"#, "x".repeat(64 * 1024));
    let deep = format!(r#"{{"type": "ping", "payload": {}{}}}"#, "[".repeat(40), "]".repeat(40));
    for (frame, code) in [
        (Message::text(large), 1009),
        (Message::text(deep), 4400),
        (Message::text("{"), 4400),
        (Message::binary(b"{}".to_vec()), 4400),
    ] {
        let mut guest = Subscriber::open(&world, "guest").await;
        guest.send(frame).await;
        let (found, why) = guest.closed().await;
        assert_eq!(found, code, "{why}");
    }
    let mut guest = Subscriber::open(&world, "guest").await;
    guest.say(&json!({"type": "ping", "payload": {"n": 1}})).await;
    assert_eq!(guest.next().await, json!({"type": "pong", "payload": {"n": 1}}));
    guest.say(&json!({"type": "ping"})).await;
    assert_eq!(guest.next().await, json!({"type": "pong"}));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_operation_is_one_subscription_within_limits(db: PgPool) {
    let world = World::new(db).await;
    let mut guest = Subscriber::open(&world, "guest").await;
    let aliases: String = (0..33).map(|n| format!("a{n}: revision ")).collect();
    let nested = "changes(team: \"acme\") { change { items { feature { lastChange { items { feature { lastChange { items {
                  feature { lastChange { number } } } } } } } } } }";
    let costly = "features(team: \"acme\") { feature { changes(first: 200) { nodes { items { feature { changes(first: 200) {
                  nodes { number } } } } } } } }";
    for (query, code) in [
        ("{ me { username } }".to_owned(), "INVALID"),
        ("mutation { signOut(input: {refreshToken: \"x\"}) { username } }".to_owned(), "INVALID"),
        ("subscription { a: revision { revision } b: revision { revision } }".to_owned(), "INVALID"),
        ("subscription { ...F } fragment F on Subscription { revision { revision } }".to_owned(), "INVALID"),
        (format!("subscription {{ revision {{ {aliases} }} }}"), "INVALID"),
        (format!("subscription {{ {nested} }}"), "INVALID"),
        (format!("subscription {{ {costly} }}"), "INVALID"),
        ("subscription { nothing }".to_owned(), "INVALID"),
        ("subscription {".to_owned(), "INVALID"),
    ] {
        guest.say(&subscribe("1", &query)).await;
        assert_eq!(guest.refusal("1").await, code, "{query}");
    }
    // Over HTTP there are none.
    let answer = world.ask("guest", "subscription { revision { revision } }", json!({})).await;
    assert_eq!(answer.code(), "INVALID", "{}", answer.body);
    // What was refused was never there, so that its id is free.
    guest.subscribe("1", HEAD).await;
    guest.event("1").await;
    guest.subscribe("1", HEAD).await;
    assert_eq!(guest.closed().await.0, 4409);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn so_many_subscriptions_and_sockets_and_no_more(db: PgPool) {
    let world = World::new(db).await;
    let mut guest = Subscriber::open(&world, "guest").await;
    for n in 0..20 {
        guest.subscribe(&n.to_string(), HEAD).await;
        guest.event(&n.to_string()).await;
    }
    guest.subscribe("more", HEAD).await;
    assert_eq!(guest.refusal("more").await, "LIMITED");
    guest.say(&json!({"type": "complete", "id": "7"})).await;
    guest.subscribe("more", HEAD).await;
    guest.event("more").await;
    let mut others = Vec::new();
    for _ in 1..20 {
        others.push(Subscriber::open(&world, "guest").await);
    }
    let mut one_more = Subscriber::stranger(&world.http).await;
    one_more.init(&world.token("guest").await).await;
    assert_eq!(one_more.closed().await.0, 1013);
    // Others have their own, and one that is closed makes room.
    Subscriber::open(&world, "dev").await;
    drop(others.pop());
    eventually("there is room again", async || {
        let mut next = Subscriber::stranger(&world.http).await;
        next.init(&world.token("guest").await).await;
        next.try_next().await.filter(|message| message["type"] == "connection_ack")
    })
    .await;
    world.stop().await;
}
