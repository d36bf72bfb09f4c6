//! What is large: documents and talk that are read at once, and what one change may carry.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{input::targeted, world::World};

/// Adds so many changes to acme, each with a document of a MiB: more than anybody may propose.
async fn furnish(world: &World, changes: usize) {
    world
        .script(&format!(
            "INSERT INTO change (team_id, number, kind, status, author_id, created_at)
             SELECT t.id, 1000 + n, 'EDIT', 'CANCELLED', u.id, now()
             FROM team t, app_user u, generate_series(1, {changes}) n WHERE t.key = 'acme' AND u.username = 'dev';
             INSERT INTO change_item (change_id, position, stage_id, config)
             SELECT c.id, 0, s.id, jsonb_build_object('salt', repeat('x', 1024 * 1024))
             FROM change c, stage s JOIN environment e ON e.id = s.environment_id AND e.key = 'dev'
             WHERE c.number > 1000"
        ))
        .await;
}

#[sqlx::test(migrations = false)]
async fn a_request_reads_so_much_and_no_more(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    furnish(&world, 90).await;
    let page = |first: usize| format!("changes(first: {first}) {{ nodes {{ items {{ after }} }} }}");
    let ask = async |what: String| {
        world.ask("guest", &format!("{{ team(key: \"acme\") {{ {what} }} }}"), json!({})).await
    };
    let some = ask(page(40)).await.data()["team"]["changes"]["nodes"].clone();
    assert_eq!(some[39]["items"][0]["after"]["salt"].as_str().unwrap().len(), 1024 * 1024);
    // What is read counts, whatever is told of it, and what is told twice counts twice.
    let read = page(80).replace("after", "version");
    for much in [page(80), read, format!("a: {} b: {}", page(40), page(41))] {
        let refused = ask(much).await;
        assert_eq!(refused.code(), "INVALID");
        assert_eq!(
            refused.error()["message"],
            "query: asks for more than 64 MiB: ask for fewer entries at once"
        );
    }
    // Versions count as well, on pages and one by one.
    world
        .script(
            "INSERT INTO version (stage_id, number, config, change_id, created_by, created_at)
             SELECT i.stage_id, c.number, i.config, c.id, c.author_id, c.created_at
             FROM change c JOIN change_item i ON i.change_id = c.id WHERE c.number > 1000",
        )
        .await;
    let versions = |first: usize| {
        format!("feature(key: \"flag\") {{ versions(first: {first}) {{ nodes {{ number config }} }} }}")
    };
    ask(versions(40)).await.data();
    assert_eq!(ask(versions(80)).await.code(), "INVALID");
    world.stop().await;
}

/// What a terminal asks for, as far as a page may go.
#[sqlx::test(migrations = false)]
async fn pages_of_changes_cost_what_their_lists_may_hold(db: PgPool) {
    let world = World::new(db).await;
    let file = include_str!("../../../client/graphql/change.graphql");
    let (fragments, _) = file.split_once("fragment Proposal").unwrap();
    let (_, list) = file.split_once("query ListChanges").unwrap();
    let variables = json!({"team": "acme", "first": 200});
    world.ask("dev", &format!("{fragments} query ListChanges{list}"), variables).await.data();
    let within = "comments { user token text at } votes { user token decision comment at }
                  policies { name approvals required roles approvers autoApproveAt overrideAllowed satisfied }";
    let nested = |list: &str| {
        format!(
            "{{ team(key: \"acme\") {{ changes(first: 200) {{ nodes {{ items {{ feature {{ {list} }} }} }} }} }} }}"
        )
    };
    let pending = nested(&format!("stages {{ pending {{ {within} }} }}"));
    assert_eq!(world.ask("dev", &pending, json!({})).await.code(), "INVALID");
    world.ask("dev", &nested("dependents { feature environment { key } }"), json!({})).await.data();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_change_carries_four_mebibytes_and_no_more(db: PgPool) {
    let world = World::new(db).await;
    let criteria: Vec<Value> = (0..64)
        .map(|n| json!({"name": format!("{n}{}", "x".repeat(180)), "when": {"key": "k", "op": "in", "value": ["y".repeat(3_000)]}, "serve": "on"}))
        .collect();
    let mut long = targeted("long");
    long["criteria"] = json!(criteria);
    for n in 0..22 {
        let key = format!("f{n}");
        world.feature(&key).await;
        assert_eq!(world.edit("dev", &key, "dev", long.clone()).await["outcome"], "APPLIED");
    }
    let promote = async |features: usize| {
        let items: Vec<Value> =
            (0..features).map(|n| json!({"feature": format!("f{n}"), "to": "staging"})).collect();
        world.run("dev", "proposeBatch", json!({"team": "acme", "promotions": items})).await
    };
    let refused = promote(22).await;
    assert_eq!((refused.code(), &refused.error()["extensions"]["path"]), ("INVALID", &json!("items")));
    assert_eq!(refused.error()["message"], "items: are more than 4 MiB: make several changes of it");
    assert_eq!(promote(19).await.data()["proposeBatch"]["outcome"], "APPLIED");
    world.stop().await;
}
