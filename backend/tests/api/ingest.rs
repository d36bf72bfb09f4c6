//! Ingestion: a batch counts once, whoever sends it wherever; what an edge may not write is left out.

use std::collections::HashMap;

use fluxgate_proto::v1::{
    Dropped, EventBatch, EventOutcome, RefusedRows, Tombstone, TombstoneReason, UnitSketch,
};
use futures_util::future::join_all;
use serde_json::json;
use sqlx::PgPool;
use tonic::Code;
use uuid::Uuid;

use crate::{
    event::{Reporter, client_id, environment, new_id, now},
    stream::client,
    world::World,
};

const TOTAL: &str = "SELECT coalesce(sum(n), 0)::bigint FROM evaluation_count";

async fn furnished(db: PgPool) -> (World, Reporter, Uuid) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let reporter = Reporter::new(&world).await;
    let dev = environment(&world, "acme", "dev").await;
    (world, reporter, dev)
}

/// Batches of three edges over the same keys, each in an order of its own.
fn batches(reporter: &Reporter, dev: Uuid) -> Vec<EventBatch> {
    let edges: Vec<_> = (0..3).map(|_| reporter.another()).collect();
    let mut batches = Vec::new();
    for sequence in 1..=5 {
        for (at, edge) in edges.iter().enumerate() {
            let variants = ["on", "off", "", "blue"].iter().cycle().skip(at);
            let mut counts: Vec<_> = (0..40_i64)
                .zip(variants)
                .map(|(n, variant)| edge.count(n % 7, ("flag", dev), variant, 1 + n.unsigned_abs()))
                .collect();
            counts.rotate_left(at * 11 + usize::try_from(sequence).unwrap());
            if at == 1 {
                counts.reverse();
            }
            let mut batch = edge.batch(sequence, counts);
            let units = u32::try_from(at).unwrap() * 50;
            batch.sketches =
                (0..3).map(|hour| edge.sketch(hour, ("flag", dev), units..units + 100)).collect();
            if at == 2 {
                batch.sketches.reverse();
            }
            batches.push(batch);
        }
    }
    batches
}

#[sqlx::test(migrations = false)]
async fn a_batch_counts_once_however_often_it_is_sent_and_wherever(db: PgPool) {
    let (world, reporter, dev) = furnished(db).await;
    let replica = world.replica().await;
    let key = client(&world, "acme", "more-edges", "EDGE", None).await;
    let elsewhere = Reporter::with(&world, &format!("http://{}", replica.grpc), Some(&key)).await;
    let batches = batches(&reporter, dev);
    let expected: u64 = batches.iter().flat_map(|batch| &batch.counts).map(|count| count.n).sum();
    let senders = join_all((0..20).map(|sender| {
        let (to, batches) = (if sender % 2 == 0 { &reporter } else { &elsewhere }, &batches);
        async move {
            let mut outcomes = Vec::new();
            for n in 0..batches.len() {
                let batch = &batches[(n + sender * 4) % batches.len()];
                outcomes.push((batch.id.clone(), to.push(batch).await.unwrap().outcome()));
            }
            outcomes
        }
    }));
    let mut accepted: HashMap<Vec<u8>, usize> = HashMap::new();
    for (id, outcome) in senders.await.into_iter().flatten() {
        match outcome {
            EventOutcome::Accepted => *accepted.entry(id).or_default() += 1,
            other => assert_eq!(other, EventOutcome::Duplicate),
        }
    }
    assert_eq!(accepted.len(), batches.len());
    assert!(accepted.values().all(|times| *times == 1), "{accepted:?}");
    assert_eq!(world.number(TOTAL).await, i64::try_from(expected).unwrap());
    let kept = "SELECT count(*) FROM ingest_batch";
    assert_eq!(world.number(kept).await, i64::try_from(batches.len()).unwrap());
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(world.number(deadlocks).await, 0);
    assert_eq!(world.number("SELECT count(*) FROM ingest_gap WHERE kind = 'MISSING'").await, 0);
    // Without the id nothing tells the same figures from new ones: what this test counts is what the ids prevent.
    for batch in &batches {
        reporter.report(&EventBatch { id: new_id().as_bytes().to_vec(), ..batch.clone() }).await;
    }
    assert_eq!(world.number(TOTAL).await, 2 * i64::try_from(expected).unwrap());
    replica.stop().await.unwrap();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_edge_writes_the_figures_of_its_own_scope_only(db: PgPool) {
    let (world, reporter, dev) = furnished(db).await;
    let prod = environment(&world, "acme", "prod").await;
    let theirs = environment(&world, "rival", "dev").await;
    client(&world, "rival", "their-shop", "BACKEND", None).await;
    client(&world, "acme", "dev-only", "BACKEND", Some("dev")).await;
    let asked_by = |mut count: fluxgate_proto::v1::EvaluationCount, id: Uuid| {
        count.client_id = id.as_bytes().to_vec();
        count
    };
    let (foreign, dev_only) = (client_id(&world, "their-shop").await, client_id(&world, "dev-only").await);
    let of = |place| reporter.count(0, ("flag", place), "on", 10);
    let mut batch = reporter.batch(
        1,
        vec![
            of(dev),
            of(theirs),
            of(Uuid::new_v4()),
            reporter.count(0, ("nothing", dev), "on", 10),
            asked_by(of(dev), foreign),
            asked_by(of(dev), Uuid::new_v4()),
            asked_by(of(prod), dev_only),
            asked_by(of(dev), dev_only),
        ],
    );
    batch.sketches =
        vec![reporter.sketch(0, ("flag", theirs), 0..5), reporter.sketch(0, ("nothing", dev), 0..5)];
    batch.samples = vec![reporter.sample(0, ("flag", theirs), 1), reporter.sample(0, ("flag", dev), 1)];
    let ack = reporter.push(&batch).await.unwrap();
    assert_eq!(ack.outcome(), EventOutcome::Accepted);
    assert_eq!(
        ack.refused,
        Some(RefusedRows { out_of_scope: 4, unknown: 5, too_old: 0, in_future: 0, evaluations: 60 })
    );
    assert_eq!(world.number(TOTAL).await, 20);
    for (table, rows) in [("evaluation_sketch", 0), ("evaluation_sample", 1), ("evaluation_seen", 1)] {
        assert_eq!(world.number(&format!("SELECT count(*) FROM {table}")).await, rows, "{table}");
    }
    // Of one environment, a client writes for no other.
    let key = client(&world, "acme", "prod-edges", "EDGE", Some("prod")).await;
    let bound = Reporter::with(&world, &world.grpc, Some(&key)).await;
    let ack = bound.push(&bound.batch(1, vec![of(dev), of(prod)])).await.unwrap();
    assert_eq!(ack.refused.unwrap().out_of_scope, 1);
    assert_eq!(world.number(TOTAL).await, 30);
    // A batch of another team with the same id, edge and number is another batch.
    let key = client(&world, "rival", "their-edges", "EDGE", None).await;
    let mut rival = Reporter::with(&world, &world.grpc, Some(&key)).await;
    rival.edge = reporter.edge;
    let ack = rival.push(&batch).await.unwrap();
    assert_eq!((ack.outcome(), ack.refused.unwrap().out_of_scope), (EventOutcome::Accepted, 9));
    assert_eq!(world.number(TOTAL).await, 30);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_number_that_was_given_twice_counts_and_is_told(db: PgPool) {
    let (world, reporter, dev) = furnished(db).await;
    let of = |sequence| reporter.batch(sequence, vec![reporter.count(0, ("flag", dev), "on", 10)]);
    for sequence in [1, 2, 5] {
        reporter.report(&of(sequence)).await;
    }
    let rows = "SELECT count(*) FROM ingest_gap WHERE kind = 'TOMBSTONE' AND lost IS NULL";
    // One that comes late fills its gap, and one that was told never to come says nothing new.
    reporter.report(&of(3)).await;
    let grave = Tombstone {
        first: 4,
        last: 4,
        from_ms: 0,
        until_ms: 1,
        lost: Some(7),
        why: TombstoneReason::SpoolBroken as i32,
    };
    reporter.report(&EventBatch { tombstones: vec![grave], ..of(6) }).await;
    reporter.report(&of(4)).await;
    assert_eq!(world.number(rows).await, 0);
    // The edge lost count: whatever it says is counted, and figures are not complete.
    for _ in 0..3 {
        reporter.report(&of(2)).await;
    }
    assert_eq!(world.number(TOTAL).await, 9 * 10);
    assert_eq!(world.number(rows).await, 1);
    let number = "SELECT first_sequence FROM ingest_gap WHERE kind = 'TOMBSTONE' AND lost IS NULL";
    assert_eq!(world.number(number).await, 2);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn only_a_good_key_of_an_edge_pushes(db: PgPool) {
    let (world, reporter, dev) = furnished(db).await;
    let batch = reporter.batch(1, vec![reporter.count(0, ("flag", dev), "on", 1)]);
    let shop = client(&world, "acme", "other", "BACKEND", None).await;
    let revoked = client(&world, "acme", "revoked", "EDGE", None).await;
    let before = Reporter::with(&world, &world.grpc, Some(&revoked)).await;
    before.report(&before.batch(1, Vec::new())).await;
    let id = revoked[4..12].to_owned();
    world.done("admin", "revokeClientKey", json!({"team": "acme", "name": "revoked", "keyId": id})).await;
    let ended = async || before.push(&before.batch(2, Vec::new())).await.err().map(|status| status.code());
    assert_eq!(crate::world::eventually("it ends", ended).await, Code::PermissionDenied);
    for (key, code) in [
        (None, Code::Unauthenticated),
        (Some(shop.as_str()), Code::PermissionDenied),
        (Some("fgc_aaaaaaaa_x"), Code::PermissionDenied),
        (Some("garbage"), Code::PermissionDenied),
    ] {
        let stranger = Reporter::with(&world, &world.grpc, key).await;
        assert_eq!(stranger.push(&batch).await.unwrap_err().code(), code, "{key:?}");
    }
    assert_eq!(world.number(TOTAL).await, 0);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_kept_no_more_and_what_is_to_come_is_left_out(db: PgPool) {
    let (world, reporter, dev) = furnished(db).await;
    let minutes = now(&world).await - reporter.base;
    let day = 24 * 60;
    let of = |minute| reporter.count(minute, ("flag", dev), "on", 1);
    let mut extremes = [of(0), of(0), of(0)];
    (extremes[0].minute, extremes[1].minute, extremes[2].minute) = (i64::MIN, i64::MAX, i64::MAX / 60);
    let mut counts =
        vec![of(minutes - 91 * day), of(minutes - 89 * day), of(minutes), of(minutes + 4), of(minutes + 7)];
    counts.extend(extremes);
    let mut batch = reporter.batch(1, counts);
    batch.sketches = vec![
        reporter.sketch(-91 * 24, ("flag", dev), 0..5),
        UnitSketch { hour: i64::MIN, ..reporter.sketch(0, ("flag", dev), 0..5) },
    ];
    let ack = reporter.push(&batch).await.unwrap();
    assert_eq!(
        ack.refused,
        Some(RefusedRows { out_of_scope: 0, unknown: 0, too_old: 3, in_future: 4, evaluations: 5 })
    );
    assert_eq!(world.number(TOTAL).await, 3);
    let lost = "SELECT lost FROM ingest_gap WHERE kind = 'REFUSED'";
    assert_eq!(world.number(lost).await, 5, "it is told how many");
    let times = |sealed_at_ms: i64, until_ms: i64| EventBatch {
        sealed_at_ms: (reporter.base + minutes + sealed_at_ms) * 60_000,
        until_ms: (reporter.base + minutes + until_ms) * 60_000,
        ..reporter.batch(2, vec![of(0)])
    };
    for (batch, why) in [
        (times(-31 * day, 0), "may have been counted then"),
        (times(7, 0), "clock is ahead"),
        (times(0, 7), "clock is ahead"),
    ] {
        let ack = reporter.push(&batch).await.unwrap();
        assert_eq!(ack.outcome(), EventOutcome::Refused);
        assert!(ack.why.contains(why), "{}", ack.why);
    }
    reporter.report(&times(-29 * day, 0)).await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_bad_batch_is_refused_for_good_and_whole(db: PgPool) {
    let (world, reporter, dev) = furnished(db).await;
    let good = reporter.batch(9, vec![reporter.count(0, ("flag", dev), "on", 1)]);
    let tombstone = |first, last| Tombstone {
        first,
        last,
        from_ms: 0,
        until_ms: 1,
        lost: None,
        why: TombstoneReason::SpoolFull as i32,
    };
    let count = || good.counts[0].clone();
    let with = |change: &dyn Fn(&mut EventBatch)| {
        let mut batch = EventBatch { id: new_id().as_bytes().to_vec(), ..good.clone() };
        change(&mut batch);
        batch
    };
    for (batch, why) in [
        (with(&|b| b.id = vec![1; 15]), "no UUID"),
        (with(&|b| b.id = vec![0x41; 16]), "version 7"),
        (with(&|b| b.edge_id.clear()), "no UUID"),
        (with(&|b| b.sequence = 0), "sequence"),
        (with(&|b| b.sequence = u64::MAX), "sequence"),
        (with(&|b| b.from_ms = b.until_ms + 1), "in this order"),
        (with(&|b| (b.from_ms, b.until_ms) = (i64::MIN, i64::MAX)), "in this order"),
        (with(&|b| b.sealed_at_ms = i64::MIN), "sealed_at_ms"),
        (with(&|b| b.counts = vec![count(); 10_001]), "counts: 10001 of them, at most 10000"),
        (with(&|b| b.counts[0].n = 0), "counts[0].n"),
        (with(&|b| b.counts[0].n = u64::MAX), "counts[0].n"),
        (with(&|b| b.counts[0].reason = 0), "counts[0].reason"),
        (with(&|b| b.counts[0].reason = 99), "counts[0].reason"),
        (with(&|b| b.counts[0].feature_key.clear()), "counts[0].feature_key"),
        (with(&|b| b.counts[0].variant = Some("x\0".to_owned())), "counts[0].variant"),
        (with(&|b| b.counts[0].variant = Some("x".repeat(101))), "counts[0].variant"),
        (with(&|b| b.counts[0].environment_id.push(1)), "counts[0]: an id"),
        (with(&|b| (b.counts[0].hourly, b.counts[0].minute) = (true, 61)), "first of its hour"),
        (
            with(&|b| {
                b.sketches = vec![UnitSketch { sketch: vec![9], ..reporter.sketch(0, ("flag", dev), 0..1) }]
            }),
            "no sketch",
        ),
        (with(&|b| b.sketches = vec![reporter.sketch(0, ("flag", dev), 0..1); 1_001]), "sketches: 1001"),
        (with(&|b| b.samples = vec![reporter.sample(0, ("flag", dev), 1); 201]), "samples: 201"),
        (
            with(&|b| {
                b.samples = vec![reporter.sample(0, ("flag", dev), 1)];
                b.samples[0].unit = b"user-15".to_vec();
            }),
            "samples[0].unit",
        ),
        (with(&|b| b.tombstones = vec![tombstone(9, 9)]), "tombstones[0]"),
        (with(&|b| b.tombstones = vec![tombstone(3, 2)]), "tombstones[0]"),
        (with(&|b| b.tombstones = vec![tombstone(1, 4), tombstone(4, 5)]), "tombstones[1]"),
        (with(&|b| b.tombstones = vec![Tombstone { why: 0, ..tombstone(1, 2) }]), "tombstones[0].why"),
        (with(&|b| b.dropped = Some(Dropped { evaluations: u64::MAX, samples: 0 })), "dropped"),
    ] {
        let ack = reporter.push(&batch).await.unwrap();
        assert_eq!((ack.outcome(), ack.refused), (EventOutcome::Refused, None), "{why}");
        assert!(ack.why.contains(why), "{} for {why}", ack.why);
    }
    let huge = with(&|b| b.samples = vec![reporter.sample(0, ("flag", dev), 1); 60_000]);
    assert_eq!(reporter.push(&huge).await.unwrap_err().code(), Code::OutOfRange);
    assert_eq!(world.number("SELECT count(*) FROM ingest_batch").await, 0);
    assert_eq!(world.number(TOTAL).await, 0);
    let before = world.number("SELECT revision FROM delivery_head").await;
    reporter.report(&good).await;
    assert_eq!(world.number(TOTAL).await, 1);
    assert_eq!(world.number("SELECT revision FROM delivery_head").await, before, "counting serves nothing");
    world.stop().await;
}
