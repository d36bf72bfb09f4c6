//! Races: what happens at once ends as if it had happened one after the other.

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::{edit, targeted},
    world::{World, eventually},
};

fn depending(on: &str) -> Value {
    let mut config = targeted("depending");
    config["dependsOn"] = json!([{"feature": on}]);
    config
}

#[sqlx::test(migrations = false)]
async fn a_promotion_that_waited_takes_what_is_live_by_then(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let mut other = world.db.begin().await.unwrap();
    sqlx::query("SELECT FROM stage FOR UPDATE").execute(&mut *other).await.unwrap();
    let meanwhile = async {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually("the promotion waits", async || (world.number(waiting).await > 0).then_some(())).await;
        for statement in [
            "INSERT INTO version SELECT stage_id, 2, jsonb_set(config, '{enabled}', 'false'), change_id, created_by, now() FROM version",
            "UPDATE stage SET live_version = 2 WHERE live_version = 1",
            "SELECT publish(ARRAY ['STAGE'], ARRAY [id]) FROM stage WHERE live_version = 2",
        ] {
            sqlx::query(statement).execute(&mut *other).await.unwrap();
        }
        other.commit().await.unwrap();
    };
    let promotion = world.done("dev", "promote", json!({"team": "acme", "feature": "flag", "to": "staging"}));
    let (promoted, ()) = tokio::join!(promotion, meanwhile);
    assert_eq!(promoted["outcome"], "APPLIED");
    assert_eq!(promoted["items"][0]["after"]["enabled"], false, "{promoted}");
    let (version, config) = world.live("flag", "staging").await.unwrap();
    assert_eq!((version, &config["enabled"]), (1, &json!(false)));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn edits_at_once_are_applied_one_after_the_other(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.token("dev").await;
    let edits = join_all((0..12).map(|n| {
        let name = n.to_string();
        let world = &world;
        async move { world.edit("dev", "flag", "dev", targeted(&name)).await }
    }));
    let mut versions: Vec<i64> = Vec::new();
    for edit in edits.await {
        let item = &edit["items"][0];
        assert_eq!(item["version"].as_i64().unwrap(), item["baseVersion"].as_i64().unwrap() + 1, "{edit}");
        assert!(item["before"].is_object());
        versions.push(item["version"].as_i64().unwrap());
    }
    versions.sort_unstable();
    assert_eq!(versions, (2..14).collect::<Vec<_>>());
    assert_eq!(world.live("flag", "dev").await.unwrap().0, 13);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_last_votes_at_once_apply_it_once(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.policy("everything", "ALL", 2, &["APPROVER"]).await;
    world.member("acme", "guest", &["APPROVER"]).await;
    world.token("guest").await;
    world.token("lead").await;
    for n in 0..5 {
        let number = world.pending("dev", "flag", "dev", &n.to_string()).await;
        let (one, two) =
            tokio::join!(world.vote("lead", number, "APPROVE"), world.vote("guest", number, "APPROVE"));
        let mut states = [one, two].map(|vote| vote.data()["vote"]["status"].as_str().unwrap().to_owned());
        states.sort();
        assert_eq!(states, ["APPLIED", "PENDING"]);
        assert_eq!(world.live("flag", "dev").await.unwrap().0, n + 2);
        let number = world.pending("dev", "flag", "dev", "contested").await;
        let (one, two) =
            tokio::join!(world.vote("lead", number, "REJECT"), world.vote("guest", number, "APPROVE"));
        assert_eq!(one.data()["vote"]["status"], "REJECTED");
        assert!(two.body.get("errors").is_none() || two.code() == "STALE", "{}", two.body);
        assert_eq!(world.change(number).await["status"], "REJECTED");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_same_proposal_at_once_is_made_once(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.policy("everything", "ALL", 1, &["APPROVER"]).await;
    world.token("dev").await;
    let input = json!({"team": "acme", "feature": "flag", "to": "staging"});
    let all = join_all((0..8).map(|_| world.done("dev", "promote", input.clone()))).await;
    let pending = all.iter().filter(|proposal| proposal["outcome"] == "PENDING").count();
    assert_eq!(pending, 1);
    assert!(all.iter().all(|proposal| proposal["change"]["number"] == 2), "{all:?}");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn two_features_do_not_come_to_depend_on_each_other_at_once(db: PgPool) {
    let world = World::new(db).await;
    for n in 0..6 {
        let (a, b) = (format!("a{n}"), format!("b{n}"));
        world.feature(&a).await;
        world.feature(&b).await;
        let edit = |feature: &str, on: &str| {
            world.run("dev", "editStage", crate::input::edit(feature, "dev", depending(on)))
        };
        let (one, two) = tokio::join!(edit(&a, &b), edit(&b, &a));
        let refused = [&one, &two].into_iter().filter(|answer| answer.body.get("errors").is_some());
        let codes: Vec<_> = refused.map(|answer| answer.code()).collect();
        assert_eq!(codes, ["INVALID"], "{} {}", one.body, two.body);
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn environments_made_at_once_have_places_of_their_own(db: PgPool) {
    let world = World::new(db).await;
    let made = join_all((0..8).map(|n| {
        let input = json!({"team": "rival", "key": format!("e{n}"), "type": "STAGING"});
        world.done("admin", "createEnvironment", input)
    }));
    let mut places: Vec<i64> = made.await.iter().map(|made| made["position"].as_i64().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, (2..10).collect::<Vec<_>>());
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn signing_in_holds_no_connection_while_it_hashes(db: PgPool) {
    let world = World::new(db).await;
    // Each from elsewhere and with another account, or they would be throttled.
    let tries = join_all((0..30).map(|n| {
        let world = &world;
        async move {
            let input = json!({"username": format!("user{n}"), "password": "wrong password"});
            world.run_from(&format!("10.0.0.{n}"), "signIn", input).await
        }
    }));
    let mut most = 0;
    let watching = async {
        let held = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
        let tried = "SELECT count(*) FROM audit_entry WHERE action = 'user.sign_in_failed'";
        eventually("all tries are refused", async || {
            most = most.max(world.number(held).await);
            (world.number(tried).await == 30).then_some(())
        })
        .await;
    };
    let (tries, ()) = tokio::join!(tries, watching);
    assert!(tries.iter().all(|answer| answer.code() == "UNAUTHENTICATED"));
    assert!(most < 8, "{most} connections were held");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn places_come_and_go_while_features_move_in(db: PgPool) {
    let world = World::new(db).await;
    world.done("admin", "createEnvironment", json!({"team": "acme", "key": "qa", "type": "STAGING"})).await;
    world.token("dev").await;
    let keys: Vec<String> = (0..6).map(|n| format!("f{n}")).collect();
    let made = join_all(keys.iter().map(|key| world.feature(key)));
    let stage = json!({"team": "acme", "pipeline": "main", "environment": "qa", "after": "dev"});
    let (_, added) = tokio::join!(made, world.run("admin", "addPipelineStage", stage));
    added.data();
    let stages =
        "SELECT count(*) FROM stage s JOIN environment e ON e.id = s.environment_id AND e.key = 'qa'";
    assert_eq!(world.number(stages).await, 6, "no feature misses the stage that came meanwhile");
    let edits =
        join_all(keys.iter().map(|key| world.run("dev", "editStage", edit(key, "prod", targeted("a")))));
    let off = json!({"team": "acme", "key": "prod", "active": false});
    let (edits, off) = tokio::join!(edits, world.run("admin", "setEnvironmentActive", off));
    for answer in edits.iter().chain([&off]).filter(|answer| answer.body.get("errors").is_some()) {
        assert_eq!(answer.code(), "CONFLICT", "{}", answer.body);
    }
    let wrong = "SELECT count(*) FROM stage s JOIN environment e ON e.id = s.environment_id
                 WHERE NOT e.active AND s.live_version IS NOT NULL";
    assert_eq!(world.number(wrong).await, 0);
    world.stop().await;
}
