//! Lists: filters and sorts, each of which shows what it says and nothing else.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{input::targeted, world::World};

/// One member of each entry of a list of acme.
async fn shown(world: &World, list: &str, field: &str) -> Vec<Value> {
    let query = format!(r#"{{ team(key: "acme") {{ list: {list} {{ totalCount nodes {{ {field} }} }} }} }}"#);
    let list = world.query("guest", &query).await["team"]["list"].clone();
    let nodes: Vec<_> = list["nodes"].as_array().unwrap().iter().map(|node| node[field].clone()).collect();
    assert_eq!(list["totalCount"], json!(nodes.len()), "{query}");
    nodes
}

/// Five features: one of each that the filters tell apart.
async fn furnished(db: PgPool) -> World {
    let world = World::new(db).await;
    for key in ["beta", "dark", "old", "stale", "waiting"] {
        world.feature(key).await;
    }
    let simple = json!({"team": "acme", "key": "simple", "kind": "SIMPLE"});
    world.done("lead", "createFeature", simple).await;
    let of = |feature: &str| json!({"team": "acme", "feature": feature});
    for (feature, field, value) in [
        ("beta", "tags", json!(["web", "shop"])),
        ("dark", "tags", json!(["web"])),
        ("dark", "owner", json!("ada")),
        ("stale", "removalDate", json!("2020-01-01T00:00:00Z")),
        ("old", "removalDate", json!("2999-01-01T00:00:00Z")),
        ("stale", "lifecycle", json!("DEPRECATED")),
    ] {
        let mut input = of(feature);
        input[field] = value;
        world.done("dev", "editFeature", input).await;
    }
    let kill = json!({"team": "acme", "feature": "dark", "environment": "staging", "reason": "it burns"});
    world.done("dev", "killFeature", kill).await;
    let away = json!({"team": "acme", "feature": "old", "environment": "dev"});
    world.done("dev", "withdraw", away).await;
    world.done("dev", "archiveFeature", of("old")).await;
    world.edit("dev", "beta", "prod", targeted("there")).await;
    let policy = json!({"team": "acme", "name": "staging", "scope": "LISTED", "environments": ["staging"],
                        "approvals": 1});
    world.done("admin", "createPolicy", policy).await;
    world.pending("peer", "waiting", "staging", "later").await;
    world
}

#[sqlx::test(migrations = false)]
async fn features_by_what_is_said_and_done(db: PgPool) {
    let world = furnished(db).await;
    for (filter, expected) in [
        ("", json!(["beta", "dark", "simple", "stale", "waiting"])),
        ("lifecycle: [ARCHIVED, DEPRECATED]", json!(["old", "stale"])),
        ("kind: SIMPLE", json!(["simple"])),
        (r#"tags: ["web"]"#, json!(["beta", "dark"])),
        (r#"tags: ["web", "shop"]"#, json!(["beta"])),
        (r#"owner: "ada""#, json!(["dark"])),
        ("stale: true", json!(["stale"])),
        ("stale: false", json!(["beta", "dark", "simple", "waiting"])),
        ("killed: true", json!(["dark"])),
        ("killed: false", json!(["beta", "simple", "stale", "waiting"])),
        (r#"killed: true, environment: "staging""#, json!(["dark"])),
        (r#"killed: true, environment: "dev""#, json!([])),
        ("pending: true", json!(["waiting"])),
        (r#"pending: true, environment: "staging""#, json!(["waiting"])),
        (r#"pending: true, environment: "dev""#, json!([])),
        (r#"deployed: true, environment: "prod""#, json!(["beta"])),
        (r#"deployed: false, environment: "prod""#, json!(["dark", "simple", "stale", "waiting"])),
        (r#"deployed: true, kind: CONTEXTUAL, tags: ["web"], killed: false"#, json!(["beta"])),
    ] {
        let list = format!("features(filter: {{{filter}}})");
        assert_eq!(json!(shown(&world, &list, "key").await), expected, "{filter}");
    }
    let both = r#"features(search: "WEB", filter: {killed: false})"#;
    assert_eq!(shown(&world, both, "key").await, ["beta"]);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn features_in_each_order_with_cursors_of_their_own(db: PgPool) {
    let world = World::new(db).await;
    for key in ["b", "c", "a"] {
        world.feature(key).await;
    }
    world.edit("dev", "c", "prod", targeted("last")).await;
    world.edit("dev", "b", "dev", targeted("lastly")).await;
    assert_eq!(shown(&world, "features", "key").await, ["a", "b", "c"]);
    assert_eq!(shown(&world, "features(sort: CREATED)", "key").await, ["a", "c", "b"]);
    assert_eq!(shown(&world, "features(sort: CHANGED)", "key").await, ["b", "c", "a"]);
    let list = |arguments: &str| {
        format!(
            r#"{{ team(key: "acme") {{ features(first: 1{arguments}) {{ nodes {{ key }} pageInfo {{ endCursor }} }} }} }}"#
        )
    };
    for sort in ["KEY", "CREATED", "CHANGED"] {
        let first = world.query("guest", &list(&format!(", sort: {sort}"))).await;
        let cursor = first["team"]["features"]["pageInfo"]["endCursor"].clone();
        for other in ["KEY", "CREATED", "CHANGED"] {
            let answer =
                world.ask("guest", &list(&format!(", sort: {other}, after: {cursor}")), json!({})).await;
            if sort == other {
                answer.data();
            } else {
                assert_eq!(
                    (answer.code(), &answer.error()["message"]),
                    ("INVALID", &json!("after: is no cursor of this list")),
                    "{sort} {other}"
                );
            }
        }
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn changes_by_who_what_where_and_when(db: PgPool) {
    let world = furnished(db).await;
    for (filter, expected) in [
        ("kind: [WITHDRAW]", json!([7])),
        ("kind: [WITHDRAW, PROMOTE], status: [PENDING]", json!([])),
        (r#"author: "lead""#, json!([6])),
        (r#"author: "nobody""#, json!([])),
        (r#"environment: "prod""#, json!([8])),
        (r#"environment: "prod", feature: "dark""#, json!([])),
        (r#"environment: "dev", feature: "old""#, json!([7, 3])),
        ("status: [PENDING]", json!([9])),
        // Nobody waits for one without a role.
        ("waitingForMe: true", json!([])),
        (r#"until: "2020-01-01T00:00:00Z""#, json!([])),
        (r#"since: "2020-01-01T00:00:00Z", until: "2999-01-01T00:00:00Z", author: "peer""#, json!([9])),
    ] {
        let list = format!("changes({filter})");
        assert_eq!(json!(shown(&world, &list, "number").await), expected, "{filter}");
    }
    for (who, filter, expected) in [
        ("lead", "waitingForMe: true", json!([{"number": 9}])),
        ("lead", r#"waitingForMe: true, environment: "dev""#, json!([])),
        // Proposed it.
        ("peer", "waitingForMe: true", json!([])),
        // No policy lists a REQUESTER.
        ("dev", "waitingForMe: true", json!([])),
    ] {
        let query = format!(r#"{{ team(key: "acme") {{ changes({filter}) {{ nodes {{ number }} }} }} }}"#);
        assert_eq!(world.query(who, &query).await["team"]["changes"]["nodes"], expected, "{who}: {filter}");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_audit_by_who_what_where_and_when(db: PgPool) {
    let world = furnished(db).await;
    for (filter, expected) in [
        (r#"action: "feature.kill""#, json!(["feature.kill"])),
        (r#"environment: "staging""#, json!(["change.propose", "feature.kill", "environment.create"])),
        (r#"actor: "lead", action: "feature.""#, json!(["feature.create"])),
        (r#"actor: "peer""#, json!(["change.propose"])),
        (
            r#"feature: "old", action: "feature""#,
            json!(["feature.archive", "feature.edit", "feature.create"]),
        ),
        (r#"action: "%""#, json!([])),
        (r#"until: "2020-01-01T00:00:00Z""#, json!([])),
        (r#"since: "2020-01-01T00:00:00Z", action: "policy""#, json!(["policy.create"])),
    ] {
        let list = format!("audit({filter})");
        assert_eq!(json!(shown(&world, &list, "action").await), expected, "{filter}");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn clients_members_and_kills(db: PgPool) {
    let world = furnished(db).await;
    for (name, kind) in [("shop", "BACKEND"), ("page", "FRONTEND"), ("edge", "EDGE")] {
        world.done("admin", "createClient", json!({"team": "acme", "name": name, "kind": kind})).await;
    }
    let off = json!({"team": "acme", "name": "page", "enabled": false});
    world.done("admin", "setClientEnabled", off).await;
    assert_eq!(shown(&world, "clients(kind: EDGE)", "name").await, ["edge"]);
    assert_eq!(shown(&world, "clients(enabled: true)", "name").await, ["edge", "shop"]);
    assert_eq!(
        shown(&world, "clients(kind: FRONTEND, enabled: true)", "name").await,
        json!([]).as_array().unwrap()[..]
    );
    assert_eq!(shown(&world, r#"members(search: "EE")"#, "roles").await, [json!(["REQUESTER"])]);
    assert_eq!(shown(&world, r#"members(search: "out")"#, "roles").await.len(), 0);
    let kills = r#"{ team(key: "acme") { kills { totalCount nodes {
        feature { key } environment { key } kill { reason by since } } } } }"#;
    let kills = world.query("guest", kills).await["team"]["kills"].clone();
    let node = &kills["nodes"][0];
    assert_eq!(
        (&kills["totalCount"], &node["feature"]["key"], &node["environment"]["key"]),
        (&json!(1), &json!("dark"), &json!("staging"))
    );
    assert_eq!((&node["kill"]["reason"], &node["kill"]["by"]), (&json!("it burns"), &json!("dev")));
    assert!(node["kill"]["since"].is_string());
    assert_eq!(shown(&world, r#"kills(environment: "dev")"#, "feature { key }").await.len(), 0);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_a_filter_names_is_looked_for_in_its_own_team(db: PgPool) {
    let world = furnished(db).await;
    let theirs = json!({"team": "rival", "key": "theirs", "kind": "SIMPLE"});
    world.done("outsider", "createFeature", theirs).await;
    let kill = json!({"team": "rival", "feature": "theirs", "reason": "r"});
    world.done("outsider", "killFeature", kill).await;
    for list in [
        r#"changes(feature: "theirs")"#,
        r#"audit(feature: "theirs")"#,
        r#"versions(feature: "theirs")"#,
        r#"feature(key: "dark") { versions(environment: "nowhere") { totalCount } } x: versions(feature: "none")"#,
    ] {
        let query = format!(r#"{{ team(key: "acme") {{ {list} {{ totalCount }} }} }}"#);
        assert_eq!(world.ask("admin", &query, json!({})).await.code(), "NOT_FOUND", "{list}");
    }
    for list in [
        r#"features(filter: {environment: "prod"})"#,
        r#"changes(environment: "prod")"#,
        r#"audit(environment: "prod")"#,
        r#"kills(environment: "prod")"#,
    ] {
        let query = format!(r#"{{ team(key: "rival") {{ {list} {{ totalCount }} }} }}"#);
        assert_eq!(world.ask("admin", &query, json!({})).await.code(), "NOT_FOUND", "{list}");
        assert_eq!(world.ask("guest", &query, json!({})).await.code(), "NOT_FOUND", "{list}");
    }
    let theirs =
        r#"{ team(key: "rival") { kills { totalCount } features(filter: {killed: true}) { totalCount } } }"#;
    assert_eq!(
        world.query("admin", theirs).await["team"],
        json!({"kills": {"totalCount": 1}, "features": {"totalCount": 1}})
    );
    let ours =
        r#"{ team(key: "acme") { kills { totalCount } features(filter: {killed: true}) { totalCount } } }"#;
    assert_eq!(
        world.query("admin", ours).await["team"],
        json!({"kills": {"totalCount": 1}, "features": {"totalCount": 1}})
    );
    let years = r#"{ team(key: "acme") { changes(since: "1066-10-14T00:00:00Z") { totalCount } } }"#;
    let answer = world.ask("guest", years, json!({})).await;
    assert_eq!((answer.code(), &answer.error()["extensions"]["path"]), ("INVALID", &json!("since")));
    world.stop().await;
}
