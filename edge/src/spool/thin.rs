//! What may go from batches when there is no room for all of them: samples first, then minutes become hours, and batches of
//! the same hour one.

use std::collections::BTreeMap;

use fluxgate_proto::event::{MAX_COUNTS, MAX_SKETCHES, MAX_TOMBSTONES};
use fluxgate_proto::sketch::Sketch;
use fluxgate_proto::v1::{Dropped, EvaluationCount, EventBatch, Tombstone, TombstoneReason, UnitSketch};
use prost::Message as _;

/// How long may a batch become, so that it fits a message?
const MAX_BYTES: usize = 7 * 512 * 1024;
const HOUR_MS: i64 = 3_600_000;

/// Takes the samples out of a batch, which says how many they were.
pub(super) fn without_samples(batch: &mut EventBatch) -> u64 {
    let lost = std::mem::take(&mut batch.samples).len() as u64;
    batch.dropped.get_or_insert_default().samples += lost;
    lost
}

/// Returns two batches that follow each other as one, by the hour, with the id and the number of the second; none when they
/// do not become one. Neither may ever have been sent: it might have been counted.
pub(super) fn merged(first: &EventBatch, second: &EventBatch) -> Option<EventBatch> {
    if first.from_ms.div_euclid(HOUR_MS) != second.from_ms.div_euclid(HOUR_MS)
        || first.edge_id != second.edge_id
        || first.sequence >= second.sequence
    {
        return None;
    }
    let mut batch = EventBatch { from_ms: first.from_ms.min(second.from_ms), ..second.clone() };
    batch.counts = hours(first.counts.iter().chain(&second.counts));
    batch.sketches = union(first.sketches.iter().chain(&second.sketches))?;
    batch.samples = first.samples.iter().chain(&second.samples).cloned().collect();
    batch.tombstones = tombstones(first, second);
    let dropped = [first.dropped, second.dropped].into_iter().flatten();
    batch.dropped = dropped.reduce(|a, b| Dropped {
        evaluations: a.evaluations + b.evaluations,
        samples: a.samples + b.samples,
    });
    let fits = batch.counts.len() <= MAX_COUNTS
        && batch.sketches.len() <= MAX_SKETCHES
        && batch.tombstones.len() <= MAX_TOMBSTONES
        && batch.encoded_len() <= MAX_BYTES;
    fits.then_some(batch)
}

/// Adds counts up by the hour.
fn hours<'b>(counts: impl Iterator<Item = &'b EvaluationCount>) -> Vec<EvaluationCount> {
    let mut sums: BTreeMap<_, EvaluationCount> = BTreeMap::new();
    for count in counts {
        let minute = count.minute - count.minute.rem_euclid(60);
        let key = (
            minute,
            &count.feature_key,
            &count.environment_id,
            &count.variant,
            count.reason,
            &count.client_id,
        );
        let sum = sums.entry(key).or_insert_with(|| EvaluationCount {
            minute,
            hourly: true,
            n: 0,
            ..count.clone()
        });
        sum.n += count.n;
    }
    sums.into_values().collect()
}

fn union<'b>(sketches: impl Iterator<Item = &'b UnitSketch>) -> Option<Vec<UnitSketch>> {
    let mut unions: BTreeMap<_, Sketch> = BTreeMap::new();
    for row in sketches {
        let sketch = Sketch::decode(&row.sketch).ok()?;
        unions.entry((row.hour, &row.feature_key, &row.environment_id)).or_default().merge(&sketch);
    }
    let row = |((hour, feature, environment), sketch): ((i64, &String, &Vec<u8>), Sketch)| UnitSketch {
        hour,
        feature_key: feature.clone(),
        environment_id: environment.clone(),
        sketch: sketch.encode(),
    };
    Some(unions.into_iter().map(row).collect())
}

/// Those of both, and one for the first, whose number will never come: nothing is lost with it.
fn tombstones(first: &EventBatch, second: &EventBatch) -> Vec<Tombstone> {
    let own = Tombstone {
        first: first.sequence,
        last: first.sequence,
        from_ms: first.from_ms,
        until_ms: first.until_ms,
        lost: Some(0),
        why: TombstoneReason::SpoolFull.into(),
    };
    in_order(first.tombstones.iter().chain([&own]).chain(&second.tombstones).cloned())
}

/// Returns tombstones in their order, those that lie next to each other as one.
pub(super) fn in_order(tombstones: impl IntoIterator<Item = Tombstone>) -> Vec<Tombstone> {
    let mut sorted: Vec<Tombstone> = tombstones.into_iter().collect();
    sorted.sort_by_key(|tombstone| tombstone.first);
    let mut ordered: Vec<Tombstone> = Vec::new();
    for tombstone in sorted {
        match ordered.last_mut() {
            // Said twice.
            Some(before) if tombstone.last <= before.last => {}
            Some(before) if before.why == tombstone.why && before.last + 1 >= tombstone.first => {
                before.last = tombstone.last;
                before.from_ms = before.from_ms.min(tombstone.from_ms);
                before.until_ms = before.until_ms.max(tombstone.until_ms);
                before.lost = before.lost.zip(tombstone.lost).map(|(a, b)| a + b);
            }
            Some(before) => {
                let first = tombstone.first.max(before.last + 1);
                ordered.push(Tombstone { first, ..tombstone });
            }
            None => ordered.push(tombstone),
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grave(first: u64, last: u64, lost: Option<u64>) -> Tombstone {
        let why = TombstoneReason::SpoolFull.into();
        Tombstone { first, last, from_ms: 0, until_ms: 1, lost, why }
    }

    #[test]
    fn tombstones_are_in_order_and_each_number_has_one() {
        let said = [grave(5, 5, Some(2)), grave(1, 2, Some(1)), grave(3, 3, Some(4)), grave(2, 3, None)];
        assert_eq!(in_order(said), [grave(1, 3, None), grave(5, 5, Some(2))]);
        let broken = Tombstone { why: TombstoneReason::SpoolBroken.into(), ..grave(1, 4, None) };
        let said = in_order([grave(3, 6, Some(1)), broken]);
        assert_eq!(said, [broken, grave(5, 6, Some(1))]);
    }
}
