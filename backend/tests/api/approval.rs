//! Approval: whose vote counts, how many it takes, and what was agreed on stays as it is.

use serde_json::json;
use sqlx::PgPool;

use crate::world::World;

async fn furnished(db: PgPool, approvals: i32, roles: &[&str]) -> World {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.policy("everything", "ALL", approvals, roles).await;
    world
}

#[sqlx::test(migrations = false)]
async fn nobody_approves_their_own(db: PgPool) {
    let world = furnished(db, 1, &["APPROVER", "REQUESTER"]).await;
    for author in ["dev", "lead"] {
        let number = world.pending(author, "flag", "dev", author).await;
        let refused = world.vote(author, number, "APPROVE").await;
        assert_eq!(refused.code(), "FORBIDDEN");
        let hint = refused.error()["extensions"]["hint"].as_str().unwrap();
        let others = if author == "dev" { "lead, peer" } else { "dev, peer" };
        assert_eq!(hint, format!("others who can: {others}"));
        assert_eq!(world.change(number).await["status"], "PENDING");
        // Not even as somebody with every role.
        world.member("acme", author, &["REQUESTER", "APPROVER", "TEAM_ADMIN"]).await;
        assert_eq!(world.vote(author, number, "APPROVE").await.code(), "FORBIDDEN");
        world.member("acme", author, &[if author == "dev" { "REQUESTER" } else { "APPROVER" }]).await;
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn requesters_vote_where_the_policy_says_so(db: PgPool) {
    let world = furnished(db, 1, &["APPROVER"]).await;
    let number = world.pending("dev", "flag", "dev", "a").await;
    for who in ["peer", "guest", "admin"] {
        assert_eq!(world.vote(who, number, "APPROVE").await.code(), "FORBIDDEN", "{who}");
        assert_eq!(world.vote(who, number, "REJECT").await.code(), "FORBIDDEN", "{who}");
    }
    world.policy("peers", "ALL", 1, &["REQUESTER"]).await;
    let vote = world.vote("peer", number, "APPROVE").await;
    assert_eq!(vote.data()["vote"]["status"], "PENDING", "the other policy counts approvers only");
    let policies = world.change(number).await["policies"].clone();
    assert_eq!((&policies[0]["satisfied"], &policies[1]["satisfied"]), (&json!(false), &json!(true)));
    assert_eq!(world.vote("lead", number, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn two_approvals_are_those_of_two_people(db: PgPool) {
    let world = furnished(db, 2, &["APPROVER"]).await;
    world.member("acme", "guest", &["APPROVER"]).await;
    let number = world.pending("dev", "flag", "dev", "a").await;
    for _ in 0..3 {
        assert_eq!(world.vote("lead", number, "APPROVE").await.data()["vote"]["status"], "PENDING");
    }
    // What was said with a vote stays when it is cast again without a word.
    let said = json!({"team": "acme", "number": number, "decision": "APPROVE", "comment": "looked at it"});
    world.done("lead", "vote", said).await;
    world.vote("lead", number, "APPROVE").await.data();
    let votes =
        format!(r#"{{ team(key: "acme") {{ change(number: {number}) {{ votes {{ comment }} }} }} }}"#);
    let votes = world.query("admin", &votes).await["team"]["change"]["votes"].clone();
    assert_eq!(votes, json!([{"comment": "looked at it"}]));
    assert_eq!(world.change(number).await["policies"][0]["approvals"], 1);
    assert_eq!(world.vote("guest", number, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    assert_eq!(world.vote("guest", number, "APPROVE").await.code(), "STALE");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn one_rejection_ends_it(db: PgPool) {
    let world = furnished(db, 2, &["APPROVER"]).await;
    world.member("acme", "guest", &["APPROVER"]).await;
    let number = world.pending("dev", "flag", "dev", "a").await;
    world.vote("lead", number, "APPROVE").await.data();
    // A vote may be changed while the change is pending.
    let rejected = world.vote("lead", number, "REJECT").await;
    assert_eq!(rejected.data()["vote"]["status"], "REJECTED");
    assert_eq!(world.change(number).await["votes"], json!([{"user": "lead", "decision": "REJECT"}]));
    for who in ["lead", "guest"] {
        assert_eq!(world.vote(who, number, "APPROVE").await.code(), "STALE", "{who}");
    }
    assert_eq!(world.live("flag", "dev").await.unwrap().0, 1);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn authors_and_admins_take_changes_back(db: PgPool) {
    let world = furnished(db, 1, &["APPROVER"]).await;
    let cancel = async |who: &str, number: i64| {
        world.run(who, "cancelChange", json!({"team": "acme", "number": number})).await
    };
    let first = world.pending("dev", "flag", "dev", "a").await;
    for who in ["peer", "lead"] {
        assert_eq!(cancel(who, first).await.code(), "FORBIDDEN", "{who}");
    }
    assert_eq!(cancel("dev", first).await.data()["cancelChange"]["status"], "CANCELLED");
    assert_eq!(cancel("dev", first).await.code(), "STALE");
    assert_eq!(world.vote("lead", first, "APPROVE").await.code(), "STALE");
    let second = world.pending("dev", "flag", "dev", "b").await;
    world.member("acme", "guest", &["TEAM_ADMIN"]).await;
    assert_eq!(cancel("guest", second).await.data()["cancelChange"]["status"], "CANCELLED");
    assert_eq!(cancel("dev", 99).await.code(), "NOT_FOUND");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_stricter_of_then_and_now_counts(db: PgPool) {
    let world = furnished(db, 1, &["APPROVER"]).await;
    world.member("acme", "guest", &["APPROVER"]).await;
    let number = world.pending("dev", "flag", "dev", "a").await;
    // One that came later counts.
    world.policy("later", "ALL", 2, &["APPROVER"]).await;
    assert_eq!(world.vote("lead", number, "APPROVE").await.data()["vote"]["status"], "PENDING");
    let guarded = world.pending("dev", "flag", "dev", "b").await;
    // Those that were there when it was proposed count still.
    world.sql("DELETE FROM policy").await.unwrap();
    assert_eq!(world.vote("guest", number, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    assert_eq!(world.change(guarded).await["status"], "STALE");
    world.policy("later", "ALL", 2, &["APPROVER"]).await;
    let last = world.pending("dev", "flag", "dev", "c").await;
    world.sql("UPDATE policy SET approvals = 1, enabled = false").await.unwrap();
    assert_eq!(world.vote("lead", last, "APPROVE").await.data()["vote"]["status"], "PENDING");
    assert_eq!(world.vote("guest", last, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_vote_counts_while_its_voter_has_the_role(db: PgPool) {
    let world = furnished(db, 2, &["APPROVER"]).await;
    world.member("acme", "guest", &["APPROVER"]).await;
    world.member("acme", "peer", &["APPROVER"]).await;
    let number = world.pending("dev", "flag", "dev", "a").await;
    world.vote("lead", number, "APPROVE").await.data();
    world.member("acme", "lead", &["REQUESTER"]).await;
    assert_eq!(world.vote("guest", number, "APPROVE").await.data()["vote"]["status"], "PENDING");
    world.sql("UPDATE app_user SET active = false WHERE username = 'guest'").await.unwrap();
    assert_eq!(world.vote("peer", number, "APPROVE").await.data()["vote"]["status"], "PENDING");
    world.member("acme", "lead", &["APPROVER"]).await;
    assert_eq!(world.vote("peer", number, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn policies_cover_their_scope(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.policy("production", "PRODUCTION", 1, &["APPROVER"]).await;
    let listed = json!({"team": "acme", "name": "listed", "scope": "LISTED", "environments": ["staging"],
                        "approvals": 2, "roles": ["TEAM_ADMIN"]});
    world.done("admin", "createPolicy", listed).await;
    for (environment, policies) in
        [("dev", json!([])), ("staging", json!(["listed"])), ("prod", json!(["production"]))]
    {
        let mut input = crate::input::edit("flag", environment, crate::input::targeted("a"));
        input["dryRun"] = json!(true);
        let looked = world.done("dev", "editStage", input).await;
        let names: Vec<_> =
            looked["policies"].as_array().unwrap().iter().map(|p| p["name"].clone()).collect();
        assert_eq!(json!(names), policies, "{environment}");
    }
    for wrong in [
        json!({"team": "acme", "name": "none", "scope": "LISTED", "approvals": 1}),
        json!({"team": "acme", "name": "both", "scope": "ALL", "environments": ["dev"], "approvals": 1}),
        json!({"team": "acme", "name": "zero", "scope": "ALL", "approvals": 0}),
        json!({"team": "acme", "name": "many", "scope": "ALL", "approvals": 101}),
    ] {
        assert_eq!(world.run("admin", "createPolicy", wrong.clone()).await.code(), "INVALID", "{wrong}");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_voted_on_never_alters(db: PgPool) {
    let world = furnished(db, 1, &["APPROVER"]).await;
    let number = world.pending("dev", "flag", "dev", "a").await;
    for statement in [
        "UPDATE change_item SET config = jsonb_set(config, '{enabled}', 'false')",
        "UPDATE change_item SET base_version = 2",
        "UPDATE change_item SET stage_id = (SELECT id FROM stage WHERE live_version IS NULL LIMIT 1)",
        "DELETE FROM change_item",
        "TRUNCATE change_item CASCADE",
        "UPDATE change SET author_id = (SELECT id FROM app_user WHERE username = 'lead')",
        "DELETE FROM change_policy",
        "UPDATE change_policy SET approvals = 0",
        "TRUNCATE vote",
        "TRUNCATE delivery_item",
        "UPDATE version SET config = '{}'",
        "DELETE FROM version",
        "TRUNCATE version CASCADE",
        "UPDATE audit_entry SET actor = 'nobody'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
    ] {
        let refused = world.sql(statement).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{statement}: {refused}");
    }
    assert_eq!(world.vote("lead", number, "APPROVE").await.data()["vote"]["status"], "APPLIED");
    assert_eq!(world.change(number).await["items"], json!([{"version": 2}]));
    world.stop().await;
}
