//! One edge's stream: a position in the served state that follows the head.

use std::{sync::Arc, time::Duration};

use fluxgate_proto::{
    CHUNK_BYTES, MAX_MESSAGE_BYTES,
    v1::{
        Ack, BackendMessage, Delta, EdgeMessage, Goodbye, Heartbeat, Hello, Item, Kills, Position, Reset,
        ResetReason, SnapshotBegin, SnapshotChunk, SnapshotEnd, backend_message::Message, edge_message,
    },
};
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval, timeout},
};
use tonic::{Status, Streaming};
use uuid::Uuid;

use crate::{
    clock,
    delivery::{
        Delivery,
        state::{self, EdgeClient, Scope},
    },
    store::edge::Heard,
};

/// How often is an edge told how far everything is?
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long may a message wait for a slow edge before its stream is closed? The edge resumes.
const SEND_WITHIN: Duration = Duration::from_secs(20);
/// Above how many bytes is a snapshot sent in place of a delta?
const DELTA_BYTES: usize = MAX_MESSAGE_BYTES / 2;

/// Why a stream ends.
enum End {
    /// The edge is gone without a word.
    Lost,
    /// The edge closed its side.
    Goodbye,
    /// Told to the edge as the stream's status.
    Refused(Status),
}

type Step<T = ()> = Result<T, End>;

/// One edge's stream.
pub(super) struct EdgeStream {
    delivery: Arc<Delivery>,
    sender: mpsc::Sender<Result<BackendMessage, Status>>,
    client: EdgeClient,
    key_id: String,
    scope: Scope,
    sent: state::Position,
    kills_sent: Option<state::Position>,
    heard: Heard,
}

impl EdgeStream {
    pub(super) fn new(
        delivery: Arc<Delivery>,
        sender: mpsc::Sender<Result<BackendMessage, Status>>,
        (client, key_id): (EdgeClient, String),
    ) -> EdgeStream {
        let now = clock::now();
        let heard = Heard {
            id: Uuid::nil(),
            team_id: client.scope.team,
            client_id: client.id,
            name: String::new(),
            version: String::new(),
            stream_id: clock::new_id(),
            connected_at: now,
            seen_at: now,
            acked_at: now,
            revision: 0,
            kills_revision: 0,
        };
        let scope = client.scope;
        let sent = state::Position { epoch: Uuid::nil(), revision: 0 };
        EdgeStream { delivery, sender, client, key_id, scope, sent, kills_sent: None, heard }
    }

    /// Follows the head until one side ends it.
    pub(super) async fn run(
        &mut self,
        hello: Hello,
        inbound: Streaming<EdgeMessage>,
        shutdown: watch::Receiver<bool>,
    ) {
        let name: String = hello.name.chars().take(100).collect();
        tracing::info!(edge = name, client = self.client.name, "an edge connected");
        let end = match self.follow(hello, inbound, shutdown).await {
            Ok(()) => return,
            Err(end) => end,
        };
        match end {
            End::Goodbye => self.delivery.edges.goodbye(self.heard.stream_id),
            End::Lost => {}
            End::Refused(status) => {
                tracing::info!(edge = name, reason = status.message(), "a stream is refused");
                let _ = self.sender.try_send(Err(status));
            }
        }
        tracing::info!(edge = name, "an edge is gone");
    }

    async fn follow(
        &mut self,
        hello: Hello,
        mut inbound: Streaming<EdgeMessage>,
        mut shutdown: watch::Receiver<bool>,
    ) -> Step {
        // Subscribed before anything is read, so that no move of the head is missed.
        let mut moved = self.delivery.moved();
        self.begin(hello).await?;
        let mut beat = interval(HEARTBEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = inbound.message() => match message {
                    Ok(Some(EdgeMessage { message: Some(message) })) => self.receive(message).await?,
                    Ok(Some(EdgeMessage { message: None })) => {}
                    Ok(None) => return Err(End::Goodbye),
                    Err(_) => return Err(End::Lost),
                },
                _ = moved.changed() => self.catch_up().await?,
                _ = beat.tick() => self.heartbeat().await?,
                () = told_to_stop(&mut shutdown) => {
                    let reason = "the backend is shutting down".to_owned();
                    self.send(Message::Goodbye(Goodbye { reason })).await?;
                    return Ok(());
                }
            }
        }
    }

    /// Answers a Hello: kills first, then what the edge misses, or everything.
    async fn begin(&mut self, hello: Hello) -> Step {
        self.heard.id = Uuid::from_slice(&hello.edge_id)
            .map_err(|_| End::Refused(Status::invalid_argument("the edge's id is no UUID")))?;
        self.heard.name = hello.name.chars().take(100).collect();
        self.heard.version = hello.version.chars().take(100).collect();
        let have = hello.have.and_then(|have| {
            Some(state::Position { epoch: Uuid::from_slice(&have.epoch).ok()?, revision: have.revision })
        });
        let (now, compacted) = self.reach(have).await?;
        let obstacle = match have {
            None => Some(ResetReason::NothingHeld),
            Some(have) if have.epoch != now.epoch => Some(ResetReason::OtherEpoch),
            Some(have) if have.revision > now.revision => Some(ResetReason::FutureRevision),
            Some(have) if have.revision < compacted => Some(ResetReason::Compacted),
            Some(have) => {
                self.sent = have;
                None
            }
        };
        // What cannot be continued counts for nothing.
        let held = if obstacle.is_none() { self.sent.revision } else { 0 };
        self.heard.revision = i64::try_from(held).unwrap_or(0);
        self.heard.seen_at = clock::now();
        self.delivery.edges.hear(self.heard.clone());
        self.kills_sent = None;
        self.send_kills().await?;
        match obstacle {
            Some(reason) => {
                self.send(Message::Reset(Reset { reason: reason as i32 })).await?;
                self.send_snapshot().await
            }
            None => self.catch_up().await,
        }
    }

    /// Where this replica is, after reading what another may have told the edge already: an edge is taken back in time
    /// only by the database itself, never by a replica that lags.
    async fn reach(&self, have: Option<state::Position>) -> Step<(state::Position, u64)> {
        let look = || self.delivery.read(|served| (served.position(), served.compacted()));
        let (now, compacted) = look();
        match have {
            Some(have) if have.epoch == now.epoch && have.revision > now.revision => {
                let lagging =
                    |_| End::Refused(Status::unavailable("this replica lags behind what the edge has"));
                self.delivery.refresh().await.map_err(lagging)?;
                Ok(look())
            }
            _ => Ok((now, compacted)),
        }
    }

    async fn receive(&mut self, message: edge_message::Message) -> Step {
        match message {
            edge_message::Message::Hello(hello) => self.begin(hello).await,
            edge_message::Message::Ack(ack) => self.acknowledged(&ack).await,
            edge_message::Message::Nack(nack) => {
                for item in &nack.items {
                    tracing::warn!(
                        edge = self.heard.name,
                        revision = nack.revision,
                        item = hex::encode(&item.id),
                        reason = item.reason,
                        "an edge cannot understand an item and keeps its last good version"
                    );
                }
                Ok(())
            }
        }
    }

    async fn acknowledged(&mut self, ack: &Ack) -> Step {
        let (revision, kills) = (i64::try_from(ack.applied), i64::try_from(ack.kills_applied));
        let (Ok(revision), Ok(kills_revision)) = (revision, kills) else {
            return Err(End::Refused(Status::invalid_argument("a revision is out of range")));
        };
        let now = clock::now();
        if (revision, kills_revision) != (self.heard.revision, self.heard.kills_revision) {
            self.heard.acked_at = now;
        }
        (self.heard.revision, self.heard.kills_revision, self.heard.seen_at) =
            (revision, kills_revision, now);
        self.delivery.edges.hear(self.heard.clone());
        let scope = self.scope;
        let differs = self.delivery.write(|served| {
            served.position().revision == ack.applied && served.digest(scope).to_bytes() != ack.digest
        });
        if differs && self.sent.revision == ack.applied {
            tracing::error!(
                edge = self.heard.name,
                revision = ack.applied,
                "an edge holds something else; resending"
            );
            self.send(Message::Reset(Reset { reason: ResetReason::DigestDiffers as i32 })).await?;
            self.send_snapshot().await?;
        }
        Ok(())
    }

    /// Sends what is above the position: kills first, then each item at its newest.
    async fn catch_up(&mut self) -> Step {
        self.check_client()?;
        self.send_kills().await?;
        let (scope, sent) = (self.scope, self.sent);
        let (now, items) = self.delivery.read(|served| {
            let now = served.position();
            let items = if now.epoch == sent.epoch { served.delta(scope, sent.revision) } else { Vec::new() };
            (now, items)
        });
        if now.epoch != sent.epoch {
            self.send(Message::Reset(Reset { reason: ResetReason::OtherEpoch as i32 })).await?;
            return self.send_snapshot().await;
        }
        if now.revision < sent.revision {
            self.send(Message::Reset(Reset { reason: ResetReason::FutureRevision as i32 })).await?;
            return self.send_snapshot().await;
        }
        if now.revision == sent.revision {
            return Ok(());
        }
        if items.iter().map(|item| item.payload.len()).sum::<usize>() > DELTA_BYTES {
            return self.send_snapshot().await;
        }
        let items = items.iter().map(|item| Item::clone(item)).collect();
        self.send(Message::Delta(Delta { from: sent.revision, to: now.revision, items })).await?;
        self.sent = now;
        Ok(())
    }

    async fn send_kills(&mut self) -> Step {
        let scope = self.scope;
        let (epoch, (revision, kills)) =
            self.delivery.read(|served| (served.position().epoch, served.kills(scope)));
        let position = state::Position { epoch, revision };
        if self.kills_sent == Some(position) {
            return Ok(());
        }
        self.send(Message::Kills(Kills { epoch: epoch.as_bytes().to_vec(), revision, kills })).await?;
        self.kills_sent = Some(position);
        Ok(())
    }

    /// Sends everything in chunks; a kill that comes meanwhile goes between two of them.
    async fn send_snapshot(&mut self) -> Step {
        let scope = self.scope;
        let (now, items, digest) =
            self.delivery.write(|served| (served.position(), served.snapshot(scope), served.digest(scope)));
        let position = Position { epoch: now.epoch.as_bytes().to_vec(), revision: now.revision };
        self.send(Message::SnapshotBegin(SnapshotBegin { position: Some(position) })).await?;
        let (mut chunk, mut bytes, count) = (Vec::new(), 0, items.len() as u64);
        for item in items {
            bytes += item.payload.len();
            chunk.push(Item::clone(&item));
            if bytes >= CHUNK_BYTES {
                self.send_kills().await?;
                self.send(Message::SnapshotChunk(SnapshotChunk { items: std::mem::take(&mut chunk) }))
                    .await?;
                bytes = 0;
            }
        }
        if !chunk.is_empty() {
            self.send(Message::SnapshotChunk(SnapshotChunk { items: chunk })).await?;
        }
        self.send(Message::SnapshotEnd(SnapshotEnd { count, digest: digest.to_bytes() })).await?;
        self.sent = now;
        // The head may have moved while the snapshot was sent.
        Box::pin(self.catch_up()).await
    }

    async fn heartbeat(&mut self) -> Step {
        self.catch_up().await?;
        let (scope, sent) = (self.scope, self.sent);
        let (head, digest) = self.delivery.write(|served| (served.position(), served.digest(scope)));
        if head != sent {
            // Moved since; the next catch-up is on its way, and the digest belongs to the head.
            return Ok(());
        }
        self.send(Message::Heartbeat(Heartbeat {
            epoch: sent.epoch.as_bytes().to_vec(),
            through: sent.revision,
            head: head.revision,
            digest: digest.to_bytes(),
        }))
        .await
    }

    /// Ends the stream of a client that was disabled or lost its key.
    fn check_client(&self) -> Step {
        let now = clock::now();
        let allowed = self.delivery.read(|served| {
            let client = served.edge_client(self.client.id)?;
            client.holds(&self.key_id, now).then_some(client.scope)
        });
        if allowed == Some(self.scope) {
            return Ok(());
        }
        Err(End::Refused(Status::unauthenticated("the client was disabled, or its key is no longer valid")))
    }

    async fn send(&self, message: Message) -> Step {
        let message = BackendMessage { message: Some(message) };
        match timeout(SEND_WITHIN, self.sender.send(Ok(message))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Lost),
        }
    }
}

async fn told_to_stop(shutdown: &mut watch::Receiver<bool>) {
    // A sender that is gone means the end as well.
    let _ = shutdown.wait_for(|stop| *stop).await;
}
