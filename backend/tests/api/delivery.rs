//! Delivery: what a stream carries, from the first Hello to the goodbye.

use std::time::{Duration, Instant};

use fluxgate_proto::v1::{ItemKind, Position, ResetReason, backend_message::Message};
use prost::Message as _;
use serde_json::json;
use sqlx::PgPool;
use tonic::Code;

use crate::{
    input::targeted,
    stream::{Edge, client, name},
    world::World,
};

async fn furnished(db: PgPool) -> (World, String) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.feature("other").await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    (world, key)
}

async fn head(world: &World) -> u64 {
    u64::try_from(world.number("SELECT revision FROM delivery_head").await).unwrap()
}

fn reset(message: &Message) -> ResetReason {
    let Message::Reset(reset) = message else { panic!("{message:?} is no Reset") };
    reset.reason()
}

#[sqlx::test(migrations = false)]
async fn only_enabled_edges_with_their_key_get_in(db: PgPool) {
    let (world, key) = furnished(db).await;
    let backend = client(&world, "acme", "shop", "BACKEND", None).await;
    let disabled = client(&world, "acme", "old", "EDGE", None).await;
    world.done("admin", "setClientEnabled", json!({"team": "acme", "name": "old", "enabled": false})).await;
    let other_secret = format!("{}{}", &key[..20], &backend[20..]);
    for wrong in [
        None,
        Some(""),
        Some("garbage"),
        Some(&backend[..]),
        Some(&disabled),
        Some(&other_secret),
        Some(&key[..40]),
    ] {
        let refused = Edge::open(&world.grpc, wrong).await.err().map(|status| status.code());
        assert_eq!(refused, Some(Code::Unauthenticated), "{wrong:?}");
    }
    world.done("admin", "setClientEnabled", json!({"team": "acme", "name": "old", "enabled": true})).await;
    Edge::caught_up(&world, &disabled).await;
    Edge::caught_up(&world, &key).await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_first_message_is_a_hello(db: PgPool) {
    let (world, key) = furnished(db).await;
    let mut edge = Edge::open(&world.grpc, Some(&key)).await.unwrap();
    edge.ack().await;
    assert_eq!(edge.end().await.map(|status| status.code()), Some(Code::InvalidArgument));
    let mut silent = Edge::open(&world.grpc, Some(&key)).await.unwrap();
    silent.close();
    assert_eq!(silent.end().await.map(|status| status.code()), Some(Code::InvalidArgument));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn who_has_nothing_gets_everything(db: PgPool) {
    let (world, key) = furnished(db).await;
    client(&world, "acme", "shop", "BACKEND", None).await;
    let mut edge = Edge::open(&world.grpc, Some(&key)).await.unwrap();
    edge.hello(None).await;
    let names = edge.reach(head(&world).await).await;
    // What was made a moment ago may come behind.
    assert_eq!(names[..5], ["kills", "reset", "begin", "chunk", "end"]);
    let stages = edge.of_kind(ItemKind::Stage);
    let mut served: Vec<_> = stages
        .iter()
        .map(|item| fluxgate_proto::v1::Stage::decode(&item.payload[..]).unwrap())
        .map(|stage| (stage.feature_key, stage.version))
        .collect();
    served.sort();
    assert_eq!(served, [("flag".to_owned(), 1), ("other".to_owned(), 1)]);
    assert_eq!(edge.of_kind(ItemKind::Environment).len(), 3);
    let clients = edge.of_kind(ItemKind::Client);
    assert_eq!(clients.len(), 1, "edges are no callers of edges");
    assert!(edge.items.values().all(|item| fluxgate_proto::convert::decode(item).is_ok()));
    let beat = edge.next().await.unwrap().unwrap();
    assert_eq!(name(&beat), "heartbeat");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_change_carries_only_what_it_changed(db: PgPool) {
    let (world, key) = furnished(db).await;
    let mut edge = Edge::caught_up(&world, &key).await;
    for n in 0..3 {
        world.edit("dev", "flag", "dev", targeted(&n.to_string())).await;
        let Message::Delta(delta) = edge.news().await else { panic!("no delta") };
        assert_eq!((delta.to - delta.from, delta.items.len()), (1, 1));
        let stage = fluxgate_proto::v1::Stage::decode(&delta.items[0].payload[..]).unwrap();
        assert_eq!((stage.feature_key.as_str(), stage.version), ("flag", n + 2));
        let config: serde_json::Value = serde_json::from_slice(&stage.config).unwrap();
        assert_eq!(config["criteria"][0]["name"], n.to_string());
    }
    world.done("dev", "withdraw", json!({"team": "acme", "feature": "flag", "environment": "dev"})).await;
    let Message::Delta(delta) = edge.news().await else { panic!("no delta") };
    assert!(delta.items[0].payload.is_empty(), "what is gone is told");
    assert_eq!(edge.of_kind(ItemKind::Stage).len(), 1);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn who_comes_back_gets_what_was_missed(db: PgPool) {
    let (world, key) = furnished(db).await;
    let edge = Edge::caught_up(&world, &key).await;
    let (items, at) = (edge.items.clone(), edge.at.clone());
    drop(edge);
    for n in 0..3 {
        world.edit("dev", "flag", "dev", targeted(&n.to_string())).await;
    }
    // Once another is told of all of it, the backend knows it.
    Edge::caught_up(&world, &key).await;
    let mut back = Edge::open(&world.grpc, Some(&key)).await.unwrap();
    (back.items, back.at) = (items, at.clone());
    back.hello(at).await;
    let (kills, missed) = (back.news().await, back.news().await);
    assert_eq!(name(&kills), "kills");
    let Message::Delta(delta) = missed else { panic!("no delta") };
    assert_eq!((delta.to - delta.from, delta.items.len()), (3, 1), "each item once, at its newest");
    assert_eq!(name(&back.next().await.unwrap().unwrap()), "heartbeat");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_cannot_be_continued_is_replaced(db: PgPool) {
    let (world, key) = furnished(db).await;
    let at = Edge::caught_up(&world, &key).await.at.unwrap();
    let other = Position { epoch: vec![7; 16], revision: at.revision };
    let future = Position { epoch: at.epoch.clone(), revision: at.revision + 1 };
    let broken = Position { epoch: vec![7; 3], revision: 1 };
    world.sql("UPDATE delivery_head SET compacted = revision - 1").await.unwrap();
    world.edit("dev", "flag", "dev", targeted("a")).await;
    Edge::caught_up(&world, &key).await;
    let old = Position { epoch: at.epoch.clone(), revision: 1 };
    for (have, why) in [
        (None, ResetReason::NothingHeld),
        (Some(other), ResetReason::OtherEpoch),
        (Some(Position { revision: future.revision + 1, ..future }), ResetReason::FutureRevision),
        (Some(old), ResetReason::Compacted),
        (Some(broken), ResetReason::NothingHeld),
    ] {
        let mut edge = Edge::open(&world.grpc, Some(&key)).await.unwrap();
        edge.hello(have).await;
        assert_eq!(name(&edge.news().await), "kills");
        assert_eq!(reset(&edge.news().await), why);
        edge.reach(head(&world).await).await;
        assert_eq!(edge.of_kind(ItemKind::Stage).len(), 2);
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn kills_come_first_and_apart(db: PgPool) {
    let (world, key) = furnished(db).await;
    let mut edge = Edge::caught_up(&world, &key).await;
    let items = edge.items.clone();
    let kill = json!({"team": "acme", "feature": "flag", "environment": "dev", "reason": "test"});
    let killed = world.done("dev", "killFeature", kill).await["revision"].as_u64().unwrap();
    let (first, second) = (edge.news().await, edge.news().await);
    let Message::Kills(kills) = first else { panic!("no kills") };
    assert_eq!((kills.revision, kills.kills.len(), kills.kills[0].feature_key.as_str()), (killed, 1, "flag"));
    let Message::Delta(delta) = second else { panic!("no delta") };
    assert_eq!((delta.to, delta.items.len()), (killed, 0));
    assert_eq!(edge.items, items, "a kill touches no item");
    world.edit("dev", "flag", "dev", targeted("a")).await;
    assert_eq!(edge.reach(killed + 1).await, ["delta"], "kills that did not change are not sent again");
    let restored = world.done("lead", "restoreFeature", json!({"team": "acme", "feature": "flag"})).await;
    assert_eq!(edge.reach(restored["revision"].as_u64().unwrap()).await, ["kills", "delta"]);
    assert!(edge.kills.unwrap().kills.is_empty());
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_edge_that_holds_something_else_gets_everything_again(db: PgPool) {
    let (world, key) = furnished(db).await;
    let mut edge = Edge::caught_up(&world, &key).await;
    edge.ack().await;
    edge.ack_as(vec![1; 16]).await;
    assert_eq!(reset(&edge.news().await), ResetReason::DigestDiffers);
    let names = [edge.news().await, edge.news().await, edge.news().await].map(|message| name(&message));
    assert_eq!(names, ["begin", "chunk", "end"]);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_disabled_client_is_out_within_a_second(db: PgPool) {
    let (world, key) = furnished(db).await;
    let mut edge = Edge::caught_up(&world, &key).await;
    let mut kept = Edge::caught_up(&world, &client(&world, "acme", "kept", "EDGE", None).await).await;
    world.done("admin", "setClientEnabled", json!({"team": "acme", "name": "edges", "enabled": false})).await;
    let since = Instant::now();
    assert_eq!(edge.end().await.map(|status| status.code()), Some(Code::Unauthenticated));
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    kept.reach(head(&world).await).await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn any_replica_serves_any_edge(db: PgPool) {
    let (world, key) = furnished(db).await;
    let replica = world.replica().await;
    let mut edge = Edge::open(&format!("http://{}", replica.grpc), Some(&key)).await.unwrap();
    edge.hello(None).await;
    edge.reach(head(&world).await).await;
    let change =
        world.edit("dev", "flag", "dev", targeted("a")).await["change"]["revision"].as_u64().unwrap();
    edge.reach(change).await;
    // A client that the other replica has not heard of gets in at once.
    let late = client(&world, "acme", "late", "EDGE", None).await;
    Edge::open(&format!("http://{}", replica.grpc), Some(&late)).await.unwrap();
    replica.stop().await.unwrap();
    assert!(edge.end().await.is_none());
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_server_that_stops_says_goodbye(db: PgPool) {
    let (world, key) = furnished(db).await;
    let mut edge = Edge::caught_up(&world, &key).await;
    let (stopped, last) = tokio::join!(world.stop(), async {
        let mut last = edge.news().await;
        while let Ok(Some(message)) = edge.next().await {
            last = message;
        }
        last
    });
    let () = stopped;
    assert_eq!(name(&last), "goodbye");
}

#[sqlx::test(migrations = false)]
async fn an_edge_is_told_whose_it_is_and_again_when_its_keys_change(db: PgPool) {
    let (world, key) = furnished(db).await;
    let mut edge = Edge::caught_up(&world, &key).await;
    let told = edge.welcome.clone().unwrap();
    assert_eq!(told.key_sha256.len(), 1);
    world.done("admin", "rotateClientKey", json!({"team": "acme", "name": "edges"})).await;
    edge.reach(head(&world).await).await;
    let rotated = edge.welcome.clone().unwrap();
    assert_eq!((rotated.key_sha256.len(), rotated.client_id), (2, told.client_id));
    assert!(rotated.key_sha256.contains(&told.key_sha256[0]));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_deactivated_environment_is_gone_and_comes_back(db: PgPool) {
    let (world, key) = furnished(db).await;
    let mut edge = Edge::caught_up(&world, &key).await;
    let environments = |edge: &Edge| edge.of_kind(ItemKind::Environment).len();
    assert_eq!(environments(&edge), 3);
    for (active, left) in [(false, 2), (true, 3)] {
        let input = json!({"team": "acme", "key": "staging", "active": active});
        world.done("admin", "setEnvironmentActive", input).await;
        edge.reach(head(&world).await).await;
        assert_eq!(environments(&edge), left);
    }
    edge.beat().await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_revoked_key_is_out_within_a_second_and_the_new_one_goes_on(db: PgPool) {
    let (world, key) = furnished(db).await;
    let mut edge = Edge::caught_up(&world, &key).await;
    let input = json!({"team": "acme", "name": "edges", "graceSeconds": 0});
    let rotated = world.done("admin", "rotateClientKey", input).await;
    let since = Instant::now();
    assert_eq!(edge.end().await.map(|status| status.code()), Some(Code::Unauthenticated));
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    let again = Edge::open(&world.grpc, Some(&key)).await.err().map(|status| status.code());
    assert_eq!(again, Some(Code::Unauthenticated));
    let new = rotated["key"].as_str().unwrap();
    let mut next = Edge::open(&world.grpc, Some(new)).await.unwrap();
    (next.items, next.at) = (edge.items.clone(), edge.at.clone());
    next.hello(edge.at.clone()).await;
    assert_eq!(name(&next.news().await), "kills", "no snapshot");
    next.beat().await;
    world.stop().await;
}
