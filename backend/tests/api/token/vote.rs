//! A person and their robots are one: one author, one voter; and a robot's vote counts while its token is let in.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{acme, done, furnished, robot, run, wanted, with};
use crate::{
    input::{ahead, edit, targeted, text},
    world::{World, eventually},
};

async fn agreed(db: PgPool, approvals: i32) -> World {
    let world = furnished(db).await;
    for key in ["flag", "second", "third", "fourth"] {
        world.feature(key).await;
    }
    world.member("acme", "root", &["TEAM_ADMIN", "APPROVER"]).await;
    world.policy("everything", "ALL", approvals, &["APPROVER"]).await;
    world
}

fn approve(number: i64) -> Value {
    json!({"team": "acme", "number": number, "decision": "APPROVE"})
}

async fn proposed(world: &World, key: &str, name: &str) -> i64 {
    let proposal = done(world, key, "editStage", edit("flag", "dev", targeted(name))).await;
    assert_eq!(proposal["outcome"], "PENDING", "{proposal}");
    proposal["change"]["number"].as_i64().unwrap()
}

#[sqlx::test(migrations = false)]
async fn neither_a_person_nor_their_robots_approve_what_one_of_them_proposed(db: PgPool) {
    let world = agreed(db, 1).await;
    let one = robot(&world, "root", "one", &["REQUESTER", "APPROVER"]).await;
    let two = robot(&world, "root", "two", &["REQUESTER", "APPROVER", "TEAM_ADMIN"]).await;
    let of_robot = proposed(&world, &one, "a").await;
    let of_person = world.pending("root", "second", "dev", "a").await;
    let refused = world.vote("root", of_robot, "APPROVE").await;
    assert_eq!(
        (refused.code(), text(&refused.error()["message"])),
        ("FORBIDDEN", format!("root cannot approve #{of_robot}: root's token one proposed it"))
    );
    assert_eq!(refused.error()["extensions"]["hint"], "others who can: lead");
    for (key, number, message) in [
        (
            &one,
            of_robot,
            format!("root's token one cannot approve #{of_robot}: root's token one proposed it"),
        ),
        (
            &two,
            of_robot,
            format!("root's token two cannot approve #{of_robot}: root's token one proposed it"),
        ),
        (&one, of_person, format!("root's token one cannot approve #{of_person}: root proposed it")),
    ] {
        let refused = run(&world, key, "vote", approve(number)).await;
        assert_eq!((refused.code(), text(&refused.error()["message"])), ("FORBIDDEN", message));
        let may = format!(r#"{{ team(key: "acme") {{ change(number: {number}) {{ viewerMayVote }} }} }}"#);
        let may = world.ask_with(Some(key), &may, json!({})).await;
        assert_eq!(may.data()["team"]["change"]["viewerMayVote"], false);
    }
    assert_eq!(world.number("SELECT count(*) FROM vote").await, 0);
    // Raw SQL cannot say either that somebody else's token did it.
    let theirs = "INSERT INTO vote (change_id, user_id, token_id, decision, at)
                  SELECT c.id, u.id, t.id, 'APPROVE', now() FROM change c, app_user u, token t
                  WHERE u.username = 'lead' AND t.name = 'one' AND c.status = 'PENDING'";
    assert!(world.sql(theirs).await.is_err());
    let theirs = "UPDATE change SET overridden_by = u.id, override_token_id = t.id, override_reason = 'r'
                  FROM app_user u, token t WHERE u.username = 'lead' AND t.name = 'one'";
    assert!(world.sql(theirs).await.is_err());
    let other = "UPDATE change SET author_token_id = NULL WHERE author_token_id IS NOT NULL";
    assert!(world.sql(other).await.unwrap_err().to_string().contains("append-only"));
    for number in [of_robot, of_person] {
        assert_eq!(world.vote("lead", number, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_person_and_their_robots_have_one_vote(db: PgPool) {
    let world = agreed(db, 2).await;
    let (one, two) = (
        robot(&world, "root", "one", &["APPROVER"]).await,
        robot(&world, "root", "two", &["APPROVER"]).await,
    );
    let weak = robot(&world, "root", "weak", &["REQUESTER"]).await;
    let number = world.pending("dev", "flag", "dev", "a").await;
    // Its owner's role is not the token's, nor the token's its owner's.
    assert_eq!(run(&world, &weak, "vote", approve(number)).await.code(), "FORBIDDEN");
    let of_stranger = robot(&world, "admin", "stranger", &["APPROVER", "TEAM_ADMIN"]).await;
    assert_eq!(run(&world, &of_stranger, "vote", approve(number)).await.code(), "FORBIDDEN");
    for key in [&one, &two] {
        assert_eq!(done(&world, key, "vote", approve(number)).await["status"], "PENDING");
    }
    let votes = format!(
        r#"{{ team(key: "acme") {{ change(number: {number}) {{ votes {{ user token }} policies {{ approvals approvers }} }} }} }}"#
    );
    let votes = async || world.query("guest", &votes).await["team"]["change"].clone();
    let expected = json!({"votes": [{"user": "root", "token": "two"}], "policies": [{"approvals": 1, "approvers": ["root"]}]});
    assert_eq!(votes().await, expected);
    assert_eq!(world.vote("root", number, "APPROVE").await.data()["vote"]["status"], "PENDING");
    assert_eq!(votes().await["votes"], json!([{"user": "root", "token": null}]));
    assert_eq!(world.vote("lead", number, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_vote_of_a_revoked_token_counts_no_more(db: PgPool) {
    let world = agreed(db, 2).await;
    let key = robot(&world, "root", "ci", &["APPROVER"]).await;
    let number = world.pending("dev", "flag", "dev", "a").await;
    assert_eq!(done(&world, &key, "vote", approve(number)).await["status"], "PENDING");
    assert_eq!(world.change(number).await["policies"][0]["approvals"], 1);
    world.done("admin", "revokeToken", acme("ci")).await;
    assert_eq!(world.change(number).await["policies"][0]["approvals"], 0);
    assert_eq!(world.vote("lead", number, "APPROVE").await.data()["vote"]["status"], "PENDING");
    // In person it counts again.
    assert_eq!(world.vote("root", number, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_a_token_agreed_to_is_not_applied_once_it_is_out(db: PgPool) {
    let world = agreed(db, 1).await;
    world.user("second-admin").await;
    world.member("acme", "second-admin", &["TEAM_ADMIN", "APPROVER"]).await;
    let held = robot(&world, "root", "held", &["APPROVER"]).await;
    let revoked = robot(&world, "root", "revoked", &["APPROVER"]).await;
    let orphan = robot(&world, "second-admin", "orphan", &["APPROVER"]).await;
    let short = with(wanted("short", &["APPROVER"]), "expiresAt", ahead(3));
    let short = text(&world.done("root", "createToken", short).await["key"]);
    let mut numbers = Vec::new();
    for (feature, key) in [("flag", &held), ("second", &revoked), ("third", &orphan), ("fourth", &short)] {
        let later = with(edit(feature, "dev", targeted("later")), "applyAt", ahead(5));
        let number = world.done("dev", "editStage", later).await["change"]["number"].as_i64().unwrap();
        assert_eq!(done(&world, key, "vote", approve(number)).await["status"], "APPROVED", "{feature}");
        numbers.push(number);
    }
    world.done("root", "revokeToken", acme("revoked")).await;
    world.done("admin", "removeMember", json!({"team": "acme", "username": "second-admin"})).await;
    for (number, status) in numbers.into_iter().zip(["APPLIED", "FAILED", "FAILED", "FAILED"]) {
        let settled = async || {
            let change = world.change(number).await;
            (change["status"] != "APPROVED").then_some(change)
        };
        let change = eventually(&format!("#{number} is decided"), settled).await;
        assert_eq!(change["status"], status, "{change}");
        if status == "FAILED" {
            assert_eq!(change["failure"], "at its time the approvals for everything did not hold any more");
        }
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_a_token_let_through_is_not_applied_once_it_is_out(db: PgPool) {
    let world = agreed(db, 1).await;
    world.sql("UPDATE policy SET override_allowed = true").await.unwrap();
    let key = robot(&world, "root", "ci", &["TEAM_ADMIN"]).await;
    let later = with(edit("flag", "dev", targeted("later")), "applyAt", ahead(3));
    let number = world.done("dev", "editStage", later).await["change"]["number"].as_i64().unwrap();
    let now = json!({"team": "acme", "number": number, "reason": "now"});
    assert_eq!(done(&world, &key, "overrideChange", now).await["status"], "APPROVED");
    world.done("admin", "revokeToken", acme("ci")).await;
    let failed = async || (world.change(number).await["status"] == "FAILED").then_some(());
    eventually("the override counts no more", failed).await;
    world.stop().await;
}
