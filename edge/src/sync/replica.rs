//! Everything that was delivered, item by item, with the digest over it and the state that it amounts to.

use std::collections::HashMap;
use std::sync::Arc;

use fluxgate_proto::digest::{Digest, ItemHash};
use fluxgate_proto::v1::{BadItem, Item};

use super::read::Read;
use crate::state::{Content, State};

type ItemId = (i32, Box<[u8]>);

/// A copy of what the backend holds in this edge's scope.
#[derive(Debug, Default)]
pub(super) struct Replica {
    items: HashMap<ItemId, Held>,
    digest: Digest,
    state: State,
}

#[derive(Debug)]
struct Held {
    /// What arrived last, understood or not: the digest speaks of what was delivered, a Nack of what it meant.
    item: Arc<Item>,
    hash: ItemHash,
    /// The last version that was understood, and what it was read from.
    good: Option<(Content, Arc<Item>)>,
}

impl Replica {
    /// Returns what there is to serve.
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    pub(super) fn digest(&self) -> Digest {
        self.digest
    }

    /// Takes one item in; an item that cannot be understood leaves the last good version and is returned by name.
    ///
    /// A replica that is being staged finds that version in `served`, the one that it will replace.
    pub(super) fn apply(&mut self, read: Read, served: Option<&Replica>) -> Result<(), BadItem> {
        let Read { item, hash, content } = read;
        let id: ItemId = (item.kind, item.id.as_slice().into());
        let before = self.items.remove(&id);
        let before_hash = before.as_ref().map(|held| held.hash).unwrap_or_default();
        self.digest.replace(before_hash, hash);
        let last_good = before.and_then(|held| held.good);
        let Some(content) = content else {
            if let Some((content, _)) = last_good {
                self.state.take_back(&content);
            }
            return Ok(());
        };
        match content {
            Ok(content) => {
                if let Some((old, _)) = last_good {
                    self.state.take_back(&old);
                }
                self.state.put(&content);
                let good = Some((content, Arc::clone(&item)));
                self.items.insert(id, Held { item, hash, good });
                Ok(())
            }
            Err(reason) => {
                let good = last_good.or_else(|| {
                    let good = served?.items.get(&id)?.good.clone()?;
                    self.state.put(&good.0);
                    Some(good)
                });
                let bad = BadItem { kind: item.kind, id: item.id.clone(), reason };
                self.items.insert(id, Held { item, hash, good });
                Err(bad)
            }
        }
    }

    /// Returns all items as they arrived, and of those that were not understood the last version that was.
    pub(super) fn items(&self) -> (Vec<Arc<Item>>, Vec<Arc<Item>>) {
        let delivered = self.items.values().map(|held| Arc::clone(&held.item)).collect();
        let good = self.items.values().filter_map(|held| Some((&held.item, &held.good.as_ref()?.1)));
        let kept = good.filter(|(item, good)| !Arc::ptr_eq(item, good)).map(|(_, good)| Arc::clone(good));
        (delivered, kept.collect())
    }
}
