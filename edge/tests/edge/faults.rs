//! What goes wrong on a stream, one thing at a time: nothing wrong is served, nothing is lost silently.

use std::time::Duration;

use fluxgate_edge::sync::{Input, Loss, StreamState};
use fluxgate_proto::v1::backend_message::Message;
use fluxgate_proto::v1::{Heartbeat, ItemKind, Reset, ResetReason, SnapshotEnd};

use crate::steps::{Bench, ack, hello, nack};
use crate::world::{
    self, DEV, EPOCH, OTHER_EPOCH, delta, digest, heartbeat, items, snapshot, stage, text_flag,
};

#[test]
fn a_gap_leads_to_a_hello_with_what_is_held() {
    let mut bench = Bench::in_step();
    let said = bench.hear(delta(2, 3, vec![stage(0x104, 3, DEV, ("integer", text_flag("late")))]));
    assert_eq!(hello(&said).have.as_ref().map(|have| have.revision), Some(1));
    assert_eq!(bench.machine.status().counters.gaps, 1);
    assert_eq!(bench.value("integer"), Some(1.into()), "half of a history is not served");
    // What was on its way fits as little and says nothing new; then the answer comes.
    assert!(bench.hear(delta(3, 4, Vec::new())).is_empty());
    let said = bench.hear(delta(1, 4, vec![stage(0x104, 3, DEV, ("integer", text_flag("late")))]));
    assert_eq!(ack(&said).applied, 4);
    assert_eq!(bench.value("integer"), Some("late".into()));
    assert_eq!(bench.machine.status().state, StreamState::Connected);
}

#[test]
fn a_heartbeat_finds_a_delta_that_never_came() {
    let mut bench = Bench::in_step();
    let said = bench.hear(heartbeat(2, &items()));
    assert_eq!(hello(&said).have.as_ref().map(|have| have.revision), Some(1));
    assert_eq!(bench.machine.status().counters.gaps, 1);
}

#[test]
fn a_digest_that_differs_leads_to_a_snapshot() {
    let mut bench = Bench::in_step();
    let said = bench.hear(heartbeat(1, &items()[1..]));
    assert_eq!(hello(&said).have, None, "what is held cannot be continued");
    assert_eq!(bench.machine.status().counters.digest_differences, 1);
    assert_eq!(bench.value("integer"), Some(1.into()), "it is served until something better is there");
    // A delta on its way does not answer the hello, and so a heartbeat is not held against the digest again.
    bench.hear(delta(1, 2, Vec::new()));
    assert!(bench.hear(heartbeat(2, &items()[1..])).is_empty());
    bench.hear_all(snapshot(2, &items()[1..]));
    let said = bench.hear(heartbeat(2, &items()[1..]));
    assert_eq!(ack(&said).applied, 2);
    assert_eq!(bench.machine.status().state, StreamState::Connected);
}

#[test]
fn a_fault_that_a_hello_does_not_end_ends_the_stream() {
    let mut bench = Bench::in_step();
    bench.hear(heartbeat(1, &[]));
    bench.hear_all(snapshot(1, &items()));
    assert!(bench.hear(heartbeat(1, &[])).is_empty());
    assert_eq!(bench.closed, 1);
    bench.wait();
    assert_eq!(bench.opened.last().unwrap().have, None, "still in doubt");
}

#[test]
fn a_hello_that_is_not_answered_ends_the_stream() {
    let mut bench = Bench::in_step();
    bench.hear(delta(5, 6, Vec::new()));
    for _ in 0..3 {
        bench.at += Duration::from_secs(5);
        bench.step(Input::Tick);
        bench.hear(heartbeat(6, &items()));
    }
    assert_eq!(bench.closed, 1);
}

#[test]
fn a_snapshot_that_is_cut_off_counts_for_nothing() {
    let mut bench = Bench::in_step();
    let mut parts = snapshot(9, &[]);
    parts.truncate(2);
    bench.hear_all(parts);
    bench.step(Input::Lost(Loss::Broken("cut".to_owned())));
    assert_eq!((bench.revision(), bench.value("integer")), (1, Some(1.into())));
    assert_eq!(bench.machine.status().counters.broken_snapshots, 1);
    bench.wait();
    assert_eq!(bench.opened[1].have.as_ref().map(|have| have.revision), Some(1));
}

#[test]
fn a_snapshot_with_a_wrong_count_or_digest_counts_for_nothing() {
    let right = items();
    for end in [
        SnapshotEnd { count: right.len() as u64 + 1, digest: digest(&right) },
        SnapshotEnd { count: right.len() as u64, digest: digest(&right[1..]) },
    ] {
        let mut bench = Bench::in_step();
        let mut parts = snapshot(9, &right);
        parts.pop();
        bench.hear_all(parts);
        let said = bench.hear(Message::SnapshotEnd(end));
        assert_eq!(hello(&said).have.as_ref().map(|have| have.revision), Some(1));
        assert_eq!(bench.revision(), 1);
        assert_eq!(bench.machine.status().counters.broken_snapshots, 1);
    }
}

#[test]
fn a_snapshot_that_does_not_go_on_ends_the_stream() {
    let mut bench = Bench::in_step();
    bench.hear(snapshot(9, &items()).swap_remove(0));
    for _ in 0..3 {
        bench.at += Duration::from_secs(5);
        bench.step(Input::Tick);
        bench.hear(heartbeat(9, &items()));
    }
    assert_eq!(bench.closed, 1);
}

#[test]
fn an_item_that_cannot_be_understood_is_named_and_leaves_the_last_good_version() {
    let bad_document = stage(0x104, 2, DEV, ("integer", serde_json::json!({ "enabled": "perhaps" })));
    let bad_bytes = world::item(ItemKind::Client, 0xc1, 2, vec![0xff, 0xff]);
    let mut unknown_kind = world::item(ItemKind::Stage, 0x777, 2, vec![1]);
    unknown_kind.kind = 99;
    let good = stage(0x103, 2, DEV, ("float", text_flag("good")));
    let change = vec![bad_document, bad_bytes, unknown_kind, good];
    let mut held = items();
    held.retain(|item| change.iter().all(|changed| (changed.kind, &changed.id) != (item.kind, &item.id)));
    held.extend(change.clone());

    let mut bench = Bench::in_step();
    let said = bench.hear(delta(1, 2, change));
    let named = &nack(&said).items;
    assert_eq!(named.len(), 3);
    assert!(named[0].reason.starts_with("feature \"integer\": "), "{}", named[0].reason);
    assert_eq!((nack(&said).revision, ack(&said).applied), (2, 2));
    assert_eq!(bench.value("integer"), Some(1.into()));
    assert_eq!(bench.value("float"), Some("good".into()));
    // Both sides hold the same bytes, so that there is nothing to resynchronise.
    assert_eq!(ack(&bench.hear(heartbeat(2, &held))).applied, 2);
    assert_eq!(bench.machine.status().counters.bad_items, 3);

    // A snapshot with the same item changes nothing about it.
    let said = bench.hear_all(snapshot(3, &held));
    assert_eq!(nack(&said).items.len(), 3);
    assert_eq!(bench.value("integer"), Some(1.into()));

    let mended = stage(0x104, 4, DEV, ("integer", text_flag("mended")));
    bench.hear(delta(3, 4, vec![mended]));
    assert_eq!(bench.value("integer"), Some("mended".into()));
}

#[test]
fn another_epoch_is_noticed_and_a_reset_replaces_everything() {
    let mut bench = Bench::in_step();
    let epoch = OTHER_EPOCH.as_bytes().to_vec();
    let beat = Heartbeat { epoch: epoch.clone(), through: 1, head: 1, digest: digest(&items()), kills: None };
    let said = bench.hear(Message::Heartbeat(beat));
    assert_eq!(hello(&said).have.as_ref().map(|have| have.epoch.as_slice()), Some(&EPOCH.as_bytes()[..]));
    bench.hear(Message::Reset(Reset { reason: ResetReason::OtherEpoch.into() }));
    assert_eq!(bench.machine.status().counters.resets, 1);
    assert_eq!(bench.value("integer"), Some(1.into()), "served until the snapshot is there");
    let mut parts = snapshot(1, &items()[..3]);
    if let Message::SnapshotBegin(begin) = &mut parts[0] {
        begin.position.as_mut().unwrap().epoch = epoch;
    }
    bench.hear_all(parts);
    assert_eq!(bench.served.as_ref().unwrap().epoch(), OTHER_EPOCH);
    assert_eq!(bench.value("integer"), None);
}

#[test]
fn a_message_of_an_unknown_kind_is_counted_and_passed_over() {
    let mut bench = Bench::in_step();
    assert!(bench.step(Input::Message(None)).is_empty());
    assert_eq!(bench.machine.status().counters.misplaced_messages, 1);
    assert_eq!(bench.closed, 0);
}

#[test]
fn parts_of_a_snapshot_without_its_beginning_lead_to_a_hello() {
    let mut bench = Bench::in_step();
    let said = bench.hear(snapshot(9, &items()).swap_remove(1));
    assert!(hello(&said).have.is_some());
    assert_eq!(bench.machine.status().counters.misplaced_messages, 1);
}
