//! How many sockets there are: in total, of one user, and waiting to be told who they are of.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use uuid::Uuid;

/// How many sockets has a server?
const MAX_SOCKETS: usize = 2_000;
/// How many has a user?
pub const MAX_OF_USER: usize = 20;
/// How many of one address may wait to say who they are?
const MAX_WAITING: usize = 100;

/// The sockets that are open.
#[derive(Default)]
pub struct Slots(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    all: usize,
    users: HashMap<Uuid, usize>,
    waiting: HashMap<Option<IpAddr>, usize>,
}

/// One socket's place; dropped, it is free.
pub struct Slot {
    slots: Arc<Slots>,
    who: Who,
}

enum Who {
    Waiting(Option<IpAddr>),
    User(Uuid),
}

impl Slots {
    /// A place for a socket of which nobody knows yet whose it is; none where there are too many.
    pub fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Slot> {
        let mut counts = self.counts();
        if counts.all >= MAX_SOCKETS || !up(&mut counts.waiting, address, MAX_WAITING) {
            return None;
        }
        counts.all += 1;
        Some(Slot { slots: Arc::clone(self), who: Who::Waiting(address) })
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Makes it a user's place; tells whether they had one left.
    pub fn of_user(&mut self, user: Uuid) -> bool {
        let slots = Arc::clone(&self.slots);
        let mut counts = slots.counts();
        let Who::Waiting(address) = &self.who else { return true };
        if !up(&mut counts.users, user, MAX_OF_USER) {
            return false;
        }
        down(&mut counts.waiting, address);
        self.who = Who::User(user);
        true
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.slots.counts();
        counts.all = counts.all.saturating_sub(1);
        match &self.who {
            Who::Waiting(address) => down(&mut counts.waiting, address),
            Who::User(user) => down(&mut counts.users, user),
        }
    }
}

fn up<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: K, most: usize) -> bool {
    let count = counts.entry(key).or_default();
    let free = *count < most;
    *count += usize::from(free);
    free
}

fn down<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn each_limit_holds_and_what_is_dropped_is_free() {
        let slots = Arc::<Slots>::default();
        let address = |n: u32| Some(IpAddr::from(n.to_be_bytes()));
        let mut waiting: Vec<Slot> = (0..MAX_WAITING).filter_map(|_| slots.take(address(0))).collect();
        assert_eq!(waiting.len(), MAX_WAITING);
        assert!(slots.take(address(0)).is_none(), "too many of one address wait");
        assert!(slots.take(address(1)).is_some());
        let ada = clock::new_id();
        let of_ada = waiting.iter_mut().filter_map(|slot| slot.of_user(ada).then_some(())).count();
        assert_eq!(of_ada, MAX_OF_USER);
        assert_eq!(slots.counts().waiting[&address(0)], MAX_WAITING - MAX_OF_USER);
        drop(waiting);
        {
            let counts = slots.counts();
            assert_eq!((counts.all, counts.users.len(), counts.waiting.len()), (0, 0, 0));
        }
        let all: Vec<Slot> = (0..).map_while(|n| slots.take(address(n))).collect();
        assert_eq!(all.len(), MAX_SOCKETS);
    }
}
