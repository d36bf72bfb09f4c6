//! What is told and asked when: moments and answers go in, batches come out.

use fluxgate_proto::v1::KeptGroup;

use super::*;

const EVERY: Duration = Duration::from_secs(10);

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn key() -> UnitKey {
    UnitKey::new([7; 32])
}

fn seen(id: UnitId, feature: &str, reweighted: bool) -> Seen {
    Seen {
        id,
        environment: Uuid::from_u128(1),
        place: Arc::new(Place { reweighted, ..Place::new(feature, "salt") }),
        unit: format!("user-{id}").into(),
        variant: "a".into(),
    }
}

fn book() -> (Book, Table) {
    (Book::new(EVERY, at(0)), Table::default())
}

fn nothing(groups: usize) -> KeptAssignments {
    KeptAssignments { groups: vec![KeptGroup::default(); groups] }
}

/// An answer for one group: that user-1 keeps this.
fn kept(variant: &str) -> KeptAssignments {
    let kept = vec![Assignment { unit: key().hash("user-1").to_vec(), variant: variant.to_owned() }];
    KeptAssignments { groups: vec![KeptGroup { kept, refused: false }] }
}

#[test]
fn units_are_told_together_and_once() {
    let (mut book, table) = book();
    for (id, feature) in [(1, "f"), (2, "f"), (1, "f"), (3, "g")] {
        book.note(seen(id, feature, false), &table);
    }
    assert_eq!(table.get(1), Some(mark("a")), "it keeps what it was served at once");
    assert_eq!(book.deadline(), Some(at(10)));
    assert_eq!(book.next(&key(), at(9)), None);
    let (call, batch) = book.next(&key(), at(10)).unwrap();
    let sizes: Vec<_> =
        batch.groups.iter().map(|group| (&*group.feature_key, group.assignments.len())).collect();
    assert_eq!((call, sizes), (Call::Push, vec![("f", 2), ("g", 1)]));
    assert_eq!(fluxgate_proto::assignment::check(&batch, false), Ok(()));
    assert!(!format!("{batch:?}").contains("user"), "no unit travels as it is");
    assert_eq!(book.next(&key(), at(10)), None, "one thing at a time");
    book.answered(&nothing(2), &table, at(11));
    assert!(book.is_empty());
    assert_eq!(book.status(), AssignmentStatus { pushed: 3, ..AssignmentStatus::default() });
    book.note(seen(4, "f", false), &table);
    assert_eq!(book.deadline(), Some(at(20)));
}

#[test]
fn the_first_that_was_committed_wins() {
    let (mut book, table) = book();
    book.note(seen(1, "f", false), &table);
    book.next(&key(), at(10)).unwrap();
    book.answered(&kept("b"), &table, at(10));
    assert_eq!(table.get(1), Some(mark("b")));
    assert_eq!((book.status().corrected, book.is_empty()), (1, true));
}

#[test]
fn after_the_weights_changed_a_unit_is_asked_about_at_once_and_told_when_nothing_was_kept() {
    let (mut book, table) = book();
    book.note(seen(1, "f", true), &table);
    let (call, batch) = book.next(&key(), at(0)).unwrap();
    assert_eq!(call, Call::LookUp);
    assert_eq!(fluxgate_proto::assignment::check(&batch, true), Ok(()), "nobody says what was served");
    book.answered(&kept("b"), &table, at(0));
    assert_eq!(table.get(1), Some(mark("b")));
    assert_eq!((book.status().looked_up, book.is_empty()), (1, true));
    book.note(seen(2, "f", true), &table);
    book.next(&key(), at(1)).unwrap();
    book.answered(&nothing(1), &table, at(1));
    assert_eq!((book.is_empty(), book.next(&key(), at(2))), (false, None), "it waits for the flush");
    assert_eq!(book.next(&key(), at(11)).unwrap().0, Call::Push);
}

#[test]
fn what_fails_is_sent_again_after_a_wait() {
    let (mut book, table) = book();
    book.note(seen(1, "f", true), &table);
    let first = book.next(&key(), at(0)).unwrap();
    book.failed(Failure::Away("gone".to_owned()), at(0), 1.0);
    assert_eq!(book.status().failing.as_deref(), Some("gone"));
    assert_eq!(book.next(&key(), at(0)), None);
    assert_eq!(book.next(&key(), at(1)), Some(first.clone()));
    book.failed(Failure::Refused("no".to_owned()), at(1), 1.0);
    assert_eq!(book.next(&key(), at(60)), None);
    assert_eq!(book.next(&key(), at(61)), Some(first));
    book.failed(Failure::Bad("never".to_owned()), at(61), 1.0);
    assert_eq!((book.is_empty(), book.status().refused), (true, 1));
    book.note(seen(2, "f", false), &table);
    book.next(&key(), at(80)).unwrap();
    book.answered(&nothing(3), &table, at(80));
    assert!(book.is_empty(), "an answer to something else answers nothing");
    assert_eq!((book.status().refused, book.status().pushed), (2, 0));
}

#[test]
fn a_refused_group_is_not_sent_again() {
    let (mut book, table) = book();
    book.note(seen(1, "f", true), &table);
    book.next(&key(), at(0)).unwrap();
    let refused = KeptAssignments { groups: vec![KeptGroup { kept: Vec::new(), refused: true }] };
    book.answered(&refused, &table, at(0));
    assert_eq!((book.is_empty(), book.status().refused), (true, 1));
}

#[test]
fn the_end_waits_for_no_flush_and_asks_no_more() {
    let (mut book, table) = book();
    book.note(seen(1, "f", true), &table);
    book.next(&key(), at(0)).unwrap();
    book.note(seen(2, "f", false), &table);
    book.end(at(1));
    book.failed(Failure::Away("gone".to_owned()), at(1), 0.0);
    book.note(seen(3, "f", true), &table);
    let (call, batch) = book.next(&key(), at(1)).unwrap();
    let units: usize = batch.groups.iter().map(|group| group.assignments.len()).sum();
    assert_eq!((call, units), (Call::Push, 3));
}

#[test]
fn batches_and_what_waits_are_bounded() {
    let (mut book, table) = book();
    for id in 0..MAX_WAITING as u128 + 5 {
        book.note(seen(id, &format!("f-{}", id % 3_000), false), &table);
    }
    assert_eq!((book.status().waiting, book.status().passed_over), (MAX_WAITING, 5));
    let (_, batch) = book.next(&key(), at(0)).unwrap();
    assert_eq!(fluxgate_proto::assignment::check(&batch, false), Ok(()));
    assert_eq!(batch.groups.len(), MAX_GROUPS, "many do not wait for the flush");
}
