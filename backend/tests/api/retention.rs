//! Retention: what ends goes, what does not stays; of several replicas one does it, and edges notice nothing.

use std::time::Duration;

use fluxgate_proto::v1::{Position, ResetReason, backend_message::Message};
use serde_json::json;
use sqlx::PgPool;

use crate::{
    event::{Reporter, environment},
    input::targeted,
    stream::{Edge, client, name},
    world::{World, eventually},
};

/// Makes jobs due, and waits until each was done once more; gives how often that was.
async fn run(world: &World, jobs: &[&str]) -> i64 {
    let names = jobs.iter().map(|job| format!("'{job}'")).collect::<Vec<_>>().join(", ");
    let runs = format!("SELECT sum(runs)::bigint FROM periodic_job WHERE name IN ({names})");
    // Not while one of them is at it: what is due from the start was done.
    let rest =
        format!("SELECT count(*) FROM periodic_job WHERE name IN ({names}) AND due_at <= clock_timestamp()");
    eventually("nothing is due", async || (world.number(&rest).await == 0).then_some(())).await;
    let before = world.number(&runs).await;
    world.sql(&format!("UPDATE periodic_job SET due_at = now() WHERE name IN ({names})")).await.unwrap();
    eventually("all are done", async || (world.number(&rest).await == 0).then_some(())).await;
    world.number(&runs).await - before
}

#[sqlx::test(migrations = false)]
async fn of_several_replicas_one_does_a_job(db: PgPool) {
    let world = World::new(db).await;
    let replicas = [world.replica().await, world.replica().await];
    let all = [
        "PARTITIONS",
        "EVALUATIONS",
        "SAMPLES",
        "BATCHES",
        "SESSIONS",
        "FAILURES",
        "DELIVERY_LOG",
        "ASSIGNMENTS",
    ];
    for _ in 0..5 {
        assert_eq!(run(&world, &all).await, 8, "each once");
    }
    // Whoever is at one keeps the others from it, and nobody from the rest.
    let mut tx = world.db.begin().await.unwrap();
    sqlx::query("SELECT FROM periodic_job WHERE name = 'SAMPLES' FOR UPDATE")
        .execute(&mut *tx)
        .await
        .unwrap();
    world.sql("UPDATE periodic_job SET due_at = now() WHERE name = 'SESSIONS'").await.unwrap();
    sqlx::query("UPDATE periodic_job SET due_at = now() WHERE name = 'SAMPLES'")
        .execute(&mut *tx)
        .await
        .unwrap();
    let samples = "SELECT runs FROM periodic_job WHERE name = 'SAMPLES'";
    let before = world.number(samples).await;
    let sessions =
        "SELECT count(*) FROM periodic_job WHERE name = 'SESSIONS' AND due_at <= clock_timestamp()";
    eventually("others are done", async || (world.number(sessions).await == 0).then_some(())).await;
    assert_eq!(world.number(samples).await, before);
    tx.commit().await.unwrap();
    eventually("it is done", async || (world.number(samples).await == before + 1).then_some(())).await;
    // A job that fails leaves nothing half done, and the others go on.
    world.sql("ALTER TABLE evaluation_sample RENAME TO elsewhere").await.unwrap();
    world.sql("UPDATE periodic_job SET due_at = now() WHERE name IN ('SAMPLES', 'SESSIONS')").await.unwrap();
    eventually("others are done", async || (world.number(sessions).await == 0).then_some(())).await;
    assert_eq!(world.number(samples).await, before + 1);
    for replica in replicas {
        replica.stop().await.unwrap();
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn counts_go_by_the_day(db: PgPool) {
    let world = World::with(db, &["--evaluation-retention-days", "10"]).await;
    world.feature("flag").await;
    let (reporter, dev) = (Reporter::new(&world).await, environment(&world, "acme", "dev").await);
    let day = 24 * 60;
    let counts = [0, 5, 9].map(|days| reporter.count(-days * day, ("flag", dev), "on", 1)).to_vec();
    reporter.report(&reporter.batch(1, counts)).await;
    // What is due from the start is done first: it would drop what is made here before anybody looks.
    run(&world, &["PARTITIONS"]).await;
    let partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'evaluation_count'::regclass";
    let days =
        "ARRAY (SELECT (now() AT TIME ZONE 'UTC')::date + n FROM unnest(ARRAY [-11, -12, -40, -9]) AS n)";
    world.sql(&format!("SELECT ensure_evaluation_partitions({days})")).await.unwrap();
    assert!(world.number(partitions).await >= 8);
    run(&world, &["PARTITIONS"]).await;
    let old = "SELECT count(*) FROM pg_class WHERE relname LIKE 'evaluation_count_2%' AND relkind = 'r'
               AND relname < 'evaluation_count_' || to_char((now() AT TIME ZONE 'UTC')::date - 10, 'YYYYMMDD')";
    assert_eq!(world.number(old).await, 0);
    assert_eq!(world.number("SELECT sum(n)::bigint FROM evaluation_count").await, 3, "what is kept stays");
    let ahead = "SELECT count(*) FROM pg_class WHERE relname IN (
                     SELECT 'evaluation_count_' || to_char((now() AT TIME ZONE 'UTC')::date + n, 'YYYYMMDD')
                     FROM generate_series(0, 2) AS n)";
    assert_eq!(world.number(ahead).await, 3, "today and two days ahead");
    // What is too old by now is taken in no more.
    let batch = reporter.batch(2, vec![reporter.count(-11 * day, ("flag", dev), "on", 1)]);
    assert_eq!(reporter.push(&batch).await.unwrap().refused.unwrap().too_old, 1);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_has_ended_goes_and_the_rest_stays(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let (reporter, dev) = (Reporter::new(&world).await, environment(&world, "acme", "dev").await);
    let mut batch = reporter.batch(2, vec![reporter.count(0, ("flag", dev), "on", 1)]);
    batch.sketches = vec![reporter.sketch(0, ("flag", dev), 0..5)];
    batch.samples = vec![reporter.sample(0, ("flag", dev), 1)];
    reporter.report(&batch).await;
    world.run_from("10.9.8.7", "signIn", json!({"username": "nobody", "password": "wrong"})).await.error();
    for (statement, rows) in [
        (
            "INSERT INTO evaluation_sketch SELECT hour - interval '91 days', environment_id, feature_id, sketch FROM evaluation_sketch",
            1,
        ),
        (
            "INSERT INTO evaluation_seen SELECT feature_id, environment_id, 'former', first_at, last_at - interval '91 days' FROM evaluation_seen",
            1,
        ),
        (
            "INSERT INTO evaluation_seen SELECT feature_id, gen_random_uuid(), 'last', first_at, last_at - interval '91 days' FROM evaluation_seen LIMIT 1",
            1,
        ),
        (
            "INSERT INTO evaluation_sample SELECT gen_random_uuid(), at - interval '8 days', environment_id, feature_id, variant, reason, client_id FROM evaluation_sample",
            1,
        ),
        // More than an environment keeps.
        (
            "INSERT INTO evaluation_sample SELECT gen_random_uuid(), at - n * interval '1 s', environment_id, feature_id, variant, reason, client_id FROM evaluation_sample, generate_series(1, 6000) AS n WHERE at > now() - interval '1 day'",
            6_000,
        ),
        (
            "INSERT INTO evaluation_sample SELECT gen_random_uuid(), at - n * interval '1 s', environment_id, feature_id, variant, reason, client_id FROM (SELECT * FROM evaluation_sample ORDER BY at DESC LIMIT 1) AS s, generate_series(7000, 12500) AS n",
            5_501,
        ),
        (
            "INSERT INTO ingest_batch SELECT team_id, gen_random_uuid(), edge_id, 1, now() - interval '33 days' FROM ingest_batch",
            1,
        ),
        (
            "INSERT INTO ingest_gap SELECT gen_random_uuid(), team_id, edge_id, kind, 1, 1, from_at - interval '99 days', until_at - interval '91 days', lost FROM ingest_gap",
            1,
        ),
        (
            "INSERT INTO ingest_edge SELECT team_id, gen_random_uuid(), NULL, 1, known_until, now() - interval '91 days' FROM ingest_edge",
            1,
        ),
        (
            "INSERT INTO refresh_token SELECT '\\x01', gen_random_uuid(), user_id, issued_at, now() - interval '1 s' FROM refresh_token LIMIT 1",
            1,
        ),
        ("INSERT INTO failure VALUES ('\\x01', 3, now() - interval '61 minutes')", 1),
    ] {
        assert_eq!(world.sql(statement).await.unwrap(), rows, "{statement}");
    }
    let sessions = world.number("SELECT count(*) FROM refresh_token").await;
    let failures = world.number("SELECT count(*) FROM failure").await;
    run(&world, &["EVALUATIONS", "SAMPLES", "BATCHES", "SESSIONS", "FAILURES"]).await;
    for (table, rows) in [
        ("evaluation_sketch", 1),
        // The last that is known of a stage stays, however old.
        ("evaluation_seen", 2),
        ("evaluation_sample", 10_000),
        ("ingest_batch", 1),
        ("ingest_gap", 1),
        ("ingest_edge", 1),
        ("refresh_token", sessions - 1),
        ("failure", failures - 1),
    ] {
        assert_eq!(world.number(&format!("SELECT count(*) FROM {table}")).await, rows, "{table}");
    }
    assert_eq!(world.number("SELECT count(*) FROM evaluation_seen WHERE variant = 'former'").await, 0);
    world.stop().await;
}

/// Makes all revisions so old that they need not be kept.
async fn age(world: &World) {
    let statement = "ALTER TABLE delivery_item DISABLE TRIGGER delivery_item_not_altered;
                     UPDATE delivery_item SET at = at - interval '25 hours';
                     ALTER TABLE delivery_item ENABLE TRIGGER delivery_item_not_altered";
    sqlx::raw_sql(statement).execute(&world.db).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn the_log_is_trimmed_and_edges_below_get_a_snapshot(db: PgPool) {
    let world = World::with(db, &["--delivery-retention-revisions", "3"]).await;
    world.feature("flag").await;
    world.feature("other").await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let early = Edge::caught_up(&world, &key).await.at.unwrap();
    for n in 0..6 {
        world.edit("dev", "flag", "dev", targeted(&n.to_string())).await;
    }
    world.done("dev", "withdraw", json!({"team": "acme", "feature": "other", "environment": "dev"})).await;
    let head = world.number("SELECT revision FROM delivery_head").await;
    let compacted = "SELECT compacted FROM delivery_head";
    run(&world, &["DELIVERY_LOG"]).await;
    assert_eq!(world.number(compacted).await, 0, "all of it is young");
    age(&world).await;
    let mut following = Edge::caught_up(&world, &key).await;
    let rows = world.number("SELECT count(*) FROM delivery_item").await;
    run(&world, &["DELIVERY_LOG"]).await;
    assert_eq!(world.number(compacted).await, head - 3);
    assert_eq!(world.number("SELECT count(*) FROM delivery_item").await, rows, "moved first");
    run(&world, &["DELIVERY_LOG"]).await;
    let replaced = "SELECT count(*) FROM delivery_item old, delivery_head h WHERE old.revision <= h.compacted AND EXISTS (
                        SELECT 1 FROM delivery_item n WHERE (n.subject, n.kind) = (old.subject, old.kind) AND n.revision > old.revision)";
    assert_eq!(world.number(replaced).await, 0);
    assert!(world.number("SELECT count(*) FROM delivery_item").await < rows);
    // A replica that begins now reads the same, down to what was withdrawn.
    let replica = world.replica().await;
    let grpc = format!("http://{}", replica.grpc);
    let resume = async |have: Position| {
        let mut edge = Edge::open(&grpc, Some(&key)).await.unwrap();
        (edge.at, edge.items) = (Some(have.clone()), following.items.clone());
        edge.hello(Some(have)).await;
        let kills = edge.news().await;
        assert_eq!(name(&kills), "kills");
        edge
    };
    let mut below = resume(early).await;
    let Message::Reset(reset) = below.news().await else { panic!("no reset") };
    assert_eq!(reset.reason(), ResetReason::Compacted);
    assert_eq!(name(&below.news().await), "begin");
    while name(&below.news().await) != "end" {}
    assert_eq!(below.items, following.items);
    let at = |revision: i64| Position {
        revision: u64::try_from(revision).unwrap(),
        ..following.at.clone().unwrap()
    };
    let mut above = resume(at(head - 3)).await;
    assert_eq!(above.reach(u64::try_from(head).unwrap()).await, ["delta"]);
    assert_eq!(above.items, following.items);
    // Those who follow are told as ever.
    let next =
        world.edit("dev", "flag", "dev", targeted("next")).await["change"]["revision"].as_u64().unwrap();
    assert_eq!(following.reach(next).await, ["delta"]);
    assert_eq!(below.reach(next).await, ["delta"]);
    replica.stop().await.unwrap();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn nobody_deletes_what_the_log_cannot_do_without(db: PgPool) {
    let world = World::new(db).await;
    // The job that trims by itself would be there first; where it is at it, this waits until it is done.
    world.sql("UPDATE periodic_job SET due_at = now() + interval '1 day'").await.unwrap();
    world.feature("flag").await;
    for n in 0..3 {
        world.edit("dev", "flag", "dev", targeted(&n.to_string())).await;
    }
    let head = world.number("SELECT revision FROM delivery_head").await;
    let delete = "DELETE FROM delivery_item WHERE revision =";
    let refused = world.sql(&format!("{delete} {}", head - 1)).await.unwrap_err().to_string();
    assert!(refused.contains("is not compacted"), "{refused}");
    world.sql(&format!("SELECT compact_delivery({})", head + 1)).await.unwrap();
    assert_eq!(world.number("SELECT compacted FROM delivery_head").await, 0, "never above the head");
    world.sql(&format!("SELECT compact_delivery({head})")).await.unwrap();
    world.sql("SELECT compact_delivery(1)").await.unwrap();
    assert_eq!(world.number("SELECT compacted FROM delivery_head").await, head, "never back");
    let refused = world.sql(&format!("{delete} {head}")).await.unwrap_err().to_string();
    assert!(refused.contains("is the last that tells of its STAGE"), "{refused}");
    world.sql(&format!("{delete} {}", head - 1)).await.unwrap();
    assert_eq!(world.number("SELECT trim_delivery(1)::bigint").await, 1);
    tokio::time::timeout(
        Duration::from_secs(10),
        Edge::caught_up(&world, &client(&world, "acme", "e", "EDGE", None).await),
    )
    .await
    .unwrap();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn assignments_go_with_their_salt_and_their_feature(db: PgPool) {
    let world = World::new(db).await;
    let dev = environment(&world, "acme", "dev").await;
    for feature in ["live", "new", "plain", "archived"] {
        world.feature(feature).await;
    }
    let sticky = |salt: &str| {
        json!({"enabled": true, "variants": {"on": true, "off": false}, "default": "off", "off": "off",
               "sticky": true, "salt": salt, "criteria": [{"split": [{"variant": "on", "weight": 100}]}]})
    };
    world.edit("dev", "live", "dev", sticky("m")).await;
    world.edit("dev", "archived", "dev", sticky("m")).await;
    // Nobody can alter a version, so that its age is made here.
    world.script("ALTER TABLE version DISABLE TRIGGER USER; UPDATE version SET created_at = now() - '31 days'::interval").await;
    world.edit("dev", "new", "dev", sticky("m")).await;
    world.done("dev", "withdraw", json!({"team": "acme", "feature": "archived", "environment": "dev"})).await;
    world.done("admin", "archiveFeature", json!({"team": "acme", "feature": "archived"})).await;
    let rows = format!(
        "INSERT INTO assignment SELECT '{dev}', f.id, salt, decode(md5(n::text), 'hex'), 'on', now()
         FROM feature f, unnest(ARRAY ['a', 'm', 'z']) AS salt, generate_series(1, 5) AS n"
    );
    world.sql(&rows).await.unwrap();
    run(&world, &["ASSIGNMENTS"]).await;
    let left = world
        .text(
            "SELECT string_agg(DISTINCT f.key || '/' || salt, ' ' ORDER BY f.key || '/' || salt)
             FROM assignment a JOIN feature f ON f.id = a.feature_id",
        )
        .await;
    assert_eq!(left, "live/m new/a new/m new/z", "the former salts of a month, and no others");
    assert_eq!(world.number("SELECT count(*) FROM assignment").await, 20);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn two_make_the_partition_of_a_day_at_once(db: PgPool) {
    let world = World::new(db).await;
    let make = "SELECT ensure_evaluation_partitions(ARRAY ['2031-01-01'::date])";
    let mut first = world.db.begin().await.unwrap();
    sqlx::raw_sql(make).execute(&mut *first).await.unwrap();
    let pool = world.db.clone();
    let second = tokio::spawn(async move { sqlx::raw_sql(make).execute(&pool).await });
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    eventually("the second waits", async || (world.number(waits).await == 1).then_some(())).await;
    first.commit().await.unwrap();
    second.await.unwrap().unwrap();
    world.stop().await;
}
