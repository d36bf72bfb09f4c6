//! What a batch of events may be: limits that both sides keep, so that an edge seals nothing which is refused.

use thiserror::Error;

use crate::{
    sketch,
    v1::{EvaluationReason, EventBatch, Tombstone, TombstoneReason},
};

/// How many counts may a batch have?
pub const MAX_COUNTS: usize = 10_000;
/// How many sketches? Of the longest ones, so many leave room for the rest of a message.
pub const MAX_SKETCHES: usize = 1_000;
/// How many samples?
pub const MAX_SAMPLES: usize = 200;
/// How many tombstones? What lies next to each other is one.
pub const MAX_TOMBSTONES: usize = 100;
/// How often may one count have been counted? No sum of any number of batches overflows.
pub const MAX_N: u64 = 1_000_000_000_000;
/// The last number of a batch: enough for one each second for 30,000 years.
pub const MAX_SEQUENCE: u64 = 1 << 40;
/// How many bytes may a feature's or a variant's key have?
pub const MAX_KEY_BYTES: usize = 100;
/// How many bytes has the keyed hash of a unit?
pub const UNIT_BYTES: usize = 16;
/// How many days may a batch wait in a spool? An older one is refused: whether it was counted is not remembered.
pub const MAX_SPOOLED_DAYS: i64 = 30;
/// How many minutes may the clock of an edge be ahead?
pub const MAX_AHEAD_MINUTES: i64 = 5;

/// The last millisecond of the year 9999.
const LAST_MS: i64 = 253_402_300_799_999;

/// Why a batch is refused, wherever it is sent.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BadBatch {
    /// There is more of something than may be.
    #[error("{what}: {count} of them, at most {most} in a batch")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// How many may be.
        most: usize,
    },
    /// A field has a value that it cannot have.
    #[error("{what}: {why}")]
    Field {
        /// The field.
        what: String,
        /// What is wrong with it.
        why: String,
    },
}

fn bad(what: impl Into<String>, why: impl Into<String>) -> BadBatch {
    BadBatch::Field { what: what.into(), why: why.into() }
}

type Checked = Result<(), BadBatch>;

/// Refuses what no edge should have sealed: too much of something, and values that nothing has.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(batch: &EventBatch) -> Checked {
    check_frame(batch)?;
    for (what, count, most) in [
        ("counts", batch.counts.len(), MAX_COUNTS),
        ("sketches", batch.sketches.len(), MAX_SKETCHES),
        ("samples", batch.samples.len(), MAX_SAMPLES),
        ("tombstones", batch.tombstones.len(), MAX_TOMBSTONES),
    ] {
        if count > most {
            return Err(BadBatch::TooMany { what, count, most });
        }
    }
    for (at, count) in batch.counts.iter().enumerate() {
        let place = || format!("counts[{at}]");
        check_key(place, &count.feature_key, count.variant.as_deref())?;
        check_ids(place, [&count.environment_id, &count.client_id])?;
        check_reason(place, count.reason)?;
        if !(1..=MAX_N).contains(&count.n) {
            return Err(bad(format!("counts[{at}].n"), format!("must be between 1 and {MAX_N}")));
        }
        if count.hourly && count.minute.rem_euclid(60) != 0 {
            return Err(bad(format!("counts[{at}].minute"), "must be the first of its hour"));
        }
    }
    for (at, one) in batch.sketches.iter().enumerate() {
        let place = || format!("sketches[{at}]");
        check_key(place, &one.feature_key, None)?;
        check_ids(place, [&one.environment_id, &one.environment_id])?;
        sketch::Sketch::decode(&one.sketch).map_err(|why| bad(place(), why.to_string()))?;
    }
    for (at, sample) in batch.samples.iter().enumerate() {
        let place = || format!("samples[{at}]");
        check_key(place, &sample.feature_key, sample.variant.as_deref())?;
        check_ids(place, [&sample.environment_id, &sample.client_id])?;
        check_reason(place, sample.reason)?;
        if ![0, UNIT_BYTES].contains(&sample.unit.len()) {
            return Err(bad(format!("samples[{at}].unit"), format!("must have {UNIT_BYTES} bytes, or none")));
        }
    }
    check_tombstones(batch)
}

fn check_frame(batch: &EventBatch) -> Checked {
    check_ids(|| "the batch".to_owned(), [&batch.id, &batch.edge_id])?;
    if batch.id[6] >> 4 != 7 {
        return Err(bad("id", "is no UUID of version 7"));
    }
    if !(0..=LAST_MS).contains(&batch.sealed_at_ms) {
        return Err(bad("sealed_at_ms", "must be of the years 1970 to 9999"));
    }
    if !(1..=MAX_SEQUENCE).contains(&batch.sequence) {
        return Err(bad("sequence", format!("must be between 1 and {MAX_SEQUENCE}")));
    }
    check_window(|| "the batch".to_owned(), batch.from_ms, batch.until_ms)?;
    if batch.dropped.is_some_and(|dropped| dropped.evaluations > MAX_N) {
        return Err(bad("dropped.evaluations", format!("is more than {MAX_N}")));
    }
    Ok(())
}

fn check_tombstones(batch: &EventBatch) -> Checked {
    let mut before = 0;
    for (at, Tombstone { first, last, from_ms, until_ms, lost, why }) in batch.tombstones.iter().enumerate() {
        if !(*first > before && first <= last && *last < batch.sequence) {
            let why = "must name earlier batches, each once and in their order";
            return Err(bad(format!("tombstones[{at}]"), why));
        }
        check_window(|| format!("tombstones[{at}]"), *from_ms, *until_ms)?;
        if lost.is_some_and(|lost| lost > MAX_N) {
            return Err(bad(format!("tombstones[{at}].lost"), format!("is more than {MAX_N}")));
        }
        if matches!(TombstoneReason::try_from(*why), Err(_) | Ok(TombstoneReason::Unspecified)) {
            return Err(bad(format!("tombstones[{at}].why"), "is unknown to this version"));
        }
        before = *last;
    }
    Ok(())
}

fn check_window(place: impl Fn() -> String, from_ms: i64, until_ms: i64) -> Checked {
    if from_ms < 0 || from_ms > until_ms || until_ms > LAST_MS {
        return Err(bad(place(), "from_ms and until_ms must be in this order, of the years 1970 to 9999"));
    }
    Ok(())
}

fn check_key(place: impl Fn() -> String, feature: &str, variant: Option<&str>) -> Checked {
    for (what, key) in [("feature_key", Some(feature)), ("variant", variant)] {
        if key.is_some_and(|key| key.is_empty() || key.len() > MAX_KEY_BYTES || key.contains('\0')) {
            let why = format!("must have 1 to {MAX_KEY_BYTES} bytes, and no NUL");
            return Err(bad(format!("{}.{what}", place()), why));
        }
    }
    Ok(())
}

fn check_ids(place: impl Fn() -> String, ids: [&[u8]; 2]) -> Checked {
    if ids.iter().any(|id| id.len() != 16) {
        return Err(bad(place(), "an id is no UUID of 16 bytes"));
    }
    Ok(())
}

fn check_reason(place: impl Fn() -> String, reason: i32) -> Checked {
    match EvaluationReason::try_from(reason) {
        Err(_) | Ok(EvaluationReason::Unspecified) => {
            Err(bad(format!("{}.reason", place()), "is unknown to this version"))
        }
        Ok(_) => Ok(()),
    }
}
