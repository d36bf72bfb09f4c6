//! What people send to find out what a server bears: each is refused, quickly, and leaves nothing behind, memory least.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{binary::Binary, input::mutation, world::World};

/// How long may a refusal take, on a machine that does other things? It takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much may memory grow, in KiB, when the same is sent again? It comes to some 150 MiB.
const GROWTH: u64 = 48 * 1024;
/// How much may it be at all?
const MOST: u64 = 384 * 1024;

/// Something to send, and what is answered: a code where it is GraphQL's answer, else a status.
struct Abuse {
    name: &'static str,
    method: Method,
    content_type: &'static str,
    body: Vec<u8>,
    status: u16,
    code: &'static str,
}

fn abuse(name: &'static str, body: impl Into<Vec<u8>>, code: &'static str) -> Abuse {
    Abuse {
        name,
        method: Method::POST,
        content_type: "application/json",
        body: body.into(),
        status: 200,
        code,
    }
}

/// A query that is no more than that.
fn query(name: &'static str, text: &str) -> Abuse {
    abuse(name, json!({"query": text}).to_string(), "INVALID")
}

fn repeated(n: usize, mut part: impl FnMut(usize) -> String) -> String {
    (0..n).map(&mut part).collect()
}

/// Documents that multiply, nest, or go round.
fn documents() -> Vec<Abuse> {
    let team = |inner: &str| format!("{{ team(key: \"acme\") {{ {inner} }} }}");
    let nested =
        |n: usize| "items { feature { changes { nodes { ".repeat(n) + "number" + &" } } } }".repeat(n);
    let doubling = repeated(40, |n| format!(" fragment F{n} on Query{{...F{0} ...F{0}}}", n + 1));
    let wide = repeated(5_001, |_| "key ".to_owned());
    let types = "fields { type { ofType { ".repeat(8) + "name" + &" } } }".repeat(8);
    let many = repeated(5_000, |n| format!(" query Q{n} {{ me {{ username }} }}"));
    vec![
        query("deep", &team(&format!("changes {{ nodes {{ {} }} }}", nested(3)))),
        query("very deep", &team(&format!("changes {{ nodes {{ {} }} }}", nested(400)))),
        query("deep without names", &"{ a ".repeat(20_000)),
        query("braces", &"{".repeat(100_000)),
        query("a long query", &format!("{{ me {{ {} }} }}", "username ".repeat(90_000))),
        query("aliases", &format!("{{ {} }}", repeated(33, |n| format!("a{n}: me {{ username }} ")))),
        query("more aliases", &format!("{{ {} }}", repeated(4_000, |n| format!("a{n}: me {{ username }} ")))),
        query(
            "aliases in fragments",
            &format!(
                "{{ ...F }} fragment F on Query {{ {} }}",
                repeated(40, |n| format!("a{n}: me {{ username }} "))
            ),
        ),
        query("wide", &team(&wide)),
        query("directives", &format!("{{ me {{ username {} }} }}", "@include(if: true) ".repeat(9))),
        query("more directives", &format!("{{ me {{ username {} }} }}", "@include(if: true) ".repeat(5_000))),
        query("unknown directives", &format!("{{ me {{ username {} }} }}", "@a ".repeat(1_000))),
        query("doubling fragments", &format!("{{...F0}}{doubling} fragment F40 on Query{{__typename}}")),
        query("a circle of fragments", "{...A} fragment A on Query{...B} fragment B on Query{...A}"),
        query(
            "pages of pages",
            &team("features(first: 200) { nodes { changes(first: 200) { nodes { number } } } }"),
        ),
        query("a huge page", &team("features(first: 9223372036854775807) { nodes { key } }")),
        query(
            "look-ups",
            &team(&repeated(250, |_| "feature(key: \"flag\") { dependents { feature } } ".to_owned())),
        ),
        query("introspection", &format!("{{ __schema {{ types {{ {types} }} }} }}")),
        query("many operations", &many),
        query(
            "two passwords",
            r#"mutation { a: signIn(input: {username: "dev", password: "x"}) { accessToken } b: signIn(input: {username: "dev", password: "x"}) { accessToken } }"#,
        ),
    ]
}

/// Values that are long, or many, or none.
fn values() -> Vec<Abuse> {
    let long = "x".repeat(900_000);
    let with = |field: &str, input: Value| {
        json!({"query": mutation(field), "variables": {"input": input}}).to_string()
    };
    let list = |n: usize| (0..n).map(|n| json!(format!("f{n}"))).collect::<Vec<_>>();
    let asked = |n: usize| {
        let query = r#"query Q($f: [String!]!) { team(key: "acme") { evaluate(environment: "dev", features: $f, context: {}) { value } } }"#;
        json!({"query": query, "variables": {"f": list(n)}}).to_string()
    };
    let lifecycles = format!(
        "{{ team(key: \"acme\") {{ features(filter: {{lifecycle: [{}]}}) {{ totalCount }} }} }}",
        "BETA ".repeat(20_000)
    );
    let config = |config: Value| {
        with("editStage", json!({"team": "acme", "feature": "flag", "environment": "dev", "config": config}))
    };
    let criteria: Vec<Value> = (0..20_000).map(|n| json!({"name": format!("c{n}"), "serve": "on"})).collect();
    vec![
        abuse(
            "a long reason",
            with("killFeature", json!({"team": "acme", "feature": "flag", "reason": long})),
            "INVALID",
        ),
        abuse(
            "a long key",
            with("createFeature", json!({"team": "acme", "key": long, "kind": "SIMPLE"})),
            "INVALID",
        ),
        abuse(
            "a long team",
            with("killFeature", json!({"team": long, "feature": "flag", "reason": "x"})),
            "NOT_FOUND",
        ),
        abuse(
            "NUL",
            with("killFeature", json!({"team": "acme", "feature": "flag", "reason": "a\0b"})),
            "INVALID",
        ),
        abuse(
            "NUL in a key",
            with("killFeature", json!({"team": "ac\0me", "feature": "flag", "reason": "x"})),
            "INVALID",
        ),
        abuse("many features", asked(1_001), "INVALID"),
        abuse("many more features", asked(70_000), "INVALID"),
        query("many words in a filter", &lifecycles),
        query(
            "many states",
            &format!(
                "{{ team(key: \"acme\") {{ changes(status: [{}]) {{ totalCount }} }} }}",
                "STALE ".repeat(20_000)
            ),
        ),
        abuse(
            "many tags less",
            with("editFeature", json!({"team": "acme", "feature": "flag", "removeTags": list(70_000)})),
            "INVALID",
        ),
        abuse(
            "many more tags",
            with("editFeature", json!({"team": "acme", "feature": "flag", "addTags": list(70_000)})),
            "INVALID",
        ),
        abuse(
            "other tags",
            with("editFeature", json!({"team": "acme", "feature": "flag", "tags": list(70_000)})),
            "INVALID",
        ),
        abuse(
            "many tags",
            with(
                "createFeature",
                json!({"team": "acme", "key": "x", "kind": "SIMPLE", "tags": list(70_000)}),
            ),
            "INVALID",
        ),
        abuse(
            "many roles",
            with("setMember", json!({"team": "acme", "username": "dev", "roles": vec!["ROOT"; 70_000]})),
            "INVALID",
        ),
        abuse(
            "many stages",
            with(
                "createPipeline",
                json!({"team": "acme", "key": "x", "stages": vec![json!({"environment": "dev"}); 20_000]}),
            ),
            "FORBIDDEN",
        ),
        abuse(
            "many criteria",
            config(
                json!({"enabled": true, "variants": {"on": true}, "default": "on", "off": "on", "criteria": criteria}),
            ),
            "INVALID",
        ),
        abuse(
            "a wrong type",
            with("editStage", json!({"team": 1, "feature": [], "environment": {}, "config": 1})),
            "INVALID",
        ),
        abuse(
            "a huge number",
            r#"{"query": "query Q($n: Int) { teams(first: $n) { totalCount } }", "variables": {"n": 1e400}}"#,
            "INVALID",
        ),
        abuse(
            "a huge literal",
            json!({"query": format!("{{ teams(first: {}) {{ totalCount }} }}", "9".repeat(100_000))})
                .to_string(),
            "INVALID",
        ),
    ]
}

/// Requests that are no operation.
fn requests() -> Vec<Abuse> {
    let plain = r#"{"query": "{ server { version } }"}"#;
    let change =
        format!("{}?query=mutation%7BsignOut(input:%7BrefreshToken:%22x%22%7D)%7Busername%7D%7D", "");
    let sent = |name, method, content_type, status| Abuse {
        name,
        method,
        content_type,
        status,
        ..abuse("", plain, "")
    };
    let mut all = vec![
        sent("text", Method::POST, "text/plain", 415),
        sent("a form", Method::POST, "application/x-www-form-urlencoded", 415),
        sent("multipart", Method::POST, "multipart/form-data; boundary=x", 415),
        sent("no type", Method::POST, "", 415),
        sent("graphql", Method::POST, "application/graphql", 415),
        sent("PUT", Method::PUT, "application/json", 405),
        sent("DELETE", Method::DELETE, "application/json", 405),
        Abuse { body: change.into_bytes(), ..sent("GET", Method::GET, "application/json", 405) },
        abuse("a batch", format!("[{plain},{plain}]"), "INVALID"),
        abuse("a huge batch", format!("[{}{plain}]", format!("{plain},").repeat(20_000)), "INVALID"),
        Abuse { status: 413, ..abuse("too much", vec![b' '; 1_100_000], "") },
        Abuse { status: 413, ..abuse("far too much", vec![b' '; 20_000_000], "") },
        abuse(
            "deep JSON",
            format!(
                r#"{{"query": "{{ me {{ username }} }}", "variables": {{"a": {}}}}}"#,
                "[".repeat(500_000)
            ),
            "INVALID",
        ),
        abuse("deep objects", r#"{"a":"#.repeat(100_000), "INVALID"),
        abuse("no JSON", "query { me { username } }", "INVALID"),
        abuse("nothing", "", "INVALID"),
        abuse("half", r#"{"query": "{ me { user"#, "INVALID"),
        abuse(
            "no UTF-8",
            [br#"{"query": "{ me { "#.as_slice(), &[0xff, 0xfe, 0xc0, 0x80], br#" } }"}"#].concat(),
            "INVALID",
        ),
        abuse("lone surrogates", r#"{"query": "{ me { \ud800 } }"}"#, "INVALID"),
        abuse(
            "the query twice",
            r#"{"query": "{ me { username } }", "query": "{ me { username } }"}"#,
            "INVALID",
        ),
        abuse("no query", "{}", "INVALID"),
        abuse("control characters", json!({"query": "\u{1}\u{2}\u{7f}\u{202e}"}).to_string(), "INVALID"),
    ];
    all.extend([abuse(
        "an operation that is not there",
        r#"{"query": "query A { me { username } } query B { me { username } }", "operationName": "C"}"#,
        "INVALID",
    )]);
    all
}

async fn refused(world: &World, server: &Binary, token: Option<&str>, abuse: &Abuse) {
    let request = world.client.request(abuse.method.clone(), &server.http).timeout(PATIENCE);
    let mut request = request.header("content-type", abuse.content_type).body(abuse.body.clone());
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let name = abuse.name;
    let response = match request.send().await {
        Ok(response) => response,
        // The server may close while too much is being sent.
        Err(error) if abuse.status == 413 && !error.is_timeout() => return,
        Err(error) => panic!("{name}: {error:?}"),
    };
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let short: String = text.chars().take(300).collect();
    // What is refused before anything is executed is a bad request.
    let expected = if abuse.code.is_empty() || status != 400 { abuse.status } else { 400 };
    assert_eq!(status, expected, "{name}: {short}");
    assert!(text.len() < 10_000, "{name} is answered at length: {short}");
    if !abuse.code.is_empty() {
        let answer: Value = serde_json::from_str(&text).unwrap();
        let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
        let stranger = token.is_none() && code == "UNAUTHENTICATED";
        assert!(code == abuse.code || stranger, "{name}: {short}");
    }
}

#[sqlx::test(migrations = false)]
async fn abuse_is_refused_and_memory_stays_flat(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let server = Binary::beside(&world).await;
    let token = world.token("dev").await;
    let all: Vec<Abuse> = documents().into_iter().chain(values()).chain(requests()).collect();
    let round = async || {
        for abuse in &all {
            refused(&world, &server, Some(&token), abuse).await;
            refused(&world, &server, None, abuse).await;
        }
    };
    let before = world.contents().await;
    // What it takes the first times, it takes once.
    for _ in 0..2 {
        round().await;
    }
    let (first, _) = server.memory();
    for _ in 0..4 {
        round().await;
    }
    let (last, most) = server.memory();
    assert!(last < first + GROWTH, "{first} KiB became {last}");
    assert!(most < MOST, "{most} KiB at most");
    assert_eq!(world.contents().await, before, "and nothing came of it");
    let plain = world.client.post(&server.http).bearer_auth(&token);
    let plain = plain.json(&json!({"query": "{ me { username } }"})).send().await.unwrap();
    assert_eq!(plain.json::<Value>().await.unwrap()["data"]["me"]["username"], "dev");
    assert_eq!(server.log(), "", "what callers do wrong is no warning");
    world.stop().await;
}
