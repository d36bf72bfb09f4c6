//! Time: changes that wait for it, that it approves, and that an admin lets through before.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::{edit, targeted},
    world::{World, eventually},
};

pub async fn ahead(world: &World, seconds: i64) -> Value {
    let now = world.number("SELECT floor(extract(epoch FROM clock_timestamp()))::bigint").await;
    json!(chrono::DateTime::from_timestamp(now + seconds, 0))
}

async fn policy(world: &World, more: Value) {
    let mut input =
        json!({"team": "acme", "name": "everything", "scope": "ALL", "approvals": 1, "roles": ["APPROVER"]});
    for (key, value) in more.as_object().unwrap() {
        input[key] = value.clone();
    }
    world.done("admin", "createPolicy", input).await;
}

/// Proposes an edit to be applied in so many seconds; gives its number.
async fn scheduled(world: &World, seconds: i64, status: &str) -> i64 {
    let mut input = edit("flag", "dev", targeted("later"));
    input["applyAt"] = ahead(world, seconds).await;
    let proposal = world.done("dev", "editStage", input).await;
    assert_eq!((&proposal["outcome"], &proposal["change"]["status"]), (&json!("PENDING"), &json!(status)));
    proposal["change"]["number"].as_i64().unwrap()
}

async fn becomes(world: &World, number: i64, status: &str) -> Value {
    let change = async || {
        let change = world.change(number).await;
        (change["status"] == status).then_some(change)
    };
    eventually(&format!("#{number} becomes {status}"), change).await
}

/// Moves a change into the past by so many hours, as if it had been proposed then.
async fn age(world: &World, number: i64, hours: i32) {
    let statement = format!(
        "ALTER TABLE change DISABLE TRIGGER change_identity;
         UPDATE change SET created_at = created_at - interval '{hours} hours',
                auto_approve_at = auto_approve_at - interval '{hours} hours' WHERE number = {number};
         ALTER TABLE change ENABLE TRIGGER change_identity"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&world.db).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn a_change_waits_for_its_time(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let replica = world.replica().await;
    let number = scheduled(&world, 2, "APPROVED").await;
    assert_eq!(world.live("flag", "dev").await.unwrap().0, 1);
    becomes(&world, number, "APPLIED").await;
    assert_eq!(world.live("flag", "dev").await.unwrap().0, 2);
    let applied = "SELECT count(*) FROM audit_entry WHERE action = 'change.apply' AND actor = 'scheduler'";
    assert_eq!(world.number(applied).await, 1);
    for wrong in [ahead(&world, -1).await, ahead(&world, 3600 * 24 * 366).await] {
        let mut input = edit("flag", "dev", targeted("other"));
        input["applyAt"] = wrong;
        let answer = world.run("dev", "editStage", input).await;
        assert_eq!((answer.code(), &answer.error()["extensions"]["path"]), ("INVALID", &json!("applyAt")));
    }
    replica.stop().await.unwrap();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn approved_is_not_applied_before_its_time_nor_without_its_approvals(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    policy(&world, json!({})).await;
    let number = scheduled(&world, 3, "PENDING").await;
    assert_eq!(world.vote("lead", number, "APPROVE").await.data()["vote"]["status"], "APPROVED");
    assert_eq!(world.live("flag", "dev").await.unwrap().0, 1);
    world.member("acme", "lead", &["REQUESTER"]).await;
    let failed = becomes(&world, number, "FAILED").await;
    assert_eq!(failed["failure"], "at its time the approvals for everything did not hold any more");
    assert_eq!(world.live("flag", "dev").await.unwrap().0, 1);
    let scheduled = scheduled(&world, 600, "PENDING").await;
    let cancelled = world.done("dev", "cancelChange", json!({"team": "acme", "number": scheduled})).await;
    assert_eq!(cancelled["status"], "CANCELLED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn time_approves_what_nobody_rejects(db: PgPool) {
    let world = World::new(db).await;
    for key in ["flag", "other"] {
        world.feature(key).await;
    }
    policy(&world, json!({"autoApproveHours": 2})).await;
    let (number, rejected) =
        (world.pending("dev", "flag", "dev", "a").await, world.pending("dev", "other", "dev", "a").await);
    world.vote("lead", rejected, "REJECT").await.data();
    age(&world, number, 1).await;
    age(&world, rejected, 3).await;
    assert_eq!(world.change(number).await["status"], "PENDING");
    age(&world, number, 1).await;
    becomes(&world, number, "APPLIED").await;
    assert_eq!(world.change(rejected).await["status"], "REJECTED");
    let reason =
        "SELECT count(*) FROM audit_entry WHERE action = 'change.auto_approve' AND actor_kind = 'SYSTEM'
                  AND reason = 'nobody rejected it in time: everything'";
    assert_eq!(world.number(reason).await, 1);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn time_approves_in_production_only_where_that_is_said(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    policy(&world, json!({"autoApproveHours": 1})).await;
    let number = world.pending("dev", "flag", "prod", "a").await;
    age(&world, number, 5).await;
    let due = world.number("SELECT count(*) FROM change WHERE auto_approve_at IS NOT NULL");
    assert_eq!(due.await, 0, "nothing for the scheduler to look at");
    // Not even when the policy is told later that it may: what was asked for then counts as well.
    world.sql("UPDATE policy SET auto_approve_production = true").await.unwrap();
    world.sql("UPDATE change SET auto_approve_at = now() WHERE status = 'PENDING'").await.unwrap();
    let looked = async || {
        (world.number("SELECT count(*) FROM change WHERE auto_approve_at IS NOT NULL").await == 0)
            .then_some(())
    };
    eventually("the scheduler has looked", looked).await;
    assert_eq!(world.change(number).await["status"], "PENDING");
    for (more, path) in [
        (json!({"autoApproveHours": 0}), "autoApproveHours"),
        (json!({"autoApproveHours": 8761}), "autoApproveHours"),
        (json!({"autoApproveProduction": true}), "autoApproveProduction"),
    ] {
        let mut input = json!({"team": "acme", "name": "other", "scope": "ALL", "approvals": 1});
        for (key, value) in more.as_object().unwrap() {
            input[key] = value.clone();
        }
        let answer = world.run("admin", "createPolicy", input).await;
        assert_eq!((answer.code(), &answer.error()["extensions"]["path"]), ("INVALID", &json!(path)));
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_admin_lets_through_what_policies_allow(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.user("root").await;
    world.member("acme", "root", &["TEAM_ADMIN"]).await;
    policy(&world, json!({"overrideAllowed": true, "approvals": 2})).await;
    let number = world.pending("dev", "flag", "dev", "a").await;
    let input = |reason: &str| json!({"team": "acme", "number": number, "reason": reason});
    for who in ["dev", "lead", "admin"] {
        assert_eq!(world.run(who, "overrideChange", input("now")).await.code(), "FORBIDDEN", "{who}");
    }
    assert_eq!(world.run("root", "overrideChange", input(" ")).await.code(), "INVALID");
    let strict =
        json!({"team": "acme", "name": "strict", "scope": "ALL", "approvals": 1, "roles": ["APPROVER"]});
    world.done("admin", "createPolicy", strict).await;
    let refused = world.run("root", "overrideChange", input("now")).await;
    assert_eq!(refused.code(), "FORBIDDEN");
    assert_eq!(
        refused.error()["message"],
        format!("#{number} cannot be let through: strict allows no override")
    );
    world.vote("lead", number, "APPROVE").await.data();
    assert_eq!(world.done("root", "overrideChange", input("now")).await["status"], "APPLIED");
    let entry =
        world.number("SELECT count(*) FROM audit_entry WHERE action = 'change.override' AND reason = 'now'");
    assert_eq!(entry.await, 1);
    assert_eq!(world.run("root", "overrideChange", input("now")).await.code(), "STALE");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_vote_and_a_policy_have_time_looked_at_anew(db: PgPool) {
    let world = World::new(db).await;
    for key in ["flag", "other"] {
        world.feature(key).await;
    }
    policy(&world, json!({"autoApproveHours": 2, "approvals": 2})).await;
    let (number, voted) =
        (world.pending("dev", "flag", "dev", "a").await, world.pending("dev", "other", "dev", "a").await);
    let unlooked = "SELECT count(*) FROM change WHERE status = 'PENDING' AND auto_approve_at IS NULL";
    let forgotten = async |many: i64| {
        let found = async || (world.number(unlooked).await == many).then_some(());
        eventually("nobody looks any more", found).await;
    };
    let edit = async |hours: Value| {
        let input = json!({"team": "acme", "name": "everything", "autoApproveHours": hours});
        world.done("admin", "editPolicy", input).await;
    };
    edit(Value::Null).await;
    forgotten(2).await;
    age(&world, number, 3).await;
    // A vote of two that are needed: time still decides.
    edit(json!(100)).await;
    world.sql("UPDATE change SET auto_approve_at = NULL").await.unwrap();
    assert_eq!(world.vote("lead", voted, "APPROVE").await.data()["vote"]["status"], "PENDING");
    forgotten(1).await;
    // The time of this one has come by the policy that is now.
    edit(json!(2)).await;
    becomes(&world, number, "APPLIED").await;
    assert_eq!(world.change(voted).await["status"], "PENDING");
    // What is enough by now takes no further vote.
    edit(Value::Null).await;
    world.user("second").await;
    world.member("acme", "second", &["APPROVER"]).await;
    world.done("admin", "editPolicy", json!({"team": "acme", "name": "everything", "approvals": 3})).await;
    assert_eq!(world.vote("second", voted, "APPROVE").await.data()["vote"]["status"], "PENDING");
    world.done("admin", "editPolicy", json!({"team": "acme", "name": "everything", "approvals": 2})).await;
    becomes(&world, voted, "APPLIED").await;
    let why = "SELECT count(*) FROM audit_entry WHERE action = 'change.auto_approve'
               AND reason = 'its approvals are enough now'";
    assert_eq!(world.number(why).await, 1);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn votes_that_count_again_are_noticed(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.policy("both", "ALL", 2, &["APPROVER", "REQUESTER"]).await;
    let number = world.pending("dev", "flag", "dev", "a").await;
    world.vote("lead", number, "APPROVE").await.data();
    let lead = |active: bool| json!({"username": "lead", "active": active});
    world.done("admin", "setUserActive", lead(false)).await;
    world.vote("peer", number, "APPROVE").await.data();
    assert_eq!(world.change(number).await["status"], "PENDING");
    world.done("admin", "setUserActive", lead(true)).await;
    let applied = async || (world.change(number).await["status"] == "APPLIED").then_some(());
    eventually("it is applied", applied).await;
    world.stop().await;
}
