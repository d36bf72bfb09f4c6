//! An edge as the backend sees one: it says what it has, takes in what comes, and checks everything on the way.

use std::{collections::HashMap, time::Duration};

use fluxgate_proto::{
    digest::{Digest, ItemHash},
    v1::{
        Ack, BackendMessage, EdgeMessage, Goodbye, Hello, Item, Kills, Position, SnapshotChunk, Welcome,
        backend_message::Message, delivery_client::DeliveryClient, edge_message,
    },
};
use prost::Message as _;
use serde_json::json;
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming, transport::Channel};
use uuid::Uuid;

use crate::{input::text, world::World};

type Items = HashMap<(i32, Vec<u8>), Item>;

/// One edge and its stream.
pub struct Edge {
    pub id: Uuid,
    pub name: String,
    pub items: Items,
    pub at: Option<Position>,
    pub kills: Option<Kills>,
    pub welcome: Option<Welcome>,
    outbound: Option<mpsc::Sender<EdgeMessage>>,
    inbound: Streaming<BackendMessage>,
    staging: Option<(Position, Items)>,
}

/// Makes a client of acme and gives its key.
pub async fn client(world: &World, team: &str, name: &str, kind: &str, environment: Option<&str>) -> String {
    let input = json!({"team": team, "name": name, "kind": kind, "environment": environment});
    text(&world.done("admin", "createClient", input).await["key"])
}

impl Edge {
    /// Opens a stream and says nothing yet.
    pub async fn open(grpc: &str, key: Option<&str>) -> Result<Edge, Status> {
        Edge::open_on(DeliveryClient::connect(grpc.to_owned()).await.unwrap(), key).await
    }

    /// The same on a connection of the test's own.
    pub async fn open_on(mut client: DeliveryClient<Channel>, key: Option<&str>) -> Result<Edge, Status> {
        let (sender, receiver) = mpsc::channel(64);
        let mut request = Request::new(ReceiverStream::new(receiver));
        if let Some(key) = key {
            request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
        }
        let inbound = client.sync(request).await?.into_inner();
        let outbound = Some(sender);
        Ok(Edge {
            id: Uuid::new_v4(),
            name: "edge-1".to_owned(),
            items: Items::new(),
            at: None,
            kills: None,
            welcome: None,
            outbound,
            inbound,
            staging: None,
        })
    }

    /// Opens a stream that has nothing and takes in all there is.
    pub async fn caught_up(world: &World, key: &str) -> Edge {
        let mut edge = Edge::open(&world.grpc, Some(key)).await.unwrap();
        edge.hello(None).await;
        edge.reach(u64::try_from(world.number("SELECT revision FROM delivery_head").await).unwrap()).await;
        edge
    }

    /// Sends a message.
    pub async fn send(&self, message: edge_message::Message) {
        self.outbound.as_ref().unwrap().send(EdgeMessage { message: Some(message) }).await.unwrap();
    }

    /// Says what it has.
    pub async fn hello(&self, have: Option<Position>) {
        let hello = Hello {
            edge_id: self.id.as_bytes().to_vec(),
            name: self.name.clone(),
            version: "0.1.0".to_owned(),
            have,
        };
        self.send(edge_message::Message::Hello(hello)).await;
    }

    /// Acknowledges what it holds.
    pub async fn ack(&self) {
        self.ack_as(digest(&self.items)).await;
    }

    /// Acknowledges with a digest, whatever it is.
    pub async fn ack_as(&self, digest: Vec<u8>) {
        let applied = self.at.as_ref().map_or(0, |at| at.revision);
        let kills_applied = self.kills.as_ref().map_or(0, |kills| kills.revision);
        self.send(edge_message::Message::Ack(Ack { applied, kills_applied, digest })).await;
    }

    /// Says that it stops, and closes its side.
    pub async fn goodbye(&mut self) {
        self.send(edge_message::Message::Goodbye(Goodbye { reason: "test".to_owned() })).await;
        self.close();
    }

    /// Closes its side and goes on listening.
    pub fn close(&mut self) {
        self.outbound = None;
    }

    /// The next message, taken in; none at the end.
    pub async fn next(&mut self) -> Result<Option<Message>, Status> {
        let Ok(received) = timeout(Duration::from_secs(10), self.inbound.message()).await else {
            panic!("nothing came for ten seconds");
        };
        let Some(message) = received?.and_then(|message| message.message) else { return Ok(None) };
        self.take_in(&message);
        Ok(Some(message))
    }

    /// The next message that is no heartbeat and no welcome.
    pub async fn news(&mut self) -> Message {
        loop {
            match self.next().await.unwrap() {
                Some(Message::Heartbeat(_) | Message::Welcome(_)) => {}
                Some(message) => return message,
                None => panic!("the stream ended"),
            }
        }
    }

    /// Takes in messages until a heartbeat has said that both sides hold the same.
    pub async fn beat(&mut self) {
        while !matches!(self.next().await.unwrap(), Some(Message::Heartbeat(_))) {}
    }

    /// Takes in messages until it is at a revision, and gives their names.
    pub async fn reach(&mut self, revision: u64) -> Vec<&'static str> {
        let mut names = Vec::new();
        while self.at.as_ref().is_none_or(|at| at.revision < revision) {
            names.push(name(&self.news().await));
        }
        names
    }

    /// How the stream ends.
    pub async fn end(&mut self) -> Option<Status> {
        loop {
            match self.next().await {
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(status) => return Some(status),
            }
        }
    }

    /// Its items of one kind that are not gone.
    pub fn of_kind(&self, kind: fluxgate_proto::v1::ItemKind) -> Vec<&Item> {
        self.items.values().filter(|item| item.kind == kind as i32).collect()
    }

    fn take_in(&mut self, message: &Message) {
        match message {
            Message::Kills(kills) => self.kills = Some(kills.clone()),
            Message::Delta(delta) => {
                let at = self.at.as_mut().unwrap();
                assert_eq!(delta.from, at.revision, "a delta continues what is held");
                assert!(delta.to > delta.from);
                at.revision = delta.to;
                for item in &delta.items {
                    assert!(item.revision > delta.from && item.revision <= delta.to, "{item:?}");
                    put(&mut self.items, item);
                }
            }
            Message::SnapshotBegin(begin) => {
                self.staging = Some((begin.position.clone().unwrap(), Items::new()));
            }
            Message::SnapshotChunk(chunk) => {
                let (_, items) = self.staging.as_mut().unwrap();
                let chunk = SnapshotChunk::decode(chunk.clone()).unwrap();
                chunk.items.iter().for_each(|item| put(items, item));
            }
            Message::SnapshotEnd(end) => {
                let (position, items) = self.staging.take().unwrap();
                assert_eq!((end.count, &end.digest), (items.len() as u64, &digest(&items)));
                (self.at, self.items) = (Some(position), items);
            }
            Message::Heartbeat(beat) => {
                let at = self.at.as_ref().unwrap();
                assert_eq!((beat.through, &beat.epoch), (at.revision, &at.epoch));
                assert_eq!(beat.digest, digest(&self.items), "both sides hold the same");
            }
            Message::Welcome(welcome) => self.welcome = Some(welcome.clone()),
            Message::Reset(_) | Message::Goodbye(_) => {}
        }
    }
}

fn put(items: &mut Items, item: &Item) {
    let key = (item.kind, item.id.clone());
    if item.payload.is_empty() {
        items.remove(&key)
    } else {
        items.insert(key, item.clone())
    };
}

fn digest(items: &Items) -> Vec<u8> {
    let mut digest = Digest::default();
    items.values().for_each(|item| digest.replace(ItemHash::default(), ItemHash::of(item)));
    digest.to_bytes()
}

/// What a message is.
pub fn name(message: &Message) -> &'static str {
    match message {
        Message::Kills(_) => "kills",
        Message::Delta(_) => "delta",
        Message::SnapshotBegin(_) => "begin",
        Message::SnapshotChunk(_) => "chunk",
        Message::SnapshotEnd(_) => "end",
        Message::Heartbeat(_) => "heartbeat",
        Message::Reset(_) => "reset",
        Message::Goodbye(_) => "goodbye",
        Message::Welcome(_) => "welcome",
    }
}
