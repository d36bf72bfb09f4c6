//! A database that goes another way than replicas and edges remember: a new epoch, and nothing of the lost history stays.

use fluxgate_proto::v1::{Position, ResetReason, backend_message::Message};
use serde_json::json;
use sqlx::PgPool;

use crate::{
    input::targeted,
    stream::{Edge, client, name},
    world::World,
};

async fn epoch(world: &World) -> String {
    world.text("SELECT epoch::text FROM delivery_head").await
}

async fn head(world: &World) -> u64 {
    u64::try_from(world.number("SELECT revision FROM delivery_head").await).unwrap()
}

/// Takes the database back by so many revisions, as a restored backup does, without a word to anybody.
async fn rewind(world: &World, by: u64) {
    world
        .script(&format!(
            "BEGIN; ALTER TABLE delivery_item DISABLE TRIGGER USER;
             DELETE FROM delivery_item WHERE revision > (SELECT revision - {by} FROM delivery_head);
             UPDATE delivery_head SET revision = revision - {by};
             ALTER TABLE delivery_item ENABLE TRIGGER USER; COMMIT"
        ))
        .await;
}

/// Hears until the edge holds something of another epoch than `old`; gives what was heard.
async fn renewed(edge: &mut Edge, old: &Position) -> Vec<&'static str> {
    let mut names = Vec::new();
    while edge.at.as_ref().is_none_or(|at| at.epoch == old.epoch) {
        let message = edge.news().await;
        if let Message::Reset(reset) = &message {
            assert_eq!(reset.reason(), ResetReason::OtherEpoch);
        }
        names.push(name(&message));
    }
    names
}

#[sqlx::test(migrations = false)]
async fn a_database_behind_its_replica_begins_a_new_epoch(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let mut edge = Edge::caught_up(&world, &key).await;
    for n in 0..3 {
        world.edit("dev", "flag", "dev", targeted(&n.to_string())).await;
    }
    edge.reach(head(&world).await).await;
    let (old, at) = (epoch(&world).await, edge.at.clone().unwrap());
    rewind(&world, 2).await;
    let names = renewed(&mut edge, &at).await;
    assert!(names.contains(&"reset"), "{names:?}");
    assert_ne!(epoch(&world).await, old);
    assert_eq!(edge.at.as_ref().unwrap().revision, at.revision - 2);
    edge.beat().await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_same_revision_of_another_history_begins_a_new_epoch(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let mut edge = Edge::caught_up(&world, &key).await;
    let at = edge.at.clone().unwrap();
    // Restored, and changed again as often as had been lost, before anybody looked.
    world
        .script(
            "BEGIN; ALTER TABLE delivery_item DISABLE TRIGGER USER;
             UPDATE delivery_item SET mark = gen_random_uuid() WHERE revision = (SELECT revision FROM delivery_head);
             ALTER TABLE delivery_item ENABLE TRIGGER USER; COMMIT",
        )
        .await;
    renewed(&mut edge, &at).await;
    edge.beat().await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_database_that_was_moved_begins_one_new_epoch(db: PgPool) {
    let world = World::new(db).await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let replica = world.replica().await;
    let mut edge = Edge::caught_up(&world, &key).await;
    let (old, at) = (epoch(&world).await, edge.at.clone().unwrap());
    let home = world.text("SELECT home FROM delivery_head").await;
    assert_eq!(home, world.text("SELECT home()").await);
    // What a dump says that was restored elsewhere.
    world.script("UPDATE delivery_head SET home = 'another/1/2/3'").await;
    renewed(&mut edge, &at).await;
    let new = epoch(&world).await;
    assert_ne!(new, old);
    assert_eq!(world.text("SELECT home FROM delivery_head").await, home);
    // Both replicas saw it; one of them was first, and the other has nothing to do.
    let mut other = Edge::open(&format!("http://{}", replica.grpc), Some(&key)).await.unwrap();
    (other.items, other.at) = (edge.items.clone(), edge.at.clone());
    other.hello(edge.at.clone()).await;
    assert_eq!(name(&other.news().await), "kills");
    other.beat().await;
    assert_eq!(epoch(&world).await, new);
    replica.stop().await.unwrap();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_replica_that_knows_less_reads_before_it_takes_an_edge_back(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let replica = world.replica().await;
    let mut edge = Edge::caught_up(&world, &key).await;
    let change =
        world.edit("dev", "flag", "dev", targeted("a")).await["change"]["revision"].as_u64().unwrap();
    edge.reach(change).await;
    let mut moved = Edge::open(&format!("http://{}", replica.grpc), Some(&key)).await.unwrap();
    (moved.items, moved.at) = (edge.items.clone(), edge.at.clone());
    moved.hello(edge.at.clone()).await;
    assert_eq!(name(&moved.news().await), "kills");
    moved.beat().await;
    assert_eq!(moved.at, edge.at, "no snapshot, nothing twice");
    // It goes on where the other one was killed.
    replica.stop().await.unwrap();
    let kill = json!({"team": "acme", "feature": "flag", "environment": "dev", "reason": "test"});
    let killed = world.done("dev", "killFeature", kill).await["revision"].as_u64().unwrap();
    edge.reach(killed).await;
    world.stop().await;
}
