//! Stale features: for which reasons, and for which not.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    event::{Reporter, environment},
    world::World,
};

const FEATURES: [&str; 7] = ["fresh", "idle", "stuck", "mixed", "due", "stays", "young"];

async fn stale(world: &World, more: &str) -> Vec<(String, Value)> {
    let query = format!(
        r#"{{ team(key: "acme") {{ staleFeatures(days: 30, {more}) {{ nodes {{ feature {{ key }} reasons lastSeen }} totalCount completeness {{ complete }} }} }} }}"#
    );
    let found = world.query("guest", &query).await["team"]["staleFeatures"].clone();
    let nodes = found["nodes"].as_array().unwrap();
    assert_eq!(found["completeness"]["complete"], true);
    nodes
        .iter()
        .map(|node| (node["feature"]["key"].as_str().unwrap().to_owned(), node["reasons"].clone()))
        .collect()
}

/// Says when a feature's variant was served in an environment, in days ago.
async fn served(world: &World, (feature, place): (&str, &str), variant: &str, (first, last): (i32, i32)) {
    let statement = format!(
        "INSERT INTO evaluation_seen SELECT f.id, e.id, '{variant}', now() - interval '{first} days',
                now() - interval '{last} days'
         FROM feature f JOIN environment e ON e.team_id = f.team_id
         WHERE f.key = '{feature}' AND e.key = '{place}'"
    );
    assert_eq!(world.sql(&statement).await.unwrap(), 1);
}

#[sqlx::test(migrations = false)]
async fn features_are_stale_for_their_reasons(db: PgPool) {
    let world = World::new(db).await;
    for key in FEATURES {
        world.feature(key).await;
    }
    assert!(stale(&world, "").await.is_empty(), "nothing is deployed for long");
    let age = "ALTER TABLE version DISABLE TRIGGER version_append_only;
               UPDATE version v SET created_at = now() - interval '60 days' FROM stage s JOIN feature f ON f.id = s.feature_id
               WHERE s.id = v.stage_id AND f.key <> 'young';
               ALTER TABLE version ENABLE TRIGGER version_append_only";
    sqlx::raw_sql(age).execute(&world.db).await.unwrap();
    for key in ["fresh", "mixed"] {
        served(&world, (key, "dev"), "on", (60, 0)).await;
    }
    served(&world, ("fresh", "dev"), "off", (60, 1)).await;
    served(&world, ("mixed", "prod"), "off", (60, 1)).await;
    served(&world, ("idle", "dev"), "on", (60, 31)).await;
    served(&world, ("stuck", "dev"), "on", (60, 0)).await;
    served(&world, ("stuck", "dev"), "off", (60, 40)).await;
    served(&world, ("due", "dev"), "on", (5, 0)).await;
    world
        .sql("UPDATE feature SET removal_date = now() - interval '1 day' WHERE key IN ('due', 'stays')")
        .await
        .unwrap();
    world.sql("UPDATE feature SET lifecycle = 'PERMANENT' WHERE key = 'stays'").await.unwrap();
    let expected = [
        ("due".to_owned(), json!(["PAST_REMOVAL_DATE"])),
        ("idle".to_owned(), json!(["NO_EVALUATION"])),
        ("stays".to_owned(), json!(["PAST_REMOVAL_DATE"])),
        ("stuck".to_owned(), json!(["ONE_VARIANT"])),
    ];
    assert_eq!(stale(&world, "").await, expected);
    assert_eq!(
        stale(&world, "reasons: [ONE_VARIANT, NO_EVALUATION]").await,
        [expected[1].clone(), expected[3].clone()]
    );
    assert_eq!(stale(&world, r#"first: 1, after: "aWRsZQ""#).await, [expected[2].clone()], "after idle");
    // In one place it is one variant, though elsewhere it is another.
    let in_dev = stale(&world, r#"environment: "dev", reasons: [ONE_VARIANT]"#).await;
    assert_eq!(in_dev.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["mixed", "stuck"]);
    // Asked for again, it is idle no more.
    let (reporter, dev) = (Reporter::new(&world).await, environment(&world, "acme", "dev").await);
    reporter.report(&reporter.batch(1, vec![reporter.count(0, ("idle", dev), "off", 1)])).await;
    assert!(stale(&world, "reasons: [NO_EVALUATION]").await.is_empty());
    world.sql("UPDATE feature SET lifecycle = 'PERMANENT' WHERE key = 'stuck'").await.unwrap();
    assert!(stale(&world, "reasons: [ONE_VARIANT]").await.is_empty());
    world.stop().await;
}
