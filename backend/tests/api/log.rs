//! The log of the real program: ids, who and what, a filter that changes while it runs, and no secret.

use std::fs;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::{mutation, text},
    program::Program,
    stream::{Edge, client},
    world::{MASTER_KEY, PASSWORD, url},
};

const TRACE: (&str, &str) = (
    "FLUXGATE_LOG",
    "info,fluxgate_backend=trace,fluxgate_server=trace,fluxgate_engine=trace,fluxgate_proto=trace",
);

#[sqlx::test(migrations = false)]
async fn no_line_holds_a_secret(db: PgPool) {
    let address = reqwest::Url::parse(&url(&db)).unwrap();
    let (program, world) = Program::start(&db, &[TRACE]).await;
    let bootstrap = world.bootstrap_token();
    let world = world.furnished().await;
    let wrong = json!({"username": "dev", "password": "wrong horse"});
    assert_eq!(world.run("", "signIn", wrong).await.code(), "UNAUTHENTICATED");
    let session = world.done("", "signIn", json!({"username": "dev", "password": PASSWORD})).await;
    let fresh = world.done("", "refreshSession", json!({"refreshToken": session["refreshToken"]})).await;
    let change = json!({"input": {"oldPassword": PASSWORD, "newPassword": "another horse"}});
    let changed = world.ask_with(fresh["accessToken"].as_str(), &mutation("changePassword"), change).await;
    let changed = changed.data()["changePassword"].clone();
    world
        .done("admin", "resetPassword", json!({"username": "guest", "password": "a horse of the admin"}))
        .await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let rotated = world.done("admin", "rotateClientKey", json!({"team": "acme", "name": "edges"})).await;
    Edge::caught_up(&world, &key).await.ack().await;
    Edge::open(&world.grpc, Some(&format!("{key}x"))).await.err().unwrap();
    world.ask_with(Some("not.a.token"), "{ me { username } }", json!({})).await;
    world.done("", "signOut", json!({"refreshToken": changed["refreshToken"]})).await;
    // What does not parse holds one as well.
    world.ask_with(None, &format!("{{ wrong(password: \"{PASSWORD}\") "), json!({})).await;
    program.line("the stream is told", |line| line["message"] == "a stream ended").await;
    let said = program.said();
    for what in ["\"operation\":\"Run\"", "\"user\":\"dev\"", "\"client\":\"edges\"", "\"TRACE\""] {
        assert!(said.contains(what), "{what} is not in the log");
    }
    let word = |value: &Value| text(value);
    let secrets = [
        bootstrap,
        MASTER_KEY.to_owned(),
        address.password().unwrap().to_owned(),
        PASSWORD.to_owned(),
        "wrong horse".to_owned(),
        "another horse".to_owned(),
        "a horse of the admin".to_owned(),
        word(&session["accessToken"]),
        word(&session["refreshToken"]),
        word(&fresh["accessToken"]),
        word(&fresh["refreshToken"]),
        word(&changed["accessToken"]),
        word(&changed["refreshToken"]),
        world.token("admin").await,
        key.clone(),
        key[13..].to_owned(),
        word(&rotated["key"]),
        "not.a.token".to_owned(),
    ];
    for secret in secrets {
        let held = said.lines().find(|line| line.contains(&secret));
        assert!(held.is_none(), "{secret} is in {held:?}");
    }
    program.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_request_is_found_by_the_id_in_its_answer(db: PgPool) {
    let (program, world) = Program::start(&db, &[]).await;
    let world = world.furnished().await;
    let body = json!({"query": "query Mine { me { nothing } }"});
    let asked = world.client.post(&world.http).bearer_auth(world.token("lead").await).json(&body);
    let answer = asked.send().await.unwrap();
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["errors"][0]["extensions"]["requestId"], json!(id));
    let line = program.line("it is told", |line| line["span"]["id"] == json!(id)).await;
    assert_eq!(
        (&line["span"]["user"], &line["span"]["operation"], &line["kind"], &line["outcome"]),
        (&json!("lead"), &json!("Mine"), &json!("query"), &json!("INVALID"))
    );
    assert!(line["milliseconds"].is_f64(), "{line}");
    for path in ["/livez", "/readyz", "/metrics", "/nowhere"] {
        assert_eq!(world.get(path).await.headers()["x-request-id"].len(), 36, "{path}");
    }
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    drop(Edge::caught_up(&world, &key).await);
    let ended = program.line("the stream is told", |line| line["message"] == "a stream ended").await;
    assert_eq!(ended["span"]["client"], "edges");
    assert!(ended["span"]["id"].is_string() && ended["seconds"].is_f64(), "{ended}");
    program.stop().await;
}

/// Whether a request for the health is told, which takes the level debug.
async fn tells_details(program: &Program, world: &crate::world::World) -> bool {
    let id = world.get("/livez").await.headers()["x-request-id"].to_str().unwrap().to_owned();
    // A line that comes later, whatever the level.
    let after = world.ask("admin", "{ me { username } }", json!({})).await;
    after.data();
    program.line("later", |line| line["kind"] == "query" && line["span"]["id"].as_str() > Some(&id)).await;
    program.lines().iter().any(|line| line["span"]["id"] == json!(id))
}

#[sqlx::test(migrations = false)]
async fn what_is_logged_changes_while_it_runs(db: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    fs::write(&config, "log = \"info\"\n").unwrap();
    let (program, world) = Program::start(&db, &[("FLUXGATE_CONFIG", config.to_str().unwrap())]).await;
    let world = world.furnished().await;
    assert!(!tells_details(&program, &world).await);
    let set = |filter: &str| json!({"filter": filter});
    let now = world.done("admin", "setLogFilter", set("info,fluxgate_backend=debug")).await;
    assert_eq!(now, json!({"filter": "info,fluxgate_backend=debug", "configured": "info"}));
    assert!(tells_details(&program, &world).await);
    for bad in ["", "inof", "a=loud", "info,,debug"] {
        let refused = world.run("admin", "setLogFilter", set(bad)).await;
        assert_eq!((refused.code(), &refused.error()["extensions"]["path"]), ("INVALID", &json!("filter")));
    }
    assert_eq!(world.run("lead", "setLogFilter", set("off")).await.code(), "FORBIDDEN");
    assert_eq!(world.ask("lead", "{ logFilter { filter } }", json!({})).await.code(), "FORBIDDEN");
    let seen = world.query("admin", "{ logFilter { filter } }").await;
    assert_eq!(seen["logFilter"]["filter"], "info,fluxgate_backend=debug");
    assert!(tells_details(&program, &world).await);
    let audit: Vec<Value> = sqlx::query_scalar(
        "SELECT jsonb_build_array(actor, before, after) FROM audit_entry WHERE action = 'log.set_filter'",
    )
    .fetch_all(&db)
    .await
    .unwrap();
    let changed = json!(["admin", {"filter": "info"}, {"filter": "info,fluxgate_backend=debug"}]);
    assert_eq!(audit, [changed]);
    // The file again: what was set by hand is over.
    program.signal("-HUP");
    program.line("it was read", |line| line["message"] == "the settings were read again").await;
    assert!(!tells_details(&program, &world).await);
    fs::write(&config, "log = \"debug\"\nlgo = 1\n").unwrap();
    program.signal("-HUP");
    let refused = program.line("it was refused", |line| line["level"] == "ERROR").await;
    assert!(
        refused["error"].as_str().unwrap().ends_with("config.toml:2:1: lgo is no setting; did you mean log?")
    );
    assert!(!tells_details(&program, &world).await);
    fs::write(&config, "log = \"info,fluxgate_backend=debug\"\n").unwrap();
    program.signal("-HUP");
    program.line("it was read", |line| line["filter"] == "info,fluxgate_backend=debug").await;
    assert!(tells_details(&program, &world).await);
    program.stop().await;
}
