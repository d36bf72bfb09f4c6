//! A folder that can be used only later, and one that holds what another client counted.

use fluxgate_proto::unit::UnitKey;

use super::*;
use crate::sync::KeyHash;

const OURS: KeyHash = [1; 32];

fn owner(key: u8, client: u128, units: u8) -> Owner {
    let mut owner = Owner::with_key([key; 32], &[]);
    owner.welcome(Uuid::from_u128(client), Some(&UnitKey::new([units; 32])));
    owner
}

/// One that came with a key, and is to use a folder.
fn start(path: &Path, owner: Owner, minute: i64) -> Spool {
    let unix_ms = START_MS + minute * MINUTE_MS;
    let mut spool = Spool::in_memory(clock::random_id(), LIMIT, unix_ms);
    spool.belong_to(owner, unix_ms);
    spool.settle(path, EDGE, unix_ms);
    spool
}

/// What an edge left behind: two batches that wait.
fn left_behind(path: &Path) {
    let mut spool = start(path, Owner::with_key(OURS, &[]), 0);
    spool.belong_to(owner(1, 10, 100), START_MS);
    (0..2).for_each(|minute| seal(&mut spool, minute));
    spool.close(START_MS);
}

#[test]
fn a_folder_that_becomes_free_is_gone_on_with() {
    let (_folder, path) = folder();
    let provisional = Uuid::from_u128(7);
    let mut second = Spool::in_memory(provisional, LIMIT, START_MS);
    second.belong_to(Owner::with_key(OURS, &[]), START_MS);
    second.wait_for_folder("another edge uses the folder");
    left_behind(&path);
    (2..4).for_each(|minute| seal(&mut second, minute));
    let refused = second.next(START_MS).unwrap();
    second.end(&refused.id, Outcome::Refused, START_MS);
    let status = second.status();
    assert_eq!((status.folder, status.in_memory), (None, 1));
    assert_eq!(status.failing.as_deref(), Some("another edge uses the folder"));

    second.settle(&path, EDGE, START_MS + 4 * MINUTE_MS);
    let status = second.status();
    assert_eq!((status.folder.as_deref(), status.failing, second.edge()), (Some(&*path), None, EDGE));
    assert_eq!(
        (status.waiting, status.in_memory),
        (4, 0),
        "and one that tells what is lost of the former numbers"
    );
    seal(&mut second, 5);
    second.close(START_MS);
    drop(second);
    let sent = drain(&mut start(&path, Owner::with_key(OURS, &[]), 6));
    let of = |edge: Uuid| {
        let own = sent.iter().filter(|batch| batch.edge_id == edge.as_bytes());
        own.cloned().collect::<Vec<_>>()
    };
    assert_eq!((numbers(&of(EDGE)), graves(&of(EDGE))), (vec![1, 2, 3], vec![]));
    let refused = (1, 1, Some(10), TombstoneReason::Refused);
    assert_eq!((numbers(&of(provisional)), graves(&of(provisional))), (vec![2, 3], vec![refused]));
}

#[test]
fn what_another_teams_client_counted_is_set_aside_with_its_count() {
    let (folder, path) = folder();
    left_behind(&path);
    let mut spool = start(&path, Owner::with_key([2; 32], &[]), 5);
    let provisional = spool.edge();
    seal(&mut spool, 5);
    let status = spool.status();
    assert_eq!((status.waiting, status.in_memory), (1, 1), "nobody has said whose they are");
    assert!(status.failing.unwrap().contains("another key"));

    spool.belong_to(owner(2, 20, 200), START_MS);
    let status = spool.status();
    assert_eq!((status.waiting, status.in_memory, status.failing), (1, 0, None));
    assert_eq!((status.counters.dropped, status.counters.lost_evaluations), (2, 20));
    assert!(status.set_aside[0].contains("2 batches with 20 evaluations of another client"));
    assert_eq!(segments(&path.with_extension("foreign")).len(), 1);
    // To that team, numbers begin.
    assert_eq!((spool.edge(), numbers(&drain(&mut spool))), (provisional, vec![1]));
    let kept = fs::read_to_string(folder.path().join("edge-id")).unwrap();
    assert_eq!(kept.trim(), provisional.to_string());
}

#[test]
fn what_the_same_client_or_team_counted_is_sent() {
    for (known, told) in [
        (Owner::with_key([2; 32], &[OURS]), None),
        (Owner::with_key(OURS, &[]), None),
        (Owner::with_key([2; 32], &[]), Some(owner(2, 10, 101))),
        (Owner::with_key([2; 32], &[]), Some(owner(2, 11, 100))),
    ] {
        let (_folder, path) = folder();
        left_behind(&path);
        let mut spool = start(&path, known, 5);
        if let Some(told) = told {
            assert_eq!(spool.status().waiting, 0);
            spool.belong_to(told, START_MS);
        }
        assert_eq!((spool.edge(), numbers(&drain(&mut spool))), (EDGE, vec![1, 2]));
    }
}

#[test]
fn evaluations_that_a_backend_leaves_out_are_lost() {
    let mut spool = Spool::in_memory(EDGE, LIMIT, START_MS);
    seal(&mut spool, 0);
    let batch = spool.next(START_MS).unwrap();
    spool.end(&batch.id, Outcome::Accepted { refused_rows: 2, refused_evaluations: 7 }, START_MS);
    let counters = spool.status().counters;
    assert_eq!((counters.refused_rows, counters.lost_evaluations), (2, 7));
}
