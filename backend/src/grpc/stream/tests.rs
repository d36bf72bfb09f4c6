//! The machine under every order of what can happen: whatever an edge is told adds up, and in the end it holds what is served.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_proto::{
    digest::{Digest, ItemHash},
    v1::{Ack, Hello, Item, Kills, ResetReason, SnapshotChunk, backend_message::Message, edge_message},
};
use proptest::prelude::*;
use prost::Message as _;
use uuid::Uuid;

use super::machine::{End, HEARTBEAT, Input, LIFETIME, Machine, Now, Output, SEND_WITHIN};
use crate::delivery::state::{EdgeClient, EdgeKey, Entry, Key, KillEntry, Loaded, Position, Scope, Served};

const TEAM: Uuid = Uuid::from_u128(1);
const ENVIRONMENT: Uuid = Uuid::from_u128(2);
const CLIENT: Uuid = Uuid::from_u128(3);
const KEY: &str = "eeeeeeee";
const SCOPE: Scope = Scope { team: TEAM, environment: None };

fn client(keys: &[&str]) -> EdgeClient {
    let key = |id: &&str| EdgeKey { id: (*id).to_owned(), sha256: vec![1; 32], not_after: None };
    EdgeClient { id: CLIENT, name: "edge".to_owned(), scope: SCOPE, keys: keys.iter().map(key).collect() }
}

fn now(elapsed: Duration) -> Now {
    let at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::from_std(elapsed).unwrap();
    Now { elapsed, at, chance: 0.5 }
}

/// A served state that changes as a database would have it.
struct History {
    served: Served,
    epoch: Uuid,
    revision: u64,
    entries: BTreeMap<u128, Vec<u8>>,
    kills: BTreeMap<u128, (bool, u64)>,
    revisions: BTreeMap<u128, u64>,
    /// A database that went back says so at first only by where it is.
    keys: Vec<&'static str>,
}

impl History {
    fn new() -> History {
        let (entries, kills, revisions) = Default::default();
        let epoch = Uuid::from_u128(0xe);
        let mut history = History {
            served: Served::default(),
            epoch,
            revision: 1,
            entries,
            kills,
            revisions,
            keys: vec![KEY],
        };
        history.load_all();
        history
    }

    fn entry(&self, id: u128) -> (Key, Entry) {
        let (payload, revision) = (self.entries[&id].clone(), self.revisions[&id]);
        let item = Item { kind: 1, id: Uuid::from_u128(id).as_bytes().to_vec(), revision, payload };
        ((1, Uuid::from_u128(id)), Entry { team: TEAM, environment: Some(ENVIRONMENT), item: Arc::new(item) })
    }

    fn kill(&self, id: u128) -> (Uuid, KillEntry) {
        let (on, revision) = self.kills[&id];
        let feature = id.to_string();
        (Uuid::from_u128(id), KillEntry { team: TEAM, environment: ENVIRONMENT, feature, on, revision })
    }

    fn loaded(&self) -> Loaded {
        let position = Some(Position { epoch: self.epoch, revision: self.revision });
        let edge_clients = vec![(CLIENT, Some(client(&self.keys)))];
        Loaded { position, edge_clients, compacted: self.served.compacted(), ..Loaded::default() }
    }

    fn load_all(&mut self) {
        let entries = self.entries.keys().map(|id| self.entry(*id)).collect();
        let kills = self.kills.keys().map(|id| self.kill(*id)).collect();
        self.served.merge(Loaded { whole: true, entries, kills, ..self.loaded() });
    }

    fn change(&mut self, id: u128, payload: &[u8]) {
        self.revision += 1;
        self.entries.insert(id, payload.to_vec());
        self.revisions.insert(id, self.revision);
        let entries = vec![self.entry(id)];
        self.served.merge(Loaded { entries, ..self.loaded() });
    }

    fn turn(&mut self, id: u128, on: bool) {
        self.revision += 1;
        self.kills.insert(id, (on, self.revision));
        let kills = vec![self.kill(id)];
        self.served.merge(Loaded { kills, ..self.loaded() });
    }

    fn rotate(&mut self) {
        self.keys = if self.keys.len() == 1 { vec![KEY, "ffffffff"] } else { vec![KEY] };
        self.revision += 1;
        self.served.merge(self.loaded());
    }

    fn compact(&mut self) {
        self.served.merge(Loaded { compacted: self.revision, ..self.loaded() });
    }

    fn renew(&mut self) {
        self.epoch = Uuid::from_u128(self.epoch.as_u128() + 1);
        self.load_all();
    }
}

/// What an edge holds, checking all that it is told.
#[derive(Default)]
struct Holder {
    at: Option<Position>,
    items: HashMap<Vec<u8>, Item>,
    staging: Option<(Position, HashMap<Vec<u8>, Item>)>,
    kills: Option<Kills>,
    back: bool,
    heard: Vec<&'static str>,
}

impl Holder {
    fn take_in(&mut self, message: Message) {
        let name = match message {
            Message::Welcome(_) => "welcome",
            Message::Kills(kills) => {
                if let Some(held) = &self.kills
                    && held.epoch == kills.epoch
                    && !self.back
                {
                    assert!(kills.revision >= held.revision, "kills never go back");
                }
                self.kills = Some(kills);
                "kills"
            }
            Message::Delta(delta) => {
                assert!(self.staging.is_none(), "no delta within a snapshot");
                let at = self.at.as_mut().expect("a delta continues something");
                assert_eq!(delta.from, at.revision);
                assert!(delta.to > delta.from);
                at.revision = delta.to;
                for item in delta.items {
                    assert!(item.revision > delta.from && item.revision <= delta.to);
                    put(&mut self.items, item);
                }
                "delta"
            }
            Message::SnapshotBegin(begin) => {
                let position = begin.position.unwrap();
                let epoch = Uuid::from_slice(&position.epoch).unwrap();
                let position = Position { epoch, revision: position.revision };
                if let Some(held) = self.at.filter(|held| held.epoch == epoch) {
                    assert!(self.back || position.revision >= held.revision, "never back in time");
                }
                self.staging = Some((position, HashMap::new()));
                "begin"
            }
            Message::SnapshotChunk(chunk) => {
                let (_, items) = self.staging.as_mut().expect("a chunk is of a snapshot");
                SnapshotChunk::decode(chunk).unwrap().items.into_iter().for_each(|item| put(items, item));
                "chunk"
            }
            Message::SnapshotEnd(end) => {
                let (position, items) = self.staging.take().expect("an end is of a snapshot");
                assert_eq!((end.count, end.digest), (items.len() as u64, digest(&items)));
                (self.at, self.items, self.back) = (Some(position), items, false);
                "end"
            }
            Message::Heartbeat(beat) => {
                let at = self.at.expect("a heartbeat speaks of something held");
                assert_eq!((beat.through, &beat.epoch[..]), (at.revision, &at.epoch.as_bytes()[..]));
                assert_eq!(beat.digest, digest(&self.items));
                assert_eq!(beat.kills, self.kills.as_ref().map(|kills| kills.revision));
                "heartbeat"
            }
            Message::Reset(reset) => {
                self.staging = None;
                self.back |= reset.reason() == ResetReason::FutureRevision;
                "reset"
            }
            Message::Goodbye(_) => "goodbye",
        };
        self.heard.push(name);
    }

    fn hello(&self) -> Input {
        let have = self.at.map(|at| fluxgate_proto::v1::Position {
            epoch: at.epoch.as_bytes().to_vec(),
            revision: at.revision,
        });
        let (name, version) = (String::new(), String::new());
        let edge_id = vec![7; 16];
        Input::Said(edge_message::Message::Hello(Hello { edge_id, name, version, have }))
    }

    fn ack(&self) -> Input {
        let applied = self.at.map_or(0, |at| at.revision);
        let kills_applied = self.kills.as_ref().map_or(0, |kills| kills.revision);
        let digest = digest(&self.items);
        Input::Said(edge_message::Message::Ack(Ack { applied, kills_applied, digest }))
    }
}

fn put(items: &mut HashMap<Vec<u8>, Item>, item: Item) {
    if item.payload.is_empty() {
        items.remove(&item.id);
    } else {
        items.insert(item.id.clone(), item);
    }
}

fn digest(items: &HashMap<Vec<u8>, Item>) -> Vec<u8> {
    let mut digest = Digest::default();
    items.values().for_each(|item| digest.replace(ItemHash::default(), ItemHash::of(item)));
    digest.to_bytes()
}

/// A stream between a history and an edge.
struct Stream {
    history: History,
    machine: Machine,
    edge: Holder,
    at: Duration,
    ended: Option<End>,
}

impl Stream {
    fn new(history: History, edge: Holder) -> Stream {
        let machine = Machine::new(client(&[KEY]), (KEY.to_owned(), Uuid::from_u128(9)), now(Duration::ZERO));
        let mut stream = Stream { history, machine, edge, at: Duration::ZERO, ended: None };
        let hello = stream.edge.hello();
        stream.step(hello);
        stream
    }

    fn step(&mut self, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            for output in self.machine.step(input, &mut self.history.served, now(self.at)) {
                match output {
                    Output::Send(message) => self.edge.take_in(message),
                    Output::Refresh => next = Some(Input::Refreshed(true)),
                    Output::End(end) => self.ended = Some(end),
                    Output::Hear(_) => {}
                }
            }
        }
    }

    /// Sends all there is to send.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            if self.ended.is_some() || !self.machine.wants_room() {
                return;
            }
            self.step(Input::Room);
        }
        panic!("it never has said everything");
    }

    fn pass(&mut self, time: Duration) {
        self.at += time;
        if self.at >= self.machine.deadline() {
            self.step(Input::Tick);
        }
    }

    /// The connection breaks, and the edge comes again with what it holds.
    fn reconnect(self) -> Stream {
        let Stream { history, mut edge, .. } = self;
        (edge.staging, edge.back) = (None, false);
        Stream::new(history, edge)
    }

    fn check(&mut self) {
        let served: HashMap<_, _> = self
            .history
            .served
            .snapshot(SCOPE)
            .iter()
            .map(|item| (item.id.clone(), Item::clone(item)))
            .collect();
        assert_eq!(self.edge.items, served);
        assert_eq!(self.edge.at, Some(self.history.served.position()));
        let mut kills = self.edge.kills.clone().unwrap();
        let (revision, mut on) = self.history.served.kills(SCOPE);
        assert_eq!(kills.revision, revision);
        kills.kills.sort_by(|a, b| a.feature_key.cmp(&b.feature_key));
        on.sort_by(|a, b| a.feature_key.cmp(&b.feature_key));
        assert_eq!(kills.kills, on);
    }
}

#[derive(Clone, Debug)]
enum Event {
    Change(u128, Vec<u8>),
    Turn(u128, bool),
    Rotate,
    Compact,
    Renew,
    Room,
    Moved,
    Ack,
    Hello,
    Reconnect,
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0..6_u128, prop_oneof![Just(Vec::new()), Just(b"a".to_vec()), Just(vec![b'x'; 200_000])])
            .prop_map(|(id, payload)| Event::Change(id, payload)),
        3 => (0..6_u128, any::<bool>()).prop_map(|(id, on)| Event::Turn(id, on)),
        1 => Just(Event::Rotate),
        1 => Just(Event::Compact),
        1 => Just(Event::Renew),
        12 => Just(Event::Room),
        4 => Just(Event::Moved),
        4 => Just(Event::Ack),
        1 => Just(Event::Hello),
        1 => Just(Event::Reconnect),
        3 => (1..7000_u64).prop_map(Event::Pass),
    ]
}

proptest! {
    // Much is hashed in each.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]
    #[test]
    fn whatever_happens_an_edge_is_told_what_adds_up(events in prop::collection::vec(event(), 1..120)) {
        let mut stream = Stream::new(History::new(), Holder::default());
        for event in events {
            match event {
                Event::Change(id, payload) => stream.history.change(id, &payload),
                Event::Turn(id, on) => stream.history.turn(id, on),
                Event::Rotate => stream.history.rotate(),
                Event::Compact => stream.history.compact(),
                Event::Renew => stream.history.renew(),
                Event::Room => if stream.machine.wants_room() { stream.step(Input::Room) },
                Event::Moved => stream.step(Input::Moved),
                Event::Ack => {
                    let ack = stream.edge.ack();
                    stream.step(ack);
                }
                Event::Hello => {
                    // Who says hello has thrown away what is half there.
                    stream.edge.staging = None;
                    let hello = stream.edge.hello();
                    stream.step(hello);
                }
                Event::Reconnect => stream = stream.reconnect(),
                Event::Pass(ms) => stream.pass(Duration::from_millis(ms)),
            }
            if stream.ended.is_some() {
                // Nobody made room for too long.
                stream = stream.reconnect();
            }
        }
        stream.step(Input::Moved);
        stream.settle();
        stream.check();
        let ack = stream.edge.ack();
        let said = stream.edge.heard.len();
        stream.step(ack);
        stream.settle();
        prop_assert_eq!(stream.edge.heard.len(), said, "what is held is right");
    }
}

fn big() -> Stream {
    let mut history = History::new();
    for id in 0..20 {
        history.change(id, &vec![b'x'; 200_000]);
    }
    Stream::new(history, Holder::default())
}

#[test]
fn a_kill_goes_between_two_parts_of_a_snapshot() {
    let mut stream = big();
    while stream.edge.heard.last() != Some(&"chunk") {
        stream.step(Input::Room);
    }
    stream.history.turn(3, true);
    stream.step(Input::Moved);
    stream.step(Input::Room);
    assert_eq!(stream.edge.heard.last(), Some(&"kills"));
    stream.settle();
    stream.check();
}

#[test]
fn a_slow_edge_is_given_up_and_a_reader_is_not() {
    let mut stream = big();
    stream.step(Input::Room);
    stream.pass(SEND_WITHIN - Duration::from_secs(1));
    assert!(stream.ended.is_none());
    stream.step(Input::Room);
    stream.pass(SEND_WITHIN - Duration::from_secs(1));
    assert!(stream.ended.is_none(), "it took one");
    stream.pass(Duration::from_secs(2));
    assert!(matches!(stream.ended, Some(End::Lost)));
}

#[test]
fn heartbeats_come_every_five_seconds_and_goodbye_after_half_an_hour() {
    let mut stream = Stream::new(History::new(), Holder::default());
    stream.settle();
    while stream.ended.is_none() {
        let due = stream.machine.deadline();
        assert!(due > stream.at, "it waits for something");
        stream.pass(due - stream.at);
        stream.settle();
    }
    assert_eq!((stream.at, stream.edge.heard.last()), (LIFETIME, Some(&"goodbye")));
    let beats = stream.edge.heard.iter().filter(|name| **name == "heartbeat").count();
    assert_eq!(beats as u64, LIFETIME.as_secs() / HEARTBEAT.as_secs());
    for (chance, minutes) in [(0.0, 24), (1.0, 36)] {
        let now = Now { chance, ..now(Duration::ZERO) };
        let machine = Machine::new(client(&[KEY]), (KEY.to_owned(), Uuid::nil()), now);
        assert_eq!(machine.lifetime().as_secs(), minutes * 60);
    }
}

#[test]
fn a_key_that_was_revoked_ends_the_stream_before_anything_else_is_told() {
    let mut stream = Stream::new(History::new(), Holder::default());
    stream.settle();
    let said = stream.edge.heard.len();
    stream.history.keys = vec!["ffffffff"];
    stream.history.change(1, b"secret");
    stream.step(Input::Moved);
    stream.step(Input::Room);
    assert!(
        matches!(&stream.ended, Some(End::Refused(status)) if status.code() == tonic::Code::Unauthenticated)
    );
    assert_eq!(stream.edge.heard.len(), said);
}

#[test]
fn a_thousand_edges_share_one_encoding() {
    let mut history = History::new();
    for id in 0..20 {
        history.change(id, &vec![b'x'; 100_000]);
    }
    let first = history.served.shared_snapshot(SCOPE, 0, now(Duration::ZERO).at);
    let again = history.served.shared_snapshot(SCOPE, 0, now(Duration::from_secs(3600)).at);
    assert!(Arc::ptr_eq(&first, &again), "nothing changed");
    let bytes = |snapshot: &crate::delivery::snapshot::Snapshot| match &snapshot.parts[1] {
        Message::SnapshotChunk(bytes) => bytes.as_ptr(),
        other => panic!("{other:?} is no chunk"),
    };
    assert_eq!(
        bytes(&first),
        match first.parts[1].clone() {
            Message::SnapshotChunk(bytes) => bytes.as_ptr(),
            other => panic!("{other:?} is no chunk"),
        }
    );
    history.change(1, b"a");
    let soon = history.served.shared_snapshot(SCOPE, 0, now(Duration::from_secs(3600)).at);
    assert!(!Arc::ptr_eq(&first, &soon), "an hour is no moment");
    history.change(1, b"b");
    let lately = history.served.shared_snapshot(SCOPE, 0, now(Duration::from_millis(3_600_500)).at);
    assert!(Arc::ptr_eq(&soon, &lately), "what changed since comes behind it");
    let behind = history.revision;
    let fresh = history.served.shared_snapshot(SCOPE, behind, now(Duration::from_millis(3_600_500)).at);
    assert_eq!(fresh.position.revision, behind, "never behind what the edge holds");
}
