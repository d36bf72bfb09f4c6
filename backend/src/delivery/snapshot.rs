//! Snapshots, encoded once and shared by all streams of a scope: a thousand edges that come at once cost one encoding.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_proto::{
    CHUNK_BYTES,
    digest::Digest,
    v1::{self, Item, SnapshotBegin, SnapshotChunk, SnapshotEnd, backend_message::Message},
};
use prost::{Message as _, bytes::Bytes};

use super::state::{Position, Scope};

/// How long may a snapshot be used that is not the newest? What changed since is sent behind it.
const USED_FOR: TimeDelta = TimeDelta::seconds(1);
/// How long is one kept that nobody is being sent?
const KEPT_FOR: TimeDelta = TimeDelta::seconds(60);

/// All that a scope has at a position, ready to be sent.
#[derive(Debug)]
pub struct Snapshot {
    /// What it is the state of.
    pub position: Position,
    /// Its messages, from beginning to end; a copy of one shares its bytes.
    pub parts: Vec<Message>,
}

impl Snapshot {
    /// Encodes items.
    pub fn new(position: Position, items: &[Arc<Item>], digest: Digest) -> Snapshot {
        let begin = v1::Position { epoch: position.epoch.as_bytes().to_vec(), revision: position.revision };
        let mut parts = vec![Message::SnapshotBegin(SnapshotBegin { position: Some(begin) })];
        let (mut chunk, mut bytes) = (Vec::new(), 0);
        for item in items {
            bytes += item.payload.len();
            chunk.push(Item::clone(item));
            if bytes >= CHUNK_BYTES {
                parts.push(encoded(std::mem::take(&mut chunk)));
                bytes = 0;
            }
        }
        if !chunk.is_empty() {
            parts.push(encoded(chunk));
        }
        parts
            .push(Message::SnapshotEnd(SnapshotEnd { count: items.len() as u64, digest: digest.to_bytes() }));
        Snapshot { position, parts }
    }
}

fn encoded(items: Vec<Item>) -> Message {
    Message::SnapshotChunk(Bytes::from(SnapshotChunk { items }.encode_to_vec()))
}

/// Snapshots that were made lately, by scope.
#[derive(Default)]
pub struct Snapshots(HashMap<Scope, (Arc<Snapshot>, DateTime<Utc>)>);

impl Snapshots {
    /// One that may be sent now, when the state is at `head`, to an edge that holds nothing newer than `at_least`.
    pub fn find(
        &self,
        scope: Scope,
        (head, at_least): (Position, u64),
        now: DateTime<Utc>,
    ) -> Option<Arc<Snapshot>> {
        let (snapshot, made) = self.0.get(&scope)?;
        let young = (TimeDelta::zero()..USED_FOR).contains(&(now - *made));
        let fits = snapshot.position.epoch == head.epoch && snapshot.position.revision >= at_least;
        (fits && (young || snapshot.position == head)).then(|| Arc::clone(snapshot))
    }

    /// Keeps one, and forgets those that nobody needs any more.
    pub fn keep(&mut self, scope: Scope, snapshot: &Arc<Snapshot>, now: DateTime<Utc>) {
        self.0.retain(|_, (kept, made)| Arc::strong_count(kept) > 1 || now - *made < KEPT_FOR);
        self.0.insert(scope, (Arc::clone(snapshot), now));
    }
}
