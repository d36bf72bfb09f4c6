//! The state machine step by step, and the ordinary course of a stream.

use std::sync::Arc;
use std::time::Duration;

use fluxgate_edge::clock::Now;
use fluxgate_edge::state::State;
use fluxgate_edge::sync::{Identity, Input, Loss, Machine, Output, StreamState};
use fluxgate_engine::{Context, evaluate};
use fluxgate_proto::v1::backend_message::Message;
use fluxgate_proto::v1::edge_message::Message as Said;
use fluxgate_proto::v1::{Ack, Goodbye, Hello, Nack, Position};
use serde_json::Value;
use uuid::Uuid;

use crate::world::{self, DEV, EPOCH, delta, heartbeat, kills, snapshot, stage, text_flag};

/// A machine, the time, and what it served last.
pub(crate) struct Bench {
    pub(crate) machine: Machine,
    pub(crate) at: Duration,
    pub(crate) served: Option<Arc<State>>,
    pub(crate) opened: Vec<Hello>,
    pub(crate) closed: usize,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let identity = identity();
        let machine = Machine::new(identity, 1, now(Duration::ZERO));
        Self { machine, at: Duration::ZERO, served: None, opened: Vec::new(), closed: 0 }
    }

    /// An open stream over which everything arrived.
    pub(crate) fn in_step() -> Self {
        let mut bench = Self::new();
        bench.step(Input::Tick);
        bench.step(Input::Opened);
        bench.hear(kills(1, &[]));
        bench.hear_all(snapshot(1, &world::items()));
        bench.hear(heartbeat(1, &world::items()));
        assert_eq!(bench.machine.status().state, StreamState::Connected);
        bench
    }

    pub(crate) fn step(&mut self, input: Input) -> Vec<Said> {
        let mut said = Vec::new();
        for output in self.machine.step(input, now(self.at)) {
            match output {
                Output::Send(message) => said.push(message),
                Output::Serve(state) => self.served = Some(state),
                Output::Open(_, hello) => self.opened.push(hello),
                Output::Keep | Output::UnitKey(_) | Output::Client(_) => {}
                Output::Close => self.closed += 1,
            }
        }
        said
    }

    pub(crate) fn hear(&mut self, message: Message) -> Vec<Said> {
        self.step(Input::Message(Some(message)))
    }

    pub(crate) fn hear_all(&mut self, messages: Vec<Message>) -> Vec<Said> {
        messages.into_iter().flat_map(|message| self.hear(message)).collect()
    }

    /// Lets time pass until the machine wants to act.
    pub(crate) fn wait(&mut self) -> Vec<Said> {
        self.at = self.at.max(self.machine.deadline());
        self.step(Input::Tick)
    }

    /// What a flag serves in `dev` to nobody in particular.
    pub(crate) fn value(&self, key: &str) -> Option<Value> {
        let (view, _) = self.served.as_ref()?.environment(DEV)?;
        evaluate(&view, key, &Context::new()).ok()?.value.cloned()
    }

    pub(crate) fn revision(&self) -> u64 {
        self.served.as_ref().map_or(0, |state| state.revision())
    }
}

pub(crate) fn identity() -> Identity {
    Identity { edge_id: Uuid::from_u128(7), name: "test".to_owned(), version: "1".to_owned(), key: [7; 32] }
}

pub(crate) fn now(elapsed: Duration) -> Now {
    let since = i64::try_from(elapsed.as_millis()).unwrap();
    Now { elapsed, unix_ms: 1_700_000_000_000 + since, chance: 0.5 }
}

pub(crate) fn ack(said: &[Said]) -> &Ack {
    match said.last() {
        Some(Said::Ack(ack)) => ack,
        other => panic!("no ack but {other:?}"),
    }
}

pub(crate) fn nack(said: &[Said]) -> &Nack {
    match said.first() {
        Some(Said::Nack(nack)) => nack,
        other => panic!("no nack but {other:?}"),
    }
}

pub(crate) fn hello(said: &[Said]) -> &Hello {
    match said {
        [Said::Hello(hello)] => hello,
        other => panic!("no hello but {other:?}"),
    }
}

#[test]
fn the_first_tick_says_hello_with_nothing() {
    let mut bench = Bench::new();
    bench.step(Input::Tick);
    let hello = &bench.opened[0];
    assert_eq!((hello.name.as_str(), hello.version.as_str()), ("test", "1"));
    assert_eq!(hello.edge_id, Uuid::from_u128(7).as_bytes());
    assert_eq!(hello.have, None);
}

#[test]
fn a_snapshot_is_served_only_when_it_is_complete() {
    let mut bench = Bench::new();
    bench.step(Input::Tick);
    bench.step(Input::Opened);
    let items = world::items();
    let mut parts = snapshot(5, &items);
    let end = parts.pop().unwrap();
    assert!(bench.hear_all(parts).is_empty(), "nothing to acknowledge yet");
    assert!(bench.served.is_none());
    let said = bench.hear(end);
    assert_eq!((ack(&said).applied, &ack(&said).digest), (5, &world::digest(&items)));
    assert_eq!(bench.revision(), 5);
    assert_eq!(bench.served.as_ref().unwrap().sizes(), (3, 12));
    assert_eq!(bench.value("integer"), Some(1.into()));
}

#[test]
fn an_empty_snapshot_is_legal_and_replaces_everything() {
    let mut bench = Bench::in_step();
    let said = bench.hear_all(snapshot(2, &[]));
    assert_eq!(ack(&said).applied, 2);
    assert_eq!(bench.served.as_ref().unwrap().sizes(), (0, 0));
}

#[test]
fn a_delta_changes_what_it_names_and_nothing_else() {
    let mut bench = Bench::in_step();
    let before = bench.served.clone().unwrap();
    let mut items = world::items();
    let changed = stage(0x104, 2, DEV, ("integer", text_flag("changed")));
    let gone = world::item(fluxgate_proto::v1::ItemKind::Stage, 0x105, 2, Vec::new());
    let said = bench.hear(delta(1, 2, vec![changed.clone(), gone]));
    items.retain(|item| item.id != changed.id && item.id != Uuid::from_u128(0x105).as_bytes());
    items.push(changed);
    assert_eq!((ack(&said).applied, &ack(&said).digest), (2, &world::digest(&items)));
    assert_eq!(bench.value("integer"), Some("changed".into()));
    assert_eq!(bench.value("text"), None);
    let flag = |state: &Arc<State>| Arc::as_ptr(state.environment(DEV).unwrap().0.flag("float").unwrap());
    let after = bench.served.clone().unwrap();
    assert_eq!(flag(&before), flag(&after), "a flag that did not change is not compiled again");
    assert_eq!(before.revision(), 1, "a state that was served never changes");
}

#[test]
fn a_new_stage_of_the_same_feature_survives_the_end_of_the_old_one() {
    let mut bench = Bench::in_step();
    let new = stage(0x999, 2, DEV, ("integer", text_flag("new")));
    let gone = world::item(fluxgate_proto::v1::ItemKind::Stage, 0x104, 2, Vec::new());
    bench.hear(delta(1, 2, vec![new, gone]));
    assert_eq!(bench.value("integer"), Some("new".into()));
}

#[test]
fn a_lost_stream_is_opened_again_with_what_is_held() {
    let mut bench = Bench::in_step();
    bench.step(Input::Lost(Loss::Broken("cut".to_owned())));
    assert_eq!(bench.machine.status().state, StreamState::Waiting);
    let lost_at = bench.at;
    bench.wait();
    assert_eq!(bench.at - lost_at, Duration::from_millis(50), "half of the shortest wait");
    let have = bench.opened[1].have.clone();
    assert_eq!(have, Some(Position { epoch: EPOCH.as_bytes().to_vec(), revision: 1 }));
    assert_eq!(bench.value("integer"), Some(1.into()), "it is still served");
}

#[test]
fn refused_credentials_are_tried_again_after_a_minute_for_ever() {
    let mut bench = Bench::in_step();
    for _ in 0..3 {
        bench.step(Input::Lost(Loss::Refused("no".to_owned())));
        assert_eq!(bench.machine.status().state, StreamState::Refused);
        let refused_at = bench.at;
        bench.wait();
        assert_eq!(bench.at - refused_at, Duration::from_secs(60));
        assert_eq!(bench.value("integer"), Some(1.into()));
    }
}

#[test]
fn silence_ends_the_stream_and_heartbeats_keep_it() {
    let mut bench = Bench::in_step();
    for _ in 0..4 {
        bench.at += Duration::from_secs(14);
        bench.step(Input::Tick);
        bench.hear(heartbeat(1, &world::items()));
    }
    assert_eq!(bench.closed, 0);
    let heard = bench.at;
    while bench.closed == 0 {
        // It says how it fares meanwhile.
        bench.wait();
    }
    assert_eq!((bench.at - heard, bench.closed), (Duration::from_secs(15), 1));
    assert_eq!(bench.machine.status().state, StreamState::Waiting);
}

#[test]
fn a_goodbye_is_followed_at_once_unless_nothing_came_before_it() {
    let goodbye = || Message::Goodbye(Goodbye { reason: "restart".to_owned() });
    let mut bench = Bench::in_step();
    bench.hear(goodbye());
    assert_eq!((bench.closed, bench.opened.len()), (1, 2));
    bench.step(Input::Opened);
    bench.hear(goodbye());
    assert_eq!((bench.closed, bench.opened.len()), (2, 2), "now it waits");
    bench.wait();
    assert_eq!(bench.opened.len(), 3);
}
