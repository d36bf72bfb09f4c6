//! What was true at each revision, by the database, and whether all that was acknowledged is in it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::Outcome;
use super::database::Database;
use super::watch;

/// What a revision did to a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Did {
    /// This version went live.
    Version(u64),
    /// Its kill switch was turned: on, and the next time off.
    Turned,
}

/// A change as the database has it, or as a backend acknowledged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) revision: u64,
    pub(super) flag: String,
    pub(super) did: Did,
}

/// One epoch, as far as it was read.
#[derive(Clone, Debug, Default)]
struct History {
    changes: Vec<Change>,
    head: u64,
}

#[derive(Debug, Default)]
pub(super) struct Truth {
    epochs: HashMap<Uuid, History>,
    pub(super) epoch: Uuid,
    pub(super) head: u64,
    /// Where the next epoch goes on: at what the database had when it was dumped.
    next: History,
}

const NEWS: &str = "SELECT i.revision, i.kind, f.key, coalesce((SELECT t.version FROM change c
    JOIN change_item t ON t.change_id = c.id WHERE c.revision = i.revision AND t.stage_id = i.subject), 0)
  FROM delivery_item i JOIN stage s ON s.id = i.subject JOIN feature f ON f.id = s.feature_id
  WHERE i.kind IN ('STAGE', 'KILL')";

impl Truth {
    /// Reads what is new in the database.
    pub(super) async fn read(&mut self, database: &Database) -> Outcome<()> {
        let (epoch, head) = head(database).await?;
        let history = self.epochs.entry(epoch).or_insert_with(|| std::mem::take(&mut self.next));
        let sql = format!("{NEWS} AND i.revision > {} AND i.revision <= {head} ORDER BY 1", history.head);
        for row in database.sql(&sql).await? {
            history.changes.push(change(&row).ok_or_else(|| format!("odd row {row:?}"))?);
        }
        history.head = head;
        (self.epoch, self.head) = (epoch, head);
        Ok(())
    }

    /// Notes that what was read so far was dumped, and is what another epoch will begin with.
    pub(super) fn dumped(&mut self) {
        self.next = self.epochs.get(&self.epoch).cloned().unwrap_or_default();
    }

    /// Tells whether the database has what was acknowledged.
    pub(super) fn has(&self, change: &Change) -> bool {
        self.epochs.get(&self.epoch).is_some_and(|history| history.changes.contains(change))
    }

    fn until(&self, epoch: Uuid, revision: u64) -> Option<impl Iterator<Item = &Change>> {
        let history = self.epochs.get(&epoch).filter(|history| revision <= history.head)?;
        Some(history.changes.iter().take_while(move |change| change.revision <= revision))
    }
}

impl watch::Truth for Truth {
    fn flags(&self, epoch: Uuid, revision: u64) -> Option<BTreeMap<String, u64>> {
        let versions = self.until(epoch, revision)?.filter_map(|change| match change.did {
            Did::Version(version) => Some((change.flag.clone(), version)),
            Did::Turned => None,
        });
        Some(versions.collect())
    }

    fn killed(&self, epoch: Uuid, revision: u64) -> Option<BTreeSet<String>> {
        let mut killed = BTreeSet::new();
        for change in self.until(epoch, revision)?.filter(|change| change.did == Did::Turned) {
            if !killed.remove(&change.flag) {
                killed.insert(change.flag.clone());
            }
        }
        Some(killed)
    }
}

/// Returns the epoch and the newest revision.
pub(super) async fn head(database: &Database) -> Outcome<(Uuid, u64)> {
    let rows = database.sql("SELECT epoch, revision FROM delivery_head").await?;
    let row = rows.first().filter(|row| row.len() == 2).ok_or("the database has no head")?;
    Ok((row[0].parse()?, row[1].parse()?))
}

fn change(row: &[String]) -> Option<Change> {
    let [revision, kind, flag, version] = row else { return None };
    let did = if kind == "KILL" { Did::Turned } else { Did::Version(version.parse().ok()?) };
    Some(Change { revision: revision.parse().ok()?, flag: flag.clone(), did })
}
