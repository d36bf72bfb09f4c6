//! Rehearsals, asked for with an extension of the request: every mutation is checked in everything, and nothing of it stays.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    input::{mutation, new_feature},
    mutations::{cases, furnish},
    world::{PASSWORD, World, eventually},
};

/// Runs a mutation with an extension.
async fn rehearse(world: &World, who: &str, field: &str, input: &Value, dry_run: Value) -> (u16, Value) {
    let body =
        json!({"query": mutation(field), "variables": {"input": input}, "extensions": {"dryRun": dry_run}});
    let token = world.token(who).await;
    let answer = world.client.post(&world.http).json(&body).bearer_auth(token).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[sqlx::test(migrations = false)]
async fn every_mutation_is_rehearsed_and_leaves_nothing(db: PgPool) {
    let world = World::new(db).await;
    furnish(&world).await;
    let entries = "SELECT count(*) FROM audit_entry";
    for (field, who, input) in cases() {
        world.token(who).await;
        // Whoever became a member has changes looked at once more, in the background.
        eventually("nothing is due", async || {
            (world.number("SELECT count(*) FROM change WHERE auto_approve_at <= now()").await == 0)
                .then_some(())
        })
        .await;
        let before = (world.contents().await, world.number(entries).await);
        // Twice, as the first one has taken no name and no number.
        for _ in 0..2 {
            let (_, answer) = rehearse(&world, who, field, &input, json!(true)).await;
            assert!(answer.get("errors").is_none() && answer["data"][field].is_object(), "{field}: {answer}");
            assert_eq!(answer["extensions"]["dryRun"], true, "{field}");
        }
        assert_eq!(before, (world.contents().await, world.number(entries).await), "{field} left something");
        world.done(who, field, input).await;
        assert!(before.1 != world.number(entries).await, "{field} left nothing when it was meant");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_rehearsal_refuses_what_the_deed_would(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let refused = |answer: &Value| answer["errors"][0]["extensions"]["code"].clone();
    let archive = json!({"team": "acme", "feature": "flag"});
    let (_, answer) = rehearse(&world, "dev", "archiveFeature", &archive, json!(true)).await;
    assert_eq!((refused(&answer), &answer["extensions"]["dryRun"]), (json!("BLOCKED"), &json!(true)));
    let (_, answer) = rehearse(&world, "guest", "archiveFeature", &archive, json!(true)).await;
    assert_eq!(refused(&answer), "FORBIDDEN");
    let denial =
        "SELECT count(*) FROM audit_entry WHERE action = 'access.denied' AND after = '{\"dryRun\": true}'";
    assert_eq!(world.number(denial).await, 1);
    // What is neither yes nor no does nothing; no is as if nothing was said.
    let (status, answer) = rehearse(&world, "dev", "createFeature", &new_feature("new"), json!("yes")).await;
    assert_eq!((status, refused(&answer)), (400, json!("INVALID")), "{answer}");
    let (_, answer) = rehearse(&world, "dev", "createFeature", &new_feature("new"), json!(false)).await;
    assert!(answer["extensions"]["dryRun"].is_null() && answer.get("errors").is_none(), "{answer}");
    assert_eq!(world.number("SELECT count(*) FROM feature WHERE key = 'new'").await, 1);
    // A session is there or not.
    let input = json!({"username": "dev", "password": PASSWORD});
    let (_, answer) = rehearse(&world, "dev", "signIn", &input, json!(true)).await;
    assert_eq!(refused(&answer), "INVALID", "{answer}");
    world.stop().await;
}
