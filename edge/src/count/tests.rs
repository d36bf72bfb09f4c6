//! Counting, from many threads at once and by all forms of asking, against sums made by hand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use fluxgate_engine::{FlagConfig, Reason};
use fluxgate_proto::event::{MAX_COUNTS, check};
use fluxgate_proto::sketch::Sketch;
use fluxgate_proto::unit::UnitKey;
use fluxgate_proto::v1::{EvaluationReason, EventBatch};
use uuid::Uuid;

use super::{Asked, Counting, Outcome, Told};
use crate::clock;
use crate::flag::{ByKey, ServedFlag};
use crate::listing::Listing;

const PLACE: Uuid = Uuid::from_u128(0xe);
const CLIENT: Uuid = Uuid::from_u128(0xc);
/// The beginning of an hour.
const HOUR_MS: i64 = 1_800_000_000_000;

pub(crate) fn flag(key: &str) -> Arc<ServedFlag> {
    let json = r#"{"enabled":true,"variants":{"a":1,"b":2},"default":"a","off":"b"}"#;
    let config = FlagConfig::from_json(json).unwrap();
    Arc::new(ServedFlag::compile(key, 1, &config, json.as_bytes()).unwrap())
}

pub(crate) fn asked() -> Asked<'static> {
    Asked { environment: PLACE, client: CLIENT, unit: None, unix_ms: HOUR_MS }
}

pub(super) fn listing(flags: &[Arc<ServedFlag>]) -> Arc<Listing> {
    let mut listing = Listing::default();
    let served = flags.iter().map(|flag| ByKey(Arc::clone(flag))).collect();
    listing.update(flags, &served);
    listing.finish(None, &served);
    Arc::new(listing)
}

/// Everything that was counted, in batches that a backend takes in.
fn sealed(counting: &Counting, told: &mut Told) -> Vec<EventBatch> {
    let mut rows = counting.take().into_rows(Some(&UnitKey::new([1; 32])));
    assert_eq!(rows.dropped(), 0);
    let mut batches = Vec::new();
    loop {
        let id = clock::batch_id(HOUR_MS).as_bytes().to_vec();
        let mut batch = EventBatch { sequence: 1, edge_id: id.clone(), id, ..EventBatch::default() };
        let more = rows.fill(&mut batch, told);
        check(&batch).unwrap();
        batches.push(batch);
        if !more {
            return batches;
        }
    }
}

/// Sums by minute, feature, variant, reason and client.
type Sums = BTreeMap<(i64, String, Option<String>, i32, Vec<u8>), u64>;

fn add(sums: &mut Sums, batches: &[EventBatch]) {
    for count in batches.iter().flat_map(|batch| batch.counts.clone()) {
        let key = (count.minute, count.feature_key, count.variant, count.reason, count.client_id);
        *sums.entry(key).or_default() += count.n;
    }
}

#[test]
fn eight_threads_and_one_that_takes_lose_and_double_nothing() {
    const EACH: i64 = 20_000;
    let counting = Arc::new(Counting::default());
    let flags: Arc<[_]> = (0..16).map(|n| flag(&format!("f{n:02}"))).collect();
    let all = listing(&flags);
    let (mut sums, mut told, over) = (Sums::new(), Told::default(), AtomicBool::new(false));
    thread::scope(|threads| {
        let workers: Vec<_> = (0..8_u32)
            .map(|worker| {
                let (counter, flags, all) = (counting.counter(), Arc::clone(&flags), Arc::clone(&all));
                threads.spawn(move || {
                    for n in 0..EACH {
                        let client = Uuid::from_u128(1 + u128::from(worker % 2));
                        let asked = Asked { client, unix_ms: HOUR_MS + n * 15, ..asked() };
                        let place = usize::try_from(n).unwrap() % flags.len();
                        counter.one(&asked, &flags[place], Outcome::new(Some(0), Reason::Static));
                        if n % 100 == 0 {
                            let mut bulk = counter.bulk(asked, &all, false);
                            for (place, flag) in flags.iter().enumerate() {
                                let variant = u16::try_from(n / 100 % 7).unwrap();
                                bulk.count(place, flag, Outcome::new(Some(variant % 2), Reason::Split));
                            }
                            bulk.finish();
                        }
                    }
                })
            })
            .collect();
        threads.spawn(|| {
            while !over.load(Relaxed) {
                add(&mut sums, &sealed(&counting, &mut told));
            }
        });
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        over.store(true, Relaxed);
    });
    add(&mut sums, &sealed(&counting, &mut Told::default()));
    let mut expected = Sums::new();
    for n in 0..EACH {
        let minute = (HOUR_MS + n * 15) / 60_000;
        let mut add = |feature: i64, variant: &str, reason: EvaluationReason, n| {
            for client in [1, 2] {
                let client = Uuid::from_u128(client).as_bytes().to_vec();
                let key = (minute, format!("f{feature:02}"), Some(variant.to_owned()), reason.into(), client);
                *expected.entry(key).or_default() += n;
            }
        };
        add(n % 16, "a", EvaluationReason::Static, 4);
        for feature in (0..16).filter(|_| n % 100 == 0) {
            add(feature, if n / 100 % 7 % 2 == 0 { "a" } else { "b" }, EvaluationReason::Split, 4);
        }
    }
    assert_eq!(sums, expected);
    let totals = counting.totals();
    let by_reason: BTreeMap<_, _> = totals.by_reason().collect();
    assert_eq!((by_reason["STATIC"], by_reason["SPLIT"]), (160_000, 8 * 200 * 16));
}

#[test]
fn units_of_all_forms_of_asking_are_one_set_by_the_hour() {
    let counting = Arc::new(Counting::default());
    let flags = ["a", "b"].map(flag);
    let (all, counter, mut told) = (listing(&flags), counting.counter(), Told::default());
    let mut seen: BTreeMap<(i64, String), Sketch> = BTreeMap::new();
    for round in 0..3 {
        for n in 0..400 {
            let unit = format!("user-{n}");
            let asked = Asked { unit: Some(&unit), unix_ms: HOUR_MS + n * 18_000, ..asked() };
            if n % 2 == 0 {
                counter.one(&asked, &flags[0], Outcome::ERROR);
            }
            if n % 4 == 1 {
                counter.bulk(asked, &all, false).finish();
                counter.bulk(asked, &all, true).finish();
            }
        }
        for row in sealed(&counting, &mut told).into_iter().flat_map(|batch| batch.sketches) {
            assert_eq!((round, &row.environment_id[..]), (0, &PLACE.as_bytes()[..]), "nothing is told twice");
            let sketch = Sketch::decode(&row.sketch).unwrap();
            seen.entry((row.hour, row.feature_key)).or_default().merge(&sketch);
        }
    }
    let estimates: Vec<u64> = seen.values().map(Sketch::estimate).collect();
    // In each of two hours 100 alone and 50 together, or those alone.
    assert!(
        estimates.iter().zip([150, 50, 150, 50]).all(|(n, about)| n.abs_diff(about) <= 4),
        "{estimates:?}"
    );
    assert_eq!(seen.keys().next().unwrap().0, HOUR_MS / 3_600_000);
}

#[test]
fn samples_are_few_and_name_nobody() {
    let counting = Arc::new(Counting::default());
    let (flag, counters) = (flag("f"), [counting.counter(), counting.counter()]);
    for n in 0..5_000 {
        let unit = format!("user-{n}");
        let asked = Asked { unit: Some(&unit), unix_ms: HOUR_MS + n, ..asked() };
        counters[usize::from(n % 10 == 0)].one(&asked, &flag, Outcome::new(Some(1), Reason::Split));
    }
    let samples = sealed(&counting, &mut Told::default()).remove(0).samples;
    assert_eq!(samples.len(), 200);
    let (first, key) = (&samples[0], UnitKey::new([1; 32]));
    assert_eq!((first.feature_key.as_str(), first.variant.as_deref()), ("f", Some("b")));
    assert_eq!(first.unit, key.hash(&format!("user-{}", first.at_ms - HOUR_MS)));
    // The second worker has a tenth of the evaluations, and so of the samples: 20, with a deviation of 4.2.
    let of_second = samples.iter().filter(|sample| sample.at_ms % 10 == 0).count();
    assert!((2..60).contains(&of_second), "{of_second}");
}

#[test]
fn what_does_not_fit_one_batch_goes_into_several() {
    let counting = Arc::new(Counting::default());
    let (flags, counter) = ((0..50).map(|n| flag(&n.to_string())).collect::<Vec<_>>(), counting.counter());
    let rows = MAX_COUNTS as u128 + 2_000;
    for n in 0..rows {
        let asked = Asked { client: Uuid::from_u128(1 + n / 50), ..asked() };
        counter.one(&asked, &flags[usize::try_from(n).unwrap() % 50], Outcome::ERROR);
    }
    let batches = sealed(&counting, &mut Told::default());
    assert_eq!(batches.iter().map(|batch| batch.counts.len()).collect::<Vec<_>>(), [MAX_COUNTS, 2_000]);
    let nothing = sealed(&counting, &mut Told::default());
    assert!(
        nothing.len() == 1 && nothing[0].counts.is_empty(),
        "a period without evaluations is a batch as well"
    );
}

#[test]
fn memory_is_bounded_whatever_comes_and_what_is_not_counted_is_known() {
    let counting = Arc::new(Counting::default());
    let (flag, counter) = (flag("f"), counting.counter());
    let all = 400_000;
    for n in 0..all {
        let asked = Asked { client: Uuid::from_u128(n), ..asked() };
        counter.one(&asked, &flag, Outcome::ERROR);
    }
    let mut rows = counting.take().into_rows(None);
    let dropped = u128::from(rows.dropped());
    assert!(dropped > 0);
    let (mut counted, mut told) = (0, Told::default());
    loop {
        let mut batch = EventBatch::default();
        let more = rows.fill(&mut batch, &mut told);
        counted += batch.counts.iter().map(|count| u128::from(count.n)).sum::<u128>();
        if !more {
            break;
        }
    }
    assert_eq!(counted + dropped, all);
}
