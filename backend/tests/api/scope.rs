//! Scope: what an edge's client may see, and nothing beside it.

use std::collections::BTreeSet;

use fluxgate_proto::{
    convert::{Content, decode},
    v1::backend_message::Message,
};
use serde_json::json;
use sqlx::PgPool;

use crate::{
    input::targeted,
    stream::{Edge, client},
    world::World,
};

/// What an edge holds, in words.
fn held(edge: &Edge) -> BTreeSet<String> {
    let words = edge.items.values().map(|item| match decode(item).unwrap().content {
        Content::Stage(stage) => format!("stage {}", stage.feature_key),
        Content::Environment(environment) => format!("{} {}", environment.team, environment.key),
        Content::Client(client) => format!("client {}", client.name),
        other => panic!("{other:?}"),
    });
    words.collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

async fn furnished(db: PgPool) -> World {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.edit("dev", "flag", "staging", targeted("a")).await;
    let theirs = json!({"team": "rival", "key": "theirs", "kind": "SIMPLE"});
    world.done("outsider", "createFeature", theirs).await;
    for (team, name, environment) in [
        ("acme", "everywhere", None),
        ("acme", "in-dev", Some("dev")),
        ("acme", "in-prod", Some("prod")),
        ("rival", "theirs", None),
    ] {
        client(&world, team, name, "BACKEND", environment).await;
    }
    world
}

#[sqlx::test(migrations = false)]
async fn an_edge_sees_its_environments_and_no_other_team(db: PgPool) {
    let world = furnished(db).await;
    let cases = [
        ("acme", Some("dev"), set(&["acme dev", "stage flag", "client everywhere", "client in-dev"])),
        ("acme", Some("prod"), set(&["acme prod", "client everywhere", "client in-prod"])),
        ("rival", None, set(&["rival dev", "stage theirs", "client theirs"])),
        (
            "acme",
            None,
            set(&[
                "acme dev",
                "acme staging",
                "acme prod",
                "stage flag",
                "client everywhere",
                "client in-dev",
                "client in-prod",
            ]),
        ),
    ];
    for (n, (team, environment, expected)) in cases.into_iter().enumerate() {
        let key = client(&world, team, &format!("edge-{n}"), "EDGE", environment).await;
        let edge = Edge::caught_up(&world, &key).await;
        assert_eq!(held(&edge), expected, "{team} {environment:?}");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_happens_elsewhere_moves_the_revision_and_nothing_else(db: PgPool) {
    let world = furnished(db).await;
    let key = client(&world, "acme", "edge", "EDGE", Some("dev")).await;
    let mut edge = Edge::caught_up(&world, &key).await;
    let before = (edge.items.clone(), edge.kills.clone());
    world.edit("dev", "flag", "staging", targeted("b")).await;
    world
        .done(
            "dev",
            "killFeature",
            json!({"team": "acme", "feature": "flag", "environment": "staging", "reason": "r"}),
        )
        .await;
    world.done("outsider", "killFeature", json!({"team": "rival", "feature": "theirs", "reason": "r"})).await;
    let config =
        json!({"enabled": true, "variants": {"on": true, "off": false}, "default": "on", "off": "off"});
    let input = json!({"team": "rival", "feature": "theirs", "environment": "dev", "config": config});
    world.done("outsider", "editStage", input).await;
    client(&world, "acme", "another", "EDGE", Some("prod")).await;
    let head = u64::try_from(world.number("SELECT revision FROM delivery_head").await).unwrap();
    while edge.at.as_ref().unwrap().revision < head {
        let Message::Delta(delta) = edge.news().await else { panic!("something beside a delta") };
        assert_eq!(delta.items, []);
    }
    assert_eq!((edge.items.clone(), edge.kills.clone()), before);
    world.edit("dev", "flag", "dev", targeted("here")).await;
    let Message::Delta(delta) = edge.news().await else { panic!("no delta") };
    assert_eq!(delta.items.len(), 1);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_decides_a_scope_never_moves(db: PgPool) {
    let world = furnished(db).await;
    for statement in [
        "UPDATE client SET environment_id = NULL WHERE name = 'in-dev'",
        "UPDATE client SET team_id = (SELECT id FROM team WHERE key = 'rival')",
        "UPDATE client SET kind = 'EDGE'",
        "UPDATE environment SET team_id = (SELECT id FROM team WHERE key = 'rival')",
        "UPDATE feature SET team_id = (SELECT id FROM team WHERE key = 'rival')",
        "UPDATE feature SET key = key || '2'",
        "UPDATE stage SET environment_id = (SELECT id FROM environment WHERE key = 'prod')",
        "UPDATE team SET key = key || '2'",
        "DELETE FROM stage",
        "DELETE FROM environment",
        "DELETE FROM client",
    ] {
        let refused = world.sql(statement).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{statement}: {refused}");
    }
    world.stop().await;
}
