//! One subscription's place in the feed.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use uuid::Uuid;

use super::Feed;
use crate::{
    error::{Error, Result},
    store::feed::{self, Place, Snapshot, Told},
};

/// How many entries does a subscription take at once?
const BATCH: usize = 50;
/// How many rows are read at once by who is far behind?
const PAGE: i64 = 200;
/// How long to wait before the database is asked again that was away?
pub const AGAIN: Duration = Duration::from_millis(500);

/// Where it begins.
pub enum Start {
    /// With what is committed from now on.
    Now,
    /// Behind this place.
    Behind(Place),
}

/// Reads a team's entries from a place on.
pub struct Reader {
    feed: Arc<Feed>,
    team: Uuid,
    at: Place,
    /// What had been committed already when it began, though its place was not complete yet.
    before: Option<Snapshot>,
    moved: watch::Receiver<()>,
}

impl Reader {
    /// Begins to read.
    ///
    /// # Errors
    /// The place is none that this database has given out, or the database cannot be asked.
    pub async fn start(feed: &Arc<Feed>, team: Uuid, start: Start) -> Result<Reader> {
        let now = feed::snapshot(&mut *feed.pool.acquire().await?).await?;
        let here = Place { xid: now.xmin, number: 0 };
        let (at, before) = match start {
            Start::Behind(place) if place > here => return Err(Error::Stale(ELSEWHERE.to_owned())),
            Start::Behind(place) => (place, None),
            Start::Now => (here, Some(now)),
        };
        Ok(Reader { feed: Arc::clone(feed), team, at, before, moved: feed.moved.subscribe() })
    }

    /// The next entries, in their order; waits until there are some.
    pub async fn next(&mut self) -> Vec<Arc<Told>> {
        loop {
            self.moved.mark_unchanged();
            let recent = self.feed.recent(|recent| recent.behind(self.at, self.team, BATCH));
            let near = recent.is_some();
            let (mut told, until) = match recent {
                Some(found) => found,
                None => self.stored().await,
            };
            self.at = until;
            if let Some(before) = &self.before {
                told.retain(|told| !before.knows(told.xid));
            }
            if !told.is_empty() {
                return told;
            }
            if near && self.moved.changed().await.is_err() {
                // The feed lives as long as the process.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Reads a page, and up to where that is all; as long as the database is away it waits.
    async fn stored(&self) -> (Vec<Arc<Told>>, Place) {
        loop {
            match self.page().await {
                Ok(page) => return page,
                Err(error) => {
                    tracing::debug!(%error, "a subscription cannot read the audit; trying again");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    async fn page(&self) -> sqlx::Result<(Vec<Arc<Told>>, Place)> {
        let mut conn = self.feed.pool.acquire().await?;
        let frontier = feed::frontier(&mut conn).await?;
        let page = feed::behind_in(&mut conn, self.team, (self.at, frontier), PAGE).await?;
        let full = i64::try_from(page.len()).is_ok_and(|length| length == PAGE);
        let until = match page.last() {
            Some(last) if full => last.place(),
            _ => frontier.max(self.at),
        };
        Ok((page.into_iter().map(Arc::new).collect(), until))
    }
}

/// Said of a cursor that this database has not given out.
pub const ELSEWHERE: &str = "after: is a cursor of another database, or of one that was restored since; read what is there now and begin anew";
