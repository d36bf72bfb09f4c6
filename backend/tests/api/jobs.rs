//! What is due: one thing that cannot be done holds up nothing else, and what was not done does not count.

use serde_json::json;
use sqlx::PgPool;

use crate::{
    binary::Binary,
    input::{edit, targeted},
    world::{World, eventually},
};

/// Lets the time of all scheduled changes be over, in the order of their numbers.
async fn due(world: &World) {
    world
        .script(
            "ALTER TABLE change DISABLE TRIGGER change_schedule;
             UPDATE change SET apply_at = now() - interval '1 minute' + number * interval '1 millisecond'
             WHERE status = 'APPROVED';
             ALTER TABLE change ENABLE TRIGGER change_schedule",
        )
        .await;
}

async fn scheduled(world: &World, feature: &str, name: &str) -> i64 {
    let mut later = edit(feature, "dev", targeted(name));
    later["applyAt"] = crate::input::ahead(600);
    world.done("dev", "editStage", later).await["change"]["number"].as_i64().unwrap()
}

async fn applied(world: &World, number: i64) {
    let applied = async || (world.change(number).await["status"] == "APPLIED").then_some(());
    eventually("the sound one is applied", applied).await;
}

/// More changes than are looked at together, and a kill's end: none of them can be done.
#[sqlx::test(migrations = false)]
async fn many_that_cannot_be_done_starve_nobody_and_the_log_says_why(db: PgPool) {
    let world = World::new(db).await;
    for key in ["broken", "sound"] {
        world.feature(key).await;
    }
    world
        .script(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''cursed''; END';
             CREATE FUNCTION broken(uuid) RETURNS boolean LANGUAGE sql AS
                 'SELECT $1 IN (SELECT id FROM feature WHERE key = ''broken'')';
             CREATE TRIGGER fails BEFORE UPDATE ON stage FOR EACH ROW
                 WHEN (broken(OLD.feature_id) AND (NEW.live_version IS DISTINCT FROM OLD.live_version
                       OR OLD.killed_at IS NOT NULL)) EXECUTE FUNCTION fail()",
        )
        .await;
    let mut kill = json!({"team": "acme", "feature": "broken", "environment": "prod", "reason": "r"});
    kill["restoreAt"] = crate::input::ahead(1);
    world.done("dev", "killFeature", kill).await;
    let mut last = 0;
    for n in 0..51 {
        last = scheduled(&world, "broken", &format!("later {n}")).await;
    }
    let sound = scheduled(&world, "sound", "later").await;
    let over = "SELECT count(*) FROM stage WHERE kill_restore_at < clock_timestamp()";
    eventually("the kill's time is over", async || (world.number(over).await == 1).then_some(())).await;
    let server = Binary::beside(&world).await;
    due(&world).await;
    applied(&world, sound).await;
    let told = async || {
        let log = server.log();
        let told = ["a change cannot be settled", &format!("number={last}"), "cursed"];
        told.iter().all(|word| log.contains(word)).then_some(())
    };
    eventually("the log says which and why", told).await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_passed_over_does_not_count_as_done(db: PgPool) {
    let world = World::new(db).await;
    for key in ["taken", "sound"] {
        world.feature(key).await;
    }
    scheduled(&world, "taken", "later").await;
    let sound = scheduled(&world, "sound", "later").await;
    let mut at_it = world.db.begin().await.unwrap();
    let taken =
        "SELECT FROM stage WHERE feature_id = (SELECT id FROM feature WHERE key = 'taken') FOR UPDATE";
    sqlx::query(taken).execute(&mut *at_it).await.unwrap();
    due(&world).await;
    applied(&world, sound).await;
    let done = "fluxgate_jobs_total{kind=\"change\",outcome=\"done\"} 1";
    let counted = async || {
        let numbers = world.get("/metrics").await.text().await.unwrap();
        numbers.contains("kind=\"change\"").then_some(numbers)
    };
    let numbers = eventually("it is counted", counted).await;
    assert!(numbers.lines().any(|line| line == done), "{numbers}");
    at_it.rollback().await.unwrap();
    world.stop().await;
}
