//! Which units wait to be told or asked about, and what to say next: no I/O, and time goes in.
//!
//! A unit of a flag whose splits changed is asked about at once; if nothing was kept, it is told like all others, with the
//! next flush. What is in doubt is sent again: the first that was committed wins, however often it comes.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use fluxgate_proto::assignment::{MAX_GROUPS, MAX_UNITS};
use fluxgate_proto::unit::{UnitHash, UnitKey};
use fluxgate_proto::v1::{Assignment, AssignmentBatch, AssignmentGroup, KeptAssignments, KeptGroup};
use uuid::Uuid;

use super::status::AssignmentStatus;
use super::table::Table;
use super::{Place, Seen, UnitId, mark};
use crate::sync::{Backoff, REFUSED};

/// How many units may wait? Without a backend for long, later ones are passed over until there is one.
const MAX_WAITING: usize = 200_000;

/// What to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// Ask what was kept.
    LookUp,
    /// Tell what was served.
    Push,
}

/// Why something that was sent came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nobody answered; soon somebody may.
    Away(String),
    /// The credentials are not good, or the backend is too old: that lasts.
    Refused(String),
    /// It is never to be sent again.
    Bad(String),
}

/// Under what units of an environment stand together in a batch.
type At = (Uuid, Arc<Place>);
type Groups = BTreeMap<At, Vec<(UnitHash, Seen)>>;

/// The units that wait.
#[derive(Debug)]
pub(super) struct Book {
    every: Duration,
    flush_at: Duration,
    retry_at: Duration,
    backoff: Backoff,
    asking: VecDeque<Seen>,
    telling: VecDeque<Seen>,
    /// Of all of them, and of those that were sent.
    waiting: HashSet<UnitId>,
    sent: Option<(Call, Groups)>,
    ending: bool,
    status: AssignmentStatus,
}

impl Book {
    /// Nobody waits; what comes is told so often.
    pub(super) fn new(every: Duration, now: Duration) -> Self {
        Self {
            every,
            flush_at: now + every,
            retry_at: now,
            backoff: Backoff::default(),
            asking: VecDeque::new(),
            telling: VecDeque::new(),
            waiting: HashSet::new(),
            sent: None,
            ending: false,
            status: AssignmentStatus::default(),
        }
    }

    pub(super) fn status(&self) -> AssignmentStatus {
        AssignmentStatus { waiting: self.waiting.len(), ..self.status.clone() }
    }

    /// Returns whether there is nothing left to do.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes note of a unit, which keeps what it was served from now on.
    pub(super) fn note(&mut self, seen: Seen, table: &Table) {
        if self.waiting.contains(&seen.id) {
            return;
        }
        if self.waiting.len() >= MAX_WAITING {
            self.status.passed_over += 1;
            return;
        }
        table.put(seen.id, mark(&seen.variant));
        self.waiting.insert(seen.id);
        let asks = seen.place.reweighted && !self.ending;
        if asks { self.asking.push_back(seen) } else { self.telling.push_back(seen) }
    }

    /// Tells everything at once from now on, as long as that works.
    pub(super) fn end(&mut self, now: Duration) {
        self.ending = true;
        self.retry_at = now;
        // Telling answers what asking would have.
        self.telling.append(&mut self.asking);
    }

    /// Returns when there is something to send, if nothing else happens.
    pub(super) fn deadline(&self) -> Option<Duration> {
        if self.sent.is_some() {
            return None;
        }
        if !self.asking.is_empty() {
            return Some(self.retry_at);
        }
        let at_once = self.ending || self.telling.len() >= MAX_UNITS;
        let due = if at_once { self.retry_at } else { self.flush_at.max(self.retry_at) };
        (!self.telling.is_empty()).then_some(due)
    }

    /// Returns what is to be sent now; one thing at a time.
    pub(super) fn next(&mut self, key: &UnitKey, now: Duration) -> Option<(Call, AssignmentBatch)> {
        if self.telling.is_empty() && now >= self.flush_at {
            self.flush_at = now + self.every;
        }
        if self.deadline().is_none_or(|due| now < due) {
            return None;
        }
        let call = if self.asking.is_empty() { Call::Push } else { Call::LookUp };
        let queue = if call == Call::LookUp { &mut self.asking } else { &mut self.telling };
        let groups = take(queue, key);
        if self.telling.is_empty() && call == Call::Push {
            self.flush_at = now + self.every;
        }
        let batch = AssignmentBatch { groups: groups.iter().map(|group| wire(group, call)).collect() };
        self.sent = Some((call, groups));
        Some((call, batch))
    }

    /// Takes in what was kept.
    pub(super) fn answered(&mut self, answer: &KeptAssignments, table: &Table, now: Duration) {
        let Some((call, groups)) = self.sent.take() else { return };
        if answer.groups.len() != groups.len() {
            self.sent = Some((call, groups));
            let why = "the backend answered something else than was asked".to_owned();
            self.failed(Failure::Bad(why), now, 0.0);
            return;
        }
        self.backoff.reset();
        self.status.failing = None;
        for (units, group) in groups.into_values().zip(&answer.groups) {
            self.take_in(call, units, (group, table));
        }
    }

    fn take_in(&mut self, call: Call, units: Vec<(UnitHash, Seen)>, (group, table): (&KeptGroup, &Table)) {
        let counter = match (group.refused, call) {
            (true, _) => &mut self.status.refused,
            (false, Call::LookUp) => &mut self.status.looked_up,
            (false, Call::Push) => &mut self.status.pushed,
        };
        *counter += units.len() as u64;
        let kept: BTreeMap<&[u8], &str> =
            group.kept.iter().map(|kept| (&kept.unit[..], &*kept.variant)).collect();
        for (hash, seen) in units {
            match kept.get(&hash[..]) {
                Some(variant) => {
                    if **variant != *seen.variant {
                        self.status.corrected += 1;
                        table.put(seen.id, mark(variant));
                    }
                    self.waiting.remove(&seen.id);
                }
                None if call == Call::LookUp && !group.refused => self.telling.push_back(seen),
                None => drop(self.waiting.remove(&seen.id)),
            }
        }
    }

    /// Takes note that nothing came of what was sent; `chance` is evenly distributed over 0.0..1.0.
    pub(super) fn failed(&mut self, failure: Failure, now: Duration, chance: f64) {
        let Some((call, groups)) = self.sent.take() else { return };
        let units = groups.into_values().flatten().map(|(_, seen)| seen);
        let (why, wait) = match failure {
            Failure::Bad(why) => {
                for seen in units {
                    self.waiting.remove(&seen.id);
                    self.status.refused += 1;
                }
                self.status.failing = Some(why);
                return;
            }
            Failure::Away(why) => (why, self.backoff.next(chance)),
            Failure::Refused(why) => (why, REFUSED),
        };
        let queue = if call == Call::LookUp && !self.ending { &mut self.asking } else { &mut self.telling };
        units.for_each(|seen| queue.push_front(seen));
        self.retry_at = now + wait;
        self.status.failing = Some(why);
    }
}

/// Takes as many units as one batch may have.
fn take(queue: &mut VecDeque<Seen>, key: &UnitKey) -> Groups {
    let mut groups = Groups::new();
    for _ in 0..MAX_UNITS {
        let Some(seen) = queue.pop_front() else { break };
        let group = (seen.environment, Arc::clone(&seen.place));
        if groups.len() == MAX_GROUPS && !groups.contains_key(&group) {
            queue.push_front(seen);
            break;
        }
        groups.entry(group).or_default().push((key.hash(&seen.unit), seen));
    }
    groups
}

fn wire(((environment, place), units): (&At, &Vec<(UnitHash, Seen)>), call: Call) -> AssignmentGroup {
    let assignment = |(hash, seen): &(UnitHash, Seen)| Assignment {
        unit: hash.to_vec(),
        variant: if call == Call::Push { seen.variant.to_string() } else { String::new() },
    };
    AssignmentGroup {
        environment_id: environment.as_bytes().to_vec(),
        feature_key: place.feature.to_string(),
        salt: place.salt.to_string(),
        assignments: units.iter().map(assignment).collect(),
    }
}

#[cfg(test)]
mod tests;
