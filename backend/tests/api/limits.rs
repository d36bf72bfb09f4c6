//! Limits: how much one request may be and ask for, and what an error tells.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::world::World;

const SERVER: &str = r#"{"query": "{ server { version } }"}"#;

async fn send(
    world: &World,
    method: Method,
    content_type: &str,
    body: impl Into<reqwest::Body>,
) -> (StatusCode, String) {
    let request = world.client.request(method, &world.http).header("content-type", content_type).body(body);
    let response = request.send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

#[sqlx::test(migrations = false)]
async fn only_a_post_of_json_is_an_operation(db: PgPool) {
    let world = World::fresh(db).await;
    let (status, body) = send(&world, Method::POST, "application/json; charset=utf-8", SERVER).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("version"), "{body}");
    for content_type in
        ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/graphql"]
    {
        let (status, body) = send(&world, Method::POST, content_type, SERVER).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}: {body}");
    }
    let url = format!("{}?query=%7Bserver%7Bversion%7D%7D", world.http);
    let got = world.client.get(url).send().await.unwrap();
    assert!(got.status().is_client_error(), "{}", got.status());
    let (status, _) = send(&world, Method::PUT, "application/json", SERVER).await;
    assert!(status.is_client_error());
    let page = world.client.get(world.http.replace("/graphql", "/graphiql")).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::NOT_FOUND, "GraphiQL is for those who ask for it");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_no_single_operation_is_refused(db: PgPool) {
    let world = World::fresh(db).await;
    let deep = format!(
        r#"{{"query": "{{ server {{ version }} }}", "variables": {{"a": {}{}}}}}"#,
        "[".repeat(31),
        "]".repeat(31)
    );
    let allowed = format!(
        r#"{{"query": "{{ server {{ version }} }}", "variables": {{"a": {}{}}}}}"#,
        "[".repeat(30),
        "]".repeat(30)
    );
    assert_eq!(send(&world, Method::POST, "application/json", allowed).await.0, StatusCode::OK);
    for body in [
        format!("[{SERVER}]"),
        format!("[{SERVER},{SERVER}]"),
        "".to_owned(),
        "null".to_owned(),
        "{".to_owned(),
        deep,
        "[".repeat(100_000),
    ] {
        let (status, text) = send(&world, Method::POST, "application/json", body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID");
    }
    let long = |size: usize| format!(r#"{{"query": "{{ server {{ version }} }}{}"}}"#, " ".repeat(size));
    assert_eq!(send(&world, Method::POST, "application/json", long(131_000)).await.0, StatusCode::OK);
    let (status, text) = send(&world, Method::POST, "application/json", long(131_100)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(text.contains("is longer than 128 KiB"), "{text}");
    let big = |size: usize| format!(r#"{{"query": "{{ server {{ version }} }}"{}}}"#, " ".repeat(size));
    assert_eq!(send(&world, Method::POST, "application/json", big(1_000_000)).await.0, StatusCode::OK);
    assert_eq!(
        send(&world, Method::POST, "application/json", big(1_050_000)).await.0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_query_stays_within_depth_and_complexity(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let nested = |levels: usize| {
        let mut inner = "number".to_owned();
        for _ in 0..levels {
            inner = format!("items {{ feature {{ stages {{ pending {{ {inner} }} }} }} }}");
        }
        format!("{{ team(key: \"acme\") {{ change(number: 1) {{ {inner} }} }} }}")
    };
    world.ask("dev", &nested(2), json!({})).await.data();
    assert_eq!(world.ask("dev", &nested(3), json!({})).await.code(), "INVALID");
    let wide = |first: i64| {
        format!(
            "{{ team(key: \"acme\") {{ features(first: {first}) {{ nodes {{ changes(first: {first}) {{ nodes {{ number }} }} }} }} }} }}"
        )
    };
    world.ask("dev", &wide(20), json!({})).await.data();
    assert_eq!(world.ask("dev", &wide(200), json!({})).await.code(), "INVALID");
    let huge = world.ask("dev", &wide(i64::MAX), json!({})).await;
    assert_eq!(huge.code(), "INVALID");
    let aliases: String = (0..300).map(|n| format!("a{n}: teams(first: 200) {{ totalCount }} ")).collect();
    assert_eq!(world.ask("dev", &format!("{{ {aliases} }}"), json!({})).await.code(), "INVALID");
    let directives = "@include(if: true) ".repeat(9);
    let directed = format!("{{ server {{ version {directives} }} }}");
    assert_eq!(world.ask("dev", &directed, json!({})).await.code(), "INVALID");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_error_tells_its_code_and_request_and_no_secrets(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    for query in [
        "{ nothing }",
        "{",
        "{ team(key: 1) { key } }",
        r#"{ team(key: "acme") { feature(key: "none") { key } } }"#,
    ] {
        let answer = world.ask("dev", query, json!({})).await;
        assert!(["INVALID", "NOT_FOUND"].contains(&answer.code()), "{query}: {}", answer.body);
        assert!(answer.error()["extensions"]["requestId"].is_string(), "{query}");
    }
    world.sql("ALTER TABLE audit_entry RENAME COLUMN subject TO secret_detail").await.unwrap();
    world.sql("ALTER TABLE feature RENAME COLUMN owner TO hidden_detail").await.unwrap();
    let broken = [
        world.ask("dev", r#"{ team(key: "acme") { features { nodes { key } } } }"#, json!({})).await,
        world.run("dev", "killFeature", json!({"team": "acme", "feature": "flag", "reason": "r"})).await,
        world.run("admin", "createTeam", json!({"key": "new"})).await,
    ];
    for answer in broken {
        assert_eq!(answer.code(), "INTERNAL");
        assert_eq!(answer.error()["message"], "internal error");
        let text = answer.body.to_string();
        for secret in ["SELECT", "INSERT", "detail", "relation", "exist"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(answer.error()["extensions"]["requestId"].is_string());
    }
    assert_eq!(world.number("SELECT count(*) FROM team WHERE key = 'new'").await, 0, "nothing half done");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn clients_of_a_kind_that_does_not_exist_are_no_clients(db: PgPool) {
    let world = World::new(db).await;
    for input in [
        json!({"team": "acme", "name": "x", "kind": "ROOT"}),
        json!({"team": "acme", "name": "a b", "kind": "EDGE"}),
        json!({"team": "acme", "name": "", "kind": "EDGE"}),
    ] {
        assert_eq!(world.run("admin", "createClient", input.clone()).await.code(), "INVALID", "{input}");
    }
    let made =
        world.done("admin", "createClient", json!({"team": "acme", "name": "x", "kind": "EDGE"})).await;
    let key = made["key"].as_str().unwrap();
    let id = made["client"]["keyIds"][0].as_str().unwrap();
    assert!(key.starts_with(&format!("fgc_{id}_")), "{key}");
    let again =
        world.run("admin", "createClient", json!({"team": "acme", "name": "x", "kind": "EDGE"})).await;
    assert_eq!(again.code(), "CONFLICT");
    let kept: Vec<String> = sqlx::query_scalar(
        "SELECT c::text || k::text FROM client c JOIN client_key k ON k.client_id = c.id UNION ALL SELECT a::text FROM audit_entry a",
    )
    .fetch_all(&world.db)
    .await
    .unwrap();
    assert!(kept.iter().all(|row| !row.contains(key)), "a key is shown once and kept as a hash");
    world.stop().await;
}

/// Forty fragments that each spread the next one twice: a kilobyte that stands for a trillion fields.
#[sqlx::test(migrations = false)]
async fn doubling_fragments_and_many_aliases_are_refused_before_anything_walks_them(db: PgPool) {
    let world = World::fresh(db).await;
    let mut query = "{...F0}".to_owned();
    for n in 0..40 {
        query += &format!(" fragment F{n} on Query{{...F{0} ...F{0}}}", n + 1);
    }
    query += " fragment F40 on Query{__typename}";
    let aliases: String = (0..33).map(|n| format!("a{n}: server {{ version }} ")).collect();
    for hostile in [query, format!("{{ {aliases} }}")] {
        let body = json!({ "query": hostile }).to_string();
        let (status, answer) = send(&world, Method::POST, "application/json", body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(answer.contains("INVALID"), "{answer}");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn lists_of_names_are_bounded_before_anything_is_looked_up(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.policy("rule", "ALL", 1, &["APPROVER"]).await;
    let names = |n: usize| (0..n).map(|n| format!("n{n}")).collect::<Vec<_>>();
    let stages: Vec<Value> = names(101).iter().map(|name| json!({"environment": name})).collect();
    let expires = crate::input::ahead(600);
    for (who, field, path, mut input) in [
        ("dev", "editFeature", "tags", json!({"feature": "flag", "tags": names(101)})),
        ("dev", "editFeature", "addTags", json!({"feature": "flag", "addTags": names(101)})),
        ("admin", "createPipeline", "stages", json!({"key": "long", "stages": stages})),
        (
            "admin",
            "createPolicy",
            "environments",
            json!({"name": "long", "scope": "LISTED", "approvals": 1, "environments": names(101)}),
        ),
        ("admin", "editPolicy", "environments", json!({"name": "rule", "environments": names(101)})),
        (
            "admin",
            "createToken",
            "environments",
            json!({"name": "long", "roles": ["REQUESTER"], "environments": names(101), "expiresAt": expires}),
        ),
    ] {
        input["team"] = json!("acme");
        let answer = world.run(who, field, input).await;
        assert_eq!(
            (answer.code(), &answer.error()["extensions"]["path"]),
            ("INVALID", &json!(path)),
            "{field}"
        );
        assert_eq!(answer.error()["message"], format!("{path}: are more than 100"), "{field}");
    }
    world.stop().await;
}
