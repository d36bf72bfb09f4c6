//! Many edges in one process, without HTTP: each with the state machine, the connection and the state of a real one.
//!
//! As a program of its own it takes in one snapshot with all of them at once and prints how long that took in milliseconds,
//! since the program began; `floors` only receives, decodes and indexes the same messages.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use fluxgate_edge::clock::{self, Clock};
use fluxgate_edge::disk::Keeper;
use fluxgate_edge::edge::Edge;
use fluxgate_edge::sync::{Connector, Identity, Machine, drive};
use fluxgate_proto::MAX_MESSAGE_BYTES;
use fluxgate_proto::v1::backend_message::Message;
use fluxgate_proto::v1::delivery_client::DeliveryClient;
use fluxgate_proto::v1::edge_message::Message as ToBackend;
use fluxgate_proto::v1::{EdgeMessage, Hello, Item, SnapshotChunk};
use prost::Message as _;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use tokio::runtime::{Builder, Runtime};
use tokio_stream::StreamExt as _;
use tonic::Request;

/// How often does somebody look whether all of them are there?
const LOOK: Duration = Duration::from_micros(50);
/// How long may that take?
const PATIENCE: Duration = Duration::from_secs(60);

/// Edges that keep themselves in step until they are dropped.
pub(crate) struct Crowd {
    edges: Vec<Arc<Edge>>,
    runtime: Option<Runtime>,
}

impl Crowd {
    /// Starts so many edges of a client.
    pub(crate) fn start(grpc: &str, key: &str, edges: usize) -> anyhow::Result<Self> {
        let runtime = runtime()?;
        let secret = SecretString::from(key.to_owned());
        let connector = Connector::new(&[grpc.to_owned()], &secret, None)?;
        let begin = |n| {
            let (clock, keeper) = (Clock::start(), Keeper::none());
            let identity = Identity {
                edge_id: clock::random_id(),
                name: format!("crowd-{n}"),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                key: Sha256::digest(key).into(),
            };
            let machine = Machine::new(identity, 1, clock.now());
            let edge = Arc::new(Edge::new(machine.status(), keeper.status().clone()));
            let (connector, kept) = (connector.clone(), Arc::clone(&edge));
            runtime.spawn(async move {
                drive(machine, (connector, keeper), (&kept, clock), std::future::pending()).await;
            });
            edge
        };
        Ok(Self { edges: (0..edges).map(begin).collect(), runtime: Some(runtime) })
    }

    /// Waits until every edge serves a revision above that one.
    pub(crate) fn wait(&self, above: u64) -> anyhow::Result<()> {
        let began = Instant::now();
        let there = |edge: &Arc<Edge>| edge.state().as_deref().is_some_and(|state| state.revision() > above);
        let mut missing = self.edges.iter().collect::<Vec<_>>();
        while !missing.is_empty() {
            missing.retain(|edge| !there(edge));
            ensure!(began.elapsed() < PATIENCE, "{} edges do not get beyond revision {above}", missing.len());
            std::thread::sleep(LOOK);
        }
        Ok(())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // To wait for it is not allowed where another runtime runs.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Starts so many edges at once and waits until all serve.
pub(crate) fn edges(grpc: &str, key: &str, edges: usize) -> anyhow::Result<()> {
    let began = Instant::now();
    Crowd::start(grpc, key, edges)?.wait(0)?;
    tell(began)
}

/// Receives and indexes so many snapshots at once.
pub(crate) fn floors(grpc: &str, key: &str, times: usize) -> anyhow::Result<()> {
    let began = Instant::now();
    let runtime = runtime()?;
    let receiving: Vec<_> =
        (0..times).map(|_| runtime.spawn(receive(grpc.to_owned(), key.to_owned()))).collect();
    let mut held = Vec::new();
    for receiving in receiving {
        held.push(runtime.block_on(receiving)??);
    }
    tell(began)
}

async fn receive(grpc: String, key: String) -> anyhow::Result<HashMap<Vec<u8>, Item>> {
    let client = DeliveryClient::connect(grpc).await?;
    let edge_id = clock::random_id().as_bytes().to_vec();
    let hello = Hello { edge_id, name: "floor".to_owned(), version: String::new(), have: None };
    let hello = EdgeMessage { message: Some(ToBackend::Hello(hello)) };
    let mut request = Request::new(tokio_stream::iter([hello]).chain(tokio_stream::pending()));
    request.metadata_mut().insert("authorization", format!("Bearer {key}").parse()?);
    let mut client = client.max_decoding_message_size(MAX_MESSAGE_BYTES);
    let mut incoming = client.sync(request).await?.into_inner();
    let mut index = HashMap::new();
    while let Some(message) = incoming.message().await? {
        match message.message {
            Some(Message::SnapshotChunk(chunk)) => {
                let chunk = SnapshotChunk::decode(chunk)?;
                index.extend(chunk.items.into_iter().map(|item| (item.id.clone(), item)));
            }
            Some(Message::SnapshotEnd(end)) => {
                ensure!(end.count == index.len() as u64, "items are missing");
                return Ok(index);
            }
            _ => {}
        }
    }
    bail!("the stream ended before the snapshot did")
}

fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build().context("cannot start a runtime")
}

fn tell(began: Instant) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{}", began.elapsed().as_secs_f64() * 1000.0)?)
}
