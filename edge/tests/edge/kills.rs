//! Kill switches overtake everything, and an older message never undoes one.

use fluxgate_edge::sync::Input;
use fluxgate_proto::v1::backend_message::Message;

use crate::steps::{Bench, ack};
use crate::world::{DEV, OTHER_EPOCH, PROD, delta, items, kills, snapshot, stage, text_flag};

#[test]
fn a_kill_is_applied_at_once_and_lifted_at_once() {
    let mut bench = Bench::in_step();
    assert_eq!(bench.value("banner"), Some(true.into()));
    let said = bench.hear(kills(2, &[(DEV, "banner"), (PROD, "integer")]));
    assert_eq!((ack(&said).applied, ack(&said).kills_applied), (1, 2));
    assert_eq!(bench.value("banner"), Some(false.into()));
    assert_eq!(bench.value("integer"), Some(1.into()), "a kill is for one environment");
    bench.hear(kills(3, &[]));
    assert_eq!(bench.value("banner"), Some(true.into()));
}

#[test]
fn a_kill_is_applied_while_a_snapshot_is_staged_and_survives_it() {
    let mut bench = Bench::in_step();
    let mut parts = snapshot(5, &items());
    let end = parts.pop().unwrap();
    bench.hear_all(parts);
    bench.hear(kills(4, &[(DEV, "banner")]));
    assert_eq!((bench.revision(), bench.value("banner")), (1, Some(false.into())));
    let said = bench.hear(end);
    assert_eq!((ack(&said).applied, ack(&said).kills_applied), (5, 4));
    assert_eq!(bench.value("banner"), Some(false.into()));
}

#[test]
fn a_kill_is_not_undone_by_a_new_version_or_by_older_kills() {
    let mut bench = Bench::in_step();
    bench.hear(kills(4, &[(DEV, "float")]));
    bench.hear(delta(1, 2, vec![stage(0x103, 2, DEV, ("float", text_flag("new")))]));
    assert_eq!(bench.value("float"), None);
    let said = bench.hear(kills(3, &[]));
    assert_eq!(ack(&said).kills_applied, 4);
    assert_eq!(bench.value("float"), None);
}

#[test]
fn kills_of_another_epoch_replace_newer_ones() {
    let mut bench = Bench::in_step();
    bench.hear(kills(4, &[(DEV, "banner")]));
    let mut other = kills(2, &[]);
    if let Message::Kills(kills) = &mut other {
        kills.epoch = OTHER_EPOCH.as_bytes().to_vec();
    }
    bench.hear(other);
    assert_eq!(bench.value("banner"), Some(true.into()));
}

#[test]
fn kills_that_come_before_anything_else_are_kept() {
    let mut bench = Bench::new();
    bench.step(Input::Tick);
    bench.step(Input::Opened);
    let said = bench.hear(kills(4, &[(DEV, "banner")]));
    assert_eq!((ack(&said).applied, ack(&said).kills_applied), (0, 4));
    assert!(bench.served.is_none());
    bench.hear_all(snapshot(1, &items()));
    assert_eq!(bench.value("banner"), Some(false.into()));
}
