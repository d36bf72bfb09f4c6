//! Constraints that are looked at when a transaction ends.

use sqlx::{PgConnection, query};

/// Looks at them now, as a commit would.
pub async fn check(conn: &mut PgConnection) -> sqlx::Result<()> {
    query("SET CONSTRAINTS ALL IMMEDIATE").execute(conn).await?;
    Ok(())
}
