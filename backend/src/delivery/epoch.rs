//! Epochs: a database that was restored, copied or failed over begins a new one, so that what edges and replicas hold of the
//! lost history is replaced and never taken for a part of this one.

use sqlx::PgPool;
use uuid::Uuid;

use crate::store::delivery;

/// Begins a new epoch when the database is in another place than where its epoch began.
pub async fn settle(pool: &PgPool) -> anyhow::Result<()> {
    if let Some(old) = delivery::settle_epoch(&mut *pool.acquire().await?).await? {
        announce(old, "it was restored, copied or failed over");
    }
    Ok(())
}

/// Begins a new epoch in place of `old`, whose history the database lost, unless another replica did so first.
pub async fn renew(pool: &PgPool, old: Uuid) -> anyhow::Result<()> {
    if delivery::renew_epoch(&mut *pool.acquire().await?, old).await? {
        announce(old, "it does not know what was served from it");
    }
    Ok(())
}

fn announce(old: Uuid, why: &str) {
    tracing::error!(
        %old, why, "the database went another way: a new epoch begins, and every edge starts again with a snapshot"
    );
}
