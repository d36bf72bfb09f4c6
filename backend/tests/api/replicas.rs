//! Several replicas on one database: what is due is done once, and none of them stumbles over another.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    binary::Binary,
    input::{edit, targeted},
    world::{World, eventually},
};

/// How many of each are due at once?
const MANY: i64 = 24;

/// Makes many kills that end, changes whose time comes, and changes that time approves, all of them due in a moment.
async fn due(world: &World) {
    let now = world.number("SELECT floor(extract(epoch FROM clock_timestamp()))::bigint").await;
    let far = json!(chrono::DateTime::from_timestamp(now + 3_600, 0));
    for n in 0..MANY {
        let key = format!("flag{n}");
        world.feature(&key).await;
        let kill =
            json!({"team": "acme", "feature": key, "environment": "dev", "reason": "x", "restoreAt": far});
        world.done("dev", "killFeature", kill).await;
        let mut scheduled = edit(&key, "dev", targeted("later"));
        scheduled["applyAt"] = far.clone();
        assert_eq!(world.done("dev", "editStage", scheduled).await["change"]["status"], "APPROVED");
    }
    let policy = json!({"team": "acme", "name": "everything", "scope": "LISTED", "environments": ["staging"],
                        "approvals": 1, "autoApproveHours": 1});
    world.done("admin", "createPolicy", policy).await;
    for n in 0..MANY {
        world.pending("dev", &format!("flag{n}"), "staging", "waited").await;
    }
    // All at once, as when the servers were away for a while.
    let back = "ALTER TABLE change DISABLE TRIGGER USER;
                UPDATE change SET created_at = created_at - interval '2 hours', apply_at = apply_at - interval '2 hours',
                       auto_approve_at = auto_approve_at - interval '2 hours';
                ALTER TABLE change ENABLE TRIGGER USER;
                UPDATE stage SET kill_restore_at = kill_restore_at - interval '2 hours'";
    sqlx::raw_sql(back).execute(&world.db).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn what_is_due_is_done_once_by_several_replicas(db: PgPool) {
    let world = World::new(db).await;
    let replicas = [Binary::beside(&world).await, Binary::beside(&world).await];
    let before = world.number("SELECT revision FROM delivery_head").await;
    due(&world).await;
    let open = "SELECT (SELECT count(*) FROM stage WHERE killed_at IS NOT NULL)
                     + (SELECT count(*) FROM change WHERE status IN ('PENDING', 'APPROVED'))";
    eventually("all of it is done", async || (world.number(open).await == 0).then_some(())).await;
    for (action, expected) in
        [("feature.restore", MANY), ("change.apply", 2 * MANY), ("change.auto_approve", MANY)]
    {
        let count = |of: &str| {
            format!("SELECT count({of}) FROM audit_entry WHERE action = '{action}' AND actor = 'scheduler'")
        };
        assert_eq!(world.number(&count("*")).await, expected, "{action}");
        assert_eq!(world.number(&count("DISTINCT (subject, environment)")).await, expected, "{action}");
    }
    let failed = "SELECT count(*) FROM change WHERE status <> 'APPLIED'";
    assert_eq!(world.number(failed).await, 0);
    // A revision for each thing that was done, to do it and before: feature, kill, restore, two changes.
    let head = world.number("SELECT revision FROM delivery_head").await;
    assert_eq!(head - before, 5 * MANY);
    assert_eq!(world.number("SELECT count(*) FROM version").await, 3 * MANY);
    for replica in &replicas {
        assert_eq!(replica.log(), "", "no warning, no error");
    }
    drop(replicas);
    world.stop().await;
}

/// What one cannot do keeps the others from nothing.
#[sqlx::test(migrations = false)]
async fn one_thing_that_cannot_be_done_holds_up_no_other(db: PgPool) {
    let world = World::new(db).await;
    let now = world.number("SELECT floor(extract(epoch FROM clock_timestamp()))::bigint").await;
    let mut numbers: Vec<Value> = Vec::new();
    for (n, key) in ["broken", "sound"].into_iter().enumerate() {
        world.feature(key).await;
        let mut scheduled = edit(key, "dev", targeted("later"));
        scheduled["applyAt"] =
            json!(chrono::DateTime::from_timestamp(now + 3 + i64::try_from(n).unwrap(), 0));
        numbers.push(world.done("dev", "editStage", scheduled).await["change"]["number"].clone());
    }
    // Whatever is applied to that feature fails, as nothing should.
    let fails = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
                 CREATE TRIGGER fails BEFORE INSERT ON version FOR EACH ROW WHEN (NEW.change_id = 'CHANGE') EXECUTE FUNCTION fail()";
    let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM change WHERE number = $1")
        .bind(i32::try_from(numbers[0].as_i64().unwrap()).unwrap())
        .fetch_one(&world.db)
        .await
        .unwrap();
    let fails = fails.replace("CHANGE'", &format!("{id}'"));
    sqlx::raw_sql(sqlx::AssertSqlSafe(fails)).execute(&world.db).await.unwrap();
    let applied = async || {
        let change = world.change(numbers[1].as_i64().unwrap()).await;
        (change["status"] == "APPLIED").then_some(())
    };
    eventually("the sound one is applied", applied).await;
    assert_eq!(
        world.change(numbers[0].as_i64().unwrap()).await["status"],
        "APPROVED",
        "and it may be tried again"
    );
    world.stop().await;
}
