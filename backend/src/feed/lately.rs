//! What many watch and nobody announces: read once for all of them, and not more often than need be.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex as Lock, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use crate::error::Result;

type Kept<V> = Arc<Mutex<Option<(Instant, Arc<V>)>>>;

/// What was read last, by what it is of.
pub struct Lately<K, V> {
    fresh_for: Duration,
    kept: Lock<HashMap<K, Kept<V>>>,
}

impl<K: Eq + Hash, V> Lately<K, V> {
    /// Keeps nothing yet.
    pub fn new(fresh_for: Duration) -> Lately<K, V> {
        Lately { fresh_for, kept: Lock::default() }
    }

    /// How often there may be something new.
    pub fn every(&self) -> Duration {
        self.fresh_for
    }

    /// What was read a moment ago, or is read now; those who ask meanwhile wait for that.
    pub async fn get(&self, of: K, read: impl Future<Output = Result<V>> + Send) -> Result<Arc<V>> {
        let kept = self.slot(of);
        let mut kept = kept.lock().await;
        if let Some((at, value)) = &*kept
            && at.elapsed() < self.fresh_for
        {
            return Ok(Arc::clone(value));
        }
        let value = Arc::new(read.await?);
        *kept = Some((Instant::now(), Arc::clone(&value)));
        Ok(value)
    }

    /// The slot of one; those are forgotten that nobody asks for any more.
    fn slot(&self, of: K) -> Kept<V> {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = |kept: &Kept<V>| {
            Arc::strong_count(kept) > 1
                || kept
                    .try_lock()
                    .is_ok_and(|kept| kept.as_ref().is_some_and(|(at, _)| at.elapsed() < self.fresh_for * 10))
        };
        all.retain(|key, kept| *key == of || wanted(kept));
        Arc::clone(all.entry(of).or_default())
    }
}
