//! The database's schema: brought up to date by the server or by its owner, or found to be so.

use anyhow::{Context as _, bail};
use sqlx::{Connection as _, PgConnection, PgPool};

use crate::store::{self, grants, schema};

/// Brings the database up to date. sqlx holds an advisory lock meanwhile, so that several may start at once.
pub async fn run(pool: &PgPool) -> anyhow::Result<()> {
    let mut conn = unhurried(pool).await?;
    store::MIGRATIONS.run(&mut conn).await.context("cannot migrate the database")?;
    Ok(conn.close().await?)
}

/// The same at a server's start, which may lack the rights to.
pub async fn at_start(pool: &PgPool) -> anyhow::Result<()> {
    let owned = schema::may_create(&mut *pool.acquire().await?).await?;
    if !owned {
        bail!(
            "the role of DATABASE_URL may not change the schema: run `fluxgate-backend migrate` as the owner, and start \
             with FLUXGATE_MIGRATE_ON_START=false"
        );
    }
    run(pool).await
}

/// Refuses a database that is not exactly what this program needs.
pub async fn require_current(pool: &PgPool) -> anyhow::Result<()> {
    let applied = schema::applied(&mut *pool.acquire().await?).await?;
    let missing: Vec<String> = store::MIGRATIONS
        .iter()
        .filter(|migration| !applied.iter().any(|done| done.version == migration.version))
        .map(|migration| format!("{:04} {}", migration.version, migration.description))
        .collect();
    if !missing.is_empty() {
        bail!("the database lacks {}: run `fluxgate-backend migrate`", missing.join(", "));
    }
    for done in applied {
        let known = store::MIGRATIONS.iter().find(|migration| migration.version == done.version);
        match known {
            None => bail!(
                "the database has migration {:04}, which this program does not know: start a newer one",
                done.version
            ),
            Some(known) if known.checksum != done.checksum || !done.success => bail!(
                "the database's migration {:04} is not this program's: it was changed, or never ended",
                done.version
            ),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Grants a role what running the server takes, and nothing else.
pub async fn grant(pool: &PgPool, role: &str) -> anyhow::Result<()> {
    let mut conn = unhurried(pool).await?;
    match schema::role(&mut conn, role).await? {
        None => bail!("there is no role {role:?}: make it first, like CREATE ROLE {role} LOGIN PASSWORD '…'"),
        Some(found) if found.rules => bail!(
            "the role {role:?} is a superuser, or may act as the owner: nothing can be kept from it; name another one"
        ),
        Some(_) => {}
    }
    let mut tx = conn.begin().await?;
    grants::grant(&mut tx, role).await.with_context(|| format!("cannot grant to {role:?}"))?;
    tx.commit().await?;
    Ok(conn.close().await?)
}

/// A connection of its own: neither a long migration nor waiting for another replica's may run into the limits that
/// requests have.
async fn unhurried(pool: &PgPool) -> anyhow::Result<PgConnection> {
    let mut conn = pool.acquire().await?.detach();
    store::lift_timeouts(&mut conn).await?;
    Ok(conn)
}
