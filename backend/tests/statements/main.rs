//! How many statements a page costs, as many for a hundred entries as for one, and a change that is applied at once.
//!
//! A process of its own, because statements are counted wherever in it they run.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it is not as expected")]
#![expect(dead_code, reason = "the world of the other tests, of which this needs little")]

#[path = "../api/answer.rs"]
mod answer;
#[path = "../api/input.rs"]
mod input;
#[path = "../api/world.rs"]
mod world;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::{Value, json};
use sqlx::PgPool;
use tracing::{Event, Metadata, Subscriber, span};

use crate::world::{World, eventually};

static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

/// Counts the statements that sqlx tells of.
struct Counter;

impl Subscriber for Counter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }
    fn event(&self, _: &Event<'_>) {
        STATEMENTS.fetch_add(1, Ordering::SeqCst);
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// How many statements a list costs; the least of several tries, as the server has its own errands too.
async fn cost(world: &World, list: &str, nodes: usize) -> usize {
    let query = format!(r#"{{ team(key: "acme") {{ list: {list} }} }}"#);
    let mut least = usize::MAX;
    for _ in 0..7 {
        quiet().await;
        let before = STATEMENTS.load(Ordering::SeqCst);
        let answer = world.query("lead", &query).await;
        least = least.min(STATEMENTS.load(Ordering::SeqCst) - before);
        assert_eq!(answer["team"]["list"]["nodes"].as_array().unwrap().len(), nodes, "{list}");
    }
    assert!(least > 0, "nothing was counted");
    least
}

/// Waits until what the last write set off has been read: the memory of what is served, and the feed.
async fn quiet() {
    let still = async || {
        let before = STATEMENTS.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(50)).await;
        (STATEMENTS.load(Ordering::SeqCst) == before).then_some(())
    };
    eventually("nothing is read any more", still).await;
}

/// How many statements may making or editing something cost?
const MOST: usize = 18;

/// How many statements a mutation costs, to which each try gives another feature; the least of several tries. On a busy machine
/// what it sets off is often read before it is answered: then it is tried more often.
async fn write_cost(world: &World, field: &str, input: impl Fn(&str) -> Value) -> usize {
    let token = world.token("dev").await;
    let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let query = format!("mutation ($input: {kind}!) {{ {field}(input: $input) {{ outcome }} }}");
    let mut least = usize::MAX;
    for n in 0..40 {
        if n >= 7 && least <= MOST {
            break;
        }
        quiet().await;
        let before = STATEMENTS.load(Ordering::SeqCst);
        let variables = json!({"input": input(&format!("w{n}"))});
        let answer = world.ask_with(Some(&token), &query, variables).await;
        least = least.min(STATEMENTS.load(Ordering::SeqCst) - before);
        assert_eq!(answer.data()[field]["outcome"], "APPLIED", "{field}");
    }
    least
}

/// A hundred features, each live in one place, killed in another, with a change that waits, and a dependent.
async fn furnish(world: &World) {
    world.feature("base").await;
    let document = |name: &str| {
        let mut config = input::targeted(name);
        config["dependsOn"] = json!([{"feature": "base"}]);
        config
    };
    for n in 0..100 {
        let key = format!("f{n}");
        world.feature(&key).await;
        world.edit("dev", &key, "dev", document("live")).await;
        let kill = json!({"team": "acme", "feature": key, "environment": "prod", "reason": "r"});
        world.done("dev", "killFeature", kill).await;
    }
    world.sql("UPDATE feature SET removal_date = '2026-01-01' WHERE key <> 'base'").await.unwrap();
    for n in 0..100 {
        let token = json!({"team": "acme", "name": format!("t{n}"), "roles": ["REQUESTER"],
                           "environments": ["dev", "staging"], "expiresAt": input::ahead(3_600)});
        world.done("admin", "createToken", token).await;
    }
    world.policy("everything", "ALL", 2, &["APPROVER", "REQUESTER"]).await;
    for n in 0..100 {
        let number = world.pending("dev", &format!("f{n}"), "dev", "waiting").await;
        world.vote("peer", number, "APPROVE").await.data();
    }
}

/// How many statements more may it be? On a busy machine what is asked for at once may come in parts, here
/// and there; one for each entry would be a hundred more.
const SPLIT: usize = 10;

const FEATURE: &str = "key createdBy pipeline changedAt lastSeen
    stages { environment { key } status lastSeen live { number config createdBy change { number author } }
             kill { reason by since } pending { number author policies { name approvals } viewerMayVote } }
    lastChange { number kind author } dependents { feature environment { key } }";
const STALE: &str = "feature { key lastSeen stages { lastSeen } } reasons lastSeen";
const CHANGE: &str = "number kind status author viewerMayVote
    items { feature { key } environment { key } source { key } baseVersion before after diff { path } }
    token votes { user token decision } policies { name approvals required approvers satisfied }";
const KILL: &str = "feature { key } environment { key } kill { reason by token since }";
const TOKEN: &str = "name owner roles environments state expiresAt keys { id notAfter } lastUsedAt";

#[sqlx::test(migrations = false)]
async fn a_page_costs_the_same_whatever_its_size_and_a_write_little(db: PgPool) {
    tracing::subscriber::set_global_default(Counter).unwrap();
    let world = World::new(db).await;
    let create = write_cost(&world, "createFeature", input::new_feature).await;
    assert!(create <= MOST, "making a feature costs {create} statements");
    let edit = |feature: &str| input::edit(feature, "dev", input::targeted("other"));
    let edit = write_cost(&world, "editStage", edit).await;
    assert!(edit <= MOST, "editing a stage costs {edit} statements");
    furnish(&world).await;
    let list = |field: &str, arguments: &str, first: usize, node: &str| {
        format!("{field}({arguments} first: {first}) {{ nodes {{ {node} }} pageInfo {{ endCursor }} }}")
    };
    for (field, arguments, node, most) in [
        ("features", r#"search: "f", sort: CHANGED,"#, FEATURE, 25),
        ("changes", "status: [PENDING],", CHANGE, 20),
        ("kills", "", KILL, 10),
        ("staleFeatures", "days: 30,", STALE, 12),
        ("audit", "", "number actor owner action", 8),
        ("tokens", "", TOKEN, 8),
    ] {
        let one = cost(&world, &list(field, arguments, 1, node), 1).await;
        let hundred = cost(&world, &list(field, arguments, 100, node), 100).await;
        assert!(hundred <= one + SPLIT, "{field}: {hundred} for a hundred, {one} for one");
        assert!(one <= most, "{field} costs {one} statements");
        // What is on all pages is counted for those who ask.
        let counted = list(field, arguments, 1, node).replace("pageInfo", "totalCount pageInfo");
        assert!(cost(&world, &counted, 1).await <= one + 1 + SPLIT, "{field}");
    }
    world.stop().await;
}
