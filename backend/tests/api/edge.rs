//! Edges as people see them: who is connected, and what each has acknowledged.

use fluxgate_proto::v1::{Position, Status, edge_message};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::targeted,
    stream::{Edge, client},
    world::{World, eventually},
};

async fn list(world: &World, who: &str, team: &str) -> Vec<Value> {
    let query = format!(
        "{{ team(key: \"{team}\") {{ edges {{ nodes {{ id name client version connected inSync revision killsRevision }} }} }} }}"
    );
    world.query(who, &query).await["team"]["edges"]["nodes"].as_array().unwrap().clone()
}

/// The one edge of acme, once it is as expected.
async fn seen(world: &World, what: &str, expected: impl Fn(&Value) -> bool) -> Value {
    eventually(what, async || {
        let edges = list(world, "guest", "acme").await;
        edges.first().filter(|edge| expected(edge)).cloned()
    })
    .await
}

#[sqlx::test(migrations = false)]
async fn an_edge_is_listed_with_what_it_acknowledged(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let mut edge = Edge::caught_up(&world, &key).await;
    let first = seen(&world, "a new edge is listed", |edge| edge["connected"] == true).await;
    assert_eq!(
        (&first["inSync"], &first["revision"]),
        (&json!(false), &json!(0)),
        "received is not acknowledged"
    );
    assert_eq!(
        (&first["name"], &first["client"], &first["id"]),
        (&json!("edge-1"), &json!("edges"), &json!(edge.id))
    );
    edge.ack().await;
    let at = edge.at.clone().unwrap().revision;
    let acked = seen(&world, "it is in sync", |edge| edge["inSync"] == true).await;
    assert_eq!(acked["revision"], at);
    let change =
        world.edit("dev", "flag", "dev", targeted("a")).await["change"]["revision"].as_u64().unwrap();
    assert_eq!(list(&world, "guest", "acme").await[0]["inSync"], false);
    edge.reach(change).await;
    edge.ack().await;
    seen(&world, "it follows", |edge| edge["inSync"] == true && edge["revision"] == change).await;
    let killed =
        world.done("dev", "killFeature", json!({"team": "acme", "feature": "flag", "reason": "r"})).await;
    edge.reach(change + 1).await;
    edge.ack().await;
    seen(&world, "it has the kill", |edge| edge["killsRevision"] == killed["revision"]).await;
    assert!(list(&world, "outsider", "rival").await.is_empty());
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_edge_that_says_goodbye_is_gone(db: PgPool) {
    let world = World::new(db).await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let mut edge = Edge::caught_up(&world, &key).await;
    edge.ack().await;
    seen(&world, "it is listed", |edge| edge["inSync"] == true).await;
    edge.goodbye().await;
    eventually("it is gone", async || list(&world, "guest", "acme").await.is_empty().then_some(())).await;
    assert!(edge.end().await.is_none());
    world.stop().await;
}

/// An edge that can be told from others by its name, once it is listed.
async fn named(world: &World, key: &str, name: &str) -> Edge {
    let mut edge = Edge::open(&world.grpc, Some(key)).await.unwrap();
    edge.name = name.to_owned();
    edge.hello(None).await;
    eventually("it is listed", async || names(world).await.contains(&name.to_owned()).then_some(())).await;
    edge
}

async fn names(world: &World) -> Vec<String> {
    list(world, "guest", "acme").await.iter().map(|edge| edge["name"].as_str().unwrap().to_owned()).collect()
}

#[sqlx::test(migrations = false)]
async fn an_edge_whose_stream_ends_without_a_word_stays_listed_as_away(db: PgPool) {
    let world = World::new(db).await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    // A connection that dies of silence looks to the backend as if its edge had ended its side.
    let mut closed = named(&world, &key, "closed").await;
    closed.close();
    assert!(closed.end().await.is_none());
    drop(named(&world, &key, "cancelled").await);
    // What is written now was noted after what became of those.
    let _later = named(&world, &key, "later").await;
    assert_eq!(names(&world).await, ["cancelled", "closed", "later"], "they may serve what they have");
    let silence = "UPDATE edge SET seen_at = now() - interval '13 seconds' WHERE name <> 'later'";
    sqlx::query(silence).execute(&world.db).await.unwrap();
    let away = |edge: &Value| edge["connected"] == false && edge["inSync"] == false;
    let listed = list(&world, "guest", "acme").await;
    assert!(listed[..2].iter().all(away), "{listed:?}");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_edge_that_is_away_is_replaced_by_one_that_came_after_it_only(db: PgPool) {
    let world = World::new(db).await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    drop(named(&world, &key, "pod").await);
    // One of that name that was there all along, whose stream is a new one.
    let old = "UPDATE edge SET id = gen_random_uuid(), stream_id = gen_random_uuid(), seen_at = now() - interval '1 minute'";
    sqlx::query(old).execute(&world.db).await.unwrap();
    let beside = named(&world, &key, "beside").await;
    let same =
        "UPDATE edge SET name = 'pod', first_seen_at = now() - interval '1 hour' WHERE name = 'beside'";
    sqlx::query(same).execute(&world.db).await.unwrap();
    let other = named(&world, &key, "other").await;
    assert_eq!(names(&world).await, ["other", "pod", "pod"], "who may serve the old value is not forgotten");
    let mut new = Edge::open(&world.grpc, Some(&key)).await.unwrap();
    new.name = "pod".to_owned();
    new.hello(None).await;
    let id = json!(new.id);
    eventually("the new one takes the place of the old one", async || {
        let listed = list(&world, "guest", "acme").await;
        (listed.len() == 3 && listed.iter().any(|edge| edge["id"] == id)).then_some(())
    })
    .await;
    drop((beside, other));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_newer_stream_of_an_edge_takes_its_place(db: PgPool) {
    let world = World::new(db).await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let mut old = Edge::caught_up(&world, &key).await;
    old.ack().await;
    seen(&world, "it is listed", |edge| edge["inSync"] == true).await;
    let mut new = Edge::open(&world.grpc, Some(&key)).await.unwrap();
    new.id = old.id;
    new.hello(old.at.clone()).await;
    old.goodbye().await;
    assert!(old.end().await.is_none());
    seen(&world, "it stays", |edge| edge["inSync"] == true).await;
    assert_eq!(list(&world, "guest", "acme").await.len(), 1);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_id_says_something_within_its_team_only(db: PgPool) {
    let world = World::new(db).await;
    let mine = client(&world, "acme", "edges", "EDGE", None).await;
    let theirs = client(&world, "rival", "edges", "EDGE", None).await;
    let edge = Edge::caught_up(&world, &mine).await;
    edge.ack().await;
    seen(&world, "it is listed", |edge| edge["inSync"] == true).await;
    let mut stranger = Edge::open(&world.grpc, Some(&theirs)).await.unwrap();
    stranger.id = edge.id;
    stranger.hello(None).await;
    eventually("the stranger is listed", async || {
        list(&world, "outsider", "rival").await.first().map(|_| ())
    })
    .await;
    assert_eq!(list(&world, "guest", "acme").await.len(), 1, "nobody takes over another team's edge");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_held_of_another_database_is_in_step_with_nothing(db: PgPool) {
    let world = World::new(db).await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let edge = Edge::open(&world.grpc, Some(&key)).await.unwrap();
    edge.hello(Some(Position { epoch: vec![9; 16], revision: 1_000_000 })).await;
    let listed = seen(&world, "it is listed", |edge| edge["connected"] == true).await;
    assert_eq!((&listed["inSync"], &listed["revision"]), (&json!(false), &json!(0)));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_edge_is_listed_with_how_it_fares_as_far_as_it_says(db: PgPool) {
    let world = World::new(db).await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let edge = Edge::caught_up(&world, &key).await;
    let query = "{ team(key: \"acme\") { edges { nodes { uptimeSeconds evaluationsPerSecond p50Ns p99Ns spooled } } } }";
    let nothing = json!({"uptimeSeconds": null, "evaluationsPerSecond": null, "p50Ns": null, "p99Ns": null, "spooled": null});
    let figures = async || {
        let team = world.query("guest", query).await;
        team["team"]["edges"]["nodes"].as_array().unwrap().first().cloned()
    };
    let listed = eventually("it is listed", &figures).await;
    assert_eq!(listed, nothing, "what was not measured is not made up");
    let status = |rate| Status {
        uptime_seconds: 61,
        evaluations_per_second: rate,
        p50_ns: Some(900),
        ..Status::default()
    };
    edge.send(edge_message::Message::Status(status(Some(f64::NAN)))).await;
    edge.send(edge_message::Message::Status(status(Some(2.5)))).await;
    let told = json!({"uptimeSeconds": 61, "evaluationsPerSecond": 2.5, "p50Ns": 900, "p99Ns": null, "spooled": null});
    eventually("it is told", async || figures().await.filter(|figures| *figures == told)).await;
    world.stop().await;
}
