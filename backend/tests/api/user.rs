//! Users: who sees and edits whom, and what ends when somebody is deactivated or gets another password.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::world::{PASSWORD, World};

const ME: &str = "{ me { username mustChangePassword } }";
const NEW: &str = "a new password";

async fn tokens(world: &World, username: &str, password: &str) -> (Value, Value) {
    let session = world.done("", "signIn", json!({"username": username, "password": password})).await;
    (session["accessToken"].clone(), session["refreshToken"].clone())
}

async fn me(world: &World, access: &Value) -> String {
    let answer = world.ask_with(access.as_str(), ME, json!({})).await;
    if answer.body.get("errors").is_some() { answer.code().to_owned() } else { "OK".to_owned() }
}

async fn refreshed(world: &World, refresh: &Value) -> String {
    let answer = world.run("", "refreshSession", json!({"refreshToken": refresh})).await;
    if answer.body.get("errors").is_some() { answer.code().to_owned() } else { "OK".to_owned() }
}

#[sqlx::test(migrations = false)]
async fn users_are_found_by_those_who_see_them(db: PgPool) {
    let world = World::new(db).await;
    let find = async |who: &str, whom: &str| {
        let answer =
            world.ask(who, &format!(r#"{{ user(username: "{whom}") {{ username }} }}"#), json!({})).await;
        if answer.body.get("errors").is_some() { answer.code().to_owned() } else { "OK".to_owned() }
    };
    for (who, whom, expected) in [
        ("admin", "outsider", "OK"),
        ("outsider", "outsider", "OK"),
        ("guest", "lead", "OK"),
        ("guest", "outsider", "NOT_FOUND"),
        ("guest", "nobody", "NOT_FOUND"),
        ("", "guest", "UNAUTHENTICATED"),
    ] {
        assert_eq!(find(who, whom).await, expected, "{who} {whom}");
    }
    let names = world.ask("guest", r#"{ user(username: "outsider") { username } }"#, json!({})).await;
    assert_eq!(names.error()["extensions"]["candidates"], json!([]), "nobody learns names by guessing");
    world.done("admin", "editUser", json!({"username": "peer", "email": "Ada@example.org"})).await;
    world.done("admin", "setUserActive", json!({"username": "guest", "active": false})).await;
    for (filter, expected) in [
        ("active: false", json!(["guest"])),
        ("active: true, search: \"ada@\"", json!(["peer"])),
        ("search: \"E\", first: 2", json!(["dev", "guest"])),
        ("search: \"%\"", json!([])),
    ] {
        let list = world.query("admin", &format!("{{ users({filter}) {{ nodes {{ username }} }} }}")).await;
        let found: Vec<_> =
            list["users"]["nodes"].as_array().unwrap().iter().map(|n| &n["username"]).collect();
        assert_eq!(json!(found), expected, "{filter}");
    }
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn one_edits_oneself_and_admins_edit_all(db: PgPool) {
    let world = World::new(db).await;
    let email = json!({"username": "dev", "name": "Dev", "email": "dev@example.org"});
    let edited = world.done("dev", "editUser", email.clone()).await;
    assert_eq!((&edited["name"], &edited["email"]), (&json!("Dev"), &json!("dev@example.org")));
    let edits = "SELECT count(*) FROM audit_entry WHERE action = 'user.edit'";
    assert_eq!(world.number(edits).await, 1);
    world.done("dev", "editUser", email).await;
    assert_eq!(world.number(edits).await, 1, "nothing changed, nothing is told");
    let removed = world.done("admin", "editUser", json!({"username": "dev", "email": null})).await;
    assert_eq!((&removed["name"], &removed["email"]), (&json!("Dev"), &Value::Null));
    for input in [
        json!({"username": "peer", "name": "x"}),
        json!({"username": "nobody", "name": "x"}),
        json!({"username": "dev", "systemAdmin": true}),
    ] {
        assert_eq!(world.run("dev", "editUser", input.clone()).await.code(), "FORBIDDEN", "{input}");
    }
    world.done("dev", "editUser", json!({"username": "dev", "systemAdmin": false})).await;
    let missing = world.run("admin", "editUser", json!({"username": "devv", "name": "x"})).await;
    assert_eq!(missing.code(), "NOT_FOUND");
    let long = json!({"username": "dev", "name": "x".repeat(1001)});
    assert_eq!(world.run("dev", "editUser", long).await.code(), "INVALID");
    let told: Vec<Value> = sqlx::query_scalar(
        "SELECT jsonb_build_array(before, after) FROM audit_entry WHERE action = 'user.edit' ORDER BY number",
    )
    .fetch_all(&world.db)
    .await
    .unwrap();
    assert_eq!(told[1][0]["email"], "dev@example.org");
    assert_eq!(told[1][1], json!({"name": "Dev", "email": null, "systemAdmin": false}));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_address_is_told_to_its_user_and_to_system_administrators(db: PgPool) {
    let world = World::new(db).await;
    world.done("admin", "editUser", json!({"username": "dev", "email": "dev@example.org"})).await;
    // Whoever may let people into a team learns no address by it.
    let add = r#"mutation { setMember(input: {team: "rival", username: "dev", roles: []}) { user { username email } } }"#;
    let added = world.query("outsider", add).await;
    assert_eq!(added["setMember"]["user"], json!({"username": "dev", "email": null}));
    for (who, team, expected) in [
        ("outsider", "rival", json!(null)),
        ("peer", "acme", json!(null)),
        ("dev", "acme", json!("dev@example.org")),
        ("admin", "acme", json!("dev@example.org")),
    ] {
        let query = format!(
            r#"{{ user(username: "dev") {{ email }} team(key: "{team}") {{ members(search: "dev") {{ nodes {{ user {{ email }} }} }} }} }}"#
        );
        let found = world.query(who, &query).await;
        let member = &found["team"]["members"]["nodes"][0]["user"]["email"];
        assert_eq!((&found["user"]["email"], member), (&expected, &expected), "{who}");
    }
    let mine = world.query("dev", "{ me { email } }").await;
    assert_eq!(mine["me"]["email"], "dev@example.org");
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn there_is_always_an_admin_who_may_sign_in(db: PgPool) {
    let world = World::new(db).await;
    let demote = |who: &str| json!({"username": who, "systemAdmin": false});
    let refused = world.run("admin", "editUser", demote("admin")).await;
    assert_eq!(refused.code(), "CONFLICT");
    let message = "admin is the last system administrator who may sign in: make another one first";
    assert_eq!(refused.error()["message"], message);
    let own = world.run("admin", "setUserActive", json!({"username": "admin", "active": false})).await;
    assert_eq!(own.code(), "CONFLICT");
    for _ in 0..5 {
        world
            .sql("UPDATE app_user SET system_admin = true, active = true WHERE username IN ('admin', 'lead')")
            .await
            .unwrap();
        let (one, two) = tokio::join!(
            world.run("admin", "editUser", demote("admin")),
            world.run("lead", "setUserActive", json!({"username": "admin", "active": false}))
        );
        assert!(["CONFLICT", "FORBIDDEN", "UNAUTHENTICATED", ""].contains(&refusal(&one)), "{}", one.body);
        assert_eq!(refusal(&two), "");
        let (one, two) = tokio::join!(
            world.run("lead", "editUser", demote("lead")),
            world.run("lead", "editUser", demote("admin"))
        );
        assert!(refusal(&one) == "CONFLICT", "{}", one.body);
        let _ = two;
        assert_eq!(world.number("SELECT count(*) FROM app_user WHERE system_admin AND active").await, 1);
        // What was ended stays ended.
        world.sign_in_again("admin").await;
    }
    world.stop().await;
}

fn refusal(answer: &crate::answer::Answer) -> &str {
    answer.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

#[sqlx::test(migrations = false)]
async fn a_deactivated_user_is_out_everywhere_and_for_good(db: PgPool) {
    let world = World::new(db).await;
    let replica = world.replica().await;
    let (access, refresh) = tokens(&world, "dev", PASSWORD).await;
    assert_eq!(me(&world, &access).await, "OK");
    let active = |active: bool| json!({"username": "dev", "active": active});
    let done = world.done("admin", "setUserActive", active(false)).await;
    assert_eq!(done["active"], false);
    assert_eq!(me(&world, &access).await, "UNAUTHENTICATED");
    let there =
        world.client.post(format!("http://{}/graphql", replica.http)).bearer_auth(access.as_str().unwrap());
    let there: Value = there.json(&json!({"query": ME})).send().await.unwrap().json().await.unwrap();
    assert_eq!(there["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(refreshed(&world, &refresh).await, "UNAUTHENTICATED");
    let sign_in = json!({"username": "dev", "password": PASSWORD});
    assert_eq!(world.run("", "signIn", sign_in).await.code(), "UNAUTHENTICATED");
    world.done("admin", "setUserActive", active(false)).await;
    assert_eq!(world.number("SELECT count(*) FROM audit_entry WHERE action = 'user.deactivate'").await, 1);
    // Coming back brings no session of before back.
    world.done("admin", "setUserActive", active(true)).await;
    assert_eq!(me(&world, &access).await, "UNAUTHENTICATED");
    assert_eq!(refreshed(&world, &refresh).await, "UNAUTHENTICATED");
    let (access, _) = tokens(&world, "dev", PASSWORD).await;
    assert_eq!(me(&world, &access).await, "OK");
    for statement in ["DELETE FROM app_user WHERE username = 'guest'", "UPDATE app_user SET username = 'x'"] {
        assert!(world.sql(statement).await.unwrap_err().to_string().contains("append-only"), "{statement}");
    }
    replica.stop().await.unwrap();
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_reset_password_is_good_for_changing_it_only(db: PgPool) {
    let world = World::new(db).await;
    let (access, refresh) = tokens(&world, "dev", PASSWORD).await;
    let reset = json!({"username": "dev", "password": "from the admin"});
    assert_eq!(world.run("lead", "resetPassword", reset.clone()).await.code(), "FORBIDDEN");
    assert_eq!(world.done("admin", "resetPassword", reset).await["mustChangePassword"], true);
    let own = json!({"username": "admin", "password": "without the old one"});
    assert_eq!(world.run("admin", "resetPassword", own).await.code(), "CONFLICT");
    let short = world.run("admin", "resetPassword", json!({"username": "dev", "password": "short"})).await;
    assert_eq!(short.error()["extensions"]["path"], "password");
    assert_eq!(me(&world, &access).await, "UNAUTHENTICATED");
    assert_eq!(refreshed(&world, &refresh).await, "UNAUTHENTICATED");
    let (access, refresh) = tokens(&world, "dev", "from the admin").await;
    let told = world.ask_with(access.as_str(), ME, json!({})).await;
    assert_eq!(told.data()["me"], json!({"username": "dev", "mustChangePassword": true}));
    for query in [
        "{ teams { totalCount } }",
        r#"{ team(key: "acme") { key } }"#,
        r#"{ user(username: "dev") { name } }"#,
    ] {
        let refused = world.ask_with(access.as_str(), query, json!({})).await;
        assert_eq!(refused.code(), "FORBIDDEN", "{query}");
        assert_eq!(refused.error()["message"], "change your password first: somebody else has set it");
    }
    let kill = json!({"input": {"team": "acme", "feature": "flag", "reason": "r"}});
    let refused = world.ask_with(access.as_str(), &crate::input::mutation("killFeature"), kill).await;
    assert_eq!(refused.code(), "FORBIDDEN");
    assert_eq!(refreshed(&world, &refresh).await, "OK", "a session lasts, and stays as narrow");
    let change = json!({"input": {"oldPassword": "from the admin", "newPassword": NEW}});
    let changed = world.ask_with(access.as_str(), &crate::input::mutation("changePassword"), change).await;
    let session = &changed.data()["changePassword"];
    assert_eq!(session["user"]["mustChangePassword"], false);
    let teams = world.ask_with(session["accessToken"].as_str(), "{ teams { totalCount } }", json!({})).await;
    assert_eq!(teams.data()["teams"]["totalCount"], 1);
    // Nobody else is told who has to.
    let seen = world.query("guest", r#"{ user(username: "dev") { mustChangePassword } }"#).await;
    assert_eq!(seen["user"]["mustChangePassword"], Value::Null);
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn changing_ones_password_ends_all_other_sessions(db: PgPool) {
    let world = World::new(db).await;
    let (access, refresh) = tokens(&world, "dev", PASSWORD).await;
    let (elsewhere, elsewhere_refresh) = tokens(&world, "dev", PASSWORD).await;
    let (other, _) = tokens(&world, "peer", PASSWORD).await;
    let change = async |old: &str, new: &str| {
        let input = json!({"input": {"oldPassword": old, "newPassword": new}});
        world.ask_with(access.as_str(), &crate::input::mutation("changePassword"), input).await
    };
    for (old, new, path) in [
        ("wrong", NEW, "oldPassword"),
        (PASSWORD, "short", "newPassword"),
        (PASSWORD, PASSWORD, "newPassword"),
    ] {
        let refused = change(old, new).await;
        assert_eq!((refused.code(), &refused.error()["extensions"]["path"]), ("INVALID", &json!(path)));
    }
    assert_eq!(me(&world, &access).await, "OK", "what was refused ended nothing");
    let changed = change(PASSWORD, NEW).await;
    let new = changed.data()["changePassword"].clone();
    assert_eq!(me(&world, &new["accessToken"]).await, "OK");
    assert_eq!(refreshed(&world, &new["refreshToken"]).await, "OK");
    for ended in [&access, &elsewhere] {
        assert_eq!(me(&world, ended).await, "UNAUTHENTICATED");
    }
    for ended in [&refresh, &elsewhere_refresh] {
        assert_eq!(refreshed(&world, ended).await, "UNAUTHENTICATED");
    }
    assert_eq!(me(&world, &other).await, "OK");
    let old = json!({"username": "dev", "password": PASSWORD});
    assert_eq!(world.run("", "signIn", old).await.code(), "UNAUTHENTICATED");
    tokens(&world, "dev", NEW).await;
    let audit: Vec<String> =
        sqlx::query_scalar("SELECT a::text FROM audit_entry a").fetch_all(&world.db).await.unwrap();
    assert!(audit.iter().any(|entry| entry.contains("user.change_password_failed")));
    assert!(audit.iter().all(|entry| ![PASSWORD, NEW, "argon2"].iter().any(|secret| entry.contains(secret))));
    world.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_session_that_is_being_made_ends_with_the_others(db: PgPool) {
    let world = World::new(db).await;
    for n in 0..5 {
        let (_, refresh) = tokens(&world, "dev", PASSWORD).await;
        let input = json!({"username": "dev", "password": PASSWORD});
        let reset = json!({"username": "dev", "active": false});
        let (_, _, _) = tokio::join!(
            refreshed(&world, &refresh),
            world.run("", "signIn", input),
            world.done("admin", "setUserActive", reset)
        );
        let left = "SELECT count(*) FROM refresh_token r JOIN app_user u ON u.id = r.user_id WHERE u.username = 'dev'";
        assert_eq!(world.number(left).await, 0, "{n}");
        world.done("admin", "setUserActive", json!({"username": "dev", "active": true})).await;
        world.sql("DELETE FROM failure").await.unwrap();
    }
    world.stop().await;
}
