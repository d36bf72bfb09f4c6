//! The feed below subscriptions: nothing is lost and nothing comes twice, whoever serves it and however slowly it is read.

use std::time::Duration;

use serde_json::json;
use sqlx::PgPool;

use crate::{
    subscriber::{Subscriber, cursor},
    world::{World, eventually},
};

/// Renames a feature, which is one entry.
async fn rename(world: &World, name: &str) {
    world.done("dev", "editFeature", json!({"team": "acme", "feature": "flag", "name": name})).await;
}

/// Listens to renames, from a cursor on.
async fn listen(subscriber: &mut Subscriber, after: &str) {
    let field = format!(
        r#"audit(team: "acme", action: "feature.edit", after: "{after}") {{ cursor entry {{ number }} }}"#
    );
    subscriber.subscribe("renames", &field).await;
}

#[sqlx::test(migrations = false)]
async fn another_replica_goes_on_where_the_first_one_was(db: PgPool) {
    const RENAMES: usize = 60;
    let world = World::new(db).await;
    world.feature("flag").await;
    let token = world.token("guest").await;
    let mut at = cursor(&world, "acme").await;
    let happening = async {
        for n in 0..RENAMES {
            rename(&world, &n.to_string()).await;
        }
    };
    let listening = async {
        let mut numbers = Vec::new();
        // Each replica serves for a while and is stopped.
        for _ in 0..3 {
            let replica = world.replica().await;
            let mut guest = Subscriber::with_token(&format!("http://{}/graphql", replica.http), &token).await;
            listen(&mut guest, &at).await;
            for _ in 0..RENAMES / 6 {
                let event = guest.event("renames").await;
                at = event["cursor"].as_str().unwrap().to_owned();
                numbers.push(event["entry"]["number"].as_i64().unwrap());
            }
            let (stopped, closed) = tokio::join!(replica.stop(), guest.closed());
            stopped.unwrap();
            assert_eq!(closed.0, 1001);
        }
        let mut guest = Subscriber::with_token(&world.http, &token).await;
        listen(&mut guest, &at).await;
        while numbers.len() < RENAMES {
            numbers.push(guest.event("renames").await["entry"]["number"].as_i64().unwrap());
        }
        assert_eq!(guest.next_within(Duration::from_millis(700)).await, None, "nothing beyond");
        numbers
    };
    let ((), numbers) = tokio::join!(happening, listening);
    let all = sqlx::query_scalar(
        "SELECT number FROM audit_entry WHERE action = 'feature.edit' ORDER BY xid, number",
    );
    let all: Vec<i64> = all.fetch_all(&world.db).await.unwrap();
    assert_eq!(numbers, all);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_committed_late_is_not_passed_over(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let mut guest = Subscriber::open(&world, "guest").await;
    let after = cursor(&world, "acme").await;
    listen(&mut guest, &after).await;
    let last = "SELECT max(number) FROM audit_entry";
    let mut naive = world.number(last).await;
    // Somebody has written an entry, and not committed it.
    let mut late = world.db.begin().await.unwrap();
    let insert = "INSERT INTO audit_entry (at, actor_kind, actor, team_id, action, subject)
                  SELECT now(), 'SYSTEM', 'test', id, 'feature.edit', 'late' FROM team WHERE key = 'acme' RETURNING number";
    let first: i64 = sqlx::query_scalar(insert).fetch_one(&mut *late).await.unwrap();
    for n in 0..5 {
        rename(&world, &n.to_string()).await;
    }
    // Whoever remembers the last number they saw does not see it any more.
    let seen = world.number(last).await;
    let by_number =
        format!("SELECT count(*) FROM audit_entry WHERE action = 'feature.edit' AND number > {naive}");
    assert_eq!(world.number(&by_number).await, 5);
    naive = seen;
    assert_eq!(guest.next_within(Duration::from_millis(1200)).await, None, "it may still get company");
    late.commit().await.unwrap();
    let by_number = format!("SELECT count(*) FROM audit_entry WHERE number > {naive}");
    assert_eq!(world.number(&by_number).await, 0, "the naive reader has lost it");
    let mut numbers = Vec::new();
    for _ in 0..6 {
        numbers.push(guest.event("renames").await["entry"]["number"].as_i64().unwrap());
    }
    assert_eq!(numbers[0], first);
    assert!(numbers.is_sorted() && first < numbers[1], "{numbers:?}");
    world.stop().await;
}

/// Writes so many entries of sixteen kilobytes, of which sockets hold some hundreds.
pub async fn load(world: &World, entries: i64) {
    let entries = format!(
        "INSERT INTO audit_entry (at, actor_kind, actor, team_id, action, subject, after)
         SELECT now(), 'SYSTEM', 'test', t.id, 'test.load', n::text, jsonb_build_object('x', repeat(md5(n::text), 512))
         FROM team t, generate_series(1, {entries}) AS s (n) WHERE t.key = 'acme' ORDER BY s.n"
    );
    world.sql(&entries).await.unwrap();
}

/// How many rows of the audit were read, once no more are.
async fn rests(world: &World) -> i64 {
    let fetched = "SELECT idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'audit_entry'";
    let (mut before, mut calm) = (-1, 0);
    eventually("nobody reads the audit", async || {
        // What was read is told once a second.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = world.number(fetched).await;
        calm = if now == before { calm + 1 } else { 0 };
        before = now;
        (calm == 8).then_some(now)
    })
    .await
}

#[sqlx::test(migrations = false)]
async fn who_reads_slowly_gets_everything_and_costs_little(db: PgPool) {
    const ENTRIES: i64 = 3_000;
    let world = World::new(db).await;
    let mut guest = Subscriber::open(&world, "guest").await;
    let after = cursor(&world, "acme").await;
    load(&world, ENTRIES).await;
    world.sql("ANALYZE audit_entry").await.unwrap();
    let read_before = rests(&world).await;
    guest
        .subscribe(
            "all",
            &format!(r#"audit(team: "acme", after: "{after}") {{ entry {{ subject after }} }}"#),
        )
        .await;
    // Nothing is read from the socket: the server stops reading the database for it. Who is told all reads it twice.
    let read = rests(&world).await - read_before;
    assert!((1..ENTRIES * 3 / 2).contains(&read), "{read} rows were read for a client that reads nothing");
    for n in 1..=ENTRIES {
        let event = guest.event("all").await;
        assert_eq!(event["entry"]["subject"], n.to_string());
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn cursors_are_checked(db: PgPool) {
    let world = World::new(db).await;
    let mut guest = Subscriber::open(&world, "guest").await;
    let after = cursor(&world, "acme").await;
    let subscribe = async |guest: &mut Subscriber, after: &str| {
        guest.subscribe("it", &format!(r#"features(team: "acme", after: "{after}") {{ cursor }}"#)).await;
    };
    for wrong in ["", "x", "MTI", "%%%"] {
        subscribe(&mut guest, wrong).await;
        assert_eq!(guest.refusal("it").await, "INVALID", "{wrong}");
    }
    // A database that was restored from a backup has another epoch.
    world.sql("UPDATE delivery_head SET epoch = gen_random_uuid()").await.unwrap();
    // The beginning of a cursor names the database.
    eventually("it is another database", async || {
        (cursor(&world, "acme").await[..40] != after[..40]).then_some(())
    })
    .await;
    subscribe(&mut guest, &after).await;
    assert_eq!(guest.refusal("it").await, "STALE");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_was_there_before_is_the_past(db: PgPool) {
    let all = sqlx::migrate::Migrator::new(std::path::Path::new("../migrations")).await.unwrap();
    let mut old = sqlx::migrate::Migrator::new(std::path::Path::new("../migrations")).await.unwrap();
    old.migrations =
        all.iter().filter(|migration| migration.version < 11).cloned().collect::<Vec<_>>().into();
    old.run(&db).await.unwrap();
    let entry = "INSERT INTO audit_entry (at, actor_kind, actor, action, subject, team_id)
                 SELECT now(), 'SYSTEM', 'test', 'test.old', 'old', id FROM team";
    sqlx::query("INSERT INTO team (key, name) VALUES ('old', 'old')").execute(&db).await.unwrap();
    sqlx::query(entry).execute(&db).await.unwrap();
    all.run(&db).await.unwrap();
    sqlx::query(entry).execute(&db).await.unwrap();
    let xids: Vec<i64> = sqlx::query_scalar("SELECT xid::text::bigint FROM audit_entry ORDER BY number")
        .fetch_all(&db)
        .await
        .unwrap();
    assert!(xids[0] == 1 && xids[1] > 1, "{xids:?}");
}
