//! Figures of evaluations: series with their gaps filled, what is asked for most, units, samples, and how complete all
//! that is.

use fluxgate_proto::v1::{Dropped, EvaluationReason, Tombstone, TombstoneReason};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    event::{Reporter, environment},
    stream::Edge,
    world::{World, eventually},
};

async fn furnished(db: PgPool) -> (World, Reporter, Uuid) {
    let world = World::new(db).await;
    for key in ["flag", "other"] {
        world.feature(key).await;
    }
    let reporter = Reporter::new(&world).await;
    let dev = environment(&world, "acme", "dev").await;
    (world, reporter, dev)
}

/// A field of acme.
async fn ask(world: &World, field: &str) -> Value {
    let answer = world.query("guest", &format!(r#"{{ team(key: "acme") {{ it: {field} }} }}"#)).await;
    answer["team"]["it"].clone()
}

/// Series of acme over the first minutes.
async fn series(world: &World, reporter: &Reporter, (minutes, more): (i64, &str), fields: &str) -> Value {
    let (from, until) = (reporter.at(0), reporter.at(minutes));
    let arguments = format!(r#"from: "{from}", until: "{until}", resolution: MINUTE, {more}"#);
    let fields = format!("series {{ {fields} }}");
    ask(world, &format!("evaluations({arguments}) {{ {fields} }}")).await["series"].clone()
}

#[sqlx::test(migrations = false)]
async fn counts_are_added_up_by_time_and_by_what_is_asked(db: PgPool) {
    let (world, reporter, dev) = furnished(db).await;
    let prod = environment(&world, "acme", "prod").await;
    let split = |mut count: fluxgate_proto::v1::EvaluationCount| {
        count.reason = EvaluationReason::Split as i32;
        count
    };
    reporter
        .report(&reporter.batch(
            1,
            vec![
                reporter.count(0, ("flag", dev), "on", 3),
                reporter.count(4, ("flag", dev), "on", 5),
                reporter.count(1, ("flag", dev), "off", 7),
                split(reporter.count(1, ("flag", prod), "", 2)),
                reporter.count(3, ("other", prod), "on", 30),
                reporter.count(6, ("flag", dev), "on", 1_000),
            ],
        ))
        .await;
    reporter.report(&reporter.batch(2, vec![reporter.count(4, ("flag", dev), "on", 100)])).await;
    let all = series(&world, &reporter, (6, ""), "total points feature { key } reason isDefault").await;
    let one = json!({"total": 147, "points": [3, 9, 0, 30, 105, 0], "feature": null, "reason": null, "isDefault": false});
    assert_eq!(all, json!([one]));
    let by = |groups: &str| format!("groupBy: [{groups}]");
    let features = series(&world, &reporter, (6, &by("FEATURE")), "total feature { key }").await;
    let named = |key: &str, total: i64| json!({"total": total, "feature": {"key": key}});
    assert_eq!(features, json!([named("flag", 117), named("other", 30)]));
    let rest = series(
        &world,
        &reporter,
        (6, &by("ENVIRONMENT, VARIANT, REASON, CLIENT")),
        "total environment { key } variant isDefault reason client { name }",
    )
    .await;
    let row = |total: i64, place: &str, variant: Value, reason: &str| {
        json!({"total": total, "environment": {"key": place}, "isDefault": variant.is_null(), "variant": variant,
               "reason": reason, "client": {"name": "shop"}})
    };
    assert_eq!(
        rest,
        json!([
            row(108, "dev", json!("on"), "TARGETING_MATCH"),
            row(30, "prod", json!("on"), "TARGETING_MATCH"),
            row(7, "dev", json!("off"), "TARGETING_MATCH"),
            row(2, "prod", Value::Null, "SPLIT")
        ])
    );
    for (filter, total) in [
        (r#"feature: "flag""#, 117),
        (r#"environment: "prod""#, 32),
        (r#"client: "shop""#, 147),
        (r#"client: "edges""#, 0),
        (r#"variant: "on""#, 138),
        ("variant: null", 2),
        ("reason: SPLIT", 2),
        (r#"feature: "flag", environment: "dev", variant: "on""#, 108),
    ] {
        let found = series(&world, &reporter, (6, &format!("filter: {{{filter}}}")), "total points").await;
        assert_eq!(found[0]["total"], total, "{filter}");
        assert_eq!(found[0]["points"].as_array().unwrap().len(), 6);
    }
    let (from, until) = (reporter.at(-61), reporter.at(61));
    let hours = ask(
        &world,
        &format!(
            r#"evaluations(from: "{from}", until: "{until}", resolution: HOUR) {{ from until resolution series {{ points }} }}"#
        ),
    )
    .await;
    assert_eq!(hours["series"], json!([{"points": [0, 0, 1147, 0]}]));
    let same =
        |a: &Value, b: String| a.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>() == b.parse();
    assert!(same(&hours["from"], reporter.at(-120)) && same(&hours["until"], reporter.at(120)), "{hours}");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_asked_for_is_bounded(db: PgPool) {
    let (world, reporter, dev) = furnished(db).await;
    let variants = (0..101).map(|n| reporter.count(0, ("flag", dev), &format!("v{n}"), 1));
    reporter.report(&reporter.batch(1, variants.collect())).await;
    let refused = async |field: &str| {
        let answer =
            world.ask("guest", &format!(r#"{{ team(key: "acme") {{ {field} }} }}"#), json!({})).await;
        assert_eq!(answer.code(), "INVALID", "{field}: {}", answer.body);
        answer.error()["extensions"]["path"].as_str().unwrap().to_owned()
    };
    let span =
        |from: i64, until: i64| format!(r#"from: "{}", until: "{}""#, reporter.at(from), reporter.at(until));
    let series = |span: String, more: &str| format!("evaluations({span}, {more}) {{ series {{ total }} }}");
    assert_eq!(refused(&series(span(0, 1_501), "resolution: MINUTE")).await, "from");
    assert_eq!(refused(&series(span(0, 1_501 * 60), "resolution: HOUR")).await, "from");
    assert_eq!(refused(&series(span(5, 5), "resolution: HOUR")).await, "until");
    assert_eq!(refused(&series(span(0, 1), "resolution: MINUTE, groupBy: [VARIANT]")).await, "groupBy");
    let ancient = r#"from: "0001-01-01T00:00:00Z", until: "2026-01-01T00:00:00Z""#.to_owned();
    assert_eq!(refused(&series(ancient, "resolution: HOUR")).await, "from");
    assert_eq!(refused(&format!("topFeatures({}, first: 101) {{ from }}", span(0, 1))).await, "first");
    let units = format!(r#"uniqueUnits(feature: "flag", {}) {{ units }}"#, span(-93 * 24 * 60, 0));
    assert_eq!(refused(&units).await, "from");
    assert_eq!(refused("staleFeatures(days: 0) { since }").await, "days");
    assert_eq!(refused("staleFeatures(days: 366) { since }").await, "days");
    let fits = ask(&world, &series(span(0, 1_500), "resolution: MINUTE")).await;
    assert_eq!(fits["series"][0]["total"], 101);
    let unknown = series(span(0, 1), r#"resolution: MINUTE, filter: {feature: "flog"}"#);
    let unknown = world.ask("guest", &format!(r#"{{ team(key: "acme") {{ {unknown} }} }}"#), json!({})).await;
    assert_eq!(unknown.code(), "NOT_FOUND");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_most_asked_for_come_first_and_each_tells_when_it_was_seen(db: PgPool) {
    let (world, reporter, dev) = furnished(db).await;
    let prod = environment(&world, "acme", "prod").await;
    let counts = vec![
        reporter.count(0, ("flag", dev), "on", 10),
        reporter.count(9, ("flag", dev), "off", 1),
        reporter.count(5, ("other", prod), "on", 50),
    ];
    reporter.report(&reporter.batch(1, counts)).await;
    // What comes late does not take back what was seen since.
    reporter.report(&reporter.batch(2, vec![reporter.count(2, ("flag", dev), "on", 1)])).await;
    let top = async |more: &str| {
        let span = format!(r#"from: "{}", until: "{}""#, reporter.at(0), reporter.at(60));
        let found =
            ask(&world, &format!("topFeatures({span}, {more}) {{ features {{ feature {{ key }} total }} }}"))
                .await;
        found["features"].clone()
    };
    let row = |key: &str, total: i64| json!({"feature": {"key": key}, "total": total});
    assert_eq!(top("first: 5").await, json!([row("other", 50), row("flag", 12)]));
    assert_eq!(top("first: 1").await, json!([row("other", 50)]));
    assert_eq!(top(r#"environment: "dev""#).await, json!([row("flag", 12)]));
    let seen =
        ask(&world, r#"feature(key: "flag") { lastSeen stages { environment { key } lastSeen } }"#).await;
    let at = |value: &Value| value.as_str().map(|at| at.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    let nine = Some(reporter.at(9).parse().unwrap());
    assert_eq!((at(&seen["lastSeen"]), at(&seen["stages"][0]["lastSeen"])), (nine, nine));
    assert_eq!(seen["stages"][2], json!({"environment": {"key": "prod"}, "lastSeen": null}));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn units_of_several_edges_are_one_set(db: PgPool) {
    let (world, reporter, dev) = furnished(db).await;
    let (prod, other) = (environment(&world, "acme", "prod").await, reporter.another());
    let push = async |edge: &Reporter, sequence: u64, sketches: Vec<fluxgate_proto::v1::UnitSketch>| {
        let mut batch = edge.batch(sequence, Vec::new());
        batch.sketches = sketches;
        edge.report(&batch).await;
    };
    let of = |hour: i64, units| reporter.sketch(hour, ("flag", dev), units);
    push(&reporter, 1, vec![of(0, 0..3_000), of(0, 2_000..4_000), of(1, 0..4_000)]).await;
    push(&other, 1, vec![of(0, 3_500..6_000)]).await;
    push(&other, 2, vec![of(0, 3_500..6_000), reporter.sketch(1, ("flag", prod), 0..20)]).await;
    let units = async |more: &str, hours: i64| {
        let span = format!(r#"from: "{}", until: "{}""#, reporter.at(0), reporter.at(hours * 60));
        let field = format!(r#"uniqueUnits(feature: "flag", {span}, {more}) {{ units standardError }}"#);
        ask(&world, &field).await
    };
    let hour = units("", 1).await;
    let error = hour["standardError"].as_f64().unwrap();
    assert!((0.016..0.0165).contains(&error));
    let estimate = hour["units"].as_f64().unwrap();
    assert!((estimate / 6_000.0 - 1.0).abs() < 3.0 * error, "{estimate}");
    assert_eq!(units("", 2).await["units"], hour["units"], "those of the second hour asked in the first");
    assert_eq!(units(r#"environment: "prod""#, 2).await["units"], 20);
    assert_eq!(units(r#"environment: "prod""#, 1).await["units"], 0);
    assert_eq!(world.number("SELECT count(*) FROM evaluation_sketch").await, 3);
    world.stop().await;
}

/// What is said of the completeness of the first minutes.
async fn completeness(world: &World, reporter: &Reporter, (from, until): (i64, i64)) -> (bool, i64, i64) {
    let (from, until) = (reporter.at(from), reporter.at(until));
    let field = format!(
        r#"evaluations(from: "{from}", until: "{until}", resolution: MINUTE) {{ completeness {{ complete missingBatches lostEvents }} }}"#
    );
    let found = ask(world, &field).await["completeness"].clone();
    let number = |field: &str| found[field].as_i64().unwrap();
    (found["complete"].as_bool().unwrap(), number("missingBatches"), number("lostEvents"))
}

#[sqlx::test(migrations = false)]
async fn figures_say_what_they_lack(db: PgPool) {
    let (world, reporter, dev) = furnished(db).await;
    let batch = |sequence: u64| {
        let minute = i64::try_from(sequence).unwrap() - 1;
        reporter.batch(sequence, vec![reporter.count(minute, ("flag", dev), "on", 1)])
    };
    let tells = async |window| completeness(&world, &reporter, window).await;
    reporter.report(&batch(1)).await;
    assert_eq!(tells((0, 60)).await, (true, 0, 0));
    // 2 to 5 are missing, until 4 comes late.
    reporter.report(&batch(6)).await;
    assert_eq!(tells((0, 60)).await, (false, 4, 0));
    assert_eq!(tells((30, 60)).await, (true, 0, 0), "not in this time");
    reporter.report(&batch(4)).await;
    assert_eq!(tells((0, 60)).await, (false, 3, 0));
    assert_eq!(tells((0, 2)).await, (false, 2, 0), "2 and 3 were about these minutes");
    // 2 will never come; of 4 the edge does not know that it was taken in.
    let at = |minute: i64| (reporter.base + minute) * 60_000;
    let buried = |first, last, lost| Tombstone {
        first,
        last,
        from_ms: at(1),
        until_ms: at(4),
        lost,
        why: TombstoneReason::SpoolFull as i32,
    };
    let mut seventh = batch(7);
    seventh.tombstones = vec![buried(2, 2, Some(17)), buried(4, 4, Some(1_000))];
    reporter.report(&seventh).await;
    assert_eq!(tells((0, 60)).await, (false, 3, 17));
    for late in [3, 5] {
        reporter.report(&batch(late)).await;
    }
    assert_eq!(tells((0, 60)).await, (false, 1, 17));
    assert_eq!(world.number("SELECT count(*) FROM ingest_gap WHERE kind = 'MISSING'").await, 0);
    // What an edge could not count, and what could not be kept.
    let mut eighth = batch(8);
    eighth.dropped = Some(Dropped { evaluations: 5, samples: 9 });
    eighth.counts.push(reporter.count(0, ("nothing", dev), "on", 3));
    reporter.push(&eighth).await.unwrap();
    assert_eq!(tells((7, 60)).await, (false, 0, 8));
    // An edge that is not known from its beginning lacks what came before.
    let other = reporter.another();
    other.report(&other.batch(11, Vec::new())).await;
    assert_eq!(tells((10, 11)).await, (false, 10, 0));
    assert_eq!(tells((11, 60)).await, (true, 0, 0));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn figures_are_known_as_far_as_the_slowest_connected_edge_has_told(db: PgPool) {
    let (world, reporter, _) = furnished(db).await;
    let until = async |environment: &str| {
        let span = format!(r#"from: "{}", until: "{}""#, reporter.at(0), reporter.at(60));
        let field = format!("topFeatures({span}, {environment}) {{ completeness {{ until }} }}");
        let until = ask(&world, &field).await["completeness"]["until"].clone();
        until.as_str().map(|at| at.parse::<chrono::DateTime<chrono::Utc>>().unwrap())
    };
    let minute = |minute: i64| Some(reporter.at(minute).parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    assert_eq!(until("first: 1").await, None);
    let fast = reporter.another();
    reporter.report(&reporter.batch(1, Vec::new())).await;
    fast.report(&fast.batch(5, Vec::new())).await;
    assert_eq!(until("first: 1").await, minute(5), "nobody is connected: the last that was told");
    let key = crate::stream::client(&world, "acme", "prod-edges", "EDGE", Some("prod")).await;
    let mut edge = Edge::open(&world.grpc, Some(&key)).await.unwrap();
    edge.id = reporter.edge;
    edge.hello(None).await;
    eventually("the slow one counts", async || (until("first: 1").await == minute(1)).then_some(())).await;
    assert_eq!(until(r#"environment: "dev""#).await, minute(5), "it sees another environment");
    // One that is connected and has told nothing yet.
    let mut silent = Edge::open(&world.grpc, Some(&key)).await.unwrap();
    silent.hello(None).await;
    silent.next().await.unwrap();
    reporter.report(&reporter.batch(2, Vec::new())).await;
    eventually("both count", async || (until("first: 1").await == minute(2)).then_some(())).await;
    edge.goodbye().await;
    let connected = async || until("first: 1").await.filter(|at| Some(*at) > minute(60));
    eventually("the silent one is known from when it came", connected).await;
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_known_by_the_hour_and_what_was_sampled_is_told(db: PgPool) {
    let (world, reporter, dev) = furnished(db).await;
    let mut hourly = reporter.count(0, ("flag", dev), "on", 40);
    hourly.hourly = true;
    let mut batch = reporter.batch(1, vec![hourly, reporter.count(0, ("flag", dev), "on", 2)]);
    batch.samples = (0..3).map(|n| reporter.sample(i64::from(n), ("flag", dev), n)).collect();
    reporter.report(&batch).await;
    let found = series(&world, &reporter, (2, ""), "total hourly points").await;
    assert_eq!(found, json!([{"total": 42, "hourly": 40, "points": [42, 0]}]));
    let samples = async |more: &str| {
        let fields = "nodes { feature { key } environment { key } client { name } variant reason unit }";
        ask(&world, &format!("evaluationSamples({more}) {{ {fields} pageInfo {{ endCursor }} totalCount }}"))
            .await
    };
    let first = samples(r#"environment: "dev", first: 2"#).await;
    assert_eq!(first["totalCount"], 3);
    assert_eq!(
        first["nodes"][0],
        json!({"feature": {"key": "flag"}, "environment": {"key": "dev"}, "client": {"name": "shop"},
               "variant": "on", "reason": "SPLIT", "unit": "02".repeat(16)})
    );
    let cursor = first["pageInfo"]["endCursor"].as_str().unwrap();
    let rest = samples(&format!(r#"feature: "flag", first: 2, after: "{cursor}""#)).await;
    assert_eq!((rest["nodes"].as_array().unwrap().len(), &rest["nodes"][0]["unit"]), (1, &Value::Null));
    assert_eq!(samples(r#"environment: "prod""#).await["totalCount"], 0);
    world.stop().await;
}
