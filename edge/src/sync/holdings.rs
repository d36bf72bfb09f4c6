//! What an edge holds of one history: items at a revision, kill switches beside them, and a snapshot being staged.
//!
//! Knows nothing of streams: each message is either applied whole or refused with a reason.

use std::sync::Arc;

use fluxgate_proto::convert;
use fluxgate_proto::v1::{BadItem, Delta, Heartbeat, Item, Kill, Kills, Position, SnapshotEnd};
use thiserror::Error;
use uuid::Uuid;

use super::image::Image;
use super::read::Read;
use super::replica::Replica;
use crate::state::{self, State};

/// Everything that is held.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    replica: Option<Replica>,
    staging: Option<Staging>,
    kills: Option<HeldKills>,
}

#[derive(Debug)]
struct Staging {
    replica: Replica,
    count: u64,
    bad: Vec<BadItem>,
}

#[derive(Debug)]
struct HeldKills {
    epoch: Uuid,
    revision: u64,
    set: Arc<state::Kills>,
}

impl HeldKills {
    fn to_wire(&self) -> Kills {
        let kill = |environment: &Uuid, key: &str| Kill {
            environment_id: environment.as_bytes().to_vec(),
            feature_key: key.to_owned(),
        };
        let kills = self.set.iter().flat_map(|(id, keys)| keys.iter().map(move |key| kill(id, key)));
        Kills { epoch: self.epoch.as_bytes().to_vec(), revision: self.revision, kills: kills.collect() }
    }
}

/// Why a message was not applied.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Refused {
    /// Changes are missing between what is held and what was sent.
    #[error("changes are missing")]
    Gap,
    /// The message belongs to another history.
    #[error("the backend speaks of another epoch")]
    Epoch,
    /// A snapshot of the same epoch would take the edge back in time, and nobody said that the database went back.
    #[error("the snapshot is older than what is held")]
    Older,
    /// Both sides hold something else at the same revision.
    #[error("the digest differs")]
    Digest,
    /// A snapshot is not as long as it says.
    #[error("the snapshot has {got} items instead of {told}")]
    SnapshotCount {
        /// How many arrived.
        got: u64,
        /// How many should have.
        told: u64,
    },
    /// A snapshot's digest is not what it says.
    #[error("the snapshot's digest differs")]
    SnapshotDigest,
    /// A message that makes no sense here.
    #[error("a message is out of place")]
    Misplaced,
    /// A part of it is not what it should be.
    #[error("a message cannot be understood: {0}")]
    Unreadable(String),
}

/// What to serve after a message, and the items of it that could not be understood.
pub(super) type Applied = Result<(Arc<State>, Vec<BadItem>), Refused>;

impl From<convert::ConvertError> for Refused {
    fn from(error: convert::ConvertError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl Holdings {
    pub(super) fn position(&self) -> Option<(Uuid, u64)> {
        self.replica.as_ref().map(|replica| (replica.state().epoch, replica.state().revision))
    }

    pub(super) fn revision(&self) -> u64 {
        self.position().map_or(0, |(_, revision)| revision)
    }

    pub(super) fn kills_revision(&self) -> Option<u64> {
        self.kills.as_ref().map(|kills| kills.revision)
    }

    pub(super) fn digest(&self) -> Vec<u8> {
        self.replica.as_ref().map(Replica::digest).unwrap_or_default().to_bytes()
    }

    pub(super) fn is_staging(&self) -> bool {
        self.staging.is_some()
    }

    /// Returns what there is to keep on disk; none before there is anything to serve.
    pub(super) fn image(&self) -> Option<Image> {
        let replica = self.replica.as_ref()?;
        let (items, last_good) = replica.items();
        let (epoch, revision) = (replica.state().epoch, replica.state().revision);
        let kills = self.kills.as_ref().map(HeldKills::to_wire);
        Some(Image { epoch, revision, kills, items, last_good, ..Image::default() })
    }

    /// Holds what an image says, as if it had just arrived.
    pub(super) fn restore(&mut self, image: &Image) -> Applied {
        let mut replica = Replica::default();
        replica.state_mut().epoch = image.epoch;
        replica.state_mut().revision = image.revision;
        for item in &image.last_good {
            // What was understood once and is no more says so below, as the item in its place is no better.
            let _ = replica.apply(Read::new(Arc::clone(item)), None);
        }
        let read = Read::all(&image.items).into_iter();
        let bad = read.filter_map(|read| replica.apply(read, None).err()).collect();
        self.replica = Some(replica);
        if let Some(kills) = &image.kills {
            self.set_kills(kills)?;
        }
        let state = self.replica.as_mut().map(|replica| replica.state_mut().share());
        Ok((state.unwrap_or_default(), bad))
    }

    /// Throws a snapshot away that is not complete; returns whether there was one.
    pub(super) fn drop_staging(&mut self) -> bool {
        self.staging.take().is_some()
    }

    /// Replaces the kill switches, unless newer ones of the same epoch are held: an older message never undoes a kill.
    pub(super) fn set_kills(&mut self, kills: &Kills) -> Result<Option<Arc<State>>, Refused> {
        let epoch = convert::uuid(&kills.epoch, "the epoch of the kills")?;
        let newer = |held: &HeldKills| held.epoch == epoch && held.revision > kills.revision;
        if self.kills.as_ref().is_some_and(newer) {
            return Ok(None);
        }
        let mut set = state::Kills::new();
        for kill in &kills.kills {
            let environment = convert::uuid(&kill.environment_id, "the environment of a kill")?;
            set.entry(environment).or_default().insert(kill.feature_key.as_str().into());
        }
        let set = Arc::new(set);
        self.kills = Some(HeldKills { epoch, revision: kills.revision, set: Arc::clone(&set) });
        Ok(self.replica.as_mut().map(|replica| {
            replica.state_mut().set_kills(set, kills.revision);
            replica.state_mut().share()
        }))
    }

    /// Applies the changes of a range that begins exactly where what is held ends.
    pub(super) fn delta(&mut self, delta: &Delta) -> Applied {
        if self.staging.is_some() {
            return Err(Refused::Misplaced);
        }
        let Some(replica) = &mut self.replica else { return Err(Refused::Gap) };
        if delta.from != replica.state().revision || delta.to < delta.from {
            return Err(Refused::Gap);
        }
        let read = delta.items.iter().map(|item| Read::new(Arc::new(item.clone())));
        let bad = read.filter_map(|read| replica.apply(read, None).err()).collect();
        replica.state_mut().revision = delta.to;
        Ok((replica.state_mut().share(), bad))
    }

    /// Lets the next kill switches be older than those held: the database went back.
    pub(super) fn let_kills_go_back(&mut self) {
        if let Some(kills) = &mut self.kills {
            kills.revision = 0;
        }
    }

    /// Begins to stage a snapshot; what is held goes on being served. Only with `back` may it be older.
    pub(super) fn begin(&mut self, position: Option<&Position>, back: bool) -> Result<(), Refused> {
        let position = position.ok_or_else(|| Refused::Unreadable("no position".to_owned()))?;
        let mut replica = Replica::default();
        replica.state_mut().epoch = convert::uuid(&position.epoch, "the epoch of the snapshot")?;
        replica.state_mut().revision = position.revision;
        let held = self.position().filter(|(epoch, _)| *epoch == replica.state().epoch);
        if !back && held.is_some_and(|(_, revision)| position.revision < revision) {
            return Err(Refused::Older);
        }
        self.staging = Some(Staging { replica, count: 0, bad: Vec::new() });
        Ok(())
    }

    /// Stages a part of a snapshot.
    pub(super) fn chunk(&mut self, items: Vec<Item>) -> Result<(), Refused> {
        let staging = self.staging.as_mut().ok_or(Refused::Misplaced)?;
        let items: Vec<_> = items.into_iter().map(Arc::new).collect();
        let read = match &self.replica {
            None => Read::all(&items),
            // Whoever is served meanwhile needs the other cores.
            Some(_) => items.into_iter().map(Read::new).collect(),
        };
        for read in read {
            staging.count += 1;
            if let Err(bad) = staging.replica.apply(read, self.replica.as_ref()) {
                staging.bad.push(bad);
            }
        }
        Ok(())
    }

    /// Replaces everything by the staged snapshot when it is complete, else throws it away.
    pub(super) fn end(&mut self, end: &SnapshotEnd) -> Applied {
        let mut staging = self.staging.take().ok_or(Refused::Misplaced)?;
        if staging.count != end.count {
            return Err(Refused::SnapshotCount { got: staging.count, told: end.count });
        }
        if staging.replica.digest().to_bytes() != end.digest {
            return Err(Refused::SnapshotDigest);
        }
        if let Some(kills) = &self.kills {
            staging.replica.state_mut().set_kills(Arc::clone(&kills.set), kills.revision);
        }
        let state = staging.replica.state_mut().share();
        self.replica = Some(staging.replica);
        Ok((state, staging.bad))
    }

    /// Compares what is held with what the backend says it sent.
    pub(super) fn compare(&self, beat: &Heartbeat) -> Result<(), Refused> {
        let (epoch, revision) = self.position().ok_or(Refused::Gap)?;
        if beat.epoch != epoch.as_bytes() {
            return Err(Refused::Epoch);
        }
        if beat.through != revision {
            return Err(Refused::Gap);
        }
        // Those of another replica may be newer, and stay.
        let kills = self.kills.as_ref().filter(|kills| kills.epoch == epoch).map(|kills| kills.revision);
        if beat.kills.is_some_and(|sent| kills.is_none_or(|held| held < sent)) {
            return Err(Refused::Gap);
        }
        if self.digest() != beat.digest {
            return Err(Refused::Digest);
        }
        Ok(())
    }
}
