//! What is served, as one immutable value: environments with their flags, kill switches, and who may ask.
//!
//! A new state shares everything that did not change with the one before it; an evaluation takes no lock and copies nothing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use fluxgate_engine::{Flags, Served};
use uuid::Uuid;

use crate::caller::{Caller, Credential, KeyId};
use crate::flag::{ByKey, ServedFlag};
use crate::listing::{Listing, Version};

/// The keys of the features whose kill switch is on, by environment.
pub(crate) type Kills = HashMap<Uuid, HashSet<Box<str>>>;

/// Everything that an edge serves.
///
/// Grows and changes item by item, and is served through `share`, which brings up to date what is prepared.
#[derive(Debug, Default)]
pub struct State {
    pub(crate) epoch: Uuid,
    pub(crate) revision: u64,
    environments: HashMap<Uuid, Environment>,
    by_key: HashMap<Box<str>, Vec<Uuid>>,
    credentials: Arc<HashMap<KeyId, Credential>>,
    kills: Arc<Kills>,
    kills_revision: Option<u64>,
    /// Whether kill switches changed since the last `share`.
    kills_moved: bool,
}

/// What an environment is called, and whose it is.
#[derive(Debug, PartialEq, Eq)]
pub struct EnvironmentName {
    /// Its key, unique within the team.
    pub key: Box<str>,
    /// The team's key.
    pub team: Box<str>,
}

#[derive(Clone, Debug, Default)]
struct Environment {
    /// None until its own item arrived; its flags may arrive first.
    name: Option<Arc<EnvironmentName>>,
    flags: Arc<HashSet<ByKey>>,
    /// The same flags in order, as of the last `share`.
    listing: Arc<Listing>,
    /// What came or went since.
    touched: Vec<Arc<ServedFlag>>,
}

/// One environment of a state, as the engine sees it.
#[derive(Clone, Copy, Debug)]
pub struct View<'s> {
    id: Uuid,
    environment: &'s Environment,
    kills: Option<&'s HashSet<Box<str>>>,
}

/// One delivered thing, understood.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// What a feature serves in an environment.
    Flag(Uuid, Arc<ServedFlag>),
    /// An environment that may be named.
    Environment(Uuid, Arc<EnvironmentName>),
    /// Somebody who may ask.
    Caller(Arc<Caller>),
}

impl State {
    /// Returns the revision that this state is the exact effect of.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the history that the revision belongs to.
    pub fn epoch(&self) -> Uuid {
        self.epoch
    }

    /// Returns the revision of the kill switches; none before there were any to know.
    pub fn kills_revision(&self) -> Option<u64> {
        self.kills_revision
    }

    /// Returns how many environments and flags there are.
    pub fn sizes(&self) -> (usize, usize) {
        (self.environments.len(), self.environments.values().map(|environment| environment.flags.len()).sum())
    }

    /// Returns an environment by its id, and to whom it belongs.
    pub fn environment(&self, id: Uuid) -> Option<(View<'_>, &EnvironmentName)> {
        let environment = self.environments.get(&id)?;
        let name = environment.name.as_deref()?;
        let kills = if self.kills.is_empty() { None } else { self.kills.get(&id) };
        Some((View { id, environment, kills }, name))
    }

    /// Returns the environments of that key, one for each team that has it.
    pub fn environments_named(&self, key: &str) -> &[Uuid] {
        self.by_key.get(key).map_or(&[], Vec::as_slice)
    }

    /// Returns whose key that is.
    pub(crate) fn credential(&self, id: &KeyId) -> Option<&Credential> {
        self.credentials.get(id)
    }

    /// Returns whether the other state knows the very same callers.
    pub(crate) fn has_the_callers_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.credentials, &other.credentials)
    }

    /// Returns the versions of an environment: of all flags, and of what decides those that everybody may see.
    pub(crate) fn versions(&self, id: Uuid) -> Option<(Version, Version)> {
        let environment = self.environments.get(&id)?;
        environment.name.as_ref()?;
        Some((environment.listing.version(false), environment.listing.version(true)))
    }

    /// Returns what is now to be served. Costs as much as has changed, and a copy of the index of every flag where some did.
    pub(crate) fn share(&mut self) -> Arc<Self> {
        for (id, environment) in &mut self.environments {
            environment.list(self.kills.get(id), self.kills_moved);
        }
        self.kills_moved = false;
        Arc::new(Self {
            epoch: self.epoch,
            revision: self.revision,
            environments: self.environments.clone(),
            by_key: self.by_key.clone(),
            credentials: Arc::clone(&self.credentials),
            kills: Arc::clone(&self.kills),
            kills_revision: self.kills_revision,
            kills_moved: false,
        })
    }

    pub(crate) fn set_kills(&mut self, kills: Arc<Kills>, revision: u64) {
        self.kills = kills;
        self.kills_revision = Some(revision);
        self.kills_moved = true;
    }

    pub(crate) fn put(&mut self, content: &Content) {
        match content {
            Content::Flag(environment, flag) => {
                let environment = self.environments.entry(*environment).or_default();
                Arc::make_mut(&mut environment.flags).replace(ByKey(Arc::clone(flag)));
                environment.touched.push(Arc::clone(flag));
            }
            Content::Environment(id, name) => {
                self.environments.entry(*id).or_default().name = Some(Arc::clone(name));
                self.by_key.entry(name.key.clone()).or_default().push(*id);
            }
            Content::Caller(caller) => {
                let credentials = Arc::make_mut(&mut self.credentials);
                credentials.extend(Credential::all(caller));
            }
        }
    }

    /// Removes what `put` put, unless something else has taken its place since.
    pub(crate) fn take_back(&mut self, content: &Content) {
        match content {
            Content::Flag(id, flag) => {
                let Some(environment) = self.environments.get_mut(id) else { return };
                let held = environment.flags.get(flag.flag().key());
                if held.is_some_and(|held| Arc::ptr_eq(&held.0, flag)) {
                    Arc::make_mut(&mut environment.flags).remove(flag.flag().key());
                    environment.touched.push(Arc::clone(flag));
                }
                self.forget_empty(*id);
            }
            Content::Environment(id, name) => {
                if let Some(environment) = self.environments.get_mut(id) {
                    environment.name = None;
                }
                if let Some(ids) = self.by_key.get_mut(&name.key) {
                    ids.retain(|candidate| candidate != id);
                    if ids.is_empty() {
                        self.by_key.remove(&name.key);
                    }
                }
                self.forget_empty(*id);
            }
            Content::Caller(caller) => {
                let credentials = Arc::make_mut(&mut self.credentials);
                credentials.retain(|_, held| !Arc::ptr_eq(&held.caller, caller));
            }
        }
    }

    fn forget_empty(&mut self, id: Uuid) {
        if let Some(environment) = self.environments.get(&id)
            && environment.name.is_none()
            && environment.flags.is_empty()
        {
            self.environments.remove(&id);
        }
    }
}

impl Environment {
    /// Brings the listing up to date.
    fn list(&mut self, kills: Option<&HashSet<Box<str>>>, kills_moved: bool) {
        let killed = kills_moved && (kills.is_some() || self.listing.has_kills());
        if self.touched.is_empty() && !killed {
            return;
        }
        let listing = Arc::make_mut(&mut self.listing);
        listing.update(&self.touched, &self.flags);
        listing.finish(kills, &self.flags);
        self.touched = Vec::new();
    }
}

impl<'s> View<'s> {
    /// Returns the environment's id.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// Returns every flag in the order of their keys.
    pub(crate) fn listing(&self) -> &'s Arc<Listing> {
        &self.environment.listing
    }

    /// Returns a flag with what is served beside it.
    pub fn flag(&self, key: &str) -> Option<&'s Arc<ServedFlag>> {
        self.environment.flags.get(key).map(|found| &found.0)
    }
}

impl Flags for View<'_> {
    fn get(&self, key: &str) -> Option<Served<'_>> {
        let flag = self.flag(key)?.flag();
        Some(Served { flag, killed: self.kills.is_some_and(|kills| kills.contains(key)) })
    }
}
