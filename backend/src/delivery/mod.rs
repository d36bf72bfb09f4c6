//! What is served, in memory: kept in step with the database, and asked by every stream for what it misses.
//!
//! A stream is a position in this state, not a queue: the `watch` channel says that the head moved and nothing else.

pub mod edges;
mod load;
pub mod state;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use self::{
    edges::Edges,
    state::{EdgeClient, Served},
};
use crate::{
    auth::secret::{self, KeyKind},
    hints::Hints,
};

/// How often is the head read without being told that it moved? NOTIFY is a hint that can be lost.
const POLL: Duration = Duration::from_millis(500);

/// The served state and who listens to it.
pub struct Delivery {
    pool: PgPool,
    served: RwLock<Served>,
    /// Held by whoever reads the database, one at a time.
    reading: Mutex<()>,
    moved: watch::Sender<()>,
    hints: Arc<Hints>,
    /// What edges acknowledged.
    pub edges: Edges,
}

impl Delivery {
    /// Loads the state and keeps it in step until the process ends.
    pub async fn start(pool: PgPool, hints: Arc<Hints>) -> anyhow::Result<Arc<Delivery>> {
        let served = load::load(&pool, None).await?.map(Served::from).unwrap_or_default();
        let (moved, _) = watch::channel(());
        let edges = Edges::start(pool.clone());
        let delivery = Arc::new(Delivery {
            pool,
            served: RwLock::new(served),
            reading: Mutex::new(()),
            moved,
            hints,
            edges,
        });
        tokio::spawn(Arc::clone(&delivery).follow());
        Ok(delivery)
    }

    /// Reads the state; held only for as long as `look` takes.
    pub fn read<T>(&self, look: impl FnOnce(&Served) -> T) -> T {
        look(&self.served.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Which database this is.
    pub fn epoch(&self) -> Uuid {
        self.read(|served| served.position().epoch)
    }

    /// Changes the state, which only adding up digests needs beside `refresh`.
    pub fn write<T>(&self, change: impl FnOnce(&mut Served) -> T) -> T {
        change(&mut self.served.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says whenever the head moved.
    pub fn moved(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }

    /// The EDGE client that a key belongs to, from memory, so that edges may come while the database is away.
    ///
    /// # Errors
    /// The key is not in memory and the database cannot be asked.
    pub async fn authenticate(&self, key: &str, now: DateTime<Utc>) -> anyhow::Result<Option<EdgeClient>> {
        let Some(key_id) = KeyKind::Client.id_in(key) else { return Ok(None) };
        let find = || {
            self.read(|served| {
                let (client, kept) = served.edge_key(key_id)?;
                let good = secret::matches(key, &kept.sha256) && client.holds(key_id, now);
                good.then(|| client.clone())
            })
        };
        if let Some(client) = find() {
            return Ok(Some(client));
        }
        // The client may have been made a moment ago, on another replica. Those who ask while somebody reads wait for
        // that one to end, so that unknown keys take one connection, however many come.
        self.refresh().await?;
        Ok(find())
    }

    /// Reads what the database has above the state. Gives whether that was anything.
    pub async fn refresh(&self) -> anyhow::Result<bool> {
        let _reading = self.reading.lock().await;
        loop {
            let have = self.read(Served::position);
            let Some(loaded) = load::load(&self.pool, Some(have)).await? else { return Ok(false) };
            if self.write(|served| served.merge_onto(have, loaded)) {
                self.moved.send_replace(());
                return Ok(true);
            }
        }
    }

    /// Follows the head: at once when told, twice a second otherwise.
    async fn follow(self: Arc<Self>) {
        let mut away = false;
        loop {
            let told = tokio::time::timeout(POLL, self.hints.head.notified()).await.is_ok();
            match self.refresh().await {
                Ok(found) => {
                    if found && !told {
                        tracing::debug!("found a revision that no notification told of");
                    }
                    if std::mem::take(&mut away) {
                        tracing::info!("the database is back");
                    }
                }
                Err(error) if !std::mem::replace(&mut away, true) => {
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "cannot read the head; streams go on from memory"
                    );
                }
                Err(_) => {}
            }
        }
    }
}
