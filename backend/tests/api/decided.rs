//! What happens in the moment of a decision: it counts before or after, never in between, and nothing is applied twice.

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use crate::{
    answer::Answer,
    forged::Forger,
    input::{edit, mutation, targeted},
    world::{World, eventually},
};

const WAITING: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// Team acme with a feature, and so many approvals needed, for which there are lead, guest and peer.
async fn furnished(db: PgPool, approvals: i32) -> World {
    let world = World::new(db).await;
    world.feature("flag").await;
    world.policy("everything", "ALL", approvals, &["APPROVER"]).await;
    for name in ["guest", "peer"] {
        world.member("acme", name, &["APPROVER"]).await;
    }
    for name in ["lead", "guest", "peer", "dev"] {
        world.token(name).await;
    }
    world
}

/// Waits until so many wait for somebody's lock.
async fn waits(world: &World, many: i64) {
    eventually("it waits", async || (world.number(WAITING).await >= many).then_some(())).await;
}

fn status(answer: &Answer) -> String {
    match answer.body.get("errors") {
        None => answer.data()["vote"]["status"].as_str().unwrap().to_owned(),
        Some(_) => answer.code().to_owned(),
    }
}

/// What of a team takes a voice away, while the last vote is being cast: then it does not count any more.
#[sqlx::test(migrations = false)]
async fn a_voice_that_is_lost_in_the_same_moment_does_not_count(db: PgPool) {
    let world = furnished(db, 2).await;
    let lead = "(SELECT id FROM app_user WHERE username = 'lead')";
    for (n, statement) in [
        format!("UPDATE member SET roles = '{{REQUESTER}}' WHERE user_id = {lead}"),
        format!("DELETE FROM member WHERE user_id = {lead}"),
        format!("UPDATE app_user SET active = false WHERE id = {lead}"),
    ]
    .into_iter()
    .enumerate()
    {
        let number = world.pending("dev", "flag", "dev", &n.to_string()).await;
        assert_eq!(status(&world.vote("lead", number, "APPROVE").await), "PENDING");
        let mut other = world.db.begin().await.unwrap();
        sqlx::query(AssertSqlSafe(statement.clone())).execute(&mut *other).await.unwrap();
        let commit = async {
            waits(&world, 1).await;
            other.commit().await.unwrap();
        };
        let (vote, ()) = tokio::join!(world.vote("guest", number, "APPROVE"), commit);
        assert_eq!(status(&vote), "PENDING", "{statement}");
        assert_eq!(world.live("flag", "dev").await.unwrap().0, 1 + i32::try_from(n).unwrap());
        // And a third approval is one too few no more.
        assert_eq!(status(&world.vote("peer", number, "APPROVE").await), "APPLIED");
        world.sql("UPDATE app_user SET active = true").await.unwrap();
        world.member("acme", "lead", &["APPROVER"]).await;
    }
    world.stop().await;
}

/// The same of those who decide themselves: their own role may go while they vote.
#[sqlx::test(migrations = false)]
async fn whoever_loses_the_role_while_deciding_decides_nothing(db: PgPool) {
    let world = furnished(db, 1).await;
    world.sql("UPDATE policy SET override_allowed = true").await.unwrap();
    world.user("root").await;
    world.member("acme", "root", &["TEAM_ADMIN"]).await;
    world.token("root").await;
    let number = world.pending("dev", "flag", "dev", "a").await;
    let input = |more: Value| {
        let mut input = json!({"team": "acme", "number": number});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    for (who, field, more) in [
        ("lead", "vote", json!({"decision": "REJECT"})),
        ("lead", "vote", json!({"decision": "APPROVE"})),
        ("root", "overrideChange", json!({"reason": "now"})),
    ] {
        let mut other = world.db.begin().await.unwrap();
        let statement = format!(
            "UPDATE member SET roles = '{{}}' WHERE user_id = (SELECT id FROM app_user WHERE username = '{who}')"
        );
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *other).await.unwrap();
        let commit = async {
            waits(&world, 1).await;
            other.commit().await.unwrap();
        };
        let (answer, ()) = tokio::join!(world.run(who, field, input(more)), commit);
        assert_eq!(answer.code(), "FORBIDDEN", "{field}: {}", answer.body);
        let change = world.change(number).await;
        assert_eq!((&change["status"], &change["votes"]), (&json!("PENDING"), &json!([])), "{field}");
        world.member("acme", "lead", &["APPROVER"]).await;
    }
    world.stop().await;
}

/// A policy that is being written: whoever decides or proposes meanwhile waits, and then does what it asks.
#[sqlx::test(migrations = false)]
async fn a_policy_that_is_made_in_the_same_moment_counts(db: PgPool) {
    let world = furnished(db, 1).await;
    let number = world.pending("dev", "flag", "dev", "a").await;
    // Policies are written up to their environments, and no further.
    let hold = async || {
        let mut other = world.db.begin().await.unwrap();
        sqlx::query("LOCK TABLE policy_environment IN SHARE MODE").execute(&mut *other).await.unwrap();
        other
    };
    let other = hold().await;
    let release = async {
        waits(&world, 2).await;
        other.commit().await.unwrap();
    };
    let vote = async {
        waits(&world, 1).await;
        world.vote("lead", number, "APPROVE").await
    };
    let raised =
        world.done("admin", "editPolicy", json!({"team": "acme", "name": "everything", "approvals": 2}));
    let (vote, _, ()) = tokio::join!(vote, raised, release);
    assert_eq!(status(&vote), "PENDING", "{}", vote.body);
    assert_eq!(world.live("flag", "dev").await.unwrap().0, 1);
    world.done("admin", "deletePolicy", json!({"team": "acme", "name": "everything"})).await;
    // What is lowered is not lowered for what was proposed before.
    assert_eq!(status(&world.vote("guest", number, "APPROVE").await), "APPLIED");
    let other = hold().await;
    let release = async {
        waits(&world, 2).await;
        other.commit().await.unwrap();
    };
    let edit = async {
        waits(&world, 1).await;
        world.edit("dev", "flag", "dev", targeted("b")).await
    };
    let (edited, (), ()) = tokio::join!(edit, world.policy("new", "ALL", 1, &["APPROVER"]), release);
    assert_eq!(edited["outcome"], "PENDING", "{edited}");
    assert_eq!(world.live("flag", "dev").await.unwrap().0, 2);
    world.stop().await;
}

/// Fifty people of acme who may approve, with a token each.
async fn crowd(world: &World) -> Vec<String> {
    for statement in [
        "INSERT INTO app_user (username, name, password_hash) SELECT 'voter' || n, 'x', password_hash
         FROM app_user, generate_series(1, 50) n WHERE username = 'dev'",
        "INSERT INTO member SELECT t.id, u.id, '{APPROVER}' FROM app_user u, team t
         WHERE u.username LIKE 'voter%' AND t.key = 'acme'",
    ] {
        assert_eq!(world.sql(statement).await.unwrap(), 50);
    }
    let mut tokens = Vec::new();
    for n in 1..=50 {
        tokens.push(Forger::new(world, &format!("voter{n}")).await.good());
    }
    tokens
}

/// Votes; once more where too many wait at the same time.
async fn vote_with(world: &World, token: &str, number: i64, decision: &str) -> String {
    let input = json!({"input": {"team": "acme", "number": number, "decision": decision}});
    eventually("the vote is taken", async || {
        let answer = world.ask_with(Some(token), &mutation("vote"), input.clone()).await;
        let heard = status(&answer);
        (!["CONFLICT", "UNAVAILABLE"].contains(&heard.as_str())).then_some(heard)
    })
    .await
}

#[sqlx::test(migrations = false)]
async fn fifty_votes_at_once_apply_it_once(db: PgPool) {
    let world = furnished(db, 10).await;
    let tokens = crowd(&world).await;
    let number = world.pending("dev", "flag", "dev", "a").await;
    let heard = join_all(tokens.iter().map(|token| vote_with(&world, token, number, "APPROVE"))).await;
    let count = |of: &str| heard.iter().filter(|status| *status == of).count();
    assert_eq!((count("PENDING"), count("APPLIED"), count("STALE")), (9, 1, 40), "{heard:?}");
    assert_eq!(world.live("flag", "dev").await.unwrap().0, 2);
    for (what, expected) in [
        ("audit_entry WHERE action = 'change.apply' AND subject LIKE '#2 %'", 1),
        ("delivery_item WHERE kind = 'STAGE'", 2),
        ("version", 2),
        ("vote", 10),
    ] {
        assert_eq!(world.number(&format!("SELECT count(*) FROM {what}")).await, expected, "{what}");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn approving_and_rejecting_at_once_ends_in_one_of_them(db: PgPool) {
    let world = furnished(db, 3).await;
    let tokens = crowd(&world).await;
    for round in 0..6_usize {
        let number = world.pending("dev", "flag", "dev", &round.to_string()).await;
        let before = world.live("flag", "dev").await.unwrap().0;
        // One says no among few or many who say yes.
        let votes =
            tokens.iter().take(4 + 2 * round).enumerate().map(|(n, token)| {
                vote_with(&world, token, number, if n == 3 { "REJECT" } else { "APPROVE" })
            });
        let heard = join_all(votes).await;
        let count = |of: &str| heard.iter().filter(|status| *status == of).count();
        let applied = world.live("flag", "dev").await.unwrap().0 - before;
        assert_eq!(count("APPLIED") + count("REJECTED"), 1, "{heard:?}");
        assert_eq!(i32::try_from(count("APPLIED")).unwrap(), applied, "{heard:?}");
        let ended = if applied == 1 { "APPLIED" } else { "REJECTED" };
        assert_eq!(world.change(number).await["status"], ended);
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn of_changes_on_one_base_that_are_approved_at_once_one_is_applied(db: PgPool) {
    let world = furnished(db, 1).await;
    for round in 0..5 {
        let mut numbers = Vec::new();
        for n in 0..3 {
            numbers.push(world.pending("dev", "flag", "dev", &format!("{round}.{n}")).await);
        }
        let votes = ["lead", "guest", "peer"].into_iter().zip(&numbers);
        let heard = join_all(votes.map(|(who, number)| world.vote(who, *number, "APPROVE"))).await;
        let mut heard: Vec<String> = heard.iter().map(status).collect();
        heard.sort();
        assert_eq!(heard, ["APPLIED", "STALE", "STALE"]);
        let (version, config) = world.live("flag", "dev").await.unwrap();
        assert_eq!(version, round + 2);
        let mut ended = Vec::new();
        for number in numbers {
            let change = world.change(number).await;
            ended.push((change["status"].clone(), change["items"][0]["version"].clone()));
        }
        let applied = ended.iter().position(|(status, _)| status == "APPLIED").unwrap();
        assert_eq!(ended[applied].1, version);
        assert_eq!(config["criteria"][0]["name"], format!("{round}.{applied}"), "what was approved is live");
        assert_eq!(ended.iter().filter(|(status, _)| status == "STALE").count(), 2);
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_change_is_taken_back_or_applied_at_its_time(db: PgPool) {
    let world = World::new(db).await;
    let keys: Vec<String> = (0..8).map(|n| format!("flag{n}")).collect();
    let now = world.number("SELECT floor(extract(epoch FROM clock_timestamp()))::bigint").await;
    let at = now + 4;
    let mut numbers = Vec::new();
    for key in &keys {
        world.feature(key).await;
        let mut input = edit(key, "dev", targeted("later"));
        input["applyAt"] = json!(chrono::DateTime::from_timestamp(at, 0));
        numbers.push(world.done("dev", "editStage", input).await["change"]["number"].as_i64().unwrap());
    }
    let replica = world.replica().await;
    let come = format!("SELECT (clock_timestamp() >= to_timestamp({at}))::int::bigint");
    eventually("its time comes", async || (world.number(&come).await == 1).then_some(())).await;
    let mut taken_back = 0;
    for (key, number) in keys.iter().zip(numbers) {
        let cancel = world.run("dev", "cancelChange", json!({"team": "acme", "number": number})).await;
        let cancelled = cancel.body.get("errors").is_none();
        let expected = if cancelled { ("CANCELLED", 1) } else { ("APPLIED", 2) };
        assert!(cancelled || cancel.code() == "STALE", "{}", cancel.body);
        assert_eq!(world.change(number).await["status"], expected.0);
        assert_eq!(world.live(key, "dev").await.unwrap().0, expected.1);
        taken_back += i64::from(cancelled);
    }
    let applied = "SELECT count(*) FROM audit_entry WHERE action = 'change.apply' AND actor = 'scheduler'";
    assert_eq!(world.number(applied).await, 8 - taken_back);
    replica.stop().await.unwrap();
    world.stop().await;
}

/// Decisions, roles, users and policies, all at once and all the time: nobody waits for somebody who waits for them.
#[sqlx::test(migrations = false)]
async fn nothing_that_decides_waits_in_a_circle(db: PgPool) {
    let world = furnished(db, 2).await;
    world.user("second").await;
    for round in 0..12 {
        let mut numbers = Vec::new();
        for (n, place) in ["dev", "staging", "prod"].into_iter().enumerate() {
            numbers.push(world.pending("dev", "flag", place, &format!("{round}.{n}")).await);
        }
        let set = |name: &str, roles: Value| json!({"team": "acme", "username": name, "roles": roles});
        let active = |active: bool| json!({"username": "peer", "active": active});
        let admin = |admin: bool| json!({"username": "lead", "systemAdmin": admin});
        let policy = |n: i32| json!({"team": "acme", "name": "everything", "approvals": n});
        let mut all = Vec::new();
        for number in numbers {
            let input = json!({"team": "acme", "number": number, "decision": "APPROVE"});
            all.extend([("lead", "vote", input.clone()), ("guest", "vote", input)]);
        }
        all.extend([
            ("admin", "setMember", set("guest", json!(["APPROVER", "REQUESTER"]))),
            ("admin", "setUserActive", active(round % 2 == 1)),
            ("admin", "editUser", admin(round % 2 == 0)),
            ("admin", "setMember", set("lead", json!(["APPROVER"]))),
            ("admin", "editPolicy", policy(2 + round % 2)),
        ]);
        let answers =
            join_all(all.iter().map(|(who, field, input)| world.run(who, field, input.clone()))).await;
        for ((who, field, _), answer) in all.iter().zip(answers) {
            let heard = answer.body.get("errors").map_or("", |_| answer.code());
            assert!(["", "STALE", "FORBIDDEN"].contains(&heard), "{field} as {who}: {}", answer.body);
        }
        world.sql("UPDATE change SET status = 'CANCELLED' WHERE status = 'PENDING'").await.unwrap();
    }
    world.stop().await;
}
