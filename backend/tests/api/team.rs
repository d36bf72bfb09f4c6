//! Teams and members: edited and removed.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::world::World;

#[sqlx::test(migrations = false)]
async fn a_team_is_edited_by_system_administrators(db: PgPool) {
    let world = World::new(db).await;
    world.member("acme", "guest", &["TEAM_ADMIN"]).await;
    let input = json!({"team": "acme", "name": " Acme ", "description": "Rockets"});
    assert_eq!(world.run("guest", "editTeam", input.clone()).await.code(), "FORBIDDEN");
    assert_eq!(world.run("outsider", "editTeam", input.clone()).await.code(), "NOT_FOUND");
    let expected = json!({"key": "acme", "name": "Acme", "description": "Rockets"});
    assert_eq!(world.done("admin", "editTeam", input.clone()).await, expected);
    assert_eq!(world.done("admin", "editTeam", input).await, expected);
    let entry = "SELECT count(*) FROM audit_entry WHERE action = 'team.edit'
                 AND before ->> 'name' = 'acme' AND after ->> 'name' = 'Acme'";
    assert_eq!(world.number(entry).await, 1);
    assert_eq!(world.number("SELECT count(*) FROM audit_entry WHERE action = 'team.edit'").await, 1);
    let emptied = json!({"team": "acme", "name": "", "description": null});
    let emptied = world.done("admin", "editTeam", emptied).await;
    assert_eq!(emptied, json!({"key": "acme", "name": "acme", "description": ""}));
    let long = json!({"team": "acme", "description": "x".repeat(1_001)});
    assert_eq!(world.run("admin", "editTeam", long).await.code(), "INVALID");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_team_is_archived_when_nothing_of_it_is_served(db: PgPool) {
    let world = World::new(db).await;
    world.member("acme", "guest", &["TEAM_ADMIN"]).await;
    world.feature("flag").await;
    world.done("admin", "createClient", json!({"team": "acme", "name": "shop", "kind": "BACKEND"})).await;
    let acme = json!({"team": "acme", "reason": "merged"});
    assert_eq!(world.run("guest", "archiveTeam", acme.clone()).await.code(), "FORBIDDEN");
    assert_eq!(world.run("outsider", "archiveTeam", acme.clone()).await.code(), "NOT_FOUND");
    let refused = world.run("admin", "archiveTeam", acme.clone()).await;
    let gates = refused.error()["extensions"]["gates"].as_array().unwrap();
    let closed: Vec<_> =
        gates.iter().filter(|gate| gate["passed"] == false).map(|gate| &gate["hint"]).collect();
    let opened = ["fgctl feature archive flag --team acme", "fgctl client disable shop --team acme"];
    assert_eq!((refused.code(), closed), ("BLOCKED", vec![&json!(opened[0]), &json!(opened[1])]));
    world.done("dev", "withdraw", json!({"team": "acme", "feature": "flag", "environment": "dev"})).await;
    world.done("dev", "archiveFeature", json!({"team": "acme", "feature": "flag"})).await;
    world.done("admin", "setClientEnabled", json!({"team": "acme", "name": "shop", "enabled": false})).await;

    // Twice is once.
    for _ in 0..2 {
        let archived = world.done("admin", "archiveTeam", acme.clone()).await;
        assert!(archived["archivedAt"].is_string(), "{archived}");
    }
    let lists = "{ used: teams { nodes { key } } put_away: teams(archived: true) { nodes { key } } }";
    let listed = world.ask("guest", lists, json!({})).await.data().clone();
    assert_eq!(listed, json!({"used": {"nodes": []}, "put_away": {"nodes": [{"key": "acme"}]}}));
    // It is read, and nothing of it is changed.
    let read = r#"{ team(key: "acme") { feature(key: "flag") { lifecycle } } }"#;
    assert_eq!(world.ask("guest", read, json!({})).await.data()["team"]["feature"]["lifecycle"], "ARCHIVED");
    let said = "team acme is archived; bring it back first: fgctl team unarchive acme";
    for (name, input) in [
        ("createFeature", json!({"team": "acme", "key": "more", "kind": "SIMPLE"})),
        ("unarchiveFeature", json!({"team": "acme", "feature": "flag"})),
        ("createEnvironment", json!({"team": "acme", "key": "qa", "type": "STAGING"})),
        ("setClientEnabled", json!({"team": "acme", "name": "shop", "enabled": true})),
        ("setMember", json!({"team": "acme", "username": "dev", "roles": []})),
        ("editTeam", json!({"team": "acme", "name": "Other"})),
        ("rotateClientKey", json!({"team": "acme", "name": "shop"})),
    ] {
        let refused = world.run("admin", name, input).await;
        assert_eq!((refused.code(), &refused.error()["message"]), ("CONFLICT", &json!(said)), "{name}");
    }
    // Whoever is to be shut out, is.
    world.done("guest", "setClientEnabled", json!({"team": "acme", "name": "shop", "enabled": false})).await;
    world.done("guest", "deleteClient", json!({"team": "acme", "name": "shop"})).await;
    world.done("guest", "removeMember", json!({"team": "acme", "username": "peer"})).await;
    for _ in 0..2 {
        assert!(world.done("admin", "unarchiveTeam", acme.clone()).await["archivedAt"].is_null());
    }
    world.done("dev", "unarchiveFeature", json!({"team": "acme", "feature": "flag"})).await;
    for action in ["team.archive", "team.unarchive"] {
        let entry =
            format!("SELECT count(*) FROM audit_entry WHERE action = '{action}' AND reason = 'merged'");
        assert_eq!(world.number(&entry).await, 1, "{action}");
    }
    world.stop().await;
}

/// Nothing of a team that is being archived comes back to life behind its back.
#[sqlx::test(migrations = false)]
async fn archiving_a_team_and_what_brings_things_back_take_turns(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let acme = json!({"team": "acme"});
    let flag = json!({"team": "acme", "feature": "flag"});
    let shop = |enabled: bool| json!({"team": "acme", "name": "shop", "enabled": enabled});
    world.done("dev", "withdraw", json!({"team": "acme", "feature": "flag", "environment": "dev"})).await;
    world.done("dev", "archiveFeature", flag.clone()).await;
    world.done("admin", "createClient", json!({"team": "acme", "name": "shop", "kind": "BACKEND"})).await;
    world.done("admin", "setClientEnabled", shop(false)).await;
    for turn in 0..12 {
        let new = json!({"team": "acme", "name": format!("shop{turn}"), "kind": "BACKEND"});
        let (back, gone, undo) = match turn % 3 {
            0 => (("unarchiveFeature", flag.clone()), "archiveFeature", flag.clone()),
            1 => (("setClientEnabled", shop(true)), "setClientEnabled", shop(false)),
            _ => {
                (("createClient", new.clone()), "deleteClient", json!({"team": "acme", "name": new["name"]}))
            }
        };
        let (archived, done) =
            tokio::join!(world.run("admin", "archiveTeam", acme.clone()), world.run("admin", back.0, back.1));
        let is_archived = archived.body.get("errors").is_none();
        assert_eq!(is_archived, done.body.get("errors").is_some(), "{archived:?} {done:?}");
        if is_archived {
            world.done("admin", "unarchiveTeam", acme.clone()).await;
        } else {
            world.done("admin", gone, undo).await;
        }
    }
    world.stop().await;
}

/// A team that is archived while somebody proposes is archived with nothing new in it, or not archived at all.
#[sqlx::test(migrations = false)]
async fn archiving_a_team_and_creating_a_feature_take_turns(db: PgPool) {
    let world = World::new(db).await;
    for turn in 0..10 {
        let new = json!({"team": "acme", "key": format!("flag{turn}"), "kind": "SIMPLE"});
        let acme = json!({"team": "acme"});
        let (archived, created) = tokio::join!(
            world.run("admin", "archiveTeam", acme.clone()),
            world.run("dev", "createFeature", new),
        );
        let is_archived = archived.body.get("errors").is_none();
        assert_eq!(is_archived, created.body.get("errors").is_some(), "{archived:?} {created:?}");
        if is_archived {
            assert_eq!(created.code(), "CONFLICT");
            world.done("admin", "unarchiveTeam", acme).await;
        } else {
            assert_eq!(archived.code(), "BLOCKED");
            let feature = json!({"team": "acme", "feature": format!("flag{turn}"), "environment": "dev"});
            world.done("dev", "withdraw", feature).await;
            let feature = json!({"team": "acme", "feature": format!("flag{turn}")});
            world.done("dev", "archiveFeature", feature).await;
        }
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_member_that_is_removed_sees_nothing_more(db: PgPool) {
    let world = World::new(db).await;
    world.member("acme", "guest", &["TEAM_ADMIN"]).await;
    let whom = |name: &str| json!({"team": "acme", "username": name});
    let query = r#"{ team(key: "acme") { key } }"#;
    world.ask("peer", query, json!({})).await.data();
    let removed = world.done("guest", "removeMember", whom("peer")).await;
    assert_eq!(removed, json!({"user": {"username": "peer"}, "roles": ["REQUESTER"]}));
    assert_eq!(world.ask("peer", query, json!({})).await.code(), "NOT_FOUND");
    let entry = "SELECT count(*) FROM audit_entry WHERE action = 'member.remove' AND subject = 'member peer'
                 AND before = '{\"roles\": [\"REQUESTER\"]}' AND after IS NULL";
    assert_eq!(world.number(entry).await, 1);
    // Somebody of another team, somebody who was removed, and nobody at all are the same.
    for name in ["outsider", "peer", "nobody"] {
        let refused = world.run("guest", "removeMember", whom(name)).await;
        assert_eq!(refused.code(), "NOT_FOUND", "{name}");
        assert_eq!(refused.error()["message"], format!("no member \"{name}\""));
        assert_eq!(refused.error()["extensions"]["candidates"], json!(["dev", "guest", "lead"]));
    }
    for who in ["lead", "dev"] {
        assert_eq!(world.run(who, "removeMember", whom("guest")).await.code(), "FORBIDDEN", "{who}");
    }
    assert_eq!(world.run("outsider", "removeMember", whom("guest")).await.code(), "NOT_FOUND");
    // The last TEAM_ADMIN may go, by their own hand too: system administrators remain.
    world.done("guest", "removeMember", whom("guest")).await;
    assert_eq!(world.run("guest", "removeMember", whom("dev")).await.code(), "NOT_FOUND");
    world.member("acme", "lead", &["TEAM_ADMIN"]).await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_vote_of_a_member_that_is_removed_counts_no_more(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.policy("everything", "ALL", 2, &["APPROVER"]).await;
    for name in ["guest", "peer"] {
        world.member("acme", name, &["APPROVER"]).await;
    }
    let number = world.pending("dev", "flag", "dev", "a").await;
    world.vote("lead", number, "APPROVE").await.data();
    world.done("admin", "removeMember", json!({"team": "acme", "username": "lead"})).await;
    let change = world.change(number).await;
    assert_eq!(change["policies"][0]["approvals"], 0);
    assert_eq!(change["votes"], json!([{"user": "lead", "decision": "APPROVE"}]), "the record stays");
    let status = async |who: &str| -> Value {
        world.vote(who, number, "APPROVE").await.data()["vote"]["status"].clone()
    };
    assert_eq!(status("guest").await, "PENDING");
    assert_eq!(world.vote("lead", number, "APPROVE").await.code(), "NOT_FOUND");
    assert_eq!(status("peer").await, "APPLIED");
    world.stop().await;
}
