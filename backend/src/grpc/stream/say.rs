//! What to say next: whose the edge is, kills ahead of all that waits, then what it misses, then how far everything is.

use std::sync::Arc;

use fluxgate_proto::{
    MAX_MESSAGE_BYTES,
    v1::{Delta, Goodbye, Heartbeat, Item, Kills, Reset, ResetReason, Welcome, backend_message::Message},
};
use tonic::Status;

use super::machine::{End, HEARTBEAT, Machine, Now, Output, refuse};
use crate::delivery::{
    snapshot::Snapshot,
    state::{Position, Served},
};

/// Above how many bytes is a snapshot sent in place of a delta?
const DELTA_BYTES: usize = MAX_MESSAGE_BYTES / 2;

/// What an edge is to be sent.
#[derive(Debug)]
pub(super) enum Todo {
    /// Nothing before it said what it has.
    Wait,
    /// A reset for a reason, then a snapshot.
    Reset(ResetReason),
    /// A snapshot from that part on.
    Snapshot(Arc<Snapshot>, usize),
    /// What is above its position.
    Follow,
}

impl Machine {
    /// The most urgent message, if there is any.
    pub(super) fn say(&mut self, served: &mut Served, now: Now) -> Vec<Output> {
        if matches!(self.todo, Todo::Wait) {
            return Vec::new();
        }
        if !self.check_client(served, now) {
            let why = "the client was disabled, or its key is no longer valid";
            return refuse(Status::unauthenticated(why));
        }
        if let Some(reason) = self.leaving
            && (self.stopping || !matches!(self.todo, Todo::Snapshot(..)))
        {
            let goodbye = Message::Goodbye(Goodbye { reason: reason.to_owned() });
            return vec![Output::Send(goodbye), Output::End(End::Left)];
        }
        let message = self.welcome().or_else(|| self.kills(served)).or_else(|| self.next(served, now));
        message.map(Output::Send).into_iter().collect()
    }

    /// Whether the client may still be told anything. Its scope never changes, its keys do.
    fn check_client(&mut self, served: &Served, now: Now) -> bool {
        match served.edge_client(self.client.id) {
            Some(client) if client.holds(&self.key_id, now.at) && client.scope == self.client.scope => {
                if client.keys != self.client.keys {
                    self.client = client.clone();
                }
                true
            }
            _ => false,
        }
    }

    /// Whose the edge is, with which it keeps what it holds on disk.
    fn welcome(&mut self) -> Option<Message> {
        if self.keys_told.as_ref() == Some(&self.client.keys) {
            return None;
        }
        self.keys_told = Some(self.client.keys.clone());
        let key_sha256 = self.client.keys.iter().map(|key| key.sha256.clone()).collect();
        let client_id = self.client.id.as_bytes().to_vec();
        Some(Message::Welcome(Welcome { client_id, key_sha256, unit_key: self.unit_key.clone() }))
    }

    fn kills(&mut self, served: &Served) -> Option<Message> {
        let (revision, kills) = served.kills(self.client.scope);
        let position = Position { revision, ..served.position() };
        if self.kills_sent == Some(position) {
            return None;
        }
        self.kills_sent = Some(position);
        let epoch = position.epoch.as_bytes().to_vec();
        Some(Message::Kills(Kills { epoch, revision, kills }))
    }

    fn next(&mut self, served: &mut Served, now: Now) -> Option<Message> {
        let head = served.position();
        let epoch = match &self.todo {
            Todo::Snapshot(snapshot, _) => snapshot.position.epoch,
            _ => self.sent.epoch,
        };
        if epoch != head.epoch {
            self.todo = Todo::Reset(ResetReason::OtherEpoch);
        } else if matches!(self.todo, Todo::Follow) && head.revision < self.sent.revision {
            self.todo = Todo::Reset(ResetReason::FutureRevision);
        }
        match &mut self.todo {
            Todo::Wait => None,
            Todo::Reset(reason) => {
                let reason = *reason;
                Some(self.reset(reason, served, now))
            }
            Todo::Snapshot(snapshot, part) => {
                let message = snapshot.parts.get(*part).cloned();
                *part += 1;
                if *part >= snapshot.parts.len() {
                    self.sent = snapshot.position;
                    self.todo = Todo::Follow;
                }
                message
            }
            Todo::Follow => self.delta(served, now).or_else(|| self.heartbeat(served, now)),
        }
    }

    fn reset(&mut self, reason: ResetReason, served: &mut Served, now: Now) -> Message {
        let head = served.position();
        // Behind what it held in the same history an edge takes no snapshot, unless that history went back.
        let back = self.sent.epoch != head.epoch || reason == ResetReason::FutureRevision;
        let at_least = if back { 0 } else { self.sent.revision };
        if reason == ResetReason::FutureRevision {
            // Those that were sent may have been too old to take, before the edge knew why.
            self.kills_sent = None;
        }
        // Nor one that could not be continued.
        let newest = at_least.max(served.compacted());
        self.todo = Todo::Snapshot(served.shared_snapshot(self.client.scope, newest, now.at), 0);
        self.sent = Position { epoch: head.epoch, revision: at_least };
        Message::Reset(Reset { reason: reason.into() })
    }

    fn delta(&mut self, served: &mut Served, now: Now) -> Option<Message> {
        let (head, from) = (served.position(), self.sent.revision);
        if head.revision == from {
            return None;
        }
        if from < served.compacted() {
            return Some(self.reset(ResetReason::Compacted, served, now));
        }
        let items = served.delta(self.client.scope, from);
        if items.iter().map(|item| item.payload.len()).sum::<usize>() > DELTA_BYTES {
            let snapshot = served.shared_snapshot(self.client.scope, from + 1, now.at);
            self.todo = Todo::Snapshot(snapshot, 0);
            return self.next(served, now);
        }
        self.sent = head;
        let items = items.iter().map(|item| Item::clone(item)).collect();
        Some(Message::Delta(Delta { from, to: head.revision, items }))
    }

    /// Through the same queue as everything else, so that it speaks of what was sent before it.
    fn heartbeat(&mut self, served: &mut Served, now: Now) -> Option<Message> {
        if now.elapsed < self.beat_at {
            return None;
        }
        self.beat_at = now.elapsed + HEARTBEAT;
        Some(Message::Heartbeat(Heartbeat {
            epoch: self.sent.epoch.as_bytes().to_vec(),
            through: self.sent.revision,
            head: served.position().revision,
            digest: served.digest(self.client.scope).to_bytes(),
            kills: self.kills_sent.map(|kills| kills.revision),
        }))
    }
}
