//! Assignments of sticky splits over real gRPC: the first that is committed wins, nobody reaches into another's scope, and the
//! control plane's own evaluations say what edges say.

use fluxgate_proto::{
    assignment::MAX_UNITS,
    convert::{Content, decode},
    unit::UnitKey,
    v1::{
        Assignment, AssignmentBatch, AssignmentGroup, EvaluateRequest, ItemKind, KeptAssignments, KeptGroup,
        backend_message::Message, delivery_client::DeliveryClient, evaluation_client::EvaluationClient,
    },
};
use serde_json::{Value, json};
use sqlx::PgPool;
use tonic::{Code, Request, Status};
use uuid::Uuid;

use crate::{
    event::environment,
    input::new_feature,
    stream::{Edge, client},
    world::World,
};

/// Somebody who pushes and looks up.
struct Asker {
    grpc: String,
    key: String,
}

impl Asker {
    async fn new(world: &World, team: &str, place: Option<&str>) -> Asker {
        let name = format!("edges-{}", place.unwrap_or("all"));
        let key = client(world, team, &name, "EDGE", place).await;
        Edge::caught_up(world, &key).await;
        Asker { grpc: world.grpc.clone(), key }
    }

    async fn ask(&self, asks: bool, batch: AssignmentBatch) -> Result<KeptAssignments, Status> {
        let mut channel = DeliveryClient::connect(self.grpc.clone()).await.unwrap();
        let mut request = Request::new(batch);
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.key).parse().unwrap());
        let answer = match asks {
            true => channel.look_up_assignments(request).await?,
            false => channel.push_assignments(request).await?,
        };
        Ok(answer.into_inner())
    }

    async fn push(&self, group: AssignmentGroup) -> Vec<KeptGroup> {
        self.ask(false, AssignmentBatch { groups: vec![group] }).await.unwrap().groups
    }

    async fn look_up(&self, mut group: AssignmentGroup) -> Vec<KeptGroup> {
        group.assignments.iter_mut().for_each(|one| one.variant.clear());
        self.ask(true, AssignmentBatch { groups: vec![group] }).await.unwrap().groups
    }
}

fn one(unit: u8, variant: &str) -> Assignment {
    Assignment { unit: vec![unit; 16], variant: variant.to_owned() }
}

fn group(environment: Uuid, feature: &str, assignments: Vec<Assignment>) -> AssignmentGroup {
    AssignmentGroup {
        environment_id: environment.as_bytes().to_vec(),
        feature_key: feature.to_owned(),
        salt: "salt".to_owned(),
        assignments,
    }
}

fn kept(kept: Vec<Assignment>) -> Vec<KeptGroup> {
    vec![KeptGroup { kept, refused: false }]
}

fn refused() -> Vec<KeptGroup> {
    vec![KeptGroup { kept: Vec::new(), refused: true }]
}

#[sqlx::test(migrations = false)]
async fn the_first_wins_and_everybody_hears_of_it(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let (edge, dev) = (Asker::new(&world, "acme", None).await, environment(&world, "acme", "dev").await);
    assert_eq!(edge.look_up(group(dev, "flag", vec![one(1, "")])).await, kept(vec![]));
    assert_eq!(edge.push(group(dev, "flag", vec![one(1, "on"), one(2, "on")])).await, kept(vec![]));
    assert_eq!(edge.push(group(dev, "flag", vec![one(1, "on")])).await, kept(vec![]), "again: no news");
    let second = group(dev, "flag", vec![one(1, "off"), one(3, "off")]);
    assert_eq!(edge.push(second.clone()).await, kept(vec![one(1, "on")]));
    assert_eq!(edge.look_up(second).await, kept(vec![one(1, "on"), one(3, "off")]));
    let other_salt = AssignmentGroup { salt: "new".to_owned(), ..group(dev, "flag", vec![one(1, "")]) };
    assert_eq!(edge.look_up(other_salt).await, kept(vec![]), "a new salt forgets");
    // A unit that stands twice in a batch is served what it was first.
    let twice = group(dev, "flag", vec![one(9, "on"), one(9, "off")]);
    assert_eq!(edge.push(twice).await, kept(vec![one(9, "on")]));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn two_edges_at_once_end_up_with_the_same(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.feature("other").await;
    let replica = world.replica().await;
    let (here, dev) = (Asker::new(&world, "acme", None).await, environment(&world, "acme", "dev").await);
    let there = Asker { grpc: format!("http://{}", replica.grpc), key: here.key.clone() };
    for round in 0..20_u8 {
        let batch = |variant: &str, backwards: bool| {
            let mut units: Vec<_> = (0..50).map(|n| one(n, variant)).collect();
            if backwards {
                units.reverse();
            }
            let of = |feature: &str| AssignmentGroup {
                salt: format!("salt-{round}"),
                ..group(dev, feature, units.clone())
            };
            let mut groups = vec![of("flag"), of("other")];
            if backwards {
                groups.reverse();
            }
            AssignmentBatch { groups }
        };
        let (a, b) = tokio::join!(here.ask(false, batch("on", false)), there.ask(false, batch("off", true)));
        let (a, b) = (a.unwrap(), b.unwrap());
        for place in 0..2 {
            let (a, b) = (&a.groups[place].kept, &b.groups[1 - place].kept);
            // Whoever was first hears nothing, the other hears of each unit.
            assert_eq!(a.len() + b.len(), 50, "{round}: each unit is kept once");
            assert!(a.iter().all(|one| one.variant == "off") && b.iter().all(|one| one.variant == "on"));
        }
    }
    replica.stop().await.unwrap();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn nobody_reaches_into_another_scope(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let (dev, theirs) = (environment(&world, "acme", "dev").await, environment(&world, "rival", "dev").await);
    let narrow = Asker::new(&world, "acme", Some("staging")).await;
    let (wide, rival) = (Asker::new(&world, "acme", None).await, Asker::new(&world, "rival", None).await);
    let unit = || vec![one(1, "on")];
    for (who, place, feature) in [
        (&rival, dev, "flag"),
        (&narrow, dev, "flag"),
        (&wide, theirs, "flag"),
        (&wide, dev, "unknown"),
        (&wide, Uuid::new_v4(), "flag"),
    ] {
        assert_eq!(who.push(group(place, feature, unit())).await, refused());
        assert_eq!(who.look_up(group(place, feature, unit())).await, refused());
    }
    assert_eq!(world.number("SELECT count(*) FROM assignment").await, 0);
    // What may be kept of a batch is.
    let groups = vec![group(theirs, "flag", unit()), group(dev, "flag", unit())];
    let answer = wide.ask(false, AssignmentBatch { groups }).await.unwrap();
    assert_eq!(answer.groups, [refused(), kept(vec![])].concat());
    assert_eq!(world.number("SELECT count(*) FROM assignment").await, 1);
    let shop = client(&world, "acme", "shop", "BACKEND", None).await;
    for key in [shop, "fgc_nonsense".to_owned()] {
        let stranger = Asker { grpc: world.grpc.clone(), key };
        for asks in [false, true] {
            let status = stranger.ask(asks, AssignmentBatch::default()).await.unwrap_err();
            assert_eq!(status.code(), Code::PermissionDenied);
        }
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_is_out_of_bounds_is_refused_whole(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let (edge, dev) = (Asker::new(&world, "acme", None).await, environment(&world, "acme", "dev").await);
    let many = group(dev, "flag", vec![one(1, "on"); MAX_UNITS + 1]);
    let short = group(dev, "flag", vec![Assignment { unit: vec![1; 15], variant: "on".to_owned() }]);
    for bad in [many, short, group(dev, "flag", vec![one(1, "")]), group(dev, "", vec![one(1, "on")])] {
        let groups = vec![group(dev, "flag", vec![one(2, "on")]), bad];
        let status = edge.ask(false, AssignmentBatch { groups }).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
    let status = edge.ask(true, AssignmentBatch { groups: vec![group(dev, "flag", vec![one(1, "on")])] });
    assert_eq!(status.await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(world.number("SELECT count(*) FROM assignment").await, 0);
    let full = (0..MAX_UNITS).map(|n| {
        let unit = [&[0; 8][..], &(n as u64).to_le_bytes()].concat();
        Assignment { unit, variant: "on".to_owned() }
    });
    assert_eq!(edge.push(group(dev, "flag", full.collect())).await, kept(vec![]));
    assert_eq!(world.number("SELECT count(*) FROM assignment").await, MAX_UNITS as i64);
    world.stop().await;
}

/// A sticky document whose split has these weights.
fn sticky(weights: (u32, u32), changes: &Value) -> Value {
    let mut config = json!({
        "enabled": true, "variants": {"on": true, "off": false}, "default": "off", "off": "off", "sticky": true,
        "criteria": [{"split": [{"variant": "on", "weight": weights.0}, {"variant": "off", "weight": weights.1}]}],
    });
    for (field, value) in changes.as_object().unwrap() {
        config[field] = value.clone();
    }
    config
}

#[sqlx::test(migrations = false)]
async fn edges_are_told_when_a_bucket_need_not_be_right(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let when = json!([{"name": "us", "when": {"key": "country", "op": "exists"}, "split":
                       [{"variant": "on", "weight": 50}, {"variant": "off", "weight": 50}]}]);
    for (config, reweighted, why) in [
        (sticky((10, 90), &json!({"sticky": false})), false, "nothing is kept"),
        (sticky((50, 50), &json!({})), false, "the first that is sticky"),
        (sticky((50, 50), &json!({"criteria": when})), false, "others are asked, the split is the same"),
        (sticky((60, 40), &json!({})), true, "other weights"),
        (sticky((50, 50), &json!({"off": "on"})), true, "as before, and still others meanwhile"),
        (sticky((60, 40), &json!({"salt": "second"})), false, "a new salt forgets"),
        (sticky((50, 50), &json!({"salt": "flag"})), true, "the key is the first salt"),
        (sticky((50, 50), &json!({"sticky": false})), false, "nothing is kept any more"),
    ] {
        world.edit("dev", "flag", "dev", config).await;
        let edge = Edge::caught_up(&world, &key).await;
        let told =
            edge.of_kind(ItemKind::Stage).into_iter().map(|item| match decode(item).unwrap().content {
                Content::Stage(stage) => stage.reweighted,
                _ => panic!("a stage"),
            });
        assert_eq!(told.collect::<Vec<_>>(), [reweighted], "{why}");
    }
    world.stop().await;
}

/// What the edges of a client hash units with.
async fn unit_key(world: &World, key: &str) -> UnitKey {
    let mut edge = Edge::open(&world.grpc, Some(key)).await.unwrap();
    edge.hello(None).await;
    while !matches!(edge.next().await.unwrap(), Some(Message::Welcome(_))) {}
    UnitKey::new(edge.welcome.unwrap().unit_key.try_into().unwrap())
}

#[sqlx::test(migrations = false)]
async fn edges_of_a_team_hash_alike_and_the_key_rests_nowhere(db: PgPool) {
    let world = World::new(db).await;
    let one = client(&world, "acme", "one", "EDGE", None).await;
    let other = client(&world, "acme", "other", "EDGE", Some("dev")).await;
    let rival = client(&world, "rival", "edges", "EDGE", None).await;
    let key = unit_key(&world, &one).await;
    assert_eq!(key, unit_key(&world, &other).await);
    assert_ne!(key, unit_key(&world, &rival).await);
    world.stop().await;
}

/// The variant of the feature `flag` for a user, by the rpc and by GraphQL.
async fn evaluated(world: &World, key: &str, user: &str) -> (String, String) {
    let context = json!({ "targetingKey": user });
    let mut channel = EvaluationClient::connect(world.grpc.clone()).await.unwrap();
    let (flag_key, environment) = ("flag".to_owned(), String::new());
    let mut request = Request::new(EvaluateRequest { flag_key, context: context.to_string(), environment });
    request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    let looked = r#"query($context: JSON!) { team(key: "acme") {
        evaluate(environment: "dev", features: ["flag"], context: $context) { variant } } }"#;
    // First, as it keeps nothing.
    let looked = world.ask("dev", looked, json!({ "context": context })).await.data().clone();
    let answer = channel.evaluate(request).await.unwrap().into_inner();
    let looked = looked["team"]["evaluate"][0]["variant"].as_str().unwrap().to_owned();
    (answer.variant.unwrap(), looked)
}

#[sqlx::test(migrations = false)]
async fn the_control_plane_evaluates_as_edges_do(db: PgPool) {
    let world = World::new(db).await;
    world.feature("flag").await;
    let (edge, dev) = (Asker::new(&world, "acme", None).await, environment(&world, "acme", "dev").await);
    let key = client(&world, "acme", "shop", "BACKEND", Some("dev")).await;
    let set = async |config: Value| {
        world.edit("dev", "flag", "dev", config).await;
        Edge::caught_up(&world, &edge.key).await;
    };
    set(sticky((100, 0), &json!({}))).await;
    let on = ("on".to_owned(), "on".to_owned());
    assert_eq!(evaluated(&world, &key, "user-1").await, on);
    let rows = async || world.number("SELECT count(*) FROM assignment").await;
    assert_eq!(rows().await, 1, "the rpc serves, and so it keeps");
    set(sticky((0, 100), &json!({}))).await;
    assert_eq!(evaluated(&world, &key, "user-1").await, on, "it keeps what it was served");
    let off = ("off".to_owned(), "off".to_owned());
    assert_eq!(evaluated(&world, &key, "user-2").await, off);
    assert_eq!(rows().await, 2);
    // What an edge kept counts as well, and what this kept is told to edges.
    let units = unit_key(&world, &edge.key).await;
    let of = |user: &str, variant: &str| Assignment {
        unit: units.hash(user).to_vec(),
        variant: variant.to_owned(),
    };
    let place = |assignments| AssignmentGroup { salt: "flag".to_owned(), ..group(dev, "flag", assignments) };
    edge.push(place(vec![of("user-3", "on")])).await;
    assert_eq!(evaluated(&world, &key, "user-3").await, on);
    assert_eq!(edge.look_up(place(vec![of("user-2", "")])).await, kept(vec![of("user-2", "off")]));
    // A feature that depends on a sticky one is served what follows from what is kept.
    world.done("dev", "createFeature", new_feature("needs")).await;
    let needs = json!({"enabled": true, "variants": {"on": true, "off": false}, "default": "on", "off": "off",
                       "dependsOn": [{"feature": "flag", "variants": ["on"]}]});
    world.edit("dev", "needs", "dev", needs).await;
    let query = r#"{ team(key: "acme") { evaluate(environment: "dev", features: ["needs"],
        context: {targetingKey: "USER"}) { variant } } }"#;
    for (user, variant) in [("user-1", "on"), ("user-2", "off")] {
        let found = world.query("dev", &query.replace("USER", user)).await;
        assert_eq!(found["team"]["evaluate"][0]["variant"], variant, "{user}");
    }
    // Without the database the bucket decides.
    world.sql("ALTER TABLE assignment RENAME TO elsewhere").await.unwrap();
    let mut channel = EvaluationClient::connect(world.grpc.clone()).await.unwrap();
    let context = json!({"targetingKey": "user-1"}).to_string();
    let (flag_key, environment) = ("flag".to_owned(), String::new());
    let mut request = Request::new(EvaluateRequest { flag_key, context, environment });
    request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    assert_eq!(channel.evaluate(request).await.unwrap().into_inner().variant.as_deref(), Some("off"));
    world.stop().await;
}
