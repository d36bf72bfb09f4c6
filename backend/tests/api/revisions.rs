//! Revisions: no change of what is served without one, none lost, none out of order.

use std::collections::HashMap;

use fluxgate_proto::convert::{Content, decode};
use futures_util::future::join_all;
use serde_json::json;
use sqlx::PgPool;

use crate::{
    input::targeted,
    stream::{Edge, client},
    world::World,
};

const WRITERS: usize = 8;
const CHANGES: usize = 25;

#[sqlx::test(migrations = false)]
async fn nothing_served_changes_without_a_revision(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    client(&world, "acme", "shop", "BACKEND", None).await;
    let before = world.contents().await;
    let user = "(SELECT id FROM app_user LIMIT 1)";
    for (statement, told) in [
        ("UPDATE stage SET live_version = NULL WHERE live_version = 1".to_owned(), true),
        (format!("UPDATE stage SET killed_at = now(), killed_by = {user}, kill_reason = 'r'"), true),
        ("UPDATE environment SET active = false".to_owned(), true),
        ("INSERT INTO environment (team_id, key, name, type, position) SELECT id, 'x', 'x', 'STAGING', 99 FROM team".to_owned(), true),
        ("UPDATE client SET enabled = false".to_owned(), true),
        ("UPDATE client_key SET not_after = now()".to_owned(), true),
        ("DELETE FROM client_key".to_owned(), true),
        ("SELECT publish('{}', '{}')".to_owned(), false),
        ("UPDATE delivery_item SET revision = revision + 100".to_owned(), false),
    ] {
        let refused = world.sql(&statement).await.unwrap_err().to_string();
        assert_eq!(refused.contains("was changed without publish()"), told, "{statement}: {refused}");
    }
    // One thing published does not excuse another.
    let mut tx = world.db.begin().await.unwrap();
    sqlx::query("UPDATE stage SET live_version = NULL WHERE live_version = 1")
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query("SELECT publish(ARRAY ['ENVIRONMENT'], ARRAY [id]) FROM environment LIMIT 1")
        .execute(&mut *tx)
        .await
        .unwrap();
    assert!(tx.commit().await.is_err());
    assert_eq!(world.contents().await, before);
    let mut tx = world.db.begin().await.unwrap();
    sqlx::query("UPDATE stage SET live_version = NULL WHERE live_version = 1")
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query("SELECT publish(ARRAY ['STAGE'], ARRAY [id]) FROM stage WHERE changed_at IS NOT NULL")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_many_write_at_once_is_dense_and_in_order(db: PgPool) {
    let world = World::new(db).await;
    for writer in 0..WRITERS {
        world.feature(&format!("f{writer}")).await;
    }
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let mut edge = Edge::caught_up(&world, &key).await;
    let first = edge.at.clone().unwrap().revision;
    let last = first + (WRITERS * CHANGES) as u64;
    world.token("dev").await;
    let writers = join_all((0..WRITERS).map(|writer| {
        let (world, feature) = (&world, format!("f{writer}"));
        async move {
            let mut revisions = Vec::new();
            for n in 0..CHANGES {
                let made = world.edit("dev", &feature, "dev", targeted(&n.to_string())).await;
                revisions.push(made["change"]["revision"].as_u64().unwrap());
            }
            revisions
        }
    }));
    let watched = async {
        let mut gaps = 0;
        let hole = "SELECT (SELECT revision FROM delivery_head) - (SELECT count(DISTINCT revision) FROM delivery_item)";
        loop {
            gaps += world.number(hole).await.abs();
            if world.number("SELECT revision FROM delivery_head").await >= i64::try_from(last).unwrap() {
                return gaps;
            }
        }
    };
    let (written, gaps, received) = tokio::join!(writers, watched, edge.reach(last));
    assert_eq!(gaps, 0, "at no moment is a revision missing below the head");
    assert!(written.iter().all(|revisions| revisions.is_sorted()), "each writer's are in its order");
    let mut all: Vec<u64> = written.into_iter().flatten().collect();
    all.sort_unstable();
    assert_eq!(all, (first + 1..=last).collect::<Vec<_>>(), "none lost, none doubled");
    assert!(received.iter().all(|name| *name == "delta"), "{received:?}");
    // What the edge was told is what the database holds.
    let rows: Vec<(String, i32, serde_json::Value)> = sqlx::query_as(
        "SELECT f.key, v.number, v.config FROM stage s JOIN feature f ON f.id = s.feature_id
         JOIN version v ON v.stage_id = s.id AND v.number = s.live_version",
    )
    .fetch_all(&world.db)
    .await
    .unwrap();
    let kept: HashMap<_, _> = rows.into_iter().map(|(key, number, config)| (key, (number, config))).collect();
    let mut held = HashMap::new();
    for item in edge.items.values() {
        if let Content::Stage(stage) = decode(item).unwrap().content {
            held.insert(stage.feature_key, (i32::try_from(stage.version).unwrap(), stage.config.to_value()));
        }
    }
    assert_eq!(held, kept);
    assert!(kept.values().all(|(number, _)| *number == 26));
    // A stream that begins now is told the same as one that followed.
    let fresh = Edge::caught_up(&world, &key).await;
    assert_eq!(fresh.items, edge.items);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn clients_that_come_at_once_take_nothing_back(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let mut edge = Edge::caught_up(&world, &key).await;
    world.token("dev").await;
    // Every unknown key has the head read once more, beside the task that follows it.
    let unknown = format!("fgc_aaaaaaaa_{}", "x".repeat(43));
    let strangers = join_all((0..20).map(|_| Edge::open(&world.grpc, Some(&unknown))));
    let edits = async {
        let mut last = 0;
        for n in 0..20 {
            let made = world.edit("dev", "flag", "dev", targeted(&n.to_string())).await;
            last = made["change"]["revision"].as_u64().unwrap();
        }
        last
    };
    let (strangers, last) = tokio::join!(strangers, edits);
    assert!(strangers.iter().all(Result::is_err));
    edge.reach(last).await;
    world.done("dev", "killFeature", json!({"team": "acme", "feature": "flag", "reason": "r"})).await;
    edge.reach(last + 1).await;
    let fresh = Edge::caught_up(&world, &key).await;
    assert_eq!(fresh.items, edge.items);
    world.stop().await;
}
