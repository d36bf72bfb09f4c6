//! What a batch says in terms of the database, without the rows that may not be written.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use fluxgate_proto::{
    sketch::Sketch,
    v1::{self, EventBatch, RefusedRows},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    delivery::state::Scope,
    error::Result,
    store::{
        evaluation::{Count, EvaluationReason, sample::Sample},
        ingest,
    },
};

/// The times that are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) oldest: DateTime<Utc>,
    pub(super) newest: DateTime<Utc>,
}

impl Window {
    /// An instant of so many seconds, if it is kept.
    fn instant(self, seconds: Option<i64>) -> std::result::Result<DateTime<Utc>, Refusal> {
        match seconds {
            Some(seconds) if seconds < self.oldest.timestamp() => Err(Refusal::TooOld),
            Some(seconds) if seconds <= self.newest.timestamp() => {
                DateTime::from_timestamp(seconds, 0).ok_or(Refusal::InFuture)
            }
            _ => Err(Refusal::InFuture),
        }
    }

    /// The days that counts are of.
    pub(super) fn days(self, batch: &EventBatch) -> Vec<NaiveDate> {
        let minutes = batch.counts.iter().filter_map(|count| self.instant(minutes(count.minute)).ok());
        minutes.map(|minute| minute.date_naive()).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

fn minutes(minute: i64) -> Option<i64> {
    // What overflows downwards is as old as anything.
    if minute < 0 { Some(i64::MIN) } else { minute.checked_mul(60) }
}

/// Why a row is left out.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    OutOfScope,
    Unknown,
    TooOld,
    InFuture,
}

/// What is to be written.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) counts: Vec<Count>,
    pub(super) sketches: BTreeMap<(Uuid, Uuid, DateTime<Utc>), Sketch>,
    pub(super) samples: Vec<Sample>,
    /// How many rows are not.
    pub(super) refused: RefusedRows,
    /// How many evaluations of the client's own scope are in rows that are not.
    pub(super) lost: i64,
}

impl Rows {
    fn refuse(&mut self, why: Refusal) {
        let counter = match why {
            Refusal::OutOfScope => &mut self.refused.out_of_scope,
            Refusal::Unknown => &mut self.refused.unknown,
            Refusal::TooOld => &mut self.refused.too_old,
            Refusal::InFuture => &mut self.refused.in_future,
        };
        *counter += 1;
    }
}

/// What the client's team has of what a batch names.
struct Book {
    environments: HashSet<Uuid>,
    features: HashMap<(Uuid, String), Uuid>,
    clients: HashMap<Uuid, Option<Uuid>>,
}

impl Book {
    /// The environment and the feature that a row is about.
    fn place(&self, environment: &[u8], feature: &str) -> std::result::Result<(Uuid, Uuid), Refusal> {
        let environment = Uuid::from_slice(environment).map_err(|_| Refusal::OutOfScope)?;
        if !self.environments.contains(&environment) {
            return Err(Refusal::OutOfScope);
        }
        let feature = self.features.get(&(environment, feature.to_owned())).ok_or(Refusal::Unknown)?;
        Ok((environment, *feature))
    }

    /// The client that asked there.
    fn client(&self, id: &[u8], environment: Uuid) -> std::result::Result<Uuid, Refusal> {
        let id = Uuid::from_slice(id).map_err(|_| Refusal::Unknown)?;
        match self.clients.get(&id) {
            Some(sees) if sees.is_none_or(|sees| sees == environment) => Ok(id),
            _ => Err(Refusal::Unknown),
        }
    }
}

/// Reads a batch as the client may write it.
pub(super) async fn read(
    conn: &mut PgConnection,
    scope: Scope,
    batch: &EventBatch,
    window: Window,
) -> Result<Rows> {
    let book = look_up(conn, scope, batch).await?;
    let mut rows = Rows::default();
    for given in &batch.counts {
        match count(&book, given, window) {
            Ok(count) => rows.counts.push(count),
            Err(why) => {
                rows.refuse(why);
                rows.refused.evaluations = rows.refused.evaluations.saturating_add(given.n);
                if !matches!(why, Refusal::OutOfScope) {
                    rows.lost = rows.lost.saturating_add(number(given.n));
                }
            }
        }
    }
    for given in &batch.sketches {
        let place = book.place(&given.environment_id, &given.feature_key);
        let hour = given.hour.checked_mul(60).and_then(minutes);
        match place.and_then(|place| Ok((place, window.instant(hour)?))) {
            Ok(((environment, feature), hour)) => {
                let sketch = Sketch::decode(&given.sketch).unwrap_or_default();
                rows.sketches.entry((environment, feature, hour)).or_default().merge(&sketch);
            }
            Err(why) => rows.refuse(why),
        }
    }
    for given in &batch.samples {
        match sample(&book, given, window) {
            Ok(sample) => rows.samples.push(sample),
            Err(why) => rows.refuse(why),
        }
    }
    Ok(rows)
}

async fn look_up(conn: &mut PgConnection, scope: Scope, batch: &EventBatch) -> Result<Book> {
    let (counts, sketches, samples) = (&batch.counts, &batch.sketches, &batch.samples);
    let environments = counts
        .iter()
        .map(|count| &count.environment_id)
        .chain(sketches.iter().map(|sketch| &sketch.environment_id))
        .chain(samples.iter().map(|sample| &sample.environment_id));
    let environments: BTreeSet<_> = environments.filter_map(|id| Uuid::from_slice(id).ok()).collect();
    let features = counts
        .iter()
        .map(|count| &count.feature_key)
        .chain(sketches.iter().map(|sketch| &sketch.feature_key))
        .chain(samples.iter().map(|sample| &sample.feature_key));
    let features: BTreeSet<_> = features.cloned().collect();
    let clients = counts.iter().map(|count| &count.client_id);
    let clients = clients.chain(samples.iter().map(|sample| &sample.client_id));
    let clients: BTreeSet<_> = clients.filter_map(|id| Uuid::from_slice(id).ok()).collect();
    let seen = environments.into_iter().filter(|id| scope.environment.is_none_or(|only| only == *id));
    let (features, clients) = (Vec::from_iter(features), Vec::from_iter(clients));
    let known = ingest::known(conn, scope.team, &Vec::from_iter(seen), (&features, &clients)).await?;
    let features = known.stages.into_iter().map(|(environment, key, id)| ((environment, key), id));
    Ok(Book {
        environments: known.environments.into_iter().collect(),
        features: features.collect(),
        clients: known.clients.into_iter().collect(),
    })
}

fn count(book: &Book, given: &v1::EvaluationCount, window: Window) -> std::result::Result<Count, Refusal> {
    let (environment_id, feature_id) = book.place(&given.environment_id, &given.feature_key)?;
    Ok(Count {
        client_id: book.client(&given.client_id, environment_id)?,
        minute: window.instant(minutes(given.minute))?,
        environment_id,
        feature_id,
        variant: given.variant.clone().unwrap_or_default(),
        reason: reason(given.reason()),
        hourly: given.hourly,
        n: number(given.n),
    })
}

fn sample(book: &Book, given: &v1::EvaluationSample, window: Window) -> std::result::Result<Sample, Refusal> {
    let (environment_id, feature_id) = book.place(&given.environment_id, &given.feature_key)?;
    window.instant(Some(given.at_ms.div_euclid(1_000)))?;
    Ok(Sample {
        id: Uuid::nil(),
        at: DateTime::from_timestamp_millis(given.at_ms).ok_or(Refusal::InFuture)?,
        client_id: book.client(&given.client_id, environment_id)?,
        environment_id,
        feature_id,
        variant: given.variant.clone(),
        reason: reason(given.reason()),
        unit: (!given.unit.is_empty()).then(|| given.unit.clone()),
    })
}

fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn reason(reason: v1::EvaluationReason) -> EvaluationReason {
    match reason {
        v1::EvaluationReason::Static => EvaluationReason::Static,
        v1::EvaluationReason::TargetingMatch => EvaluationReason::TargetingMatch,
        v1::EvaluationReason::Split => EvaluationReason::Split,
        v1::EvaluationReason::Default => EvaluationReason::Default,
        v1::EvaluationReason::Disabled => EvaluationReason::Disabled,
        v1::EvaluationReason::Error | v1::EvaluationReason::Unspecified => EvaluationReason::Error,
    }
}
