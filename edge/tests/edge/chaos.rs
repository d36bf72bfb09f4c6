//! The machine under a network that loses, repeats, swaps and spoils messages, cuts streams and leads to replicas that lag:
//! what is served is always right, and in the end it is the newest. Without its protections it would not be.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use fluxgate_edge::state::State;
use fluxgate_edge::sync::{Input, Loss, Machine, Output};
use fluxgate_engine::{Context, evaluate};
use fluxgate_proto::v1::backend_message::Message;
use fluxgate_proto::v1::edge_message::Message as Said;
use fluxgate_proto::v1::{Hello, Item, ItemKind, Reset, ResetReason};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use uuid::Uuid;

use crate::steps::{identity, now};
use crate::watch::{Served, Truth, Watch};
use crate::world::{DEV, EPOCH, delta, environment, heartbeat, item, kills, snapshot, stage, text_flag};

const FLAGS: usize = 4;
/// How many backends there are.
const REPLICAS: usize = 2;

#[derive(Clone, Debug)]
enum Change {
    Set(usize),
    Gone(usize),
    Kill(usize),
    Restore(usize),
}

/// Everything that ever happened; revision 1 is an environment and nothing in it.
#[derive(Default)]
struct History(Vec<Change>);

impl History {
    fn head(&self) -> u64 {
        self.0.len() as u64 + 1
    }

    fn until(&self, revision: u64) -> impl Iterator<Item = (u64, &Change)> {
        (2..).zip(&self.0).take_while(move |(at, _)| *at <= revision)
    }

    /// Each item at its newest, gone ones too.
    fn items(&self, revision: u64) -> Vec<Item> {
        let mut items = BTreeMap::new();
        for (at, change) in self.until(revision) {
            match change {
                Change::Set(flag) => {
                    let config = text_flag(&at.to_string());
                    items.insert(*flag, stage(0x100 + *flag as u128, at, DEV, (&key(*flag), config)));
                }
                Change::Gone(flag) => {
                    items.insert(*flag, item(ItemKind::Stage, 0x100 + *flag as u128, at, Vec::new()));
                }
                Change::Kill(_) | Change::Restore(_) => {}
            }
        }
        std::iter::once(environment(DEV, "dev", "demo")).chain(items.into_values()).collect()
    }

    fn there(&self, revision: u64) -> Vec<Item> {
        self.items(revision).into_iter().filter(|item| !item.payload.is_empty()).collect()
    }

    /// The kill switches that are on, and the revision that last turned one.
    fn kills(&self, revision: u64) -> (u64, BTreeSet<usize>) {
        let (mut last, mut on) = (0, BTreeSet::new());
        for (at, change) in self.until(revision) {
            match change {
                Change::Kill(flag) => on.insert(*flag),
                Change::Restore(flag) => on.remove(flag),
                Change::Set(_) | Change::Gone(_) => continue,
            };
            last = at;
        }
        (last, on)
    }
}

impl Truth for History {
    fn flags(&self, epoch: Uuid, revision: u64) -> Option<BTreeMap<String, u64>> {
        let known = epoch == EPOCH && (1..=self.head()).contains(&revision);
        let flags = self.there(revision).into_iter().filter(|item| item.kind == i32::from(ItemKind::Stage));
        known.then(|| flags.map(|item| (key(usize::from(item.id[15])), item.revision)).collect())
    }

    fn killed(&self, _: Uuid, revision: u64) -> Option<BTreeSet<String>> {
        Some(self.kills(revision).1.into_iter().map(key).collect())
    }
}

fn key(flag: usize) -> String {
    format!("f{flag}")
}

/// One stream, with what is on its way to the edge.
struct Stream {
    replica: usize,
    sent: Option<u64>,
    kills_sent: Option<u64>,
    way: VecDeque<Message>,
}

/// What of the edge's protections is taken away.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Without {
    Nothing,
    /// Any delta and any heartbeat is taken for one that fits.
    Sequence,
    /// Heartbeats and snapshots agree with whatever is held.
    Digest,
}

struct Chaos {
    history: History,
    /// How far each replica is.
    replicas: [u64; REPLICAS],
    machine: Machine,
    stream: Option<Stream>,
    without: Without,
    at: Duration,
    watch: Watch,
    last: Option<Served>,
    /// Something was spoiled that only a digest can find.
    spoiled: bool,
}

impl Chaos {
    fn new(without: Without) -> Self {
        let machine = Machine::new(identity(), REPLICAS, now(Duration::ZERO));
        let mut chaos = Self {
            history: History::default(),
            replicas: [1; REPLICAS],
            machine,
            stream: None,
            without,
            at: Duration::ZERO,
            watch: Watch::default(),
            last: None,
            spoiled: false,
        };
        chaos.step(Input::Tick);
        chaos
    }

    fn step(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for output in self.machine.step(input, now(self.at)) {
                match output {
                    Output::Open(replica, hello) => {
                        let (sent, kills_sent, way) = (None, None, VecDeque::new());
                        self.stream = Some(Stream { replica, sent, kills_sent, way });
                        inputs.push_back(Input::Opened);
                        if !self.hello(&hello) {
                            self.stream = None;
                            inputs.push_back(Input::Lost(Loss::Broken("it lags behind".to_owned())));
                        }
                    }
                    Output::Send(Said::Hello(hello)) => {
                        if !self.hello(&hello) {
                            self.stream = None;
                            inputs.push_back(Input::Lost(Loss::Broken("it lags behind".to_owned())));
                        }
                    }
                    Output::Serve(state) => self.serves(&state),
                    Output::Close => self.stream = None,
                    Output::Send(_) | Output::Keep | Output::UnitKey(_) | Output::Client(_) => {}
                }
            }
        }
    }

    fn serves(&mut self, state: &State) {
        let (view, _) = state.environment(DEV).expect("the environment is always there");
        let keys = || (0..FLAGS).map(key);
        let flags = keys().filter_map(|key| Some((key.clone(), view.flag(&key)?.version()))).collect();
        // Of a flag that is not there nobody can see whether it is killed.
        let seen = |key: &String| evaluate(&view, key, &Context::new()).map(|found| found.kill_switch);
        let kills_revision = self.machine.status().kills_revision.unwrap_or_default();
        let should = self.history.kills(kills_revision).1;
        let hidden = |key: &String| {
            view.flag(key).is_none() && should.iter().any(|flag| super::chaos::key(*flag) == *key)
        };
        let killed = keys().filter(|key| seen(key).unwrap_or(false) || hidden(key)).collect();
        let (epoch, revision) = (state.epoch(), state.revision());
        let served = Served { epoch, revision, kills_revision, flags, killed };
        self.last = Some(served.clone());
        if !self.spoiled {
            self.watch.serves(served);
        }
    }

    /// Answers a hello, as a backend does; false when it lags behind what the edge has.
    fn hello(&mut self, hello: &Hello) -> bool {
        let Some(stream) = &mut self.stream else { return true };
        let head = self.replicas[stream.replica];
        let have = hello.have.as_ref().map(|have| have.revision);
        if !self.spoiled {
            self.watch.resumes(have.map(|revision| (EPOCH, revision)));
        }
        if have.is_some_and(|have| have > head) {
            return false;
        }
        stream.kills_sent = None;
        stream.sent = have;
        if have.is_none() {
            stream.kills_sent = Some(self.history.kills(head).0);
            stream.way.push_back(kills_at(&self.history, head));
            stream.way.push_back(Message::Reset(Reset { reason: ResetReason::NothingHeld.into() }));
            stream.way.extend(snapshot(head, &self.history.there(head)));
            stream.sent = Some(head);
        }
        self.say();
        true
    }

    /// Sends what the stream's replica knows and did not send.
    fn say(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        let head = self.replicas[stream.replica];
        let (kills_revision, _) = self.history.kills(head);
        if stream.kills_sent != Some(kills_revision) {
            stream.kills_sent = Some(kills_revision);
            stream.way.push_back(kills_at(&self.history, head));
        }
        if let Some(sent) = stream.sent.filter(|sent| *sent < head) {
            let missed = self.history.items(head).into_iter().filter(|item| item.revision > sent);
            stream.way.push_back(delta(sent, head, missed.collect()));
            stream.sent = Some(head);
        }
    }

    fn beat(&mut self) {
        self.say();
        let Some(stream) = &mut self.stream else { return };
        if let Some(sent) = stream.sent {
            let mut beat = heartbeat(sent, &self.history.there(sent));
            if let Message::Heartbeat(beat) = &mut beat {
                beat.kills = stream.kills_sent;
            }
            stream.way.push_back(beat);
        }
    }

    fn deliver(&mut self, mut message: Message) {
        let revision = self.last.as_ref().map_or(0, |last| last.revision);
        let digest = self.machine.status().digest;
        match &mut message {
            Message::Delta(delta) if self.without == Without::Sequence => delta.from = revision,
            Message::Heartbeat(beat) if self.without == Without::Sequence => {
                (beat.through, beat.digest, beat.kills) = (revision, digest, None);
            }
            Message::Heartbeat(beat) if self.without == Without::Digest => beat.digest = digest,
            _ => {}
        }
        self.step(Input::Message(Some(message)));
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::Change(change) => self.history.0.push(change.clone()),
            Event::Learn(replica) => {
                self.replicas[*replica] = self.history.head();
                self.say();
            }
            Event::Deliver(count) => {
                for _ in 0..*count {
                    if let Some(message) = self.way().and_then(VecDeque::pop_front) {
                        self.deliver(message);
                    }
                }
            }
            Event::Lose => drop(self.way().and_then(VecDeque::pop_front)),
            Event::Repeat => {
                if let Some(message) = self.way().and_then(|way| way.front().cloned()) {
                    self.deliver(message);
                }
            }
            Event::Swap => {
                if let Some(way) = self.way().filter(|way| way.len() > 1) {
                    way.swap(0, 1);
                }
            }
            Event::Spoil => {
                let spoiled = self.way().is_some_and(|way| way.iter_mut().any(spoil));
                self.spoiled |= spoiled;
            }
            Event::Cut => {
                if self.stream.take().is_some() {
                    self.step(Input::Lost(Loss::Broken("cut".to_owned())));
                }
            }
            Event::Beat => self.beat(),
            Event::Pass(ms) => {
                self.at += Duration::from_millis(*ms);
                self.step(Input::Tick);
            }
        }
    }

    fn way(&mut self) -> Option<&mut VecDeque<Message>> {
        Some(&mut self.stream.as_mut()?.way)
    }

    /// All faults end, and some seconds pass.
    fn heal(&mut self) {
        for second in 0..120 {
            for replica in 0..REPLICAS {
                self.happen(&Event::Learn(replica));
            }
            if second % 5 == 0 {
                self.beat();
            }
            while self.way().is_some_and(|way| !way.is_empty()) {
                self.happen(&Event::Deliver(1));
            }
            self.happen(&Event::Pass(1000));
        }
    }

    /// Why it is not well in the end; nothing when all is.
    fn verdict(&self) -> Vec<String> {
        let mut found = self.watch.violations(&self.history);
        let head = self.history.head();
        let status = self.machine.status();
        let last = self.last.as_ref().map(|last| last.revision);
        if last != Some(head) || status.kills_revision != Some(self.history.kills(head).0) {
            found.push(format!("it never came to {head}: {last:?}, {status:?}"));
        }
        if status.digest != crate::world::digest(&self.history.there(head)) {
            found.push("it holds something else in the end".to_owned());
        }
        found
    }
}

fn kills_at(history: &History, revision: u64) -> Message {
    let (at, on) = history.kills(revision);
    let keys: Vec<_> = on.into_iter().map(key).collect();
    kills(at, &keys.iter().map(|key| (DEV, key.as_str())).collect::<Vec<_>>())
}

/// Changes what one flag of a delta says, in a way that still makes sense.
fn spoil(message: &mut Message) -> bool {
    let Message::Delta(delta) = message else { return false };
    let stage_item = |item: &&mut Item| item.kind == i32::from(ItemKind::Stage) && !item.payload.is_empty();
    let Some(found) = delta.items.iter_mut().find(stage_item) else { return false };
    let flag = usize::from(found.id[15]);
    *found = stage(0x100 + flag as u128, found.revision, DEV, (&key(flag), text_flag("spoiled")));
    true
}

#[derive(Clone, Debug)]
enum Event {
    Change(Change),
    Learn(usize),
    Deliver(usize),
    Lose,
    Repeat,
    Swap,
    Spoil,
    Cut,
    Beat,
    Pass(u64),
}

fn events(spoil: u32) -> impl Strategy<Value = Vec<Event>> {
    let change = prop_oneof![
        4 => (0..FLAGS).prop_map(Change::Set),
        1 => (0..FLAGS).prop_map(Change::Gone),
        2 => (0..FLAGS).prop_map(Change::Kill),
        1 => (0..FLAGS).prop_map(Change::Restore),
    ];
    let event = prop_oneof![
        8 => change.prop_map(Event::Change),
        6 => (0..REPLICAS).prop_map(Event::Learn),
        12 => (1..6_usize).prop_map(Event::Deliver),
        2 => Just(Event::Lose),
        2 => Just(Event::Repeat),
        2 => Just(Event::Swap),
        spoil => Just(Event::Spoil),
        2 => Just(Event::Cut),
        3 => Just(Event::Beat),
        3 => (1..4000_u64).prop_map(Event::Pass),
    ];
    prop::collection::vec(event, 1..100)
}

fn run(without: Without, events: &[Event]) -> Result<(), TestCaseError> {
    let mut chaos = Chaos::new(without);
    events.iter().for_each(|event| chaos.happen(event));
    chaos.heal();
    let found = chaos.verdict();
    prop_assert!(found.is_empty(), "{found:#?}");
    Ok(())
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

#[test]
fn whatever_the_network_does_what_is_served_is_right() {
    runner(200).run(&events(0), |events| run(Without::Nothing, &events)).unwrap();
}

#[test]
fn what_is_spoiled_is_found_and_replaced() {
    runner(100).run(&events(2), |events| run(Without::Nothing, &events)).unwrap();
}

#[test]
fn without_the_check_of_the_sequence_it_would_not_be() {
    runner(200).run(&events(0), |events| run(Without::Sequence, &events)).unwrap_err();
}

#[test]
fn without_the_digest_it_would_not_be() {
    runner(200).run(&events(2), |events| run(Without::Digest, &events)).unwrap_err();
}
