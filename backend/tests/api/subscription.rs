//! Subscriptions: what each field tells, in which order, and what a filter leaves out.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    event::{Reporter, environment, now},
    input::{edit, targeted},
    stream::{Edge, client},
    subscriber::{Subscriber, cursor},
    world::World,
};

/// The next events of a subscription, as `action` and what else is asked for.
async fn events(subscriber: &mut Subscriber, id: &str, count: usize) -> Vec<Value> {
    let mut events = Vec::new();
    for _ in 0..count {
        events.push(subscriber.event(id).await);
    }
    events
}

fn actions(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["action"].as_str().unwrap()).collect()
}

#[sqlx::test(migrations = false)]
async fn a_change_is_told_from_proposal_to_its_end(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.policy("everything", "ALL", 2, &["APPROVER"]).await;
    world.member("acme", "guest", &["APPROVER"]).await;
    let after = cursor(&world, "acme").await;
    let mut lead = Subscriber::open(&world, "lead").await;
    let fields = "cursor at action actor change { number status author votes { user decision }
                  policies { name approvals satisfied } comments { text } viewerMayVote items { version } }";
    lead.subscribe("all", &format!(r#"changes(team: "acme", after: "{after}") {{ {fields} }}"#)).await;
    let number = world.pending("dev", "flag", "dev", "waiting").await;
    let proposed = lead.event("all").await;
    assert_eq!((&proposed["action"], &proposed["actor"]), (&json!("change.propose"), &json!("dev")));
    assert_eq!(proposed["change"]["number"], number);
    assert_eq!(proposed["change"]["viewerMayVote"], true, "resolved for the one who listens");
    world.vote("guest", number, "APPROVE").await.data();
    let voted = lead.event("all").await;
    assert_eq!((&voted["action"], &voted["actor"]), (&json!("change.approve"), &json!("guest")));
    assert_eq!(voted["change"]["votes"], json!([{"user": "guest", "decision": "APPROVE"}]));
    assert_eq!(voted["change"]["policies"][0]["approvals"], 1);
    world.done("dev", "commentChange", json!({"team": "acme", "number": number, "text": "please"})).await;
    let said = lead.event("all").await;
    assert_eq!(said["action"], "change.comment");
    assert_eq!(said["change"]["comments"], json!([{"text": "please"}]));
    // One that another overtakes is told of as well, as a change of its own.
    let other = world.pending("dev", "flag", "dev", "overtaken").await;
    world.vote("lead", number, "APPROVE").await.data();
    let told = events(&mut lead, "all", 4).await;
    assert_eq!(actions(&told), ["change.propose", "change.approve", "change.apply", "change.stale"]);
    let numbers: Vec<_> = told.iter().map(|event| event["change"]["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [other, number, number, other]);
    assert_eq!(told[2]["change"]["status"], "APPLIED");
    assert_eq!(told[3]["change"]["status"], "STALE");
    // By number, from the same place: only the one.
    lead.subscribe(
        "one",
        &format!(r#"changes(team: "acme", number: {other}, after: "{after}") {{ action }}"#),
    )
    .await;
    assert_eq!(actions(&events(&mut lead, "one", 2).await), ["change.propose", "change.stale"]);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_change_of_several_stages_is_told_to_who_listens_to_one(db: PgPool) {
    let world = World::new(db).await;
    for key in ["flag", "other", "third"] {
        world.feature(key).await;
    }
    world.policy("everything", "ALL", 1, &["APPROVER"]).await;
    let after = cursor(&world, "acme").await;
    let document = |feature: &str, environment: &str| json!({"feature": feature, "environment": environment, "config": targeted("a")});
    let edits = json!({"team": "acme", "edits": [document("flag", "staging"), document("other", "prod")]});
    let batch = world.done("dev", "proposeBatch", edits).await["change"]["number"].clone();
    let single = world.pending("dev", "third", "staging", "a").await;
    let mut guest = Subscriber::open(&world, "guest").await;
    for (filter, told) in [
        (r#"feature: "flag","#, vec![batch.clone()]),
        (r#"feature: "other", environment: "prod","#, vec![batch.clone()]),
        (r#"environment: "staging","#, vec![batch.clone(), json!(single)]),
        (r#"feature: "third","#, vec![json!(single)]),
    ] {
        let field = format!(r#"changes(team: "acme", {filter} after: "{after}") {{ change {{ number }} }}"#);
        guest.subscribe(filter, &field).await;
        for number in told {
            assert_eq!(guest.event(filter).await["change"]["number"], number, "{filter}");
        }
    }
    guest
        .subscribe(
            "no",
            &format!(
                r#"changes(team: "acme", feature: "flag", environment: "prod", after: "{after}") {{ at }}"#
            ),
        )
        .await;
    assert_eq!(guest.next_within(std::time::Duration::from_millis(700)).await, None);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn features_and_kills_are_told_where_they_happen(db: PgPool) {
    let world = World::new(db).await;
    for key in ["flag", "other"] {
        world.feature(key).await;
    }
    let after = cursor(&world, "acme").await;
    let kill = |environment: &str| json!({"team": "acme", "feature": "flag", "environment": environment, "reason": "r"});
    world.edit("dev", "flag", "dev", targeted("a")).await;
    world.edit("dev", "flag", "staging", targeted("a")).await;
    world.done("dev", "killFeature", kill("staging")).await;
    world.done("dev", "killFeature", json!({"team": "acme", "feature": "other", "reason": "all"})).await;
    world.done("lead", "restoreFeature", json!({"team": "acme", "feature": "flag"})).await;
    world.done("dev", "editFeature", json!({"team": "acme", "feature": "flag", "name": "Flag"})).await;
    let mut guest = Subscriber::open(&world, "guest").await;
    let follow = |field: &str, filter: &str, fields: &str| {
        format!(r#"{field}(team: "acme", {filter} after: "{after}") {{ {fields} }}"#)
    };
    guest
        .subscribe(
            "flag",
            &follow("features", r#"feature: "flag","#, "action environment feature { key name }"),
        )
        .await;
    let told = events(&mut guest, "flag", 7).await;
    let expected = [
        ("change.propose", json!("dev")),
        ("change.apply", json!("dev")),
        ("change.propose", json!("staging")),
        ("change.apply", json!("staging")),
        ("feature.kill", json!("staging")),
        ("feature.restore", json!("staging")),
        ("feature.edit", Value::Null),
    ];
    let found: Vec<_> =
        told.iter().map(|event| (event["action"].as_str().unwrap(), event["environment"].clone())).collect();
    assert_eq!(found, expected);
    assert_eq!(told[6]["feature"], json!({"key": "flag", "name": "Flag"}));
    // In one environment: what happens there, and what happens to the feature everywhere.
    let there = follow("features", r#"feature: "flag", environment: "staging","#, "action");
    guest.subscribe("there", &there).await;
    let found = events(&mut guest, "there", 5).await;
    assert_eq!(
        actions(&found),
        ["change.propose", "change.apply", "feature.kill", "feature.restore", "feature.edit"]
    );
    let fields = "action reason actor feature { key } stages { environment { key } kill { reason } }";
    guest.subscribe("kills", &follow("kills", "", fields)).await;
    let told = events(&mut guest, "kills", 5).await;
    assert_eq!(
        actions(&told),
        ["feature.kill", "feature.kill", "feature.kill", "feature.kill", "feature.restore"]
    );
    assert_eq!(told[1]["stages"], json!([{"environment": {"key": "dev"}, "kill": {"reason": "all"}}]));
    assert_eq!(told[4]["stages"], json!([{"environment": {"key": "staging"}, "kill": null}]), "as it is now");
    guest.subscribe("prod", &follow("kills", r#"environment: "prod","#, "feature { key }")).await;
    assert_eq!(guest.event("prod").await, json!({"feature": {"key": "other"}}));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_kill_that_ends_by_itself_is_told(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let mut guest = Subscriber::open(&world, "guest").await;
    let after = cursor(&world, "acme").await;
    guest
        .subscribe("kills", &format!(r#"kills(team: "acme", after: "{after}") {{ action actor reason }}"#))
        .await;
    let kill = json!({"team": "acme", "feature": "flag", "environment": "dev", "reason": "broken"});
    world.done("dev", "killFeature", kill).await;
    assert_eq!(guest.event("kills").await["action"], "feature.kill");
    world.sql("UPDATE stage SET kill_restore_at = now() WHERE killed_at IS NOT NULL").await.unwrap();
    let restored = guest.event("kills").await;
    assert_eq!((&restored["action"], &restored["actor"]), (&json!("feature.restore"), &json!("scheduler")));
    assert_eq!(restored["reason"], "its time is over; killed for: broken");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_audit_is_told_with_all_that_it_holds(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let mut guest = Subscriber::open(&world, "guest").await;
    let after = cursor(&world, "acme").await;
    let fields = "cursor entry { number action actor actorKind subject before after address }";
    guest.subscribe("all", &format!(r#"audit(team: "acme", after: "{after}") {{ {fields} }}"#)).await;
    world.run("guest", "killFeature", json!({"team": "acme", "feature": "flag", "reason": "r"})).await;
    let denied = guest.event("all").await;
    assert_eq!(
        (&denied["entry"]["action"], &denied["entry"]["actor"]),
        (&json!("access.denied"), &json!("guest"))
    );
    world.member("acme", "guest", &["REQUESTER"]).await;
    let set = guest.event("all").await["entry"].clone();
    assert_eq!(set["before"], json!({"roles": []}));
    assert_eq!(set["after"], json!({"roles": ["REQUESTER"]}));
    let some =
        format!(r#"audit(team: "acme", action: "member.", after: "{after}") {{ entry {{ action }} }}"#);
    guest.subscribe("some", &some).await;
    assert_eq!(guest.event("some").await["entry"]["action"], "member.set");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn states_are_told_at_once_and_when_they_are_others(db: PgPool) {
    let world = World::new(db).await;
    let mut guest = Subscriber::open(&world, "guest").await;
    guest.subscribe("head", "revision { epoch revision }").await;
    let before = guest.event("head").await["revision"].as_i64().unwrap();
    world.feature("flag").await;
    let mut now = before;
    while now < world.number("SELECT revision FROM delivery_head").await {
        now = guest.event("head").await["revision"].as_i64().unwrap();
    }
    assert!(now > before);
    // On a socket of its own, as revisions go on.
    let mut guest = Subscriber::open(&world, "guest").await;
    let key = client(&world, "acme", "edge", "EDGE", None).await;
    guest.subscribe("edges", r#"edges(team: "acme") { name client connected inSync }"#).await;
    assert_eq!(guest.event("edges").await, json!([]));
    let edge = Edge::caught_up(&world, &key).await;
    edge.ack().await;
    loop {
        let edges = guest.event("edges").await;
        if edges[0]["connected"] == true && edges[0]["client"] == "edge" {
            break;
        }
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn evaluations_are_told_as_they_are_counted(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let reporter = Reporter::new(&world).await;
    let dev = environment(&world, "acme", "dev").await;
    let mut guest = Subscriber::open(&world, "guest").await;
    let fields = "{ until series { variant total points } completeness { complete } }";
    guest
        .subscribe(
            "now",
            &format!(
                r#"evaluations(team: "acme", feature: "flag", minutes: 5, groupBy: [VARIANT]) {fields}"#
            ),
        )
        .await;
    assert_eq!(guest.event("now").await["series"], json!([]));
    let minute = now(&world).await - reporter.base;
    let counts = vec![
        reporter.count(minute, ("flag", dev), "on", 41),
        reporter.count(minute - 60, ("flag", dev), "on", 7),
    ];
    reporter.report(&reporter.batch(1, counts)).await;
    let told = loop {
        let told = guest.event("now").await;
        if told["series"] != json!([]) {
            break told;
        }
    };
    let series = &told["series"][0];
    assert_eq!(
        (&series["variant"], &series["total"]),
        (&json!("on"), &json!(41)),
        "the last minutes alone: {told}"
    );
    assert!(series["points"].as_array().unwrap().len() <= 6, "{told}");
    guest.subscribe("far", r#"evaluations(team: "acme", minutes: 181) { from }"#).await;
    loop {
        let message = guest.next().await;
        if message["id"] == "far" {
            assert_eq!(message["payload"][0]["extensions"]["code"], "INVALID", "{message}");
            break;
        }
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn without_a_cursor_it_begins_now(db: PgPool) {
    let world = World::new(db).await;
    world.feature("before").await;
    let mut guest = Subscriber::open(&world, "guest").await;
    guest.subscribe("features", r#"features(team: "acme") { feature { key } }"#).await;
    // When it has begun nothing tells, so something happens until it is heard of.
    let mut made = 0;
    let first = loop {
        made += 1;
        world.feature(&format!("f{made}")).await;
        if let Some(message) = guest.next_within(std::time::Duration::from_millis(200)).await {
            break message;
        }
    };
    let key = first["payload"]["data"]["features"]["feature"]["key"].as_str().unwrap();
    assert!(key.starts_with('f'), "{first}");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn another_teams_events_never_arrive(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let mut outsider = Subscriber::open(&world, "outsider").await;
    for field in ["changes", "features", "kills", "audit", "edges", "evaluations"] {
        let selection = match field {
            "edges" => "{ name }",
            "evaluations" => "{ from }",
            _ => "{ cursor }",
        };
        outsider.subscribe("theirs", &format!(r#"{field}(team: "acme") {selection}"#)).await;
        assert_eq!(outsider.refusal("theirs").await, "NOT_FOUND", "{field}");
    }
    // Names of another team lead nowhere from one's own.
    for field in [
        r#"features(team: "rival", feature: "flag") { cursor }"#,
        r#"features(team: "rival", environment: "prod") { cursor }"#,
        r#"changes(team: "rival", number: 1) { cursor }"#,
    ] {
        outsider.subscribe("theirs", field).await;
        assert_eq!(outsider.refusal("theirs").await, "NOT_FOUND", "{field}");
    }
    let after = cursor(&world, "rival").await;
    outsider
        .subscribe("ours", &format!(r#"audit(team: "rival", after: "{after}") {{ entry {{ action }} }}"#))
        .await;
    world.run("dev", "editStage", edit("flag", "dev", targeted("a"))).await.data();
    world.done("dev", "killFeature", json!({"team": "acme", "feature": "flag", "reason": "r"})).await;
    world.done("admin", "editTeam", json!({"team": "rival", "name": "Rival"})).await;
    assert_eq!(outsider.event("ours").await["entry"]["action"], "team.edit");
    world.stop().await;
}
