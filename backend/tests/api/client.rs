//! Clients: their keys, their origins, their end; and that edges know in moments.

use std::time::{Duration, Instant};

use fluxgate_proto::v1::{Client, ItemKind, backend_message::Message};
use prost::Message as _;
use serde_json::{Value, json};
use sqlx::PgPool;
use tonic::Code;

use crate::{
    input::text,
    stream::{Edge, client},
    world::World,
};

fn acme(name: &str) -> Value {
    json!({"team": "acme", "name": name})
}

fn with(name: &str, key: &str, value: Value) -> Value {
    let mut input = acme(name);
    input[key] = value;
    input
}

async fn shown(world: &World, who: &str, name: &str) -> Value {
    let fields = "name enabled origins keyIds keys { id createdAt notAfter }";
    let query = format!("{{ team(key: \"acme\") {{ client(name: \"{name}\") {{ {fields} }} }} }}");
    world.query(who, &query).await["team"]["client"].clone()
}

/// The one client that an edge was told of last.
async fn told(edge: &mut Edge) -> Option<Client> {
    let Message::Delta(delta) = edge.news().await else { panic!("no delta") };
    let item = delta.items.iter().find(|item| item.kind() == ItemKind::Client).unwrap();
    (!item.payload.is_empty()).then(|| Client::decode(&item.payload[..]).unwrap())
}

async fn opens(world: &World, key: &str) -> bool {
    match Edge::open(&world.grpc, Some(key)).await {
        Ok(_) => true,
        Err(status) => {
            assert_eq!(status.code(), Code::Unauthenticated);
            false
        }
    }
}

#[sqlx::test(migrations = false)]
async fn a_rotated_key_and_its_former_one_hold_side_by_side(db: PgPool) {
    let world = World::new(db).await;
    client(&world, "acme", "shop", "BACKEND", Some("dev")).await;
    let watching = client(&world, "acme", "edges", "EDGE", None).await;
    let mut edge = Edge::caught_up(&world, &watching).await;
    let first = shown(&world, "guest", "shop").await["keys"][0].clone();
    assert_eq!(first["notAfter"], Value::Null);
    let rotated = world.done("admin", "rotateClientKey", acme("shop")).await;
    let (key, ids) = (text(&rotated["key"]), rotated["client"]["keyIds"].clone());
    assert_eq!((ids.as_array().unwrap().len(), &ids[0]), (2, &first["id"]));
    assert!(key.starts_with(&format!("fgc_{}_", ids[1].as_str().unwrap())), "{key}");
    let keys = shown(&world, "guest", "shop").await["keys"].clone();
    assert_eq!(keys[1]["notAfter"], Value::Null);
    let end: chrono::DateTime<chrono::Utc> = text(&keys[0]["notAfter"]).parse().unwrap();
    let since: chrono::DateTime<chrono::Utc> = text(&keys[1]["createdAt"]).parse().unwrap();
    assert_eq!((end - since).num_seconds(), 24 * 3600);
    let delivered = told(&mut edge).await.unwrap();
    let ends: Vec<Option<i64>> = ids
        .as_array()
        .unwrap()
        .iter()
        .map(|id| delivered.keys.iter().find(|key| key.id == id.as_str().unwrap()).unwrap().not_after_ms)
        .collect();
    assert_eq!(ends, [Some(end.timestamp_millis()), None]);
    assert!(delivered.environment_id.is_some(), "a rotation widens nothing");
    // Two hold; a third is one too many, unless it ends them.
    let refused = world.run("admin", "rotateClientKey", acme("shop")).await;
    assert_eq!(refused.code(), "CONFLICT");
    assert!(text(&refused.error()["message"]).contains(ids[1].as_str().unwrap()));
    let alone = world.done("admin", "rotateClientKey", with("shop", "graceSeconds", json!(0))).await;
    assert_eq!(alone["client"]["keyIds"].as_array().unwrap().len(), 1);
    assert_eq!(told(&mut edge).await.unwrap().keys.len(), 1);
    for wrong in [json!(-1), json!(30 * 86_400 + 1)] {
        let refused = world.run("admin", "rotateClientKey", with("shop", "graceSeconds", wrong)).await;
        assert_eq!(refused.error()["extensions"]["path"], "graceSeconds");
    }
    let kept: Vec<String> =
        sqlx::query_scalar("SELECT k::text FROM client_key k UNION ALL SELECT a::text FROM audit_entry a")
            .fetch_all(&world.db)
            .await
            .unwrap();
    assert!(kept.iter().all(|row| !row.contains(&key[13..])), "a key is shown once");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_former_key_is_out_at_its_end_without_a_revision(db: PgPool) {
    let world = World::new(db).await;
    let old = client(&world, "acme", "edges", "EDGE", None).await;
    let mut edge = Edge::caught_up(&world, &old).await;
    let rotated = world.done("admin", "rotateClientKey", with("edges", "graceSeconds", json!(2))).await;
    let new = text(&rotated["key"]);
    assert!(opens(&world, &old).await && opens(&world, &new).await);
    let head = world.number("SELECT revision FROM delivery_head").await;
    let since = Instant::now();
    assert_eq!(edge.end().await.map(|status| status.code()), Some(Code::Unauthenticated));
    assert!((1..9).contains(&since.elapsed().as_secs()), "{:?}", since.elapsed());
    assert!(!opens(&world, &old).await && opens(&world, &new).await);
    assert_eq!(world.number("SELECT revision FROM delivery_head").await, head);
    let ids = shown(&world, "guest", "edges").await["keyIds"].clone();
    assert_eq!(ids, json!([rotated["client"]["keyIds"][1]]), "what has ended is not listed");
    // It makes room for the next one, and an end that was told never moves back.
    world.done("admin", "rotateClientKey", with("edges", "graceSeconds", json!(60))).await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_revoked_key_is_out_at_once(db: PgPool) {
    let world = World::new(db).await;
    let old = client(&world, "acme", "edges", "EDGE", None).await;
    let mut edge = Edge::caught_up(&world, &old).await;
    let new = text(&world.done("admin", "rotateClientKey", acme("edges")).await["key"]);
    let revoke = with("edges", "keyId", json!(old[4..12]));
    let since = Instant::now();
    let left = world.done("admin", "revokeClientKey", revoke.clone()).await;
    assert_eq!(left["keyIds"], json!([new[4..12]]));
    assert_eq!(edge.end().await.map(|status| status.code()), Some(Code::Unauthenticated));
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    assert!(!opens(&world, &old).await && opens(&world, &new).await);
    let again = world.run("admin", "revokeClientKey", revoke).await;
    assert_eq!(
        (again.code(), &again.error()["extensions"]["candidates"]),
        ("NOT_FOUND", &json!([new[4..12]]))
    );
    // Another client's key is not this one's.
    let other = client(&world, "acme", "other", "EDGE", None).await;
    let wrong = with("edges", "keyId", json!(other[4..12]));
    assert_eq!(world.run("admin", "revokeClientKey", wrong).await.code(), "NOT_FOUND");
    assert!(opens(&world, &other).await);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_deleted_client_is_gone_for_good_and_its_name_is_free(db: PgPool) {
    let world = World::new(db).await;
    client(&world, "acme", "shop", "BACKEND", None).await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let watching = client(&world, "acme", "watching", "EDGE", None).await;
    let (mut edge, mut watch) =
        (Edge::caught_up(&world, &key).await, Edge::caught_up(&world, &watching).await);
    let gone = world.done("admin", "deleteClient", acme("shop")).await;
    assert_eq!((&gone["enabled"], &gone["keyIds"]), (&json!(false), &json!([])));
    assert!(told(&mut watch).await.is_none(), "edges hear that it is gone");
    world.done("admin", "deleteClient", acme("edges")).await;
    assert_eq!(edge.end().await.map(|status| status.code()), Some(Code::Unauthenticated));
    assert!(!opens(&world, &key).await);
    for (field, input) in [
        ("deleteClient", acme("edges")),
        ("rotateClientKey", acme("edges")),
        ("editClient", with("edges", "origins", json!([]))),
        ("setClientEnabled", with("edges", "enabled", json!(true))),
    ] {
        let refused = world.run("admin", field, input).await;
        assert_eq!(
            (refused.code(), &refused.error()["extensions"]["candidates"]),
            ("NOT_FOUND", &json!(["watching"])),
            "{field}"
        );
    }
    let list =
        world.query("guest", r#"{ team(key: "acme") { clients { nodes { name } totalCount } } }"#).await;
    assert_eq!(list["team"]["clients"], json!({"nodes": [{"name": "watching"}], "totalCount": 1}));
    let new = client(&world, "acme", "edges", "EDGE", None).await;
    assert!(opens(&world, &new).await && !opens(&world, &key).await);
    let back = "UPDATE client SET deleted_at = NULL WHERE deleted_at IS NOT NULL";
    assert!(world.sql(back).await.unwrap_err().to_string().contains("append-only"));
    assert!(world.sql("DELETE FROM client").await.unwrap_err().to_string().contains("append-only"));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn origins_are_a_browsers_and_travel_to_edges(db: PgPool) {
    let world = World::new(db).await;
    client(&world, "acme", "web", "FRONTEND", None).await;
    client(&world, "acme", "shop", "BACKEND", None).await;
    let watching = client(&world, "acme", "edges", "EDGE", None).await;
    let mut edge = Edge::caught_up(&world, &watching).await;
    let origins = json!(["https://Shop.example:443", "http://localhost:3000", "https://shop.example"]);
    let normal = json!(["https://shop.example", "http://localhost:3000"]);
    let edited = world.done("admin", "editClient", with("web", "origins", origins.clone())).await;
    assert_eq!(edited["origins"], normal);
    assert_eq!(json!(told(&mut edge).await.unwrap().origins), normal);
    assert_eq!(shown(&world, "guest", "web").await["origins"], normal);
    let head = world.number("SELECT revision FROM delivery_head").await;
    world.done("admin", "editClient", with("web", "origins", origins)).await;
    assert_eq!(
        world.done("admin", "editClient", acme("web")).await["origins"],
        normal,
        "what is absent stays"
    );
    assert_eq!(world.number("SELECT revision FROM delivery_head").await, head);
    assert_eq!(world.number("SELECT count(*) FROM audit_entry WHERE action = 'client.edit'").await, 1);
    for (name, origins, path) in [
        ("web", json!(["https://a.example", "*"]), "origins[1]"),
        ("web", json!(["http://a.example"]), "origins[0]"),
        ("web", json!(vec!["https://a.example"; 21]), "origins"),
        ("shop", json!(["https://a.example"]), "origins"),
    ] {
        let refused = world.run("admin", "editClient", with(name, "origins", origins)).await;
        assert_eq!((refused.code(), &refused.error()["extensions"]["path"]), ("INVALID", &json!(path)));
    }
    assert_eq!(
        world.done("admin", "editClient", with("web", "origins", json!([]))).await["origins"],
        json!([])
    );
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn rotations_at_once_leave_two_keys(db: PgPool) {
    let world = World::new(db).await;
    client(&world, "acme", "shop", "BACKEND", None).await;
    world.token("admin").await;
    let all =
        futures_util::future::join_all((0..6).map(|_| world.run("admin", "rotateClientKey", acme("shop"))))
            .await;
    let done = all.iter().filter(|answer| answer.body.get("errors").is_none()).count();
    assert_eq!(done, 1);
    assert!(
        all.iter()
            .filter(|answer| answer.body.get("errors").is_some())
            .all(|answer| answer.code() == "CONFLICT")
    );
    assert_eq!(shown(&world, "guest", "shop").await["keys"].as_array().unwrap().len(), 2);
    world.stop().await;
}
