//! Adds up what all workers counted and makes the rows of batches of it, as many as a batch may have.

use std::collections::{BTreeMap, btree_map};
use std::sync::Arc;

use fluxgate_proto::event::{MAX_COUNTS, MAX_SAMPLES, MAX_SKETCHES};
use fluxgate_proto::sketch::Sketch;
use fluxgate_proto::unit::UnitKey;
use fluxgate_proto::v1::{EvaluationCount, EvaluationSample, EventBatch, UnitSketch};
use prost::Message as _;
use uuid::Uuid;

use super::outcome::Outcome;
use super::reservoir::Sample;
use super::tally::Tally;
use super::told::{Place, Told};
use super::units::{Group, Single, Units};
use crate::flag::ServedFlag;

/// How many bytes of rows go into one batch? The rest of a message is for everything else.
const BYTES_A_BATCH: usize = 7 * 512 * 1024;

/// Everything that was counted in a while.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    counts: BTreeMap<CountKey, u64>,
    units: BTreeMap<(i64, Place), Vec<Arc<Sketch>>>,
    samples: Vec<Sample>,
    /// How many evaluations are in no count.
    dropped: u64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct CountKey {
    minute: i64,
    environment: Uuid,
    feature: Box<str>,
    variant: Option<Box<str>>,
    reason: i32,
    client: Uuid,
}

/// What is still to be put into batches.
#[derive(Debug)]
pub(crate) struct Rows {
    counts: btree_map::IntoIter<CountKey, u64>,
    units: btree_map::IntoIter<(i64, Place), Vec<Arc<Sketch>>>,
    samples: Vec<EvaluationSample>,
    dropped: u64,
}

impl Gathered {
    /// Adds what one worker counted.
    pub(super) fn add(&mut self, mut tally: Tally) {
        tally.end();
        self.dropped += tally.dropped;
        for (minute, counts) in &tally.earlier {
            for count in counts.all() {
                let key = CountKey {
                    minute: *minute,
                    environment: count.environment,
                    feature: count.flag.flag().key().into(),
                    variant: variant(count.flag, count.outcome).map(Into::into),
                    reason: count.outcome.wire().into(),
                    client: count.client,
                };
                *self.counts.entry(key).or_default() += count.n;
            }
        }
        tally.earlier_units.drain(..).for_each(|(hour, units)| self.add_units(hour, units));
        self.samples.extend(tally.samples.into_samples());
    }

    fn add_units(&mut self, hour: i64, Units { single, groups }: Units) {
        for Single { flag, environment, sketch } in single.into_values() {
            self.add_sketch((hour, environment), &flag, Arc::new(sketch));
        }
        for Group { listing, client_side_only, environment, sketch } in groups {
            let sketch = Arc::new(sketch);
            for listed in listing.flags() {
                if !client_side_only || listed.flag.flag().client_side() {
                    self.add_sketch((hour, environment), &listed.flag, Arc::clone(&sketch));
                }
            }
        }
    }

    fn add_sketch(&mut self, (hour, environment): (i64, Uuid), flag: &ServedFlag, sketch: Arc<Sketch>) {
        let place = (environment, flag.flag().key().into());
        self.units.entry((hour, place)).or_default().push(sketch);
    }

    /// Makes rows of it. Units of samples leave hashed under a key, or not at all.
    pub(crate) fn into_rows(mut self, key: Option<&UnitKey>) -> Rows {
        self.samples.sort_unstable();
        self.samples.truncate(MAX_SAMPLES);
        self.samples.sort_unstable_by_key(|sample| sample.unix_ms);
        let samples = self.samples.iter().map(|sample| EvaluationSample {
            at_ms: sample.unix_ms,
            feature_key: sample.flag.flag().key().to_owned(),
            environment_id: sample.environment.as_bytes().to_vec(),
            variant: variant(&sample.flag, sample.outcome).map(str::to_owned),
            reason: sample.outcome.wire().into(),
            client_id: sample.client.as_bytes().to_vec(),
            unit: sample
                .unit
                .as_deref()
                .zip(key)
                .map(|(unit, key)| key.hash(unit).to_vec())
                .unwrap_or_default(),
        });
        let samples = samples.collect();
        Rows {
            counts: self.counts.into_iter(),
            units: self.units.into_iter(),
            samples,
            dropped: self.dropped,
        }
    }
}

impl Rows {
    /// Returns how many there are.
    pub(crate) fn len(&self) -> usize {
        self.counts.len() + self.units.len() + self.samples.len()
    }

    /// Returns how many evaluations are in no count.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Fills a batch; returns whether there is more.
    pub(crate) fn fill(&mut self, batch: &mut EventBatch, told: &mut Told) -> bool {
        batch.samples = std::mem::take(&mut self.samples);
        let mut bytes: usize = batch.samples.iter().map(EvaluationSample::encoded_len).sum();
        while bytes < BYTES_A_BATCH && batch.counts.len() < MAX_COUNTS {
            let Some((key, n)) = self.counts.next() else { break };
            let row = key.row(n);
            bytes += row.encoded_len();
            batch.counts.push(row);
        }
        while bytes < BYTES_A_BATCH && batch.sketches.len() < MAX_SKETCHES {
            let Some(((hour, place), parts)) = self.units.next() else { break };
            let (environment, feature) = place.clone();
            let Some(news) = told.news((hour, place), parts) else { continue };
            let row = UnitSketch {
                hour,
                feature_key: feature.into(),
                environment_id: environment.as_bytes().to_vec(),
                sketch: news.to_vec(),
            };
            bytes += row.encoded_len();
            batch.sketches.push(row);
        }
        let more = self.counts.len() > 0 || self.units.len() > 0;
        if !more {
            told.end();
        }
        more
    }
}

impl CountKey {
    fn row(self, n: u64) -> EvaluationCount {
        EvaluationCount {
            minute: self.minute,
            hourly: false,
            feature_key: self.feature.into(),
            environment_id: self.environment.as_bytes().to_vec(),
            variant: self.variant.map(Into::into),
            reason: self.reason,
            client_id: self.client.as_bytes().to_vec(),
            n,
        }
    }
}

fn variant(flag: &ServedFlag, outcome: Outcome) -> Option<&str> {
    outcome.variant().and_then(|place| flag.variant_at(place))
}
