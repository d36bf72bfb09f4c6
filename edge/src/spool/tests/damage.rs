//! What is damaged or cannot be read costs itself and nothing else, is told, and no number is given twice.

use super::*;

/// A spool in which so many batches wait, and which was closed in order; its only segment with what stands in it.
fn filled(path: &Path, batches: i64) -> (PathBuf, Vec<u8>) {
    let mut spool = open(path, 0);
    (0..batches).for_each(|minute| seal(&mut spool, minute));
    spool.close(START_MS + batches * MINUTE_MS);
    let segment = segments(path).remove(0);
    let bytes = fs::read(&segment).unwrap();
    (segment, bytes)
}

/// Where records stand in a segment.
fn offsets(bytes: &[u8]) -> Vec<usize> {
    let (mut at, mut offsets) = (record::HEAD, Vec::new());
    while let Some((_, length)) = record::read::<Record>(&bytes[at..]) {
        offsets.push(at);
        at += length;
    }
    offsets
}

/// Everything that is sent after one more batch was sealed.
fn sent_after_a_start(path: &Path, minute: i64) -> Vec<EventBatch> {
    let mut spool = open(path, minute);
    seal(&mut spool, minute);
    let sent = drain(&mut spool);
    spool.close(START_MS + minute * MINUTE_MS);
    sent
}

#[test]
fn one_flipped_bit_costs_the_record_that_it_is_in() {
    let (_folder, path) = folder();
    let (segment, whole) = filled(&path, 4);
    let ledger = fs::read(path.with_extension("ledger")).unwrap();
    let records = offsets(&whole);
    let (length, body) = (0, record::FRAME + 9);
    for (at, came, lost) in [
        // What it begins with, and its first record, which has no batch.
        (3, vec![1, 2, 3, 4, 5], vec![]),
        (40, vec![1, 2, 3, 4, 5], vec![]),
        (records[2] + body, vec![1, 3, 4, 5], vec![(2, 2)]),
        (records[2] + length, vec![1, 3, 4, 5], vec![(2, 2)]),
        (records[4] + body, vec![1, 2, 3, 5], vec![(4, 4)]),
    ] {
        fs::remove_dir_all(&path).unwrap();
        fs::create_dir(&path).unwrap();
        fs::write(path.with_extension("ledger"), &ledger).unwrap();
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        fs::write(&segment, &flipped).unwrap();
        let mut spool = open(&path, 9);
        let status = spool.status();
        assert_eq!((status.set_aside.len(), status.counters.dropped), (1, lost.len() as u64), "byte {at}");
        assert_eq!(fs::read(segment.with_extension("broken")).unwrap(), flipped, "byte {at}");
        spool.close(START_MS);
        let mut spool = open(&path, 9);
        assert_eq!(spool.status().set_aside, [] as [String; 0], "it is told once");
        spool.close(START_MS);
        let sent = sent_after_a_start(&path, 9);
        let (numbers, graves) = (numbers(&sent), graves(&sent));
        assert_eq!((numbers, graves.len()), (came, lost.len()), "byte {at}");
        for (first, last) in lost {
            let grave = (first, last, None, TombstoneReason::SpoolBroken);
            assert!(graves.contains(&grave), "byte {at}: {graves:?}");
        }
    }
}

#[test]
fn numbers_go_on_where_every_segment_is_gone() {
    for garbage in [Some("x".repeat(100)), None] {
        let (_folder, path) = folder();
        let (segment, _) = filled(&path, 4);
        let mut spool = open(&path, 4);
        let first = spool.next(START_MS).unwrap();
        spool.end(&first.id, ACCEPTED, START_MS);
        seal(&mut spool, 4);
        drop(spool);
        segments(&path).iter().for_each(|segment| fs::remove_file(segment).unwrap());
        if let Some(garbage) = &garbage {
            fs::write(&segment, garbage).unwrap();
        }
        let mut spool = open(&path, 9);
        let status = spool.status();
        assert_eq!((status.counters.dropped, status.set_aside.len()), (4, garbage.iter().count()));
        assert!(!segment.exists());
        seal(&mut spool, 9);
        let sent = drain(&mut spool);
        assert_eq!(numbers(&sent), [6]);
        assert_eq!(graves(&sent), [(2, 5, None, TombstoneReason::SpoolBroken)], "without what was sent");
        let about = [1, 9].map(|minute| START_MS + minute * MINUTE_MS);
        assert_eq!([sent[0].tombstones[0].from_ms, sent[0].tombstones[0].until_ms], about);
    }
}

#[test]
fn a_name_that_no_segment_has_is_passed_over() {
    let (_folder, path) = folder();
    let (_, bytes) = filled(&path, 3);
    for name in ["a.events", "000000000000000A.events", "+00000000000000a.events", "ffffffffffffffff.events"]
    {
        fs::write(path.join(name), &bytes).unwrap();
    }
    let mut spool = open(&path, 4);
    let status = spool.status();
    assert_eq!((status.waiting, status.failing, status.set_aside.len()), (3, None, 4));
    seal(&mut spool, 4);
    assert_eq!(spool.status().in_memory, 0);
    let sent = drain(&mut spool);
    assert_eq!((numbers(&sent), graves(&sent)), (vec![1, 2, 3, 4], vec![]));
    assert!(path.join("a.events").exists());
}

#[test]
fn a_segment_that_cannot_be_read_does_not_keep_others_from_it() {
    let (_folder, path) = folder();
    for minute in 0..3 {
        // Each start begins a segment.
        let mut spool = open(&path, minute);
        seal(&mut spool, minute);
        spool.close(START_MS);
    }
    for at in [2, 1] {
        let hidden = segments(&path).remove(at);
        let bytes = fs::read(&hidden).unwrap();
        fs::remove_file(&hidden).unwrap();
        fs::create_dir(&hidden).unwrap();
        let mut spool = open(&path, 5);
        let status = spool.status();
        assert_eq!((status.waiting, status.failing, status.errors), (2, None, 1), "{:?}", status.set_aside);
        let of_others: u64 = segments(&path).iter().map(|other| fs::metadata(other).unwrap().len()).sum();
        assert!(status.bytes >= of_others, "what cannot be read takes room");
        spool.close(START_MS);
        drop(spool);
        fs::remove_dir(&hidden).unwrap();
        fs::write(&hidden, bytes).unwrap();
    }
    // Once it can be read it is sent, and nothing was told of it: to the backend it was missing.
    let sent = sent_after_a_start(&path, 9);
    let mut all = numbers(&sent);
    assert_eq!(all.drain(..3).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(graves(&sent).iter().all(|(first, ..)| *first > 3), "{:?}", graves(&sent));
}

#[test]
fn copies_of_what_was_damaged_have_a_bound_too() {
    let (_folder, path) = folder();
    let limit = 64 * 1024;
    for minute in 0..40 {
        let mut spool = Spool::open(&path, EDGE, limit, START_MS + minute * MINUTE_MS);
        seal(&mut spool, minute);
        seal(&mut spool, minute);
        drain(&mut spool);
        seal_batch(&mut spool, counted(minute, 20));
        drop(spool);
        let newest =
            segments(&path).into_iter().rfind(|path| path.extension().is_some_and(|e| e == "events"));
        let mut bytes = fs::read(newest.as_ref().unwrap()).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(newest.unwrap(), bytes).unwrap();
    }
    let copies: Vec<_> =
        segments(&path).into_iter().filter(|path| path.extension().unwrap() == "broken").collect();
    let bytes: u64 = copies.iter().map(|copy| fs::metadata(copy).unwrap().len()).sum();
    assert!(copies.len() > 1 && bytes <= limit / 8, "{} copies of {bytes} bytes", copies.len());
}

#[test]
fn a_ledger_that_cannot_be_read_is_told_and_written_anew() {
    let (_folder, path) = folder();
    filled(&path, 3);
    fs::write(path.with_extension("ledger"), "nonsense").unwrap();
    let spool = open(&path, 4);
    assert!(spool.status().set_aside[0].contains("last number"), "{:?}", spool.status().set_aside);
    drop(spool);
    let mut spool = open(&path, 5);
    assert_eq!(spool.status().set_aside, [] as [String; 0]);
    seal(&mut spool, 5);
    assert_eq!(numbers(&drain(&mut spool)), [1, 2, 3, 5]);
}
