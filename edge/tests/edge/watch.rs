//! Watches what an edge served over time and says what should never have been: ordered, unique, atomic, nothing skipped,
//! resumable, never back in time, a kill never undone by an older message.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

/// What an edge served from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) epoch: Uuid,
    pub(crate) revision: u64,
    pub(crate) kills_revision: u64,
    /// Which version of which flag.
    pub(crate) flags: BTreeMap<String, u64>,
    pub(crate) killed: BTreeSet<String>,
}

/// What should be served at a revision; kill switches at a revision of theirs.
pub(crate) trait Truth {
    fn flags(&self, epoch: Uuid, revision: u64) -> Option<BTreeMap<String, u64>>;
    fn killed(&self, epoch: Uuid, revision: u64) -> Option<BTreeSet<String>>;
}

/// A record of one edge.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    served: Vec<Served>,
    /// What it said that it had, after so many things were served.
    resumed: Vec<(usize, Option<(Uuid, u64)>)>,
}

impl Watch {
    pub(crate) fn serves(&mut self, served: Served) {
        self.served.push(served);
    }

    pub(crate) fn resumes(&mut self, have: Option<(Uuid, u64)>) {
        self.resumed.push((self.served.len(), have));
    }

    /// What should never have been; nothing when all is well.
    pub(crate) fn violations(&self, truth: &dyn Truth) -> Vec<String> {
        let mut found = Vec::new();
        let mut at: HashMap<(Uuid, u64), &BTreeMap<String, u64>> = HashMap::new();
        for served in &self.served {
            let Served { epoch, revision, kills_revision, flags, killed } = served;
            if at.insert((*epoch, *revision), flags).is_some_and(|before| before != flags) {
                found.push(format!("unique: revision {revision} was served in two ways"));
            }
            match truth.flags(*epoch, *revision) {
                None => found.push(format!("nothing skipped: revision {revision} never was")),
                Some(should) if should != *flags => {
                    found.push(format!("atomic: revision {revision} is {should:?}, served was {flags:?}"));
                }
                Some(_) => {}
            }
            if truth.killed(*epoch, *kills_revision).is_none_or(|should| should != *killed) {
                found.push(format!("kills of {kills_revision} are not {killed:?}"));
            }
        }
        for pair in self.served.windows(2) {
            let [before, after] = pair else { continue };
            if before.epoch != after.epoch {
                continue;
            }
            if after.revision < before.revision {
                found.push(format!("back in time: from {} to {}", before.revision, after.revision));
            }
            if after.kills_revision < before.kills_revision {
                found.push(format!(
                    "a kill undone: from {} to {}",
                    before.kills_revision, after.kills_revision
                ));
            }
        }
        for (count, have) in &self.resumed {
            let last = count.checked_sub(1).map(|last| &self.served[last]);
            let served = last.map(|served| (served.epoch, served.revision));
            if have.is_some() && *have != served {
                found.push(format!("resumable: {have:?} is said to be held, served is {served:?}"));
            }
        }
        found
    }
}
