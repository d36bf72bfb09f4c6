//! How many streams may be open, in all and for each client, so that no client takes the room of the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

/// How many event streams may be open at once?
const MAX_STREAMS: usize = 10_000;
/// How many of them may be one client's?
const MAX_STREAMS_OF_A_CLIENT: usize = 5_000;

/// The room for streams.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    taken: Arc<Mutex<Taken>>,
    limits: (usize, usize),
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_client: HashMap<Option<Uuid>, usize>,
}

/// The room of one stream, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    taken: Arc<Mutex<Taken>>,
    client: Option<Uuid>,
}

impl Default for Slots {
    fn default() -> Self {
        Self::new(MAX_STREAMS, MAX_STREAMS_OF_A_CLIENT)
    }
}

impl Slots {
    pub(crate) fn new(all: usize, of_a_client: usize) -> Self {
        Self { taken: Arc::default(), limits: (all, of_a_client) }
    }

    /// Takes room for one more stream of a client, if there is any; those without credentials are one client.
    pub(super) fn take(&self, client: Option<Uuid>) -> Option<Slot> {
        let mut taken = lock(&self.taken);
        let of_client = taken.by_client.get(&client).copied().unwrap_or_default();
        if taken.all >= self.limits.0 || of_client >= self.limits.1 {
            return None;
        }
        taken.all += 1;
        taken.by_client.insert(client, of_client + 1);
        Some(Slot { taken: Arc::clone(&self.taken), client })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all -= 1;
        if let Some(of_client) = taken.by_client.get_mut(&self.client) {
            *of_client -= 1;
            if *of_client == 0 {
                taken.by_client.remove(&self.client);
            }
        }
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    // The counts are whole between any two statements.
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_in_all_and_for_each_client_and_given_back() {
        let slots = Slots::new(3, 2);
        let (a, b) = (Some(Uuid::from_u128(1)), Some(Uuid::from_u128(2)));
        let first = slots.take(a).unwrap();
        let _second = slots.take(a).unwrap();
        assert!(slots.take(a).is_none(), "two of this client");
        let _third = slots.take(b).unwrap();
        assert!(slots.take(None).is_none(), "three in all");
        drop(first);
        assert!(slots.take(None).is_some());
        assert!(slots.take(a).is_some(), "the former one was given back at once");
    }
}
