//! Kept assignments: which variant a sticky split served a unit first.
//!
//! Evaluations find them in a table without a lock, and tell of units that are not in it through a queue that never makes
//! them wait. `keep` takes them from there to a backend, and brings back what was kept before.

mod book;
mod keep;
mod status;
mod table;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use fluxgate_engine::Kept;
use tokio::sync::mpsc;
use uuid::Uuid;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use self::table::Table;
use crate::clock;
use crate::state::View;

pub use keep::keep;
pub use status::AssignmentStatus;

/// How many units may wait to be taken note of? More are told of again when they are evaluated again.
const QUEUE: usize = 16_384;

/// Stands for a unit at a place in an environment, in this process only.
type UnitId = u128;

/// Under what the splits of a flag keep whom they served.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    feature: Box<str>,
    salt: Box<str>,
    seed: u64,
    /// What a unit was served first need not be what its bucket says: who does not know has to ask.
    pub(crate) reweighted: bool,
}

impl Place {
    pub(crate) fn new(feature: &str, salt: &str) -> Self {
        // No key of a feature has a NUL in it.
        let seed = xxh3_64(format!("{feature}\0{salt}").as_bytes());
        Self { feature: feature.into(), salt: salt.into(), seed, reweighted: false }
    }

    /// Returns the same place, where what was kept need not be what a bucket says.
    pub(crate) fn as_reweighted(&self) -> Self {
        Self { reweighted: true, ..self.clone() }
    }
}

/// Returns what stands for a variant in the table.
pub(crate) fn mark(variant: &str) -> u64 {
    xxh3_64(variant.as_bytes())
}

/// A unit that a sticky split served, of which nothing was kept here.
#[derive(Clone, Debug)]
struct Seen {
    id: UnitId,
    environment: Uuid,
    place: Arc<Place>,
    unit: Box<str>,
    variant: Box<str>,
}

/// What this edge knows of who was served what first.
#[derive(Debug)]
pub(crate) struct Assignments {
    /// Keeps strangers from making units that look like somebody else's.
    secret: u64,
    /// Made for the first unit: an edge without sticky splits has none.
    table: OnceLock<Table>,
    queue: mpsc::Sender<Seen>,
    incoming: Mutex<Option<mpsc::Receiver<Seen>>>,
    passed_over: AtomicU64,
    status: ArcSwap<AssignmentStatus>,
}

impl Assignments {
    /// Knows nobody.
    pub(crate) fn new() -> Self {
        let (queue, incoming) = mpsc::channel(QUEUE);
        Self {
            secret: clock::random_id().as_u64_pair().1 ^ clock::random_id().as_u64_pair().0,
            table: OnceLock::new(),
            queue,
            incoming: Mutex::new(Some(incoming)),
            passed_over: AtomicU64::new(0),
            status: ArcSwap::default(),
        }
    }

    /// Returns how keeping them fares.
    pub(crate) fn status(&self) -> AssignmentStatus {
        let passed_over = self.passed_over.load(Ordering::Relaxed);
        let status = AssignmentStatus::clone(&self.status.load());
        AssignmentStatus { passed_over: status.passed_over + passed_over, ..status }
    }

    fn report(&self, status: AssignmentStatus) {
        self.status.store(Arc::new(status));
    }

    /// Returns the units that evaluations tell of; once.
    fn incoming(&self) -> Option<mpsc::Receiver<Seen>> {
        self.incoming.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn table(&self) -> &Table {
        self.table.get_or_init(Table::default)
    }

    fn id(&self, environment: Uuid, place: &Place, unit: &str) -> UnitId {
        let seed = self.secret ^ place.seed ^ environment.as_u64_pair().1;
        xxh3_128_with_seed(unit.as_bytes(), seed)
    }
}

/// What is kept in one environment, as the engine asks for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeptHere<'s> {
    view: View<'s>,
    assignments: &'s Assignments,
}

impl<'s> KeptHere<'s> {
    pub(crate) fn new(view: View<'s>, assignments: &'s Assignments) -> Self {
        Self { view, assignments }
    }

    pub(crate) fn view(&self) -> &View<'s> {
        &self.view
    }
}

impl Kept for KeptHere<'_> {
    fn variant(&self, feature: &str, _salt: &str, unit: &str) -> Option<&str> {
        let table = self.assignments.table.get()?;
        let flag = self.view.flag(feature)?;
        let id = self.assignments.id(self.view.id(), flag.place()?, unit);
        flag.variant_marked(table.get(id)?)
    }

    fn decided(&self, feature: &str, _salt: &str, unit: &str, variant: &str) {
        let Some(place) = self.view.flag(feature).and_then(|flag| flag.place()) else { return };
        let environment = self.view.id();
        let id = self.assignments.id(environment, place, unit);
        // Kept, but as a variant that the flag has no more.
        if self.assignments.table.get().is_some_and(|table| table.get(id).is_some()) {
            return;
        }
        let (unit, variant) = (unit.into(), variant.into());
        let seen = Seen { id, environment, place: Arc::clone(place), unit, variant };
        if self.assignments.queue.try_send(seen).is_err() {
            self.assignments.passed_over.fetch_add(1, Ordering::Relaxed);
        }
    }
}
