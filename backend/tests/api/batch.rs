//! Batches: several stages in one change, all of them or none.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{input::targeted, world::World};

/// Three features that are on in dev.
async fn furnished(db: PgPool) -> World {
    let world = World::new(db).await;
    for key in ["cart", "checkout", "search"] {
        world.feature(key).await;
    }
    world
}

fn batch(list: &str, items: Value) -> Value {
    let mut input = json!({"team": "acme"});
    input[list] = items;
    input
}

fn to_staging(keys: &[&str]) -> Value {
    let items: Vec<Value> = keys.iter().map(|key| json!({"feature": key, "to": "staging"})).collect();
    batch("promotions", json!(items))
}

async fn everything(world: &World) {
    world.policy("everything", "ALL", 1, &["APPROVER"]).await;
}

#[sqlx::test(migrations = false)]
async fn a_batch_is_one_change_one_revision_and_one_audit_trail(db: PgPool) {
    let world = furnished(db).await;
    let before = world.number("SELECT revision FROM delivery_head").await;
    let made = world.done("dev", "proposeBatch", to_staging(&["checkout", "cart", "search"])).await;
    assert_eq!(made["outcome"], "APPLIED", "{made}");
    assert_eq!(world.number("SELECT revision FROM delivery_head").await, before + 1);
    assert_eq!(made["change"]["revision"], before + 1);
    let items: Vec<_> =
        made["items"].as_array().unwrap().iter().map(|item| &item["feature"]["key"]).collect();
    assert_eq!(items, ["checkout", "cart", "search"]);
    for key in ["cart", "checkout", "search"] {
        assert_eq!(world.live(key, "staging").await.unwrap().0, 1, "{key}");
        let audit = format!(
            r#"{{ team(key: "acme") {{ audit(feature: "{key}", action: "change.apply", first: 1) {{ nodes {{ subject }} }} }} }}"#
        );
        let subject = world.query("dev", &audit).await["team"]["audit"]["nodes"][0]["subject"].clone();
        assert_eq!(subject, format!("#4 promote {key}"));
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn one_closed_gate_holds_all_of_it_and_all_gates_are_told(db: PgPool) {
    let world = furnished(db).await;
    world
        .done(
            "dev",
            "killFeature",
            json!({"team": "acme", "feature": "cart", "environment": "dev", "reason": "r"}),
        )
        .await;
    world.done("dev", "withdraw", json!({"team": "acme", "feature": "search", "environment": "dev"})).await;
    let contents = world.contents().await;
    let refused = world.run("dev", "proposeBatch", to_staging(&["checkout", "cart", "search"])).await;
    assert_eq!(refused.code(), "BLOCKED");
    assert_eq!(refused.error()["message"], "2 of 3 cannot be promoted: cart, search");
    let gates = refused.error()["extensions"]["gates"].as_array().unwrap().clone();
    let closed: Vec<_> = gates
        .iter()
        .filter(|gate| gate["passed"] == false)
        .map(|gate| (&gate["feature"], &gate["gate"]))
        .collect();
    assert_eq!(closed, [(&json!("cart"), &json!("kill")), (&json!("search"), &json!("stage"))]);
    assert_eq!(world.contents().await, contents, "nothing is half done");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_depends_on_each_other_travels_together(db: PgPool) {
    let world = furnished(db).await;
    let mut needs = targeted("needs");
    needs["dependsOn"] = json!([{"feature": "cart"}]);
    world.edit("dev", "checkout", "dev", needs).await;
    assert_eq!(world.run("dev", "proposeBatch", to_staging(&["checkout", "search"])).await.code(), "BLOCKED");
    assert_eq!(
        world.done("dev", "proposeBatch", to_staging(&["checkout", "cart"])).await["outcome"],
        "APPLIED"
    );
    // Neither of two that would close a circle together passes, though each alone would.
    let depends = |on: &str, key: &str| {
        let mut config = targeted("circle");
        config["dependsOn"] = json!([{"feature": on}]);
        json!({"feature": key, "environment": "dev", "config": config})
    };
    let circle = batch("edits", json!([depends("search", "cart"), depends("cart", "search")]));
    let refused = world.run("dev", "proposeBatch", circle).await;
    assert_eq!(refused.code(), "INVALID");
    assert!(
        refused.error()["message"].as_str().unwrap().contains("cart -> search -> cart"),
        "{}",
        refused.body
    );
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_batch_waits_for_the_policies_of_all_its_places(db: PgPool) {
    let world = furnished(db).await;
    world.done("dev", "proposeBatch", to_staging(&["checkout", "cart"])).await;
    world.policy("production", "PRODUCTION", 1, &["APPROVER"]).await;
    let edit = |key: &str, environment: &str| json!({"feature": key, "environment": environment, "config": targeted("b")});
    let input = batch("edits", json!([edit("checkout", "dev"), edit("cart", "prod")]));
    let made = world.done("dev", "proposeBatch", input.clone()).await;
    assert_eq!((&made["outcome"], &made["policies"][0]["name"]), (&json!("PENDING"), &json!("production")));
    assert_eq!(world.live("checkout", "dev").await.unwrap().0, 1, "all of it waits");
    let again = world.done("peer", "proposeBatch", input).await;
    assert_eq!(
        (&again["outcome"], &again["change"]["number"]),
        (&json!("JOINED"), &made["change"]["number"])
    );
    let part = batch("edits", json!([edit("cart", "prod")]));
    let part = world.done("peer", "proposeBatch", part).await;
    assert_eq!(part["outcome"], "PENDING", "a part of it is something else");
    let number = made["change"]["number"].as_i64().unwrap();
    assert_eq!(world.vote("lead", number, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    assert_eq!(world.live("checkout", "dev").await.unwrap().0, 2);
    assert_eq!(world.live("cart", "prod").await.unwrap().0, 1);
    assert_eq!(world.change(part["change"]["number"].as_i64().unwrap()).await["status"], "STALE");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn one_overtaken_stage_makes_all_of_it_stale_and_a_rebase_takes_all_of_it(db: PgPool) {
    let world = furnished(db).await;
    everything(&world).await;
    let edit = |key: &str| json!({"feature": key, "environment": "dev", "config": targeted("mine")});
    let made = world.done("dev", "proposeBatch", batch("edits", json!([edit("cart"), edit("search")]))).await;
    let number = made["change"]["number"].as_i64().unwrap();
    let mut theirs = targeted("mine");
    theirs["criteria"] = json!([]);
    theirs["salt"] = json!("theirs");
    let overtaking = world.edit("peer", "cart", "dev", theirs).await["change"]["number"].as_i64().unwrap();
    world.vote("lead", overtaking, "APPROVE").await.data();
    assert_eq!(world.change(number).await["status"], "STALE");
    assert_eq!(world.live("search", "dev").await.unwrap().0, 1, "none of it is applied");
    let again = world.done("dev", "rebaseChange", json!({"team": "acme", "number": number})).await;
    assert_eq!(
        (&again["outcome"], &again["items"][0]["after"]["salt"]),
        (&json!("PENDING"), &json!("theirs"))
    );
    let again = again["change"]["number"].as_i64().unwrap();
    assert_eq!(world.vote("lead", again, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    assert_eq!(world.live("search", "dev").await.unwrap().0, 2);
    let merged = world.live("cart", "dev").await.unwrap();
    assert_eq!((merged.0, &merged.1["salt"]), (3, &json!("theirs")));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_served_already_is_left_out(db: PgPool) {
    let world = furnished(db).await;
    world.done("dev", "promote", json!({"team": "acme", "feature": "cart", "to": "staging"})).await;
    let made = world.done("dev", "proposeBatch", to_staging(&["cart", "search"])).await;
    let items = made["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["feature"]["key"]), (1, &json!("search")));
    let again = world.done("dev", "proposeBatch", to_staging(&["cart", "search"])).await;
    assert_eq!((&again["outcome"], &again["change"]), (&json!("UNCHANGED"), &json!(null)));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_batch_rolls_back_and_withdraws_as_one(db: PgPool) {
    let world = furnished(db).await;
    for key in ["cart", "search"] {
        world.edit("dev", key, "dev", targeted("two")).await;
    }
    let places =
        json!([{"feature": "cart", "environment": "dev"}, {"feature": "search", "environment": "dev"}]);
    let made = world.done("dev", "proposeBatch", batch("rollbacks", places.clone())).await;
    assert_eq!(made["outcome"], "APPLIED");
    for key in ["cart", "search"] {
        assert_eq!(world.live(key, "dev").await.unwrap().0, 3);
    }
    world.done("dev", "proposeBatch", batch("withdrawals", places)).await;
    assert_eq!((world.live("cart", "dev").await, world.live("search", "dev").await), (None, None));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn bad_batches_say_where(db: PgPool) {
    let world = furnished(db).await;
    let good = json!({"feature": "cart", "environment": "dev", "config": targeted("x")});
    let mut bad = good.clone();
    bad["feature"] = json!("search");
    bad["config"]["default"] = json!("purple");
    let path = async |input: Value| {
        let answer = world.run("dev", "proposeBatch", input).await;
        let path = answer.error()["extensions"]["path"].as_str().unwrap_or_default().to_owned();
        (answer.code().to_owned(), path)
    };
    let said = |code: &str, path: &str| (code.to_owned(), path.to_owned());
    assert_eq!(path(batch("edits", json!([good, bad]))).await, said("INVALID", "edits[1].config.default"));
    assert_eq!(path(batch("edits", json!([good, good]))).await, said("INVALID", "edits[1].environment"));
    assert_eq!(path(batch("edits", json!([]))).await, said("INVALID", "items"));
    assert_eq!(
        path(batch("promotions", json!([{"feature": "cart"}]))).await,
        said("INVALID", "promotions[0].to")
    );
    let many: Vec<Value> = (0..101).map(|_| json!({"feature": "cart", "to": "staging"})).collect();
    assert_eq!(path(batch("promotions", json!(many))).await, said("INVALID", "items"));
    let mut mixed = batch("edits", json!([good]));
    mixed["withdrawals"] = json!([{"feature": "search", "environment": "dev"}]);
    assert_eq!(path(mixed).await, said("INVALID", "items"));
    let missing = batch("withdrawals", json!([{"feature": "nothing", "environment": "dev"}]));
    assert_eq!(path(missing).await.0, "NOT_FOUND");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn batches_over_the_same_stages_at_once_do_not_hold_each_other_up(db: PgPool) {
    let world = furnished(db).await;
    world.token("dev").await;
    let edit = |key: &str, n: usize| json!({"feature": key, "environment": "dev", "config": targeted(&n.to_string())});
    let batches = (0..12).map(|n| {
        let mut items = vec![edit("cart", n), edit("checkout", n), edit("search", n)];
        items.rotate_left(n % 3);
        let world = &world;
        async move { world.done("dev", "proposeBatch", batch("edits", json!(items))).await }
    });
    for made in futures_util::future::join_all(batches).await {
        assert_eq!(made["outcome"], "APPLIED", "{made}");
    }
    for key in ["cart", "checkout", "search"] {
        assert_eq!(world.live(key, "dev").await.unwrap().0, 13, "{key}");
    }
    world.stop().await;
}
