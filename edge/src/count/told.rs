//! What a backend was already told of an hour's units, so that only what it does not know travels and waits in the spool.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use fluxgate_proto::sketch::Sketch;
use uuid::Uuid;

/// How many bytes of sketches are remembered for an hour? What is beyond is told again each time.
const REMEMBERED: usize = 2 * 1024 * 1024;
/// Of how many hours?
const HOURS: i64 = 2;

/// A feature in an environment.
pub(super) type Place = (Uuid, Box<str>);

/// All that was told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    hours: BTreeMap<i64, Hour>,
    /// Of the batch that is being made.
    memory: HashMap<Vec<usize>, Shared>,
}

#[derive(Debug, Default)]
struct Hour {
    places: HashMap<Place, Arc<Sketch>>,
    bytes: usize,
}

/// What came of sketches that many features share. They are held, so that their addresses stand for them.
#[derive(Debug)]
struct Shared {
    all: Arc<Sketch>,
    news: Arc<[u8]>,
    _held: Vec<Arc<Sketch>>,
}

impl Told {
    /// Returns what is new of a feature's units in an hour, encoded, and remembers it; none when nothing is.
    pub(super) fn news(&mut self, (hour, place): (i64, Place), parts: Vec<Arc<Sketch>>) -> Option<Arc<[u8]>> {
        let before = self.hours.get(&hour).and_then(|told| told.places.get(&place)).cloned();
        // Those of all flags that are only asked for together.
        let shared = parts.iter().all(|part| Arc::strong_count(part) > 1);
        let key: Vec<usize> = before.iter().chain(&parts).map(|sketch| Arc::as_ptr(sketch).addr()).collect();
        if shared && let Some(known) = self.memory.get(&key) {
            let (all, news) = (Arc::clone(&known.all), Arc::clone(&known.news));
            self.remember((hour, place), all, 0);
            return (!news.is_empty()).then_some(news);
        }
        let mut all = before.as_deref().cloned().unwrap_or_default();
        parts.iter().for_each(|part| all.merge(part));
        let news = before.as_deref().map_or_else(|| all.clone(), |before| all.beyond(before));
        let news: Arc<[u8]> = if news.is_empty() { Arc::default() } else { news.encode().into() };
        let (all, bytes) = (Arc::new(all), before.as_deref().map_or(0, Sketch::footprint));
        if shared {
            let held = before.into_iter().chain(parts).collect();
            let known = Shared { all: Arc::clone(&all), news: Arc::clone(&news), _held: held };
            self.memory.insert(key, known);
        }
        let bytes = all.footprint().saturating_sub(bytes);
        self.remember((hour, place), all, bytes);
        (!news.is_empty()).then_some(news)
    }

    fn remember(&mut self, (hour, place): (i64, Place), all: Arc<Sketch>, bytes: usize) {
        let told = self.hours.entry(hour).or_default();
        if told.bytes + bytes <= REMEMBERED {
            told.bytes += bytes;
            told.places.insert(place, all);
        }
    }

    /// Ends a batch.
    pub(super) fn end(&mut self) {
        self.memory = HashMap::new();
        if let Some(newest) = self.hours.keys().next_back().copied() {
            self.hours.retain(|hour, _| *hour > newest - HOURS);
        }
    }

    /// Forgets everything: something that was told will not arrive.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(units: std::ops::Range<u32>) -> Arc<Sketch> {
        let mut sketch = Sketch::default();
        units.for_each(|unit| sketch.insert(&unit.to_le_bytes()));
        Arc::new(sketch)
    }

    fn place(feature: &str) -> Place {
        (Uuid::nil(), feature.into())
    }

    #[test]
    fn what_is_told_adds_up_and_nothing_is_told_twice() {
        let mut told = Told::default();
        let mut backend = Sketch::default();
        let group = of(0..100);
        for (round, (feature, parts)) in [
            ("a", vec![Arc::clone(&group)]),
            ("b", vec![Arc::clone(&group)]),
            ("a", vec![of(50..300), Arc::clone(&group)]),
            ("a", vec![of(0..8_000)]),
        ]
        .into_iter()
        .enumerate()
        {
            let news = told.news((7, place(feature)), parts).unwrap();
            if feature == "a" {
                backend.merge(&Sketch::decode(&news).unwrap());
            } else {
                assert_eq!(*news, group.encode(), "round {round}");
            }
            if round % 2 == 1 {
                told.end();
            }
        }
        assert_eq!(backend.encode(), of(0..8_000).encode());
        assert_eq!(told.news((7, place("a")), vec![of(10..20)]), None);
        assert!(told.news((8, place("a")), vec![of(10..20)]).is_some(), "another hour");
        told.forget();
        assert!(told.news((7, place("a")), vec![of(10..20)]).is_some());
    }

    #[test]
    fn memory_is_bounded_for_sketches_of_their_own_and_shared_ones_cost_once() {
        let (mut told, many) = (Told::default(), of(0..100_000));
        for n in 0..2_000 {
            told.news((7, place(&n.to_string())), vec![Arc::clone(&many)]);
        }
        assert!(told.hours[&7].bytes < 10_000 && told.hours[&7].places.len() == 2_000);
        for n in 0..2_000 {
            told.news((8, place(&n.to_string())), vec![Arc::new(Sketch::clone(&many))]);
        }
        assert!(told.hours[&8].bytes <= REMEMBERED && told.hours[&8].places.len() < 600);
        told.news((10, place("x")), vec![of(0..1)]);
        told.end();
        assert_eq!(told.hours.keys().copied().collect::<Vec<_>>(), [10]);
    }
}
