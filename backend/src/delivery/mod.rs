//! What is served, in memory: kept in step with the database, and asked by every stream for what it misses.
//!
//! A stream is a position in this state, not a queue: the `watch` channel says that the head moved and nothing else.

mod compile;
pub mod edges;
mod epoch;
pub mod evaluator;
pub mod flags;
mod load;
pub mod snapshot;
pub mod state;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use tokio::sync::{Mutex, MutexGuard, Semaphore, watch};
use uuid::Uuid;

use self::{
    compile::Changed,
    edges::Edges,
    evaluator::Evaluator,
    load::Found,
    state::{EdgeClient, Position, Served},
};
use crate::{
    auth::{
        secret::{self, KeyKind},
        unit::UnitKeys,
    },
    hints::Hints,
};

/// How often is the head read without being told that it moved? NOTIFY is a hint that can be lost.
const POLL: Duration = Duration::from_millis(500);
/// How many evaluate for GraphQL at once? A document may ask for much work, and each takes a core.
const EVALUATING: usize = 2;

/// The served state and who listens to it.
pub struct Delivery {
    pool: PgPool,
    served: RwLock<Served>,
    /// The same, compiled; empty until somebody asks.
    evaluator: RwLock<Evaluator>,
    /// Held by whoever compiles, one at a time.
    compiling: Arc<Mutex<()>>,
    /// How many evaluate apart from the threads that answer everybody.
    evaluating: Arc<Semaphore>,
    /// Held by whoever reads the database, one at a time.
    reading: Mutex<()>,
    moved: watch::Sender<()>,
    hints: Arc<Hints>,
    /// What edges acknowledged.
    pub edges: Edges,
    /// What units are hashed with.
    pub unit_keys: UnitKeys,
}

impl Delivery {
    /// Loads the state and keeps it in step until the process ends.
    pub async fn start(
        pool: PgPool,
        hints: Arc<Hints>,
        unit_keys: UnitKeys,
    ) -> anyhow::Result<Arc<Delivery>> {
        epoch::settle(&pool).await?;
        let served = match load::load(&pool, None, None).await? {
            Found::News(loaded) => Served::from(loaded),
            Found::Nothing | Found::Lost => Served::default(),
        };
        let (moved, _) = watch::channel(());
        let edges = Edges::start(pool.clone());
        let delivery = Arc::new(Delivery {
            pool,
            served: RwLock::new(served),
            evaluator: RwLock::default(),
            compiling: Arc::default(),
            evaluating: Arc::new(Semaphore::new(EVALUATING)),
            reading: Mutex::new(()),
            moved,
            hints,
            edges,
            unit_keys,
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

    /// Looks at the state as it is now, compiled; held only for as long as `look` takes.
    ///
    /// # Errors
    /// Compiling was broken off, as the server stops.
    pub async fn evaluator<T>(self: &Arc<Self>, look: impl FnOnce(&Evaluator) -> T) -> anyhow::Result<T> {
        if !self.is_compiled() {
            let turn = Arc::clone(&self.compiling).lock_owned().await;
            // Those who waited for their turn find it done.
            if !self.is_compiled() {
                let delivery = Arc::clone(self);
                // The turn goes with the work, which outlives a caller that went away.
                let work = move || {
                    delivery.compile();
                    drop(turn);
                };
                tokio::task::spawn_blocking(work).await?;
            }
        }
        Ok(look(&self.evaluator.read().unwrap_or_else(PoisonError::into_inner)))
    }

    fn is_compiled(&self) -> bool {
        let position = self.read(Served::position);
        self.evaluator.read().unwrap_or_else(PoisonError::into_inner).at() == Some(position)
    }

    fn compile(&self) {
        // One lock after the other, and none while it compiles.
        let at = self.evaluator.read().unwrap_or_else(PoisonError::into_inner).at();
        let compiled = self.read(|served| Changed::since(served, at)).compile();
        self.evaluator.write().unwrap_or_else(PoisonError::into_inner).take_in(compiled);
    }

    /// Does what takes long off the threads that answer everybody, a few at once.
    ///
    /// # Errors
    /// It was broken off, as the server stops.
    pub async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        let slot = Arc::clone(&self.evaluating).acquire_owned().await?;
        let work = move || {
            let result = work();
            drop(slot);
            result
        };
        Ok(tokio::task::spawn_blocking(work).await?)
    }

    /// Sees to it that the state is as far as the database was at `there`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn reach(&self, there: Position) -> anyhow::Result<()> {
        let behind = || {
            let here = self.read(Served::position);
            here.epoch != there.epoch || here.revision < there.revision
        };
        if behind() {
            let reading = self.reading.lock().await;
            // Those who waited for their turn find it done.
            if behind() {
                self.read_news(&reading).await?;
            }
        }
        Ok(())
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
        let reading = self.reading.lock().await;
        self.read_news(&reading).await
    }

    async fn read_news(&self, _reading: &MutexGuard<'_, ()>) -> anyhow::Result<bool> {
        loop {
            let (have, mark) = self.read(|served| (served.position(), served.mark()));
            let loaded = match load::load(&self.pool, Some(have), mark).await? {
                Found::News(loaded) => loaded,
                Found::Nothing => return Ok(false),
                Found::Lost => {
                    epoch::renew(&self.pool, have.epoch).await?;
                    continue;
                }
            };
            if self.write(|served| served.merge_onto(have, loaded)) {
                self.moved.send_replace(());
                return Ok(true);
            }
        }
    }

    /// Follows the head: at once when told, twice a second otherwise.
    async fn follow(self: Arc<Self>) {
        let (mut away, mut settled) = (false, Instant::now());
        loop {
            let told = tokio::time::timeout(POLL, self.hints.head.notified()).await.is_ok();
            // Not for every notification, and not only without: both may go on for long.
            let ask = settled.elapsed() >= POLL;
            let settle = async { if ask { epoch::settle(&self.pool).await } else { Ok(()) } };
            let looked = match settle.await {
                Ok(()) => self.refresh().await,
                Err(error) => Err(error),
            };
            if ask {
                settled = Instant::now();
            }
            match looked {
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
