//! Policies: edited and deleted, without ever asking less of what waits already.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{answer::Answer, input::targeted, world::World};

async fn edited(world: &World, name: &str, input: Value) -> Answer {
    let mut all = json!({"team": "acme", "name": name});
    all.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
    world.run("admin", "editPolicy", all).await
}

#[sqlx::test(migrations = false)]
async fn a_policy_is_edited_found_and_deleted(db: PgPool) {
    let world = World::new(db).await;
    world.policy("rule", "ALL", 1, &["APPROVER"]).await;
    let listed = json!({"scope": "LISTED", "environments": ["prod", "dev", "prod"], "approvals": 2,
                        "roles": ["TEAM_ADMIN", "REQUESTER", "TEAM_ADMIN"], "enabled": false});
    let policy = edited(&world, "rule", listed.clone()).await.data()["editPolicy"].clone();
    let expected = json!({"name": "rule", "scope": "LISTED", "environments": ["dev", "prod"], "approvals": 2,
                          "roles": ["REQUESTER", "TEAM_ADMIN"], "enabled": false});
    assert_eq!(policy, expected);
    let query = r#"{ team(key: "acme") { policy(name: "rule") { name scope environments approvals roles enabled } } }"#;
    assert_eq!(world.query("guest", query).await["team"]["policy"], expected);
    // Said again, it is no edit.
    edited(&world, "rule", listed).await.data();
    let entry = "SELECT count(*) FROM audit_entry WHERE action = 'policy.edit' AND actor = 'admin'
                 AND before ->> 'scope' = 'ALL' AND after ->> 'scope' = 'LISTED'";
    assert_eq!(world.number(entry).await, 1);
    assert_eq!(world.number("SELECT count(*) FROM audit_entry WHERE action = 'policy.edit'").await, 1);
    let enabled = edited(&world, "rule", json!({"enabled": true})).await.data()["editPolicy"].clone();
    assert_eq!((&enabled["environments"], &enabled["enabled"]), (&expected["environments"], &json!(true)));
    let all = edited(&world, "rule", json!({"scope": "ALL", "roles": []})).await.data()["editPolicy"].clone();
    assert_eq!((&all["environments"], &all["roles"]), (&json!([]), &json!(["APPROVER", "TEAM_ADMIN"])));
    for (wrong, code) in [
        (json!({"scope": "LISTED"}), "INVALID"),
        (json!({"environments": ["dev"]}), "INVALID"),
        (json!({"approvals": 0}), "INVALID"),
        (json!({"approvals": 101}), "INVALID"),
        (json!({"scope": "LISTED", "environments": ["nowhere"]}), "NOT_FOUND"),
    ] {
        assert_eq!(edited(&world, "rule", wrong.clone()).await.code(), code, "{wrong}");
    }
    let which = json!({"team": "acme", "name": "rule"});
    assert_eq!(world.done("admin", "deletePolicy", which.clone()).await["name"], "rule");
    let gone = world.run("admin", "deletePolicy", which).await;
    assert_eq!((gone.code(), &gone.error()["message"]), ("NOT_FOUND", &json!("no policy \"rule\"")));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn another_teams_policy_is_not_found(db: PgPool) {
    let world = World::new(db).await;
    world.policy("rule", "ALL", 1, &["APPROVER"]).await;
    let theirs = json!({"team": "rival", "name": "rule"});
    for field in ["editPolicy", "deletePolicy"] {
        assert_eq!(world.run("outsider", field, theirs.clone()).await.code(), "NOT_FOUND", "{field}");
    }
    let query = r#"{ team(key: "rival") { policy(name: "rule") { name } } }"#;
    assert_eq!(world.ask("outsider", query, json!({})).await.code(), "NOT_FOUND");
    // An environment of theirs is none of ours, even where the keys are alike.
    world
        .done("outsider", "createEnvironment", json!({"team": "rival", "key": "qa", "type": "STAGING"}))
        .await;
    let input = json!({"scope": "LISTED", "environments": ["qa"]});
    assert_eq!(edited(&world, "rule", input).await.code(), "NOT_FOUND");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_waits_needs_what_was_asked_when_it_was_proposed(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.member("acme", "guest", &["APPROVER"]).await;
    let which = json!({"team": "acme", "name": "rule"});
    for (n, lowered) in [
        Some(json!({"approvals": 1})),
        Some(json!({"enabled": false})),
        Some(json!({"scope": "LISTED", "environments": ["prod"]})),
        Some(json!({"roles": ["REQUESTER", "APPROVER"], "approvals": 1})),
        None,
    ]
    .into_iter()
    .enumerate()
    {
        world.policy("rule", "ALL", 2, &["APPROVER"]).await;
        let number = world.pending("dev", "flag", "dev", &n.to_string()).await;
        match &lowered {
            Some(input) => _ = edited(&world, "rule", input.clone()).await.data(),
            None => _ = world.done("admin", "deletePolicy", which.clone()).await,
        }
        let first = world.vote("lead", number, "APPROVE").await.data()["vote"]["status"].clone();
        assert_eq!(first, "PENDING", "{lowered:?}");
        // Nor do the votes of others count, whoever is listed now.
        assert_eq!(world.vote("peer", number, "APPROVE").await.code(), "FORBIDDEN", "{lowered:?}");
        let second = world.vote("guest", number, "APPROVE").await.data()["vote"]["status"].clone();
        assert_eq!(second, "APPLIED", "{lowered:?}");
        if lowered.is_some() {
            world.done("admin", "deletePolicy", which.clone()).await;
        }
    }
    // One that is raised counts for what waits.
    world.policy("rule", "ALL", 1, &["APPROVER"]).await;
    let number = world.pending("dev", "flag", "dev", "raised").await;
    edited(&world, "rule", json!({"approvals": 2})).await.data();
    assert_eq!(world.vote("lead", number, "APPROVE").await.data()["vote"]["status"], "PENDING");
    // What is proposed without a policy needs none.
    world.done("admin", "deletePolicy", which).await;
    assert_eq!(world.edit("dev", "flag", "dev", targeted("free")).await["outcome"], "APPLIED");
    world.stop().await;
}
