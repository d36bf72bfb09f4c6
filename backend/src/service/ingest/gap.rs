//! What figures lack: an edge numbers its batches without a gap, so each one that did not come is known, with the time
//! that it was about. One that comes late fills its gap; one that never will leaves a tombstone.

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_proto::{
    event::MAX_SPOOLED_DAYS,
    v1::{EventBatch, Tombstone},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Frame;
use crate::{
    error::Result,
    store::ingest::{self, Gap, GapKind, Progress},
};

/// Notes how far an edge has come with a batch, and what it lacks.
pub(super) async fn note(
    conn: &mut PgConnection,
    (owner, environment): ((Uuid, Uuid), Option<Uuid>),
    frame: &Frame,
    (batch, refused): (&EventBatch, i64),
    now: DateTime<Utc>,
) -> Result<()> {
    // What came before the first batch of an edge that is known can be no older than a spool keeps it.
    let unknown_from = frame.from - TimeDelta::days(MAX_SPOOLED_DAYS);
    let before = ingest::lock_edge(conn, owner, unknown_from).await?;
    let mut gaps = Vec::new();
    if frame.sequence > before.sequence {
        gaps.extend(between(before, frame));
    } else {
        let late = (frame.sequence, frame.sequence);
        let missing = ingest::take_missing(conn, owner, late).await?;
        if missing.is_empty() && !ingest::is_buried(conn, owner, frame.sequence).await? {
            tracing::warn!(edge = %frame.edge, number = frame.sequence, "an edge gave a number twice");
            gaps.push(given_twice(frame));
        }
        for gap in missing {
            gaps.extend(without(&gap, late, (frame.from, frame.until)));
        }
    }
    ingest::add_gaps(conn, owner, &gaps).await?;
    for tombstone in &batch.tombstones {
        bury(conn, owner, tombstone).await?;
    }
    let dropped = batch.dropped.map_or(0, |dropped| i64::try_from(dropped.evaluations).unwrap_or(i64::MAX));
    let lost = [(GapKind::Dropped, dropped), (GapKind::Refused, refused)].into_iter();
    let lost: Vec<_> =
        lost.filter(|(_, lost)| *lost > 0).map(|(kind, lost)| own(kind, frame, lost)).collect();
    ingest::add_gaps(conn, owner, &lost).await?;
    let progress = Progress {
        sequence: before.sequence.max(frame.sequence),
        known_until: if before.sequence == 0 { frame.until } else { before.known_until.max(frame.until) },
    };
    Ok(ingest::set_edge(conn, owner, progress, (environment, now)).await?)
}

/// Turns what is missing of a tombstone's batches into what will never come. Those that came all the same are counted:
/// their answer was lost.
async fn bury(conn: &mut PgConnection, owner: (Uuid, Uuid), tombstone: &Tombstone) -> Result<()> {
    let number = |n| i64::try_from(n).unwrap_or(i64::MAX);
    let range = (number(tombstone.first), number(tombstone.last));
    let instant = |ms| DateTime::from_timestamp_millis(ms).unwrap_or_default();
    let about = (instant(tombstone.from_ms), instant(tombstone.until_ms));
    let mut gaps = Vec::new();
    for gap in ingest::take_missing(conn, owner, range).await? {
        gaps.extend(without(&gap, range, about));
        let (first, last) = (gap.first.max(range.0), gap.last.min(range.1));
        // How many of a part were lost, nobody can tell.
        let lost = tombstone.lost.filter(|_| (first, last) == range).map(number);
        gaps.push(Gap { kind: GapKind::Tombstone, first, last, from: about.0, until: about.1, lost });
    }
    Ok(ingest::add_gaps(conn, owner, &gaps).await?)
}

/// What is missing between what came before and a batch that is further.
fn between(before: Progress, frame: &Frame) -> Option<Gap> {
    let (first, last) = (before.sequence + 1, frame.sequence - 1);
    let gap = |(from, until)| Gap { kind: GapKind::Missing, first, last, from, until, lost: None };
    (first <= last).then(|| gap(ordered(before.known_until, frame.from)))
}

/// What remains of a gap without these batches, which were about this time.
fn without(gap: &Gap, (first, last): (i64, i64), (from, until): (DateTime<Utc>, DateTime<Utc>)) -> Vec<Gap> {
    let part = |first, last, (from, until)| Gap { first, last, from, until, ..gap.clone() };
    let mut parts = Vec::new();
    if gap.first < first {
        parts.push(part(gap.first, first - 1, ordered(gap.from, from)));
    }
    if gap.last > last {
        parts.push(part(last + 1, gap.last, ordered(until, gap.until)));
    }
    parts
}

/// A number that another batch has had: the edge lost count. Both are counted; whether a third one had it nobody can tell,
/// so it is told as a batch that will not come.
fn given_twice(frame: &Frame) -> Gap {
    let Frame { sequence, from, until, .. } = *frame;
    Gap { kind: GapKind::Tombstone, first: sequence, last: sequence, from, until, lost: None }
}

/// What a batch itself could not bring.
fn own(kind: GapKind, frame: &Frame, lost: i64) -> Gap {
    let Frame { sequence, from, until, .. } = *frame;
    Gap { kind, first: sequence, last: sequence, from, until, lost: Some(lost) }
}

/// Two times in their order: the clock of an edge may have been set back.
fn ordered(a: DateTime<Utc>, b: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    (a.min(b), a.max(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    fn missing(first: i64, last: i64, from: i64, until: i64) -> Gap {
        Gap { kind: GapKind::Missing, first, last, from: at(from), until: at(until), lost: None }
    }

    #[test]
    fn a_gap_is_what_lies_between() {
        let frame = |sequence, from, until| Frame {
            id: Uuid::nil(),
            edge: Uuid::nil(),
            sequence,
            from: at(from),
            until: at(until),
        };
        let before = Progress { sequence: 3, known_until: at(30) };
        assert_eq!(between(before, &frame(4, 30, 40)), None);
        assert_eq!(between(before, &frame(7, 60, 70)), Some(missing(4, 6, 30, 60)));
        // A clock that was set back.
        assert_eq!(between(before, &frame(5, 20, 25)), Some(missing(4, 4, 20, 30)));
    }

    #[test]
    fn what_comes_late_leaves_what_is_still_missing() {
        let gap = missing(4, 8, 30, 80);
        let left = |first, last, from, until| without(&gap, (first, last), (at(from), at(until)));
        assert_eq!(left(4, 8, 30, 80), []);
        assert_eq!(left(4, 4, 30, 40), [missing(5, 8, 40, 80)]);
        assert_eq!(left(8, 8, 70, 80), [missing(4, 7, 30, 70)]);
        assert_eq!(left(6, 6, 50, 60), [missing(4, 5, 30, 50), missing(7, 8, 60, 80)]);
        assert_eq!(left(1, 5, 0, 50), [missing(6, 8, 50, 80)]);
    }
}
