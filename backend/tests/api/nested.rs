//! Names inside of inputs: those of another team's things are names of nothing, wherever they stand.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    answer::Answer,
    input::{ahead, mutation, targeted},
    plain::{ALSO_PLAIN, NEW, PEOPLE, PLAIN},
    subscriber::Subscriber,
    surface::Surface,
    world::World,
};

/// Places that name something of a team, with something of acme's that rival does not have.
const NAMES: [(&str, &str); 71] = [
    ("editEnvironment.key", "prod"),
    ("setEnvironmentActive.key", "prod"),
    ("createPipeline.stages[].environment", "prod"),
    ("createPipeline.stages[].after", "prod"),
    ("editPipeline.key", "theirs"),
    ("addPipelineStage.pipeline", "theirs"),
    ("addPipelineStage.environment", "prod"),
    ("addPipelineStage.after", "prod"),
    ("removePipelineStage.pipeline", "theirs"),
    ("removePipelineStage.environment", "prod"),
    ("deletePipeline.key", "theirs"),
    ("editContextKey.key", "theirs"),
    ("deleteContextKey.key", "theirs"),
    ("createPolicy.environments[]", "prod"),
    ("editPolicy.name", "theirs"),
    ("editPolicy.environments[]", "prod"),
    ("deletePolicy.name", "theirs"),
    ("createClient.environment", "prod"),
    ("setClientEnabled.name", "theirs"),
    ("editClient.name", "theirs"),
    ("rotateClientKey.name", "theirs"),
    ("revokeClientKey.name", "theirs"),
    ("revokeClientKey.keyId", "KEY_ID"),
    ("deleteClient.name", "theirs"),
    ("removeMember.username", "dev"),
    ("createToken.environments[]", "prod"),
    ("rotateToken.name", "theirs"),
    ("revokeToken.name", "theirs"),
    ("proposeBatch.edits[].feature", "theirs"),
    ("proposeBatch.edits[].environment", "prod"),
    ("proposeBatch.promotions[].feature", "theirs"),
    ("proposeBatch.promotions[].from", "prod"),
    ("proposeBatch.promotions[].to", "prod"),
    ("proposeBatch.rollbacks[].feature", "theirs"),
    ("proposeBatch.rollbacks[].environment", "prod"),
    ("proposeBatch.rollbacks[].version", "3"),
    ("proposeBatch.withdrawals[].feature", "theirs"),
    ("proposeBatch.withdrawals[].environment", "prod"),
    ("createFeature.pipeline", "theirs"),
    ("createFeature.config", "theirs"),
    ("editFeature.feature", "theirs"),
    ("archiveFeature.feature", "theirs"),
    ("unarchiveFeature.feature", "theirs"),
    ("killFeature.feature", "theirs"),
    ("killFeature.environment", "prod"),
    ("restoreFeature.feature", "theirs"),
    ("restoreFeature.environment", "prod"),
    ("editStage.feature", "theirs"),
    ("editStage.environment", "prod"),
    ("editStage.config", "theirs"),
    ("promote.feature", "theirs"),
    ("promote.from", "prod"),
    ("promote.to", "prod"),
    ("rollback.feature", "theirs"),
    ("rollback.environment", "prod"),
    ("rollback.version", "3"),
    ("withdraw.feature", "theirs"),
    ("withdraw.environment", "prod"),
    ("vote.number", "3"),
    ("cancelChange.number", "3"),
    ("commentChange.number", "3"),
    ("rebaseChange.number", "3"),
    ("overrideChange.number", "3"),
    ("Query.user.username", "dev"),
    ("Team.features.filter.environment", "prod"),
    ("Team.kills.environment", "prod"),
    ("Team.evaluations.filter.feature", "theirs"),
    ("Team.evaluations.filter.environment", "prod"),
    ("Team.evaluations.filter.client", "theirs"),
    ("Team.evaluate.features[]", "theirs"),
    ("Feature.versions.environment", "prod"),
];

/// Those of a team's fields that take a name each: the field, its argument, what it selects.
const LOOK_UPS: [(&str, &str, &str, &str); 22] = [
    ("environment", "key", "prod", "{ id }"),
    ("pipeline", "key", "theirs", "{ key }"),
    ("contextKey", "key", "theirs", "{ key }"),
    ("policy", "name", "theirs", "{ name }"),
    ("client", "name", "theirs", "{ id }"),
    ("feature", "key", "theirs", "{ id }"),
    ("versions", "feature", "theirs", "{ totalCount }"),
    ("versions", "environment", "prod", "{ totalCount }"),
    ("changes", "feature", "theirs", "{ totalCount }"),
    ("changes", "environment", "prod", "{ totalCount }"),
    ("change", "number", "3", "{ author }"),
    ("audit", "feature", "theirs", "{ totalCount }"),
    ("audit", "environment", "prod", "{ totalCount }"),
    ("kills", "environment", "prod", "{ totalCount }"),
    ("token", "name", "theirs", "{ state }"),
    ("topFeatures", "environment", "prod", "{ features { total } }"),
    ("uniqueUnits", "feature", "theirs", "{ units }"),
    ("uniqueUnits", "environment", "prod", "{ units }"),
    ("staleFeatures", "environment", "prod", "{ nodes { reasons } }"),
    ("evaluationSamples", "environment", "prod", "{ nodes { unit } }"),
    ("evaluationSamples", "feature", "theirs", "{ nodes { unit } }"),
    ("evaluate", "environment", "prod", "{ value }"),
];

/// What those fields need beside it.
fn beside(field: &str, argument: &str) -> &'static str {
    const SPAN: &str = "from: \"2026-01-01T00:00:00Z\", until: \"2026-01-02T00:00:00Z\", ";
    match (field, argument) {
        ("versions", "environment") => "feature: \"own\", ",
        ("evaluate", _) => "features: [\"own\"], context: {}, ",
        ("topFeatures", _) | ("uniqueUnits", "feature") => SPAN,
        ("uniqueUnits", _) => {
            "from: \"2026-01-01T00:00:00Z\", until: \"2026-01-02T00:00:00Z\", feature: \"own\", "
        }
        ("staleFeatures", _) => "days: 30, ",
        _ => "",
    }
}

/// Fields of the subscription root, their arguments that name something, and what they select.
const LISTENED: [(&str, &str, &str, &str); 10] = [
    ("changes", "feature", "theirs", "{ action }"),
    ("changes", "environment", "prod", "{ action }"),
    ("changes", "number", "3", "{ action }"),
    ("features", "feature", "theirs", "{ action }"),
    ("features", "environment", "prod", "{ action }"),
    ("kills", "feature", "theirs", "{ action }"),
    ("kills", "environment", "prod", "{ action }"),
    ("audit", "feature", "theirs", "{ entry { action } }"),
    ("evaluations", "feature", "theirs", "{ from }"),
    ("evaluations", "environment", "prod", "{ from }"),
];

fn looked_up() -> impl Iterator<Item = String> {
    let listened = LISTENED.iter().map(|(field, argument, ..)| format!("Subscription.{field}.{argument}"));
    LOOK_UPS.iter().map(|(field, argument, ..)| format!("Team.{field}.{argument}")).chain(listened)
}

#[test]
fn every_place_of_the_schema_is_known() {
    let exact: BTreeSet<String> = NAMES
        .iter()
        .map(|(place, _)| (*place).to_owned())
        .chain(looked_up())
        .chain(NEW.iter().chain(&PEOPLE).chain(&ALSO_PLAIN).map(|place| (*place).to_owned()))
        .collect();
    let places = Surface::new().places();
    let gone: Vec<_> = exact.difference(&places).collect();
    assert!(gone.is_empty(), "not in the schema: {gone:?}");
    let plain = |place: &str| PLAIN.iter().any(|end| place.ends_with(&format!(".{end}")));
    let unknown: Vec<_> = places.iter().filter(|place| !exact.contains(*place) && !plain(place)).collect();
    assert!(unknown.is_empty(), "say in this file what these name: {unknown:?}");
}

/// An input of outsider's in rival in which everything exists, so that only what is replaced can be at fault.
fn base(field: &str) -> Value {
    let own = || json!({"feature": "own", "environment": "dev"});
    let with = |mut input: Value, key: &str, value: Value| {
        input[key] = value;
        input
    };
    match field {
        "editEnvironment" => json!({"key": "dev", "name": "x"}),
        "setEnvironmentActive" => json!({"key": "dev", "active": true}),
        "createPipeline" => {
            json!({"key": "new", "stages": [{"environment": "dev"}, {"environment": "qa", "after": "dev"}]})
        }
        "editPipeline" => json!({"key": "main", "name": "x"}),
        "addPipelineStage" => json!({"pipeline": "main", "environment": "qa", "after": "dev"}),
        "removePipelineStage" => json!({"pipeline": "main", "environment": "dev"}),
        "deletePipeline" => json!({"key": "main"}),
        "editContextKey" | "deleteContextKey" => json!({"key": "own"}),
        "createPolicy" => json!({"name": "new", "scope": "LISTED", "environments": ["dev"], "approvals": 1}),
        "editPolicy" => json!({"name": "own", "environments": ["dev"]}),
        "deletePolicy" => json!({"name": "own"}),
        "createClient" => json!({"name": "new", "kind": "EDGE", "environment": "dev"}),
        "setClientEnabled" => json!({"name": "own", "enabled": false}),
        "editClient" => json!({"name": "own", "origins": []}),
        "revokeClientKey" => json!({"name": "own", "keyId": "aaaaaaaa"}),
        "rotateClientKey" | "deleteClient" => json!({"name": "own"}),
        "removeMember" => json!({"username": "outsider"}),
        "createFeature" => json!({"key": "new", "kind": "CONTEXTUAL", "pipeline": "main"}),
        "editFeature" => json!({"feature": "own", "name": "x"}),
        "archiveFeature" | "unarchiveFeature" => json!({"feature": "own"}),
        "killFeature" => with(own(), "reason", json!("x")),
        "restoreFeature" | "rollback" | "withdraw" => own(),
        "editStage" => with(own(), "config", targeted("x")),
        "promote" => json!({"feature": "own", "from": "dev", "to": "dev"}),
        "vote" => json!({"number": 1, "decision": "APPROVE"}),
        "commentChange" => json!({"number": 1, "text": "x"}),
        "overrideChange" => json!({"number": 1, "reason": "x"}),
        "cancelChange" | "rebaseChange" => json!({"number": 1}),
        "createToken" => {
            json!({"name": "new", "roles": [], "environments": ["dev"], "expiresAt": ahead(600)})
        }
        "rotateToken" | "revokeToken" => json!({"name": "own"}),
        other => panic!("{other} has no input here"),
    }
}

/// The input with something else in one place.
fn replaced(field: &str, place: &str, name: &str) -> Value {
    let mut input = match (field, place.split_once("[].")) {
        // Each kind of a batch's items is what a mutation of its own is.
        ("proposeBatch", Some((kind, inner))) => {
            let of = match kind {
                "edits" => "editStage",
                "promotions" => "promote",
                "rollbacks" => "rollback",
                _ => "withdraw",
            };
            let mut item = replaced(of, inner, name);
            item.as_object_mut().unwrap().remove("team");
            let mut input = json!({"team": "rival"});
            input[kind] = json!([item]);
            return input;
        }
        _ => base(field),
    };
    input["team"] = json!("rival");
    match place {
        "stages[].environment" => input["stages"][1]["environment"] = json!(name),
        "stages[].after" => input["stages"][1]["after"] = json!(name),
        "environments[]" => input["environments"] = json!(["dev", name]),
        // A document names features that it depends on.
        "config" => {
            input["config"] = targeted("x");
            input["config"]["dependsOn"] = json!([{"feature": name}]);
            input["dryRun"] = json!(true);
        }
        "number" | "version" => input[place] = json!(name.parse::<i32>().unwrap()),
        _ => input[place] = json!(name),
    }
    input
}

/// An answer without what differs by name and by time.
fn plain(answer: &Answer, name: &str) -> String {
    let mut body = answer.body.clone();
    if body.get("errors").is_some() {
        body["errors"][0]["extensions"]["requestId"] = Value::Null;
        body["errors"][0]["locations"] = Value::Null;
    }
    body.to_string().replace(name, "NAME")
}

/// In rival everything that inputs name; in acme the same under other names.
async fn furnish(world: &World) -> String {
    world.feature("theirs").await;
    world.edit("dev", "theirs", "dev", targeted("second")).await;
    world.edit("dev", "theirs", "dev", targeted("third")).await;
    let mut key_id = String::new();
    for (team, name) in [("acme", "theirs"), ("rival", "own")] {
        let stages = json!([{"environment": "dev"}]);
        for (field, input) in [
            ("createPipeline", json!({"team": team, "key": name, "stages": stages})),
            ("createContextKey", json!({"team": team, "key": name, "type": "STRING"})),
            (
                "createPolicy",
                json!({"team": team, "name": name, "scope": "LISTED", "environments": ["dev"], "approvals": 1}),
            ),
        ] {
            world.done("admin", field, input).await;
        }
        let token = json!({"team": team, "name": name, "roles": [], "expiresAt": ahead(600)});
        world.done(if team == "acme" { "admin" } else { "outsider" }, "createToken", token).await;
        let client = json!({"team": team, "name": name, "kind": "FRONTEND"});
        let made = world.done("admin", "createClient", client).await;
        if team == "acme" {
            key_id = made["client"]["keyIds"][0].as_str().unwrap().to_owned();
        }
    }
    let input = json!({"team": "rival", "key": "qa", "type": "STAGING"});
    world.done("admin", "createEnvironment", input).await;
    let input = json!({"team": "rival", "key": "own", "kind": "CONTEXTUAL", "pipeline": "main"});
    world.done("admin", "createFeature", input).await;
    world.sql("UPDATE policy SET enabled = false").await.unwrap();
    key_id
}

#[sqlx::test(migrations = false)]
async fn a_name_of_another_teams_is_that_of_nothing_in_every_input(db: PgPool) {
    let world = World::new(db).await;
    let key_id = furnish(&world).await;
    let before = world.contents().await;
    for (at, theirs) in NAMES.iter().filter(|(at, _)| !at.starts_with(char::is_uppercase)) {
        let (field, place) = at.split_once('.').unwrap();
        let theirs = if *theirs == "KEY_ID" { key_id.as_str() } else { theirs };
        let missing = if theirs.parse::<i32>().is_ok() { "999" } else { "no-such-thing" };
        let found = world.run("outsider", field, replaced(field, place, theirs)).await;
        let nothing = world.run("outsider", field, replaced(field, place, missing)).await;
        let code = match *at {
            // A document may depend on what does not exist yet, and another team's feature never will.
            "createFeature.config" | "editStage.config" => {
                found.data();
                assert_eq!(plain(&found, theirs), plain(&nothing, missing), "{at}");
                continue;
            }
            // The tree is looked at as a whole.
            "createPipeline.stages[].after" => "INVALID",
            _ => "NOT_FOUND",
        };
        assert_eq!((found.code(), nothing.code()), (code, code), "{at}: {} {}", found.body, nothing.body);
        let name =
            found.error()["extensions"]["name"].as_str().unwrap_or(theirs).trim_start_matches(['#', 'v']);
        assert_eq!(name, theirs, "{at}: something else is at fault");
        assert_eq!(plain(&found, theirs), plain(&nothing, missing), "{at}");
    }
    assert_eq!(world.contents().await, before);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_name_of_another_teams_is_that_of_nothing_in_every_query(db: PgPool) {
    let world = World::new(db).await;
    furnish(&world).await;
    let mut queries: Vec<(String, String)> = vec![
        (r#"features(filter: {environment: "NAME"}) { totalCount }"#.to_owned(), "prod".to_owned()),
        (
            r#"feature(key: "own") { versions(environment: "NAME") { totalCount } }"#.to_owned(),
            "prod".to_owned(),
        ),
    ];
    for (filter, theirs) in [("feature", "theirs"), ("environment", "prod"), ("client", "theirs")] {
        let span = r#"from: "2026-01-01T00:00:00Z", until: "2026-01-01T01:00:00Z", resolution: MINUTE"#;
        let query = format!("evaluations(filter: {{{filter}: \"NAME\"}}, {span}) {{ series {{ total }} }}");
        queries.push((query, theirs.to_owned()));
    }
    for (field, argument, theirs, selection) in LOOK_UPS {
        let value = if argument == "number" { "NAME" } else { "\"NAME\"" };
        let more = beside(field, argument);
        queries.push((format!("{field}({more}{argument}: {value}) {selection}"), theirs.to_owned()));
    }
    let ask = async |query: &str, name: &str| {
        let query = format!("{{ team(key: \"rival\") {{ {} }} }}", query.replace("NAME", name));
        world.ask("outsider", &query, json!({})).await
    };
    for (query, theirs) in queries {
        let missing = if theirs.parse::<i32>().is_ok() { "999" } else { "no-such-thing" };
        let (found, nothing) = (ask(&query, &theirs).await, ask(&query, missing).await);
        assert_eq!((found.code(), nothing.code()), ("NOT_FOUND", "NOT_FOUND"), "{query}: {}", found.body);
        assert_eq!(plain(&found, &theirs), plain(&nothing, missing), "{query}");
    }
    let user = async |name: &str| {
        world.ask("outsider", &format!("{{ user(username: \"{name}\") {{ id }} }}"), json!({})).await
    };
    let (found, nothing) = (user("dev").await, user("no-such-thing").await);
    assert_eq!((found.code(), plain(&found, "dev")), ("NOT_FOUND", plain(&nothing, "no-such-thing")));
    let evaluated = r#"evaluate(environment: "dev", features: ["NAME"], context: {}) { errorCode value }"#;
    let (found, nothing) = (ask(evaluated, "theirs").await, ask(evaluated, "no-such-thing").await);
    assert_eq!(found.data()["team"]["evaluate"][0]["errorCode"], "FLAG_NOT_FOUND");
    assert_eq!(found.data(), nothing.data());
    world.stop().await;
}

#[test]
fn every_mutation_that_is_tried_has_its_document() {
    for (place, _) in NAMES.iter().filter(|(at, _)| !at.starts_with(char::is_uppercase)) {
        mutation(place.split('.').next().unwrap());
    }
}

#[sqlx::test(migrations = false)]
async fn a_name_of_another_teams_is_that_of_nothing_in_every_subscription(db: PgPool) {
    let world = World::new(db).await;
    furnish(&world).await;
    let mut socket = Subscriber::open(&world, "outsider").await;
    for (n, (field, argument, theirs, selection)) in LISTENED.into_iter().enumerate() {
        for (who, name) in
            [("theirs", theirs), ("nothing", if argument == "number" { "999" } else { "none" })]
        {
            let value = if argument == "number" { name.to_owned() } else { format!("\"{name}\"") };
            let id = format!("{who}{n}");
            socket
                .subscribe(&id, &format!("{field}(team: \"rival\", {argument}: {value}) {selection}"))
                .await;
            assert_eq!(socket.refusal(&id).await, "NOT_FOUND", "{field}.{argument}: {who}");
        }
    }
    world.stop().await;
}
