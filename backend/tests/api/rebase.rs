//! What becomes of a change that was overtaken, and what is said about one.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::{edit, targeted},
    world::World,
};

/// A feature on which everything waits for `lead`.
async fn furnished(db: PgPool) -> World {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.policy("everything", "ALL", 1, &["APPROVER"]).await;
    world
}

fn number(proposal: &Value) -> i64 {
    proposal["change"]["number"].as_i64().unwrap()
}

async fn rebase(world: &World, number: i64) -> crate::answer::Answer {
    world.run("dev", "rebaseChange", json!({"team": "acme", "number": number})).await
}

#[sqlx::test(migrations = false)]
async fn an_overtaken_edit_is_proposed_again_with_what_overtook_it(db: PgPool) {
    let world = furnished(db).await;
    let mine = number(&world.edit("dev", "flag", "dev", targeted("mine")).await);
    let mut other = targeted("mine");
    other["criteria"] = json!([]);
    other["salt"] = json!("theirs");
    let theirs = number(&world.edit("peer", "flag", "dev", other).await);
    assert_eq!(rebase(&world, mine).await.code(), "CONFLICT", "it is not stale yet");
    world.vote("lead", theirs, "APPROVE").await.data();
    assert_eq!(world.change(mine).await["status"], "STALE");
    let again = rebase(&world, mine).await.data()["rebaseChange"].clone();
    assert_eq!((&again["outcome"], &again["change"]["status"]), (&json!("PENDING"), &json!("PENDING")));
    let after = &again["items"][0]["after"];
    assert_eq!((&after["salt"], &after["criteria"][0]["name"]), (&json!("theirs"), &json!("mine")));
    assert_eq!(again["items"][0]["baseVersion"], 2);
    let query = format!(
        r#"{{ team(key: "acme") {{ change(number: {}) {{ rebasedFrom votes {{ user }} }} }} }}"#,
        number(&again)
    );
    let change = world.query("dev", &query).await["team"]["change"].clone();
    assert_eq!(change, json!({"rebasedFrom": mine, "votes": []}));
    assert_eq!(world.vote("lead", number(&again), "APPROVE").await.data()["vote"]["status"], "APPLIED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn nobody_approves_what_they_proposed_first_and_another_proposes_again(db: PgPool) {
    let world = furnished(db).await;
    world.user("chief").await;
    world.member("acme", "chief", &["APPROVER"]).await;
    let of_lead = world.pending("lead", "flag", "dev", "mine").await;
    let theirs = world
        .edit(
            "peer",
            "flag",
            "dev",
            json!({"enabled": true, "salt": "theirs", "default": "off",
        "off": "off", "variants": {"on": true, "off": false}}),
        )
        .await;
    world.vote("chief", number(&theirs), "APPROVE").await.data();
    assert_eq!(world.change(of_lead).await["status"], "STALE");
    let again = number(&rebase(&world, of_lead).await.data()["rebaseChange"]);
    let waiting = r#"{ team(key: "acme") { changes(waitingForMe: true) { totalCount } } }"#;
    world.policy("peers", "PRODUCTION", 1, &["REQUESTER"]).await;
    // A policy that does not cover it asks nobody.
    assert_eq!(world.query("peer", waiting).await["team"]["changes"]["totalCount"], 0);
    assert_eq!(world.query("chief", waiting).await["team"]["changes"]["totalCount"], 1);
    let refused = world.vote("lead", again, "APPROVE").await;
    assert_eq!(
        refused.error()["message"],
        format!("lead cannot approve #{again}: it is what they proposed first, again")
    );
    assert_eq!(refused.error()["extensions"]["hint"], "others who can: chief");
    assert_eq!(world.vote("chief", again, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_both_changed_is_for_people(db: PgPool) {
    let world = furnished(db).await;
    let mine = world.pending("dev", "flag", "dev", "mine").await;
    let theirs = world.pending("peer", "flag", "dev", "theirs").await;
    world.vote("lead", theirs, "APPROVE").await.data();
    let refused = rebase(&world, mine).await;
    assert_eq!(refused.code(), "CONFLICT");
    let message =
        format!("#{mine} and what was applied since both changed criteria; look at both and propose it anew");
    assert_eq!(refused.error()["message"], message);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn promotions_and_withdrawals_are_meant_as_they_were(db: PgPool) {
    let world = furnished(db).await;
    let promote = json!({"team": "acme", "feature": "flag", "to": "staging"});
    let promotion = number(&world.done("dev", "promote", promote).await);
    let newer = world.pending("peer", "flag", "staging", "newer").await;
    world.vote("lead", newer, "APPROVE").await.data();
    let again = rebase(&world, promotion).await.data()["rebaseChange"].clone();
    assert_eq!(again["items"][0]["source"]["key"], "dev");
    assert_eq!(world.vote("lead", number(&again), "APPROVE").await.data()["vote"]["status"], "APPLIED");
    let (version, config) = world.live("flag", "staging").await.unwrap();
    assert_eq!((version, config.get("criteria")), (2, None), "what dev has");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_change_can_be_talked_about(db: PgPool) {
    let world = furnished(db).await;
    let pending = world.done("dev", "editStage", edit("flag", "dev", targeted("a"))).await;
    let input = |text: &str| json!({"team": "acme", "number": number(&pending), "text": text});
    world.done("peer", "commentChange", input("  why now? ")).await;
    world.done("dev", "commentChange", input("release 12")).await;
    assert_eq!(world.run("guest", "commentChange", input("hm")).await.code(), "FORBIDDEN");
    for wrong in [" ".to_owned(), "x".repeat(1_001)] {
        assert_eq!(world.run("dev", "commentChange", input(&wrong)).await.code(), "INVALID");
    }
    let query = format!(
        r#"{{ team(key: "acme") {{ change(number: {}) {{ comments {{ user text }} }} }} }}"#,
        number(&pending)
    );
    let comments = world.query("guest", &query).await["team"]["change"]["comments"].clone();
    assert_eq!(
        comments,
        json!([{"user": "peer", "text": "why now?"}, {"user": "dev", "text": "release 12"}])
    );
    let refused = world.sql("UPDATE change_comment SET text = 'never said'").await.unwrap_err().to_string();
    assert!(refused.contains("append-only"), "{refused}");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_proposal_of_somebody_else_that_says_the_same_stays_theirs(db: PgPool) {
    let world = furnished(db).await;
    let mine = world.pending("dev", "flag", "dev", "mine").await;
    let mut other = targeted("mine");
    other["criteria"] = json!([]);
    other["salt"] = json!("theirs");
    let theirs = number(&world.edit("peer", "flag", "dev", other).await);
    world.vote("lead", theirs, "APPROVE").await.data();
    let mut merged = targeted("mine");
    merged["salt"] = json!("theirs");
    let same = number(&world.edit("peer", "flag", "dev", merged).await);
    let again = rebase(&world, mine).await.data()["rebaseChange"].clone();
    assert_eq!((&again["outcome"], number(&again)), (&json!("JOINED"), same));
    assert_eq!(world.number("SELECT count(*) FROM change WHERE rebased_from IS NOT NULL").await, 0);
    world.stop().await;
}
