//! The spool through restarts, crashes, damage, full disks and too little room.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use fluxgate_proto::event::check;
use fluxgate_proto::v1::{EvaluationCount, EvaluationReason, EvaluationSample, TombstoneReason};
use tempfile::TempDir;

use super::*;
use crate::clock;

mod damage;
mod home;

const EDGE: Uuid = Uuid::from_u128(0xed9e);
/// The beginning of an hour.
const START_MS: i64 = 1_800_000_000_000;
const MINUTE_MS: i64 = 60_000;
const ACCEPTED: Outcome = Outcome::Accepted { refused_rows: 0, refused_evaluations: 0 };

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spool");
    (folder, path)
}

fn open(path: &Path, minute: i64) -> Spool {
    Spool::open(path, EDGE, LIMIT, START_MS + minute * MINUTE_MS)
}

/// What was counted in a minute.
fn counted(minute: i64, features: u64) -> EventBatch {
    let from_ms = START_MS + minute * MINUTE_MS;
    let counts = (0..features).map(|n| EvaluationCount {
        minute: from_ms / MINUTE_MS,
        feature_key: format!("feature-{n}"),
        environment_id: vec![1; 16],
        reason: EvaluationReason::Static.into(),
        client_id: vec![2; 16],
        n: 10,
        ..EvaluationCount::default()
    });
    EventBatch { from_ms, until_ms: from_ms + MINUTE_MS, counts: counts.collect(), ..EventBatch::default() }
}

fn seal(spool: &mut Spool, minute: i64) {
    seal_batch(spool, counted(minute, 1));
}

fn seal_batch(spool: &mut Spool, batch: EventBatch) {
    let until_ms = batch.until_ms;
    spool.seal(batch, clock::batch_id(until_ms), until_ms);
}

/// Sends everything; each batch is one that a backend takes in.
fn drain(spool: &mut Spool) -> Vec<EventBatch> {
    let mut sent = Vec::new();
    while let Some(batch) = spool.next(START_MS) {
        check(&batch).unwrap();
        spool.end(&batch.id, ACCEPTED, START_MS);
        sent.push(batch);
    }
    sent
}

fn numbers(batches: &[EventBatch]) -> Vec<u64> {
    batches.iter().map(|batch| batch.sequence).collect()
}

fn graves(batches: &[EventBatch]) -> Vec<(u64, u64, Option<u64>, TombstoneReason)> {
    let all = batches.iter().flat_map(|batch| batch.tombstones.clone());
    all.map(|grave| (grave.first, grave.last, grave.lost, grave.why())).collect()
}

fn segments(path: &Path) -> Vec<PathBuf> {
    let mut names: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}

#[test]
fn what_waits_comes_back_with_its_id_and_numbers_go_on() {
    let (_folder, path) = folder();
    let mut spool = open(&path, 0);
    (0..3).for_each(|minute| seal(&mut spool, minute));
    let first = spool.next(START_MS).unwrap();
    spool.end(&first.id, ACCEPTED, START_MS);
    let second = spool.next(START_MS).unwrap();
    spool.close(START_MS);
    drop(spool);
    let mut spool = open(&path, 10);
    seal(&mut spool, 10);
    let sent = drain(&mut spool);
    assert_eq!((numbers(&sent), graves(&sent)), (vec![2, 3, 4], vec![]), "it stopped in order");
    assert_eq!(sent[0], second);
    assert_eq!(sent[2].from_ms, START_MS + 10 * MINUTE_MS);
    assert_eq!(drain(&mut spool), []);
}

#[test]
fn an_edge_that_did_not_stop_in_order_says_what_is_not_known() {
    let (_folder, path) = folder();
    drop(open(&path, 0));
    let mut spool = open(&path, 1);
    seal(&mut spool, 1);
    assert_eq!(graves(&drain(&mut spool)), [(1, 1, None, TombstoneReason::SpoolBroken)]);
    seal(&mut spool, 2);
    drop(spool);
    let mut spool = open(&path, 5);
    seal(&mut spool, 5);
    let sent = drain(&mut spool);
    assert_eq!(numbers(&sent), [3, 5]);
    let grave = &sent[1].tombstones[0];
    assert_eq!(
        (grave.first, grave.last, grave.lost, grave.why()),
        (4, 4, None, TombstoneReason::SpoolBroken)
    );
    let about = [3, 5].map(|minute| START_MS + minute * MINUTE_MS);
    assert_eq!([grave.from_ms, grave.until_ms], about, "from what was sealed to the new start");
}

#[test]
fn a_torn_end_costs_what_is_torn_wherever_it_is_cut() {
    let (_folder, path) = folder();
    let mut spool = open(&path, 0);
    (0..2).for_each(|minute| seal(&mut spool, minute));
    drop(spool);
    let segment = segments(&path).remove(0);
    let whole = fs::read(&segment).unwrap();
    let ledger = fs::read(path.with_extension("ledger")).unwrap();
    let first_end = {
        let head = record::HEAD;
        let (_, begun) = record::read::<Record>(&whole[head..]).unwrap();
        let (_, first) = record::read::<Record>(&whole[head + begun..]).unwrap();
        head + begun + first
    };
    for end in (first_end..whole.len()).step_by(7) {
        segments(&path).iter().for_each(|segment| fs::remove_file(segment).unwrap());
        fs::write(&segment, &whole[..end]).unwrap();
        fs::write(path.with_extension("ledger"), &ledger).unwrap();
        let mut spool = open(&path, 9);
        seal(&mut spool, 9);
        let sent = drain(&mut spool);
        assert_eq!(numbers(&sent), [1, 3], "cut at {end}");
        assert_eq!(graves(&sent), [(2, 2, None, TombstoneReason::SpoolBroken)], "cut at {end}");
    }
}

#[test]
fn a_batch_that_cannot_be_read_again_is_given_up_and_told() {
    let (_folder, path) = folder();
    let mut spool = open(&path, 0);
    (0..2).for_each(|minute| seal(&mut spool, minute));
    let segment = segments(&path).remove(0);
    let mut bytes = fs::read(&segment).unwrap();
    let (_, begun) = record::read::<Record>(&bytes[record::HEAD..]).unwrap();
    bytes[record::HEAD + begun + 30] ^= 1;
    fs::write(&segment, bytes).unwrap();
    assert_eq!(numbers(&drain(&mut spool)), [2]);
    assert!(spool.has_lost() && !spool.has_lost());
    seal(&mut spool, 2);
    assert_eq!(graves(&drain(&mut spool)), [(1, 1, Some(10), TombstoneReason::SpoolBroken)]);
    let counters = spool.status().counters;
    assert_eq!((counters.dropped, counters.lost_evaluations), (1, 10));
}

#[test]
fn a_refused_batch_is_never_sent_again_and_told() {
    let (_folder, path) = folder();
    let mut spool = open(&path, 0);
    (0..2).for_each(|minute| seal(&mut spool, minute));
    let refused = spool.next(START_MS).unwrap();
    spool.end(&refused.id, Outcome::Refused, START_MS);
    let status = spool.close(START_MS);
    assert_eq!((status.waiting, status.counters.refused, status.counters.lost_evaluations), (1, 1, 10));
    let mut spool = open(&path, 3);
    seal(&mut spool, 3);
    let sent = drain(&mut spool);
    assert_eq!(
        (numbers(&sent), graves(&sent)),
        (vec![2, 3], vec![(1, 1, Some(10), TombstoneReason::Refused)])
    );
}

#[test]
fn segments_of_which_nothing_waits_are_removed() {
    let (_folder, path) = folder();
    let mut spool = open(&path, 0);
    for minute in 0..100 {
        seal_batch(&mut spool, counted(minute, 1_000));
    }
    assert!(segments(&path).len() > 2);
    assert_eq!(drain(&mut spool).len(), 100);
    assert_eq!(segments(&path).len(), 1);
    spool.close(START_MS);
    let mut spool = open(&path, 200);
    seal(&mut spool, 200);
    assert_eq!(numbers(&drain(&mut spool)), [101], "the numbers go on all the same");
    assert_eq!(segments(&path).len(), 1);
}

#[test]
fn a_disk_that_fails_is_done_without_and_used_again_when_it_works() {
    let (_folder, path) = folder();
    fs::write(&path, "in the way").unwrap();
    let mut spool = open(&path, 0);
    seal(&mut spool, 0);
    let status = spool.status();
    assert!(status.failing.is_some() && status.errors > 0);
    assert_eq!((status.waiting, status.in_memory), (1, 1));
    let provisional = spool.edge();
    assert_ne!(provisional, EDGE, "nobody knows which numbers that one has given");
    fs::remove_file(&path).unwrap();
    seal(&mut spool, 1);
    let status = spool.status();
    assert_eq!((status.failing, status.waiting, status.in_memory), (None, 2, 0));
    spool.close(START_MS);
    let sent = drain(&mut open(&path, 2));
    let edges = [provisional, EDGE].map(|edge| edge.as_bytes().to_vec());
    assert_eq!(
        (numbers(&sent), sent.into_iter().map(|batch| batch.edge_id).collect()),
        (vec![1, 1], edges.to_vec())
    );
}

#[test]
fn a_folder_of_another_edge_is_sent_and_not_numbered_on() {
    let (_folder, path) = folder();
    let mut other = Spool::open(&path, Uuid::from_u128(0x07e6), LIMIT, START_MS);
    (0..5).for_each(|minute| seal(&mut other, minute));
    drop(other);
    let mut spool = open(&path, 6);
    seal(&mut spool, 6);
    let sent = drain(&mut spool);
    assert_eq!((numbers(&sent), graves(&sent)), (vec![1, 2, 3, 4, 5, 1], vec![]));
}

/// A limited spool, with an hour and a half of minutes in it, 40 samples each.
fn crowded(path: Option<&Path>, limit: u64) -> Spool {
    let mut spool = match path {
        Some(path) => Spool::open(path, EDGE, limit, START_MS),
        None => Spool::in_memory(EDGE, limit, START_MS),
    };
    for minute in 0..90 {
        let mut batch = counted(minute, 20);
        batch.samples = vec![
            EvaluationSample {
                feature_key: "feature-1".to_owned(),
                environment_id: vec![1; 16],
                client_id: vec![2; 16],
                reason: EvaluationReason::Static.into(),
                ..EvaluationSample::default()
            };
            40
        ];
        seal_batch(&mut spool, batch);
        assert!(spool.status().bytes <= limit + 8 * 1024, "{} bytes", spool.status().bytes);
    }
    spool
}

fn evaluations(batches: &[EventBatch]) -> u64 {
    batches.iter().flat_map(|batch| &batch.counts).map(|count| count.n).sum()
}

#[test]
fn samples_go_first_then_minutes_become_hours_then_batches_go() {
    let (_folder, path) = folder();
    const ALL: u64 = 90 * 20 * 10;
    for path in [None, Some(&*path)] {
        let mut roomy = crowded(None, LIMIT);
        let status = roomy.status();
        assert_eq!((status.counters.lost_samples, status.counters.merged), (0, 0));
        assert_eq!(evaluations(&drain(&mut roomy)), ALL);

        let mut less = crowded(path, status.bytes * 3 / 4);
        let counters = less.status().counters;
        assert!(counters.lost_samples > 0 && counters.merged == 0 && counters.dropped == 0, "{counters:?}");
        let sent = drain(&mut less);
        let said: u64 = sent.iter().filter_map(|batch| batch.dropped).map(|dropped| dropped.samples).sum();
        assert_eq!((evaluations(&sent), said), (ALL, counters.lost_samples));
        if let Some(path) = path {
            drop(less);
            fs::remove_dir_all(path).unwrap();
            fs::remove_file(path.with_extension("ledger")).unwrap();
        }

        let mut little = crowded(path, status.bytes / 8);
        let counters = little.status().counters;
        assert!(counters.merged > 0 && counters.dropped == 0, "{counters:?}");
        let sent = drain(&mut little);
        assert_eq!(evaluations(&sent), ALL, "no evaluation is lost");
        assert!(sent.iter().flat_map(|batch| &batch.counts).any(|count| count.hourly));
        let graves = graves(&sent);
        assert!(graves.iter().all(|(_, _, lost, _)| *lost == Some(0)), "{graves:?}");
        let buried: u64 = graves.iter().map(|(first, last, ..)| last - first + 1).sum();
        assert_eq!(buried + sent.len() as u64, 90, "each number came or has a tombstone");
        if let Some(path) = path {
            drop(little);
            fs::remove_dir_all(path).unwrap();
            fs::remove_file(path.with_extension("ledger")).unwrap();
        }

        let mut none = crowded(path, 2_500);
        let counters = none.status().counters;
        assert!(counters.dropped > 0 && counters.lost_evaluations > 0, "{counters:?}");
        assert!(none.has_lost());
        let mut sent = drain(&mut none);
        seal(&mut none, 95);
        sent.extend(drain(&mut none));
        assert_eq!(evaluations(&sent) + counters.lost_evaluations, ALL + 10);
        let told: u64 = sent.iter().flat_map(|batch| &batch.tombstones).filter_map(|grave| grave.lost).sum();
        assert_eq!(told, counters.lost_evaluations);
    }
}

#[test]
fn what_may_have_been_counted_is_never_merged() {
    let mut spool = crowded(None, LIMIT);
    let first = spool.next(START_MS).unwrap();
    spool.limit = spool.status().bytes / 8;
    spool.make_room(0, START_MS);
    assert!(spool.status().counters.merged > 0);
    let again = spool.next(START_MS).unwrap();
    assert_eq!((again.id, again.counts), (first.id, first.counts), "with what it was sent with");
}

#[test]
fn what_an_earlier_process_may_have_sent_is_never_merged() {
    let (_folder, path) = folder();
    crowded(Some(&path), LIMIT).close(START_MS);
    let mut spool = open(&path, 91);
    spool.limit = spool.status().bytes / 2;
    spool.make_room(0, START_MS + 91 * MINUTE_MS);
    let counters = spool.status().counters;
    assert!(counters.merged == 0 && counters.lost_samples > 0, "{counters:?}");
}

#[test]
fn a_record_that_does_not_fit_the_disk_leaves_nothing_behind() {
    let (_folder, path) = folder();
    let mut spool = open(&path, 0);
    seal(&mut spool, 0);
    let segment = segments(&path).remove(0);
    let before = fs::read(&segment).unwrap();
    // A file that is open for reading only takes nothing, as a full disk does.
    let disk = spool.disk.as_mut().unwrap();
    disk.break_newest(OpenOptions::new().read(true).open(&segment).unwrap());
    seal(&mut spool, 1);
    assert_eq!(fs::read(&segment).unwrap(), before);
    assert_eq!((spool.status().in_memory, spool.status().errors), (1, 1));
    seal(&mut spool, 2);
    assert_eq!(spool.status().in_memory, 0);
    drop(spool);
    assert_eq!(numbers(&drain(&mut open(&path, 9))), [1, 2, 3]);
}
