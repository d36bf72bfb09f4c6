//! A server that is not the owner: everything works as a role that may do nothing else.

use std::{collections::BTreeSet, process::Command};

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

use crate::{
    mutations::{cases, furnish},
    schedule::ahead,
    stream::{Edge, client},
    world::{MASTER_KEY, World, eventually, url},
};

/// A role of the test's own: roles belong to the whole cluster.
async fn role(db: &PgPool, more: &str) -> (String, String) {
    let name: String = sqlx::query_scalar("SELECT 'r_' || md5(random()::text)").fetch_one(db).await.unwrap();
    let make = format!("CREATE ROLE {name} LOGIN PASSWORD 'secret' {more}");
    let make = format!("{make}; GRANT {name} TO CURRENT_USER");
    sqlx::raw_sql(AssertSqlSafe(make)).execute(db).await.unwrap();
    let mut own = reqwest::Url::parse(&url(db)).unwrap();
    own.set_username(&name).unwrap();
    own.set_password(Some("secret")).unwrap();
    (name, own.to_string())
}

/// Gives the test's database to a role.
async fn own(db: &PgPool, role: &str) {
    let name: String =
        sqlx::query_scalar("SELECT quote_ident(current_database())").fetch_one(db).await.unwrap();
    let give = format!("ALTER DATABASE {name} OWNER TO {role}");
    sqlx::query(AssertSqlSafe(give)).execute(db).await.unwrap();
}

/// Runs the program's migration; what it says when it refuses.
fn migrate(owner_url: &str, role: &str) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fluxgate-backend"));
    let command = command.args(["migrate", "--server-role", role]).env_clear();
    let output = command.env("DATABASE_OWNER_URL", owner_url).output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8(output.stderr).unwrap()) }
}

/// Drops what would keep the test's database from being dropped.
async fn forget(db: &PgPool, roles: &[&str]) {
    for role in roles {
        for statement in [
            format!("REASSIGN OWNED BY {role} TO CURRENT_USER"),
            format!("DROP OWNED BY {role}"),
            format!("DROP ROLE {role}"),
        ] {
            sqlx::query(AssertSqlSafe(statement)).execute(db).await.unwrap();
        }
    }
}

#[sqlx::test(migrations = false)]
async fn everything_works_as_a_role_that_may_do_no_more(db: PgPool) {
    let ((owner, owner_url), (server, server_url)) = (role(&db, "").await, role(&db, "").await);
    own(&db, &owner).await;
    migrate(&owner_url, &server).unwrap();
    let settings = ["--database-url", &server_url, "--migrate-on-start=false"];
    let world = World::fresh_with(db.clone(), &settings).await.furnished().await;
    furnish(&world).await;
    for (field, who, input) in cases() {
        world.run(who, field, input).await.data();
    }
    // Sessions.
    let input = json!({"username": "dev", "password": crate::world::PASSWORD});
    let session = world.done("", "signIn", input).await;
    let session = world.done("", "refreshSession", json!({"refreshToken": session["refreshToken"]})).await;
    world.done("", "signOut", json!({"refreshToken": session["refreshToken"]})).await;
    // What happens by itself: a kill that ends.
    let soon = ahead(&world, 1).await;
    let kill = json!({"team": "acme", "feature": "dark", "environment": "staging", "reason": "r", "restoreAt": soon});
    world.done("dev", "killFeature", kill).await;
    eventually("the kill ends", async || {
        let left = "SELECT count(*) FROM stage WHERE kill_restore_at IS NOT NULL";
        (world.number(left).await == 0).then_some(())
    })
    .await;
    // Delivery, and what edges acknowledged.
    let key = client(&world, "acme", "edges", "EDGE", None).await;
    let edge = Edge::caught_up(&world, &key).await;
    edge.ack().await;
    eventually("the edge is seen", async || {
        (world.number("SELECT count(*) FROM edge").await == 1).then_some(())
    })
    .await;
    drop(edge);
    refused(&server_url).await;
    shadowed(&db, (&server, &server_url)).await;
    // Whoever owns the tables is stopped by the triggers.
    let mut conn = PgConnection::connect(&owner_url).await.unwrap();
    for table in ["version", "audit_entry"] {
        let refused = execute(&mut conn, &format!("DELETE FROM {table}")).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    conn.close().await.unwrap();
    world.stop().await;
    own(&db, "CURRENT_USER").await;
    forget(&db, &[&server, &owner]).await;
}

async fn execute(conn: &mut PgConnection, statement: &str) -> sqlx::Result<()> {
    sqlx::query(AssertSqlSafe(statement.to_owned())).execute(conn).await.map(drop)
}

/// Raw SQL as the server's role.
async fn refused(server_url: &str) {
    let mut conn = PgConnection::connect(server_url).await.unwrap();
    for statement in [
        "UPDATE version SET number = number",
        "DELETE FROM version",
        "TRUNCATE version",
        "UPDATE audit_entry SET actor = 'somebody else'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "INSERT INTO audit_entry (number, at, actor_kind, actor, action, subject) OVERRIDING SYSTEM VALUE
         VALUES (1, now(), 'SYSTEM', 'x', 'x', 'x')",
        "INSERT INTO audit_entry (xid, at, actor_kind, actor, action, subject)
         VALUES ('1', now(), 'SYSTEM', 'x', 'x', 'x')",
        "UPDATE delivery_head SET revision = 0",
        "DELETE FROM delivery_head",
        "INSERT INTO delivery_item (revision, kind, subject) VALUES (9, 'STAGE', gen_random_uuid())",
        "UPDATE delivery_item SET revision = 1",
        "DELETE FROM delivery_item",
        "DELETE FROM change",
        "DELETE FROM app_user",
        "DELETE FROM _sqlx_migrations",
        "CREATE TABLE mine ()",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA mine",
        "CREATE TEMP TABLE token (id uuid)",
        "ALTER TABLE version DISABLE TRIGGER ALL",
        "ALTER TABLE version ADD COLUMN mine int",
        "DROP TABLE version",
        "DROP TRIGGER version_append_only ON version",
        "ALTER FUNCTION publish SECURITY INVOKER",
        "SET session_replication_role = replica",
        "SELECT refuse_change()",
    ] {
        let error = execute(&mut conn, statement).await.unwrap_err();
        let code = error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned());
        assert_eq!(code.as_deref(), Some("42501"), "{statement}: {error}");
    }
    conn.close().await.unwrap();
}

/// A temporary table of the server's role is not taken for the one that a trigger asks, even where the role may make some: the
/// owner of the tables need not own the database.
async fn shadowed(db: &PgPool, (server, server_url): (&str, &str)) {
    let name: String =
        sqlx::query_scalar("SELECT quote_ident(current_database())").fetch_one(db).await.unwrap();
    let give = format!("GRANT TEMPORARY ON DATABASE {name} TO {server}");
    sqlx::query(AssertSqlSafe(give)).execute(db).await.unwrap();
    let mut conn = PgConnection::connect(server_url).await.unwrap();
    let widen = "BEGIN;
                 CREATE TEMP TABLE token (id uuid);
                 INSERT INTO pg_temp.token SELECT id FROM public.token;
                 INSERT INTO public.token_environment (token_id, environment_id)
                 SELECT t.id, e.id FROM public.token t JOIN public.environment e USING (team_id)
                 ON CONFLICT DO NOTHING;
                 COMMIT";
    let refused = sqlx::raw_sql(widen).execute(&mut conn).await.unwrap_err();
    assert!(refused.to_string().contains("the environments of token"), "{refused}");
    conn.close().await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn only_a_role_from_which_things_can_be_kept_is_let_run_the_server(db: PgPool) {
    let ((owner, owner_url), (ruler, _)) = (role(&db, "").await, role(&db, "").await);
    own(&db, &owner).await;
    let none = migrate(&owner_url, "nobody_at_all").unwrap_err();
    assert!(none.contains("there is no role \"nobody_at_all\": make it first"), "{none}");
    sqlx::query(AssertSqlSafe(format!("GRANT {owner} TO {ruler}"))).execute(&db).await.unwrap();
    for who in [&ruler, &owner] {
        let refused = migrate(&owner_url, who).unwrap_err();
        assert!(refused.contains("nothing can be kept from it"), "{refused}");
    }
    own(&db, "CURRENT_USER").await;
    forget(&db, &[&ruler, &owner]).await;
}

#[sqlx::test(migrations = false)]
async fn a_server_starts_only_on_the_schema_that_it_needs(db: PgPool) {
    let start = |url: &str, migrate: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fluxgate-backend"));
        let command = command.arg("--dev").env_clear().env("DATABASE_URL", url);
        let command = command.env("FLUXGATE_MASTER_KEY", MASTER_KEY).env("FLUXGATE_HTTP_ADDR", "127.0.0.1:0");
        let command = command.env("FLUXGATE_GRPC_ADDR", "127.0.0.1:0");
        let command = command.env("FLUXGATE_MIGRATE_ON_START", migrate.to_string());
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap().lines().last().unwrap().to_owned()
    };
    let owner = url(&db);
    let empty = start(&owner, false);
    assert!(empty.contains("the database lacks 0001 identity, 0002 structure"), "{empty}");
    assert!(empty.ends_with("run `fluxgate-backend migrate`"), "{empty}");
    let (server, server_url) = role(&db, "").await;
    sqlx::query("REVOKE CREATE ON SCHEMA public FROM PUBLIC").execute(&db).await.unwrap();
    let may_not = start(&server_url, true);
    assert!(may_not.contains("FLUXGATE_MIGRATE_ON_START=false"), "{may_not}");
    migrate(&owner, &server).unwrap();
    for (statement, part) in [
        ("DELETE FROM _sqlx_migrations WHERE version = 9", "lacks 0009 changes:"),
        (
            "INSERT INTO _sqlx_migrations SELECT 9, 'changes', now(), true, ''::bytea, 0",
            "migration 0009 is not this program's",
        ),
        (
            "UPDATE _sqlx_migrations SET checksum = sha384('x'), version = 9999 WHERE version = 9",
            "lacks 0009 changes:",
        ),
    ] {
        sqlx::query(statement).execute(&db).await.unwrap();
        let said = start(&server_url, false);
        assert!(said.contains(part), "{said}");
    }
    forget(&db, &[&server]).await;
}

#[sqlx::test(migrations = false)]
async fn every_table_and_function_has_its_grant(db: PgPool) {
    let (server, _) = role(&db, "").await;
    migrate(&url(&db), &server).unwrap();
    let readable: Vec<(String, bool)> = sqlx::query_as(
        "SELECT relname::text, has_table_privilege($1, oid, 'SELECT') FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition",
    )
    .bind(&server)
    .fetch_all(&db)
    .await
    .unwrap();
    let lacking: Vec<_> = readable.iter().filter(|(_, may)| !may).map(|(name, _)| name).collect();
    assert!(lacking.is_empty(), "not in backend/src/store/grants.rs: {lacking:?}");
    let functions: Vec<(String, bool, bool)> = sqlx::query_as(
        "SELECT proname::text, prorettype = 'trigger'::regtype OR has_function_privilege($1, oid, 'EXECUTE'),
                coalesce(proconfig::text LIKE '%search_path=%pg_temp\"}', false)
         FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'",
    )
    .bind(&server)
    .fetch_all(&db)
    .await
    .unwrap();
    let lacking: BTreeSet<_> = functions.iter().filter(|(_, may, _)| !may).map(|(name, ..)| name).collect();
    assert!(lacking.is_empty(), "not in backend/src/store/grants.rs: {lacking:?}");
    for (name, _, fixed) in &functions {
        assert!(fixed, "{name} has no search_path of its own in which pg_temp is last");
    }
    let database: String =
        sqlx::query_scalar("SELECT quote_ident(current_database())").fetch_one(&db).await.unwrap();
    // Granted again: nothing that was given by hand stays.
    for statement in [
        format!("GRANT DELETE ON audit_entry TO {server}"),
        format!("GRANT CREATE ON SCHEMA public TO {server}"),
        format!("GRANT INSERT (number) ON audit_entry TO {server}"),
        format!("GRANT TEMPORARY ON DATABASE {database} TO {server}"),
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(&db).await.unwrap();
    }
    migrate(&url(&db), &server).unwrap();
    let left: bool = sqlx::query_scalar(
        "SELECT has_table_privilege($1, 'audit_entry', 'DELETE') OR has_schema_privilege($1, 'public', 'CREATE')
             OR has_column_privilege($1, 'audit_entry', 'number', 'INSERT')
             OR has_database_privilege($1, current_database(), 'TEMPORARY')",
    )
    .bind(&server)
    .fetch_one(&db)
    .await
    .unwrap();
    assert!(!left);
    forget(&db, &[&server]).await;
}
