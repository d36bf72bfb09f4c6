//! What the server's role may do where it is not the owner: a table for the tables, one for the functions. A test holds
//! every table and function of the schema against them.

use sqlx::{AssertSqlSafe, PgConnection, query_as, raw_sql};

/// Each table, and what is done to it.
pub const TABLES: &[(&str, &str)] = &[
    ("_sqlx_migrations", "SELECT"),
    // Added to, never altered. Which number an entry has and which transaction wrote it is for the database to say.
    (
        "audit_entry",
        "SELECT, INSERT (at, actor_kind, actor_id, actor, address, request_id, team_id, action, subject, feature_id, \
         change_id, environment, reason, before, after)",
    ),
    ("change_comment", "SELECT, INSERT"),
    ("change_policy", "SELECT, INSERT"),
    ("token_environment", "SELECT, INSERT"),
    ("version", "SELECT, INSERT"),
    // Moved by publish() alone, as the owner.
    ("delivery_head", "SELECT"),
    ("delivery_item", "SELECT"),
    // Never deleted.
    ("app_user", "SELECT, INSERT, UPDATE"),
    ("change", "SELECT, INSERT, UPDATE"),
    ("change_item", "SELECT, INSERT, UPDATE"),
    ("client", "SELECT, INSERT, UPDATE"),
    ("environment", "SELECT, INSERT, UPDATE"),
    ("feature", "SELECT, INSERT, UPDATE"),
    ("stage", "SELECT, INSERT, UPDATE"),
    ("team", "SELECT, INSERT, UPDATE"),
    ("token", "SELECT, INSERT, UPDATE"),
    ("vote", "SELECT, INSERT, UPDATE"),
    ("periodic_job", "SELECT, UPDATE"),
    // Whatever there is to do.
    ("bootstrap", "SELECT, INSERT, UPDATE, DELETE"),
    ("client_key", "SELECT, INSERT, UPDATE, DELETE"),
    ("context_key", "SELECT, INSERT, UPDATE, DELETE"),
    ("assignment", "SELECT, INSERT, DELETE"),
    ("edge", "SELECT, INSERT, UPDATE, DELETE"),
    ("evaluation_count", "SELECT, INSERT, UPDATE, DELETE"),
    ("evaluation_sample", "SELECT, INSERT, UPDATE, DELETE"),
    ("evaluation_seen", "SELECT, INSERT, UPDATE, DELETE"),
    ("evaluation_sketch", "SELECT, INSERT, UPDATE, DELETE"),
    ("failure", "SELECT, INSERT, UPDATE, DELETE"),
    ("ingest_batch", "SELECT, INSERT, UPDATE, DELETE"),
    ("ingest_edge", "SELECT, INSERT, UPDATE, DELETE"),
    ("ingest_gap", "SELECT, INSERT, UPDATE, DELETE"),
    ("member", "SELECT, INSERT, UPDATE, DELETE"),
    ("pipeline", "SELECT, INSERT, UPDATE, DELETE"),
    ("pipeline_stage", "SELECT, INSERT, UPDATE, DELETE"),
    ("policy", "SELECT, INSERT, UPDATE, DELETE"),
    ("policy_environment", "SELECT, INSERT, UPDATE, DELETE"),
    ("refresh_token", "SELECT, INSERT, UPDATE, DELETE"),
    ("signing_key", "SELECT, INSERT, UPDATE, DELETE"),
    ("token_key", "SELECT, INSERT, UPDATE, DELETE"),
];

/// The functions that the server calls; those of triggers nobody calls.
pub const FUNCTIONS: &[&str] = &[
    "publish(text[], uuid[])",
    "ensure_evaluation_partitions(date[])",
    "drop_evaluation_partitions(date)",
    "compact_delivery(bigint)",
    "trim_delivery(integer)",
    "settle_epoch()",
    "renew_epoch(uuid)",
    "home()",
];

/// Gives a role exactly that, and lets nobody add to the schema. Whoever owns the database, too, lets nobody else make
/// temporary tables in it.
pub async fn grant(conn: &mut PgConnection, role: &str) -> sqlx::Result<()> {
    let (role, database, owned): (String, String, bool) = query_as(
        "SELECT quote_ident($1), quote_ident(datname), pg_has_role(datdba, 'USAGE') FROM pg_database
         WHERE datname = current_database()",
    )
    .bind(role)
    .fetch_one(&mut *conn)
    .await?;
    let mut statements = Vec::new();
    if owned {
        statements.push(format!("REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM PUBLIC, {role}"));
    }
    statements.extend([
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned(),
        "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC".to_owned(),
        format!("REVOKE ALL ON SCHEMA public FROM {role}"),
        format!("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}"),
        format!("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}"),
        format!("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM {role}"),
        format!("GRANT USAGE ON SCHEMA public TO {role}"),
    ]);
    statements.extend(TABLES.iter().map(|(table, rights)| format!("GRANT {rights} ON {table} TO {role}")));
    let functions = FUNCTIONS.iter();
    statements.extend(functions.map(|function| format!("GRANT EXECUTE ON FUNCTION {function} TO {role}")));
    raw_sql(AssertSqlSafe(statements.join(";\n"))).execute(conn).await?;
    Ok(())
}
