//! Upgrades: each migration runs on a database that holds something, and a server serves what was there.
//!
//! `seeds/` has a file for each migration, of the same name: what a database of that schema may hold that it could not
//! before. A database of version N was migrated and seeded step by step up to N.

use std::{collections::BTreeSet, path::PathBuf};

use serde_json::{Value, json};
use sqlx::{
    AssertSqlSafe, PgPool, Row as _,
    migrate::{Migration, Migrator},
};

use crate::{
    stream::Edge,
    world::{PASSWORD, World},
};

/// The key of the seeded EDGE client.
const EDGE_KEY: &str = "fgc_seedseed_Zm9yIHRlc3RzLW9ubHktbm90LWEtcmVhbC1zZWNyZXQ";

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn names(of: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder(of)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_migration_has_a_seed() {
    assert_eq!(names("../migrations"), names("tests/api/seeds"), "a seed is named like its migration");
}

/// Every row of every table, but for what sqlx keeps.
async fn rows(db: &PgPool) -> Vec<(String, Value)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
           AND NOT relispartition AND relname <> '_sqlx_migrations'",
    )
    .fetch_all(db)
    .await
    .unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let all = sqlx::query(AssertSqlSafe(format!("SELECT to_jsonb(t) FROM {table} t")));
        let found = all.fetch_all(db).await.unwrap();
        assert!(!found.is_empty(), "{table} is empty: a seed should put a row there");
        rows.extend(found.into_iter().map(|row| (table.clone(), row.get(0))));
    }
    rows
}

async fn run(db: &PgPool, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(db).await.unwrap();
}

/// Makes a database of these migrations, seeded after each.
async fn grown(db: &PgPool, migrations: &[Migration]) {
    run(db, "DROP SCHEMA public CASCADE; CREATE SCHEMA public".to_owned()).await;
    for upto in 1..=migrations.len() {
        Migrator::with_migrations(migrations[..upto].to_vec()).run(db).await.unwrap();
        let last = &migrations[upto - 1];
        let name = format!("{:04}_{}.sql", last.version, last.description.replace(' ', "_"));
        let seed = std::fs::read_to_string(folder("tests/api/seeds").join(name)).unwrap();
        run(db, format!("BEGIN; {seed}; COMMIT")).await;
    }
}

#[sqlx::test(migrations = false)]
async fn each_migration_runs_on_what_was_there_and_a_server_serves_it(db: PgPool) {
    let all = Migrator::new(folder("../migrations")).await.unwrap();
    let migrations: Vec<Migration> = all.iter().cloned().collect();
    for held in 1..=migrations.len() {
        grown(&db, &migrations[..held]).await;
        let before = rows(&db).await;
        all.run(&db).await.unwrap();
        let since = "SELECT count(*) FROM edge WHERE first_seen_at <> connected_at";
        let since: i64 = sqlx::query_scalar(since).fetch_one(&db).await.unwrap();
        assert_eq!(
            since, 0,
            "an edge of version {held} is known since it connected, not since the migration"
        );
        for (table, mut row) in before {
            if table == "delivery_head" {
                // A migration may publish.
                row.as_object_mut().unwrap().remove("revision");
            }
            let kept = format!("SELECT count(*) FROM {table} t WHERE to_jsonb(t) @> $1");
            let kept: i64 = sqlx::query_scalar(AssertSqlSafe(kept)).bind(&row).fetch_one(&db).await.unwrap();
            assert!(kept > 0, "{table} of version {held} lost {row}");
        }
        serves(&db, held).await;
    }
}

/// Starts a server on what was upgraded from a version and asks for what was seeded.
async fn serves(db: &PgPool, held: usize) {
    let world = World::fresh(db.clone()).await;
    let people = world.query("ada", "{ users { nodes { username email } } }").await;
    assert_eq!(people["users"]["nodes"][0], json!({"username": "ada", "email": "ada@example.org"}));
    let signed = world.done("", "signIn", json!({"username": "bob", "password": PASSWORD})).await;
    assert_eq!(signed["user"]["memberships"], json!([{"team": "acme", "roles": ["REQUESTER", "APPROVER"]}]));
    if held >= 3 {
        let feature = r#"{ team(key: "acme") {
            feature(key: "sale") { tags stages { environment { key } live { number config createdBy } } }
            change(number: 1) { reason status votes { user decision } }
            evaluate(environment: "dev", features: ["sale"], context: {}) { value } } }"#;
        let team = world.query("bob", feature).await["team"].clone();
        let live = &team["feature"]["stages"][0]["live"];
        assert_eq!((&live["number"], &live["createdBy"]), (&json!(1), &json!("bob")), "{team}");
        assert_eq!(team["evaluate"][0]["value"], true, "{team}");
        assert_eq!(team["change"]["votes"], json!([{"user": "ada", "decision": "APPROVE"}]));
    }
    if held >= 4 {
        let mut edge = Edge::open(&world.grpc, Some(EDGE_KEY)).await.unwrap();
        edge.hello(None).await;
        edge.reach(u64::try_from(world.number("SELECT revision FROM delivery_head").await).unwrap()).await;
        let stages = edge.of_kind(fluxgate_proto::v1::ItemKind::Stage);
        assert_eq!(stages.len(), 1, "version {held}");
        // And it can be changed.
        let edit = crate::input::edit("sale", "dev", crate::input::targeted("new"));
        assert_eq!(world.done("bob", "editStage", edit).await["outcome"], "APPLIED");
    }
    world.stop().await;
}
