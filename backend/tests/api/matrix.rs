//! Who may do what, all of it: every field of the schema, as every kind of caller, in every kind of team.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    answer::Answer,
    forged::Forger,
    input::{ahead, mutation, text},
    stream::client,
    subscriber::{Subscriber, cursor},
    surface::Surface,
    table::{Class, QUERIES, SUBSCRIPTIONS, TEAM, mutations},
    world::World,
};

/// One's own team, another that exists, and one that does not; for outsiders the first two change places.
const TEAMS: [&str; 3] = ["acme", "rival", "nowhere"];

/// Somebody, or something, that calls.
struct Caller {
    name: &'static str,
    token: Option<String>,
    standing: Standing,
}

/// What a caller is.
#[derive(Clone, Copy, Debug)]
enum Standing {
    /// Nobody, whatever they hold.
    Nobody,
    /// Somebody who has to change the password before anything else.
    Newcomer,
    /// A member of one team with these roles.
    Member(&'static str, &'static [&'static str]),
    /// A system administrator who is a member of no team.
    SystemAdmin,
    /// A token of acme with these roles.
    Robot(&'static [&'static str]),
    /// A token of acme that is a TEAM_ADMIN in one environment.
    Limited,
}

/// What a caller is to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Whatever is said, it is not about who they are.
    Allowed,
    /// That they are nobody.
    Unauthenticated,
    /// That they may not.
    Forbidden,
    /// That there is no such team.
    NoTeam,
}

impl Standing {
    /// Whether what it may depends on where the thing is: `token/reach` looks at that.
    fn depends(self, field: &str, class: Class) -> bool {
        let within = matches!(class, Class::Propose | Class::Vote | Class::Override | Class::Restore);
        matches!(self, Standing::Limited) && (within || field == "cancelChange")
    }

    /// What the table says of a field of a class, in a team.
    fn verdict(self, class: Class, team: &str) -> Verdict {
        if class == Class::Public {
            return Verdict::Allowed;
        }
        let robot = matches!(self, Standing::Robot(_) | Standing::Limited);
        let own = match self {
            Standing::Nobody => return Verdict::Unauthenticated,
            _ if class == Class::Own || (class == Class::InPerson && !robot) => return Verdict::Allowed,
            Standing::Newcomer => return Verdict::Forbidden,
            Standing::SystemAdmin => None,
            Standing::Member(of, roles) => (of == team).then_some(roles),
            Standing::Robot(roles) => (team == "acme").then_some(roles),
            Standing::Limited => (team == "acme").then_some(&["TEAM_ADMIN"][..]),
        };
        let admin = matches!(self, Standing::SystemAdmin);
        if class.in_team() && (team == "nowhere" || (own.is_none() && !admin)) {
            return Verdict::NoTeam;
        }
        let (roles, admins) = class.roles();
        let by_role = own.is_some_and(|own| roles.is_empty() || own.iter().any(|role| roles.contains(role)));
        let allowed = match class {
            Class::SignedIn => true,
            Class::InPerson => !robot,
            Class::Admit if robot => false,
            // It reaches into all environments.
            Class::Manage if matches!(self, Standing::Limited) => false,
            Class::SystemAdmin | Class::SystemAdminOfTeam => admin,
            _ => by_role || (admin && admins),
        };
        if allowed { Verdict::Allowed } else { Verdict::Forbidden }
    }
}

/// What a caller heard.
fn heard(answer: &Answer) -> Verdict {
    if answer.body.get("errors").is_none() {
        return Verdict::Allowed;
    }
    let extensions = &answer.error()["extensions"];
    match (answer.code(), extensions["kind"].as_str()) {
        ("UNAUTHENTICATED", _) => Verdict::Unauthenticated,
        ("FORBIDDEN", _) => Verdict::Forbidden,
        ("NOT_FOUND", Some("team")) => Verdict::NoTeam,
        ("INTERNAL" | "UNAVAILABLE" | "LIMITED", _) => panic!("not a verdict: {}", answer.body),
        _ => Verdict::Allowed,
    }
}

async fn callers(world: &World) -> Vec<Caller> {
    let all: &[&str] = &["REQUESTER", "APPROVER", "TEAM_ADMIN"];
    for (name, roles) in [("root", &all[2..]), ("gone", all), ("ended", all), ("late", all), ("new", all)] {
        world.user(name).await;
        world.member("acme", name, roles).await;
        world.token(name).await;
    }
    let forger = Forger::new(world, "late").await;
    world.done("admin", "setUserActive", json!({"username": "gone", "active": false})).await;
    world.sql("UPDATE app_user SET session_epoch = 1 WHERE username = 'ended'").await.unwrap();
    world.sql("UPDATE app_user SET must_change_password = true WHERE username = 'new'").await.unwrap();
    let caller = |name, token, standing| Caller { name, token, standing };
    let mut callers = vec![
        caller("nobody", None, Standing::Nobody),
        caller("an expired token", Some(forger.with("exp", json!(forger.now - 1))), Standing::Nobody),
        caller("a client", Some(client(world, "acme", "shop", "BACKEND", None).await), Standing::Nobody),
    ];
    for (name, roles, environments, standing) in [
        ("ci", &["REQUESTER"][..], Value::Null, Standing::Robot(&["REQUESTER"])),
        ("ops", all, Value::Null, Standing::Robot(all)),
        ("limited", &all[2..], json!(["dev"]), Standing::Limited),
    ] {
        let mut input = json!({"team": "acme", "name": name, "roles": roles, "expiresAt": ahead(600)});
        input["environments"] = environments;
        // A token decides nothing that its owner could not; of a system administrator it has no right.
        let owner = if name == "ops" { "late" } else { "admin" };
        let made = world.done(owner, "createToken", input).await;
        callers.push(caller(name, Some(text(&made["key"])), standing));
    }
    for (name, standing) in [
        ("gone", Standing::Nobody),
        ("ended", Standing::Nobody),
        ("new", Standing::Newcomer),
        ("guest", Standing::Member("acme", &[])),
        ("dev", Standing::Member("acme", &["REQUESTER"])),
        ("lead", Standing::Member("acme", &["APPROVER"])),
        ("root", Standing::Member("acme", &["TEAM_ADMIN"])),
        ("outsider", Standing::Member("rival", &["REQUESTER", "APPROVER", "TEAM_ADMIN"])),
        ("admin", Standing::SystemAdmin),
    ] {
        callers.push(caller(name, Some(world.token(name).await), standing));
    }
    callers
}

/// A change in each team that is closed and that none of the callers proposed who may vote; and some things to see.
async fn furnish(world: &World) {
    world.done("peer", "createFeature", json!({"team": "acme", "key": "flag", "kind": "CONTEXTUAL"})).await;
    world.done("admin", "createFeature", json!({"team": "rival", "key": "flag", "kind": "SIMPLE"})).await;
    let country = json!({"team": "acme", "key": "country", "type": "STRING"});
    world.done("admin", "createContextKey", country).await;
    world.policy("production", "PRODUCTION", 1, &["APPROVER"]).await;
}

/// All fields: what they are called, their class, and document and variables for a team.
fn requests(team: &str) -> Vec<(String, Class, String, Value)> {
    let mut requests = Vec::new();
    for (field, class, query) in QUERIES {
        requests.push((format!("Query.{field}"), class, query.replace("TEAM", team), json!({})));
    }
    for (field, selection) in TEAM {
        let query = format!("{{ team(key: \"{team}\") {{ {selection} }} }}");
        requests.push((format!("Team.{field}"), Class::Read, query, json!({})));
    }
    for (field, class, mut input) in mutations() {
        if class.in_team() {
            input["team"] = json!(team);
        }
        requests.push((field.to_owned(), class, mutation(field), json!({"input": input})));
    }
    requests.into_iter().filter(|(_, class, ..)| class.in_team() || team == TEAMS[0]).collect()
}

#[test]
fn the_table_lists_every_field_of_the_schema() {
    let surface = Surface::new();
    let set = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(set(QUERIES.iter().map(|row| row.0).collect()), surface.fields("Query"));
    assert_eq!(set(SUBSCRIPTIONS.iter().map(|row| row.0).collect()), surface.fields("Subscription"));
    assert_eq!(set(TEAM.iter().map(|row| row.0).collect()), surface.fields("Team"));
    assert_eq!(set(mutations().iter().map(|row| row.0).collect()), surface.fields("Mutation"));
}

#[sqlx::test(migrations = false)]
async fn every_caller_hears_of_every_field_what_the_table_says(db: PgPool) {
    let world = World::new(db).await;
    furnish(&world).await;
    let callers = callers(&world).await;
    let before = contents(&world).await;
    let (mut tried, mut wrong) = (0_u8..=255, Vec::new());
    for team in TEAMS {
        for (field, class, document, variables) in requests(team) {
            for caller in callers.iter().filter(|caller| !caller.standing.depends(&field, class)) {
                // Each from elsewhere: it is not about how often one may try.
                let address = format!("10.0.{}.{}", wrong.len() % 256, tried.next().unwrap_or_default());
                let answer = world.ask_from(&address, caller.token.as_deref(), &document, &variables).await;
                let (found, expected) = (told(class, &answer), caller.standing.verdict(class, team));
                if found != expected {
                    wrong.push(format!("{field} as {} in {team}: {found:?}, not {expected:?}", caller.name));
                }
            }
            tried = 0..=255;
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(contents(&world).await, before, "and nothing came of it");
    world.stop().await;
}

/// Of what is open to everybody, only that all hear the same: that the secret is wrong.
fn told(class: Class, answer: &Answer) -> Verdict {
    match heard(answer) {
        Verdict::Unauthenticated if class == Class::Public => Verdict::Allowed,
        other => other,
    }
}

/// What the tables hold, but for failed tries, when tokens were last used, and the keys that the one who may has added.
async fn contents(world: &World) -> Vec<(String, i64, String)> {
    let mut contents = world.contents().await;
    contents.retain(|(table, ..)| !["failure", "signing_key", "token"].contains(&table.as_str()));
    contents
}

#[sqlx::test(migrations = false)]
async fn another_team_and_a_missing_one_are_the_same_to_strangers(db: PgPool) {
    let world = World::new(db).await;
    furnish(&world).await;
    let plain = |answer: Answer, team: &str| {
        answer.body.to_string().split("\"requestId\"").next().unwrap().replace(team, "TEAM")
    };
    for (theirs, missing) in
        requests("acme").into_iter().filter(|row| row.1.in_team()).zip(requests("nowhere"))
    {
        let (field, _, document, variables) = theirs;
        assert_eq!(field, missing.0);
        let theirs = world.ask("outsider", &document, variables).await;
        let missing = world.ask("outsider", &missing.2, missing.3).await;
        assert_eq!(theirs.error()["extensions"]["candidates"], json!(["rival"]), "{field}");
        assert_eq!(plain(theirs, "acme"), plain(missing, "nowhere"), "{field}");
    }
    world.stop().await;
}

/// What a caller hears who subscribes.
async fn listened(world: &World, caller: &Caller, field: &str) -> Verdict {
    let mut socket = Subscriber::stranger(&world.http).await;
    socket.init(caller.token.as_deref().unwrap_or_default()).await;
    let Some(welcome) = socket.try_next().await else { return Verdict::Unauthenticated };
    assert_eq!(welcome["type"], "connection_ack", "{}", caller.name);
    socket.subscribe("1", field).await;
    let message = socket.next().await;
    let code = message["payload"][0]["extensions"]["code"].as_str();
    match (message["type"].as_str(), code) {
        (Some("next"), _) if message["payload"].get("errors").is_none() => Verdict::Allowed,
        (Some("error"), Some("FORBIDDEN")) => Verdict::Forbidden,
        (Some("error"), Some("NOT_FOUND")) => Verdict::NoTeam,
        _ => panic!("{field} as {}: {message}", caller.name),
    }
}

#[sqlx::test(migrations = false)]
async fn every_caller_hears_of_every_subscription_what_the_table_says(db: PgPool) {
    let world = World::new(db).await;
    let (ours, theirs) = (cursor(&world, "acme").await, cursor(&world, "rival").await);
    furnish(&world).await;
    for team in ["acme", "rival"] {
        world.done("admin", "killFeature", json!({"team": team, "feature": "flag", "reason": "x"})).await;
    }
    let callers = callers(&world).await;
    for team in TEAMS {
        let after = if team == "rival" { &theirs } else { &ours };
        for (field, class, selection) in SUBSCRIPTIONS {
            let asked = selection.replace("TEAM", team).replace("CURSOR", after);
            for caller in &callers {
                let expected = caller.standing.verdict(class, team);
                let heard = listened(&world, caller, &asked).await;
                assert_eq!(heard, expected, "{field} as {} in {team}", caller.name);
            }
        }
    }
    world.stop().await;
}
