//! What happened, told to those who listen: the audit as far as it is complete, its newest part in memory.
//!
//! A subscription is a place in the feed, not a queue: it takes what is behind its place, from memory where that reaches
//! back far enough, else from the database. So a slow one costs nothing and misses nothing, and any replica can go on.

pub mod cursor;
pub mod lately;
mod reader;
mod recent;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use sqlx::PgPool;
use tokio::sync::watch;

pub use self::reader::{AGAIN, Reader};
use self::recent::Recent;
use crate::{hints::Hints, store::feed};

/// How often is the audit looked at without being told that there is something? It is also how long something may wait
/// whose place became complete only when another transaction ended.
const POLL: Duration = Duration::from_millis(500);
/// How many entries are read at once?
const PAGE: i64 = 500;

/// The newest part of the feed and who waits for more.
pub struct Feed {
    pool: PgPool,
    recent: RwLock<Recent>,
    moved: watch::Sender<()>,
}

impl Feed {
    /// Follows the audit from now on, until the process ends.
    pub async fn start(pool: PgPool, hints: Arc<Hints>) -> anyhow::Result<Arc<Feed>> {
        let from = feed::frontier(&mut *pool.acquire().await?).await?;
        let (moved, _) = watch::channel(());
        let feed = Arc::new(Feed { pool, recent: RwLock::new(Recent::new(from)), moved });
        tokio::spawn(Arc::clone(&feed).follow(hints));
        Ok(feed)
    }

    /// Looks for news for ever: at once when told, twice a second otherwise.
    async fn follow(self: Arc<Self>, hints: Arc<Hints>) {
        let mut away = false;
        loop {
            let _ = tokio::time::timeout(POLL, hints.audit.notified()).await;
            let read = self.read().await;
            match &read {
                Err(error) if !away => {
                    tracing::warn!(%error, "cannot read the audit; subscriptions wait");
                }
                _ => {}
            }
            away = read.is_err();
        }
    }

    /// Takes in what became complete since.
    async fn read(&self) -> sqlx::Result<()> {
        let mut conn = self.pool.acquire().await?;
        let frontier = feed::frontier(&mut conn).await?;
        loop {
            let after = self.recent(|recent| recent.until());
            let page = feed::behind(&mut conn, after, frontier, PAGE).await?;
            let last = i64::try_from(page.len()).unwrap_or(PAGE) < PAGE;
            let (some, until) = (!page.is_empty(), page.last().map(feed::Told::place));
            let until = if last { frontier } else { until.unwrap_or(frontier) };
            self.recent.write().unwrap_or_else(PoisonError::into_inner).push(page, until);
            if some {
                self.moved.send_replace(());
            }
            if last {
                return Ok(());
            }
        }
    }

    fn recent<T>(&self, look: impl FnOnce(&Recent) -> T) -> T {
        look(&self.recent.read().unwrap_or_else(PoisonError::into_inner))
    }
}
