//! Pages: cursors give every entry once, in the list's order.

use std::collections::HashSet;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{input::targeted, world::World};

/// A list: the field, its filter, and what is asked of its entries.
type List<'a> = (&'a str, &'a str, &'a str);

async fn page(world: &World, (field, of, node): List<'_>, first: i64, after: Option<&Value>) -> Value {
    let arguments = format!(
        "{of}{}first: {first}{}",
        if of.is_empty() { "" } else { ", " },
        match after {
            Some(after) => format!(", after: {after}"),
            None => String::new(),
        }
    );
    let list = format!(
        "{field}({arguments}) {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {node} }} }}"
    );
    if ["teams", "users"].contains(&field) {
        return world.query("admin", &format!("{{ {list} }}")).await[field].clone();
    }
    world.query("admin", &format!("{{ team(key: \"acme\") {{ {list} }} }}")).await["team"][field].clone()
}

/// Walks a list in small steps and compares with all of it at once.
async fn walk(world: &World, field: &str, of: &str, node: &str) -> usize {
    let whole = page(world, (field, of, node), 200, None).await;
    let all = whole["nodes"].as_array().unwrap().clone();
    assert_eq!(whole["totalCount"], json!(all.len()), "{field}");
    assert_eq!(whole["pageInfo"]["hasNextPage"], false);
    let (mut walked, mut after) = (Vec::new(), None);
    loop {
        let part = page(world, (field, of, node), 2, after.as_ref()).await;
        walked.extend(part["nodes"].as_array().unwrap().clone());
        assert_eq!(part["totalCount"], whole["totalCount"]);
        if part["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = Some(part["pageInfo"]["endCursor"].clone());
    }
    assert_eq!(walked, all, "{field}({of})");
    assert_eq!(
        walked.iter().map(Value::to_string).collect::<HashSet<_>>().len(),
        walked.len(),
        "{field}({of})"
    );
    walked.len()
}

#[sqlx::test(migrations = false)]
async fn every_entry_is_on_one_page(db: PgPool) {
    let world = World::new(db).await;
    for key in ["B", "a", "a-b", "a.b", "ab", "a_b", "Z9"] {
        world.feature(key).await;
    }
    for n in 0..4 {
        world.edit("dev", "a", "dev", targeted(&n.to_string())).await;
        world.edit("dev", "a", "prod", targeted(&n.to_string())).await;
        world.policy(&format!("p{n}"), "PRODUCTION", 1, &[]).await;
        world.sql("UPDATE policy SET enabled = false").await.unwrap();
        let name = format!("c{n}");
        world.done("admin", "createClient", json!({"team": "acme", "name": name, "kind": "EDGE"})).await;
        let input = json!({"team": "acme", "key": name, "type": "STRING"});
        world.done("admin", "createContextKey", input).await;
        let stages = json!([{"environment": "dev"}]);
        world.done("admin", "createPipeline", json!({"team": "acme", "key": name, "stages": stages})).await;
        let more = json!({"team": "acme", "key": format!("e{n}"), "type": "STAGING"});
        world.done("admin", "createEnvironment", more).await;
        world.done("admin", "createTeam", json!({"key": format!("t{n}")})).await;
    }
    // Ties, which the key breaks.
    for key in ["a", "ab", "B"] {
        let kill = json!({"team": "acme", "feature": key, "reason": "r"});
        world.done("dev", "killFeature", kill).await;
    }
    world
        .sql("UPDATE feature SET created_at = '2026-01-01', changed_at = '2026-01-02' WHERE key ~ 'a'")
        .await
        .unwrap();
    world.sql("UPDATE stage SET killed_at = '2026-01-01' WHERE killed_at IS NOT NULL").await.unwrap();
    let node = "environment { key } number";
    let counts = [
        ("features", "", "key", 7),
        ("features", r#"search: "A""#, "key", 5),
        ("features", "sort: CREATED", "key", 7),
        ("features", "sort: CHANGED", "key", 7),
        ("features", r#"sort: CHANGED, search: "A""#, "key", 5),
        ("features", "sort: CREATED, filter: {killed: true}", "key", 3),
        ("kills", "", "feature { key } environment { key }", 9),
        ("kills", r#"environment: "dev""#, "feature { key } environment { key }", 3),
        ("changes", r#"environment: "prod""#, "number", 4),
        ("changes", "", "number", 15),
        ("changes", r#"feature: "a""#, "number", 9),
        ("changes", "status: [PENDING]", "number", 0),
        ("versions", r#"feature: "a""#, node, 9),
        ("versions", r#"feature: "a", environment: "prod""#, node, 4),
        ("audit", r#"feature: "a""#, "number", 22),
        ("environments", "", "key", 7),
        ("pipelines", "", "key", 5),
        ("policies", "", "name", 4),
        ("contextKeys", "", "key", 4),
        ("clients", "", "name", 4),
        ("members", "", "user { username }", 4),
        ("teams", "", "key", 6),
        ("users", "", "username", 6),
    ];
    for (field, of, node, count) in counts {
        assert_eq!(walk(&world, field, of, node).await, count, "{field}({of})");
    }
    walk(&world, "audit", "", "number").await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_waits_for_somebody_is_what_they_can_still_decide(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.policy("everything", "ALL", 2, &["APPROVER", "REQUESTER"]).await;
    let number = world.pending("dev", "flag", "dev", "a").await;
    let waiting = async |who: &str| {
        let list = r#"{ team(key: "acme") { changes(waitingForMe: true) { totalCount nodes { number viewerMayVote } } } }"#;
        world.query(who, list).await["team"]["changes"].clone()
    };
    assert_eq!(waiting("dev").await["totalCount"], 0);
    let seen = json!({"totalCount": 1, "nodes": [{"number": number, "viewerMayVote": true}]});
    assert_eq!(waiting("peer").await, seen);
    world.vote("peer", number, "APPROVE").await.data();
    assert_eq!(waiting("peer").await["totalCount"], 0);
    assert_eq!(waiting("lead").await, seen);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn hostile_pages_are_refused(db: PgPool) {
    let world = World::new(db).await;
    for arguments in [
        "first: 0",
        "first: -1",
        "first: 201",
        "first: 9223372036854775807",
        r#"after: "%%%""#,
        r#"after: "AA""#,
        r#"after: "eA""#,
    ] {
        for field in ["features", "changes", "audit", "environments", "kills"] {
            let query = format!("{{ team(key: \"acme\") {{ {field}({arguments}) {{ totalCount }} }} }}");
            assert_eq!(world.ask("dev", &query, json!({})).await.code(), "INVALID", "{field}({arguments})");
        }
    }
    world.stop().await;
}
