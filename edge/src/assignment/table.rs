//! A bounded table from units to what they were served, read without a lock: a few loads of one or two cache lines.
//!
//! Each unit has a set of eight slots, of which one is overwritten when all are taken. Who is overwritten is asked about
//! again, so that what is lost here is only time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::UnitId;

/// How many sets are there? With eight slots of 16 bytes each: 524,288 units in 8 MiB.
const SETS: usize = 65_536;
/// How many slots has a set?
const WAYS: usize = 8;

#[derive(Debug, Default)]
struct Set {
    /// 64 bits of the unit's id; 0 while there is none, or while it is being written.
    tags: [AtomicU64; WAYS],
    /// What stands for the variant.
    marks: [AtomicU64; WAYS],
}

/// The table.
#[derive(Debug)]
pub(super) struct Table {
    sets: Box<[Set]>,
    /// Which slot of a full set is overwritten next. Held by whoever writes; readers never look at it.
    next: Mutex<usize>,
}

impl Default for Table {
    fn default() -> Self {
        Self::with_sets(SETS)
    }
}

impl Table {
    fn with_sets(sets: usize) -> Self {
        Self { sets: (0..sets.max(1)).map(|_| Set::default()).collect(), next: Mutex::new(0) }
    }

    /// Returns what stands for the variant that a unit keeps.
    pub(super) fn get(&self, id: UnitId) -> Option<u64> {
        let (set, tag) = self.place(id);
        for (held, mark) in set.tags.iter().zip(&set.marks) {
            if held.load(Ordering::Acquire) == tag {
                let mark = mark.load(Ordering::Acquire);
                // A slot that is overwritten meanwhile has no tag before it has the other's mark.
                if held.load(Ordering::Acquire) == tag {
                    return Some(mark);
                }
            }
        }
        None
    }

    /// Keeps what a unit is served.
    pub(super) fn put(&self, id: UnitId, mark: u64) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let (set, tag) = self.place(id);
        let holds = |wanted: u64| set.tags.iter().position(|held| held.load(Ordering::Relaxed) == wanted);
        let slot = holds(tag).or_else(|| holds(0)).unwrap_or_else(|| {
            *next = (*next + 1) % WAYS;
            *next
        });
        let (held, place) = (&set.tags[slot], &set.marks[slot]);
        if held.load(Ordering::Relaxed) == tag {
            place.store(mark, Ordering::Release);
            return;
        }
        held.store(0, Ordering::Release);
        place.store(mark, Ordering::Release);
        held.store(tag, Ordering::Release);
    }

    fn place(&self, id: UnitId) -> (&Set, u64) {
        let (high, low) = ((id >> 64) % self.sets.len() as u128, id & u128::from(u64::MAX));
        let set = usize::try_from(high).unwrap_or_default();
        // Zero means that there is none.
        (&self.sets[set], u64::try_from(low).unwrap_or_default().max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(set: u64, tag: u64) -> UnitId {
        u128::from(set) << 64 | u128::from(tag)
    }

    #[test]
    fn a_unit_is_found_until_others_take_its_place() {
        let table = Table::with_sets(2);
        assert_eq!(table.get(id(0, 1)), None);
        for tag in 1..=8 {
            table.put(id(0, tag), tag * 10);
        }
        table.put(id(1, 3), 7);
        table.put(id(0, 3), 31);
        for tag in 1..=8 {
            assert_eq!(table.get(id(0, tag)), Some(if tag == 3 { 31 } else { tag * 10 }));
        }
        assert_eq!(table.get(id(1, 3)), Some(7), "another set, the same tag");
        for tag in 9..=16 {
            table.put(id(0, tag), tag * 10);
        }
        assert!((1..=8).all(|tag| table.get(id(0, tag)).is_none()), "one after the other");
        assert!((9..=16).all(|tag| table.get(id(0, tag)) == Some(tag * 10)));
    }

    #[test]
    fn a_reader_never_gets_what_is_another_units() {
        let table = Table::with_sets(1);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..200_000_u64 {
                    let tag = 1 + round % 24;
                    table.put(id(0, tag), tag);
                }
            });
            scope.spawn(|| {
                for round in 0..200_000_u64 {
                    let tag = 1 + round % 24;
                    let found = table.get(id(0, tag));
                    assert!(found.is_none_or(|mark| mark == tag), "{found:?} is not {tag}'s");
                }
            });
        });
    }
}
