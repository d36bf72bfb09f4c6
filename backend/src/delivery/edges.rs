//! What edges acknowledged, written to the database for every replica to read: by one task, all that is new in one
//! statement, so that a thousand acknowledgements cost as much as one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    clock,
    store::edge::{self, Heard},
};

/// How long may an edge be silent before it counts as not connected? Acknowledged heartbeats come every five.
pub const SILENCE: TimeDelta = TimeDelta::seconds(12);
/// How long is an edge remembered that went without saying goodbye?
const REMEMBERED: TimeDelta = TimeDelta::hours(1);
/// How often are they looked for?
const SWEEP: Duration = Duration::from_secs(60);
/// How long to wait before trying the database again?
const AGAIN: Duration = Duration::from_millis(500);

/// The edges that streams of this replica hear.
#[derive(Clone)]
pub struct Edges(Arc<Shared>);

#[derive(Default)]
struct Shared {
    news: Mutex<News>,
    some: Notify,
}

#[derive(Default)]
struct News {
    /// By stream.
    heard: HashMap<Uuid, Heard>,
    gone: Vec<Uuid>,
}

impl Edges {
    /// Starts the task that writes.
    pub fn start(pool: PgPool) -> Edges {
        let edges = Edges(Arc::default());
        tokio::spawn(edges.clone().write(pool));
        edges
    }

    /// Takes note of what a stream heard.
    pub fn hear(&self, heard: Heard) {
        self.news(|news| news.heard.insert(heard.stream_id, heard));
    }

    /// Takes note that an edge said goodbye.
    pub fn goodbye(&self, stream: Uuid) {
        self.news(|news| {
            news.heard.remove(&stream);
            news.gone.push(stream);
        });
    }

    fn news<T>(&self, change: impl FnOnce(&mut News) -> T) {
        change(&mut self.0.news.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.some.notify_one();
    }

    async fn write(self, pool: PgPool) {
        let mut swept: Option<DateTime<Utc>> = None;
        loop {
            // Also without news, so that those who went without saying goodbye are forgotten.
            let _ = tokio::time::timeout(SWEEP, self.0.some.notified()).await;
            let news = std::mem::take(&mut *self.0.news.lock().unwrap_or_else(PoisonError::into_inner));
            let now = clock::now();
            let sweep = swept.is_none_or(|at| (now - at).to_std().is_ok_and(|past| past > SWEEP));
            match record(&pool, &news, (now, sweep)).await {
                Ok(()) if sweep => swept = Some(now),
                Ok(()) => {}
                Err(error) => {
                    tracing::debug!(%error, "cannot write what edges acknowledged; trying again");
                    self.put_back(news);
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    /// Keeps what could not be written, unless something newer was heard meanwhile.
    fn put_back(&self, old: News) {
        self.news(|news| {
            news.gone.extend(old.gone);
            for (stream, heard) in old.heard {
                if !news.gone.contains(&stream) {
                    news.heard.entry(stream).or_insert(heard);
                }
            }
        });
    }
}

async fn record(pool: &PgPool, news: &News, (now, sweep): (DateTime<Utc>, bool)) -> sqlx::Result<()> {
    let mut conn = pool.acquire().await?;
    // Of two streams of one edge the newer one counts, and one statement may name an edge once. An edge names itself,
    // so that its id says something only within its team.
    let mut newest: HashMap<(Uuid, Uuid), &Heard> = HashMap::new();
    for heard in news.heard.values() {
        let kept = newest.entry((heard.team_id, heard.id)).or_insert(heard);
        if heard.connected_at > kept.connected_at {
            *kept = heard;
        }
    }
    let heard: Vec<Heard> = newest.into_values().cloned().collect();
    if !heard.is_empty() {
        edge::record(&mut conn, &heard).await?;
    }
    edge::forget_replaced(&mut conn, now - SILENCE).await?;
    for stream in &news.gone {
        edge::forget(&mut conn, *stream).await?;
    }
    if sweep {
        edge::forget_silent(&mut conn, now - REMEMBERED).await?;
    }
    Ok(())
}
