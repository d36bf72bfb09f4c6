//! The schema itself: what was applied to it, and who may change it.

use sqlx::{FromRow, PgConnection, query_as, query_scalar};

/// A migration that the database has.
#[derive(FromRow)]
pub struct Applied {
    pub version: i64,
    pub checksum: Vec<u8>,
    pub success: bool,
}

/// A role of the database's server.
#[derive(FromRow)]
pub struct Role {
    /// Whether nothing can be kept from it.
    pub rules: bool,
}

/// What was applied; nothing to an empty database.
pub async fn applied(conn: &mut PgConnection) -> sqlx::Result<Vec<Applied>> {
    let some: bool =
        query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(&mut *conn).await?;
    if !some {
        return Ok(Vec::new());
    }
    query_as("SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version").fetch_all(conn).await
}

/// Whether this connection's role may add tables.
pub async fn may_create(conn: &mut PgConnection) -> sqlx::Result<bool> {
    query_scalar("SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), true)")
        .fetch_one(conn)
        .await
}

/// A role by name.
pub async fn role(conn: &mut PgConnection, name: &str) -> sqlx::Result<Option<Role>> {
    query_as(
        "SELECT r.rolsuper OR pg_has_role(r.oid, d.datdba, 'MEMBER') OR pg_has_role(r.oid, current_user, 'MEMBER') AS rules
         FROM pg_roles r, pg_database d WHERE r.rolname = $1 AND d.datname = current_database()",
    )
    .bind(name)
    .fetch_optional(conn)
    .await
}
