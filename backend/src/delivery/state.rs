//! The served state: every delivered thing at its newest, with the revision that last touched it.

use std::{
    collections::{BTreeMap, HashMap, btree_map},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use fluxgate_proto::{
    digest::{Digest, ItemHash},
    v1::{Item, Kill},
};
use uuid::Uuid;

use super::snapshot::{Snapshot, Snapshots};

/// What one EDGE client may see: a team, and one of its environments or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The team.
    pub team: Uuid,
    /// One environment; all when absent.
    pub environment: Option<Uuid>,
}

impl Scope {
    /// Whether something of a team, in one environment or in all, is within.
    pub fn covers(&self, team: Uuid, environment: Option<Uuid>) -> bool {
        let meets = match (self.environment, environment) {
            (Some(mine), Some(its)) => mine == its,
            _ => true,
        };
        self.team == team && meets
    }
}

/// A place in the history of one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which database.
    pub epoch: Uuid,
    /// How far.
    pub revision: u64,
}

/// One delivered thing; an empty payload says that it is gone.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Whose it is.
    pub team: Uuid,
    /// Where it counts; everywhere when absent.
    pub environment: Option<Uuid>,
    /// As it travels.
    pub item: Arc<Item>,
}

/// A kill switch that is on, or was.
#[derive(Clone, Debug)]
pub struct KillEntry {
    /// Whose it is.
    pub team: Uuid,
    /// Where.
    pub environment: Uuid,
    /// Of which feature.
    pub feature: String,
    /// Whether it is on.
    pub on: bool,
    /// The revision that turned it.
    pub revision: u64,
}

/// A client of kind EDGE; absent from the state when it may not connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeClient {
    /// The client.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What it may see.
    pub scope: Scope,
    /// Its keys.
    pub keys: Vec<EdgeKey>,
}

/// A key of an EDGE client, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeKey {
    /// The eight characters that it shows.
    pub id: String,
    /// The hash of its whole text.
    pub sha256: Vec<u8>,
    /// Until when it holds.
    pub not_after: Option<DateTime<Utc>>,
}

impl EdgeClient {
    /// Whether a key of the client holds at a time.
    pub fn holds(&self, key_id: &str, now: DateTime<Utc>) -> bool {
        self.keys.iter().any(|key| key.id == key_id && key.not_after.is_none_or(|end| now < end))
    }
}

/// An item's kind and id.
pub type Key = (i32, Uuid);

/// What was read from the database, to be merged.
#[derive(Default)]
pub struct Loaded {
    /// Where this leads to.
    pub position: Option<Position>,
    /// Revisions up to here are no longer in the log.
    pub compacted: u64,
    /// Tells the revision from another of the same number, in a history that was lost.
    pub mark: Option<Uuid>,
    /// Everything there is, rather than what changed.
    pub whole: bool,
    /// Items by key.
    pub entries: Vec<(Key, Entry)>,
    /// Kill switches by stage.
    pub kills: Vec<(Uuid, KillEntry)>,
    /// EDGE clients by id; `None` for those that may not connect.
    pub edge_clients: Vec<(Uuid, Option<EdgeClient>)>,
}

/// The served state.
#[derive(Default)]
pub struct Served {
    epoch: Uuid,
    revision: u64,
    compacted: u64,
    mark: Option<Uuid>,
    entries: HashMap<Key, Entry>,
    order: BTreeMap<u64, Vec<Key>>,
    kills: HashMap<Uuid, KillEntry>,
    edge_clients: HashMap<Uuid, EdgeClient>,
    digests: HashMap<Scope, Digest>,
    snapshots: Snapshots,
}

impl Served {
    /// How far the state is.
    pub fn position(&self) -> Position {
        Position { epoch: self.epoch, revision: self.revision }
    }

    /// What tells its revision from another of the same number.
    pub fn mark(&self) -> Option<Uuid> {
        self.mark
    }

    /// Below this there is no delta, only a snapshot.
    pub fn compacted(&self) -> u64 {
        self.compacted
    }

    /// Takes in what was read while the state was at `have`. Two may read at once: what was read from a state that is no
    /// more would take a newer one back, so it is left out, which the answer tells.
    pub fn merge_onto(&mut self, have: Position, loaded: Loaded) -> bool {
        let current = self.position() == have;
        if current {
            self.merge(loaded);
        }
        current
    }

    /// Takes in what was read; a whole replaces everything.
    pub fn merge(&mut self, loaded: Loaded) {
        if loaded.whole {
            *self = Served::default();
        }
        let Some(position) = loaded.position else { return };
        (self.epoch, self.revision, self.compacted) = (position.epoch, position.revision, loaded.compacted);
        self.mark = loaded.mark;
        for (key, entry) in loaded.entries {
            self.replace(key, entry);
        }
        self.kills.extend(loaded.kills);
        for (id, client) in loaded.edge_clients {
            match client {
                Some(client) => self.edge_clients.insert(id, client),
                None => self.edge_clients.remove(&id),
            };
        }
    }

    fn replace(&mut self, key: Key, entry: Entry) {
        let after = ItemHash::of(&entry.item);
        let before = self.entries.get(&key);
        let hash = before.map(|entry| ItemHash::of(&entry.item)).unwrap_or_default();
        for (scope, digest) in &mut self.digests {
            if scope.covers(entry.team, entry.environment) {
                digest.replace(hash, after);
            }
        }
        if let Some(old) = before.map(|before| before.item.revision)
            && let btree_map::Entry::Occupied(mut keys) = self.order.entry(old)
        {
            keys.get_mut().retain(|other| *other != key);
            if keys.get().is_empty() {
                keys.remove();
            }
        }
        self.order.entry(entry.item.revision).or_default().push(key);
        self.entries.insert(key, entry);
    }

    /// What a scope has above a revision, each item at its newest, in the order of revisions.
    pub fn delta(&self, scope: Scope, above: u64) -> Vec<Arc<Item>> {
        let keys = self.order.range(above + 1..).flat_map(|(_, keys)| keys);
        keys.filter_map(|key| self.entries.get(key))
            .filter(|entry| scope.covers(entry.team, entry.environment))
            .map(|entry| Arc::clone(&entry.item))
            .collect()
    }

    /// What every scope has above a revision, in the order of revisions.
    pub fn changed(&self, above: u64) -> Vec<Arc<Item>> {
        let keys = self.order.range(above + 1..).flat_map(|(_, keys)| keys);
        keys.filter_map(|key| Some(Arc::clone(&self.entries.get(key)?.item))).collect()
    }

    /// The kill switches that are on: environment and feature.
    pub fn killed(&self) -> impl Iterator<Item = (Uuid, &str)> {
        self.kills.values().filter(|kill| kill.on).map(|kill| (kill.environment, kill.feature.as_str()))
    }

    /// All that a scope has and that is not gone.
    pub fn snapshot(&self, scope: Scope) -> Vec<Arc<Item>> {
        let entries = self.entries.values().filter(|entry| scope.covers(entry.team, entry.environment));
        entries.filter(|entry| !entry.item.payload.is_empty()).map(|entry| Arc::clone(&entry.item)).collect()
    }

    /// The same, encoded, of now or a moment ago: only behind `at_least` never.
    pub fn shared_snapshot(&mut self, scope: Scope, at_least: u64, now: DateTime<Utc>) -> Arc<Snapshot> {
        let head = self.position();
        if let Some(found) = self.snapshots.find(scope, (head, at_least), now) {
            return found;
        }
        let digest = self.digest(scope);
        let snapshot = Arc::new(Snapshot::new(head, &self.snapshot(scope), digest));
        self.snapshots.keep(scope, &snapshot, now);
        snapshot
    }

    /// The digest of a scope at the state's revision; the first question adds it up, merges keep it.
    pub fn digest(&mut self, scope: Scope) -> Digest {
        if let Some(known) = self.digests.get(&scope) {
            return *known;
        }
        let mut digest = Digest::default();
        for entry in self.entries.values().filter(|entry| scope.covers(entry.team, entry.environment)) {
            digest.replace(ItemHash::default(), ItemHash::of(&entry.item));
        }
        self.digests.insert(scope, digest);
        digest
    }

    /// The kill switches that are on in a scope, and the revision that last turned one there.
    pub fn kills(&self, scope: Scope) -> (u64, Vec<Kill>) {
        let mine = || self.kills.values().filter(|kill| scope.covers(kill.team, Some(kill.environment)));
        let revision = mine().map(|kill| kill.revision).max().unwrap_or(0);
        let on = mine().filter(|kill| kill.on).map(|kill| Kill {
            environment_id: kill.environment.as_bytes().to_vec(),
            feature_key: kill.feature.clone(),
        });
        (revision, on.collect())
    }

    /// A client of kind EDGE that may connect.
    pub fn edge_client(&self, id: Uuid) -> Option<&EdgeClient> {
        self.edge_clients.get(&id)
    }

    /// The EDGE client that a key belongs to, and that key.
    pub fn edge_key(&self, key_id: &str) -> Option<(&EdgeClient, &EdgeKey)> {
        let mut all =
            self.edge_clients.values().flat_map(|client| client.keys.iter().map(move |key| (client, key)));
        all.find(|(_, key)| key.id == key_id)
    }
}

impl From<Loaded> for Served {
    fn from(loaded: Loaded) -> Served {
        let mut served = Served::default();
        served.merge(loaded);
        served
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(team: Uuid, environment: Uuid, revision: u64, payload: &[u8]) -> Entry {
        let item =
            Item { kind: 1, id: revision.to_le_bytes().repeat(2), revision, payload: payload.to_vec() };
        Entry { team, environment: Some(environment), item: Arc::new(item) }
    }

    fn loaded(revision: u64, entries: Vec<(Key, Entry)>) -> Loaded {
        let position = Some(Position { epoch: Uuid::from_u128(9), revision });
        Loaded { position, entries, ..Loaded::default() }
    }

    #[test]
    fn what_was_read_from_an_older_state_takes_nothing_back() {
        let [team, env, a] = [1, 2, 3].map(Uuid::from_u128);
        let item = |revision, payload| loaded(revision, vec![((1, a), entry(team, env, revision, payload))]);
        let mut served = Served::from(item(1, b"first"));
        let have = served.position();
        // Two readers begin at the same state; the one that saw more is done first.
        assert!(served.merge_onto(have, item(3, b"third")));
        assert!(!served.merge_onto(have, item(2, b"second")));
        let scope = Scope { team, environment: Some(env) };
        assert_eq!((served.position().revision, &served.snapshot(scope)[0].payload[..]), (3, &b"third"[..]));
    }

    #[test]
    fn deltas_and_digests_follow_the_scope() {
        let [team, other, env, elsewhere, a, b, c] = [1, 2, 3, 4, 5, 6, 7].map(Uuid::from_u128);
        let mut served = Served::from(loaded(
            3,
            vec![
                ((1, a), entry(team, env, 1, b"a")),
                ((1, b), entry(team, elsewhere, 2, b"b")),
                ((1, c), entry(other, env, 3, b"c")),
            ],
        ));
        let one = Scope { team, environment: Some(env) };
        let all = Scope { team, environment: None };
        let revisions = |items: Vec<Arc<Item>>| items.iter().map(|item| item.revision).collect::<Vec<_>>();
        assert_eq!(revisions(served.delta(one, 0)), [1]);
        assert_eq!(revisions(served.delta(all, 0)), [1, 2]);
        assert_eq!(revisions(served.delta(all, 1)), [2]);
        let before = served.digest(one);
        served.merge(loaded(4, vec![((1, a), entry(team, env, 4, b"a2"))]));
        assert_eq!(revisions(served.delta(one, 1)), [4]);
        assert_ne!(served.digest(one), before);
        served.merge(loaded(5, vec![((1, a), entry(team, env, 5, b""))]));
        assert_eq!(served.digest(one), Digest::default());
        assert_eq!(served.snapshot(one).len(), 0);
        assert_eq!(revisions(served.delta(one, 4)), [5], "a removal is an item of a delta");
    }
}
