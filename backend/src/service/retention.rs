//! Retention: what ends by itself, cleared away a part at a time. Of several replicas one does a job; what it clears away
//! and that it did are one transaction.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use fluxgate_proto::event::MAX_SPOOLED_DAYS;
use sqlx::PgConnection;

use super::throttle;
use crate::{
    error::Result,
    store::{
        assignment, ingest,
        retention::{self, PeriodicJob},
        session,
    },
};

/// For how many days ahead are there partitions of counts? A batch makes what it lacks; that takes it longer.
const DAYS_AHEAD: u64 = 2;
/// How long are samples kept?
const SAMPLES_KEPT: TimeDelta = TimeDelta::days(7);
/// How many of an environment?
const SAMPLES_OF_ENVIRONMENT: i64 = 10_000;
/// How long are ids of batches kept? Longer than any batch that is not refused for its age can come again.
const BATCH_IDS_KEPT: TimeDelta = TimeDelta::days(MAX_SPOOLED_DAYS + 2);
/// For how long is every revision kept? An edge that was away for less is brought up by what it missed.
const REVISIONS_KEPT_FOR: TimeDelta = TimeDelta::hours(24);
/// For how long is kept what sticky splits served under a salt that is no longer live, should it come back?
const FORMER_SALTS_KEPT_FOR: TimeDelta = TimeDelta::days(30);
/// How many rows does one transaction delete? So many take a fraction of what a statement may.
const AT_ONCE: i64 = 5_000;

/// How long things are kept, as far as that can be set.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// What edges counted.
    pub evaluations: TimeDelta,
    /// How many revisions are at least in the log.
    pub revisions: i64,
}

/// How often is a job done?
fn every(job: PeriodicJob) -> TimeDelta {
    match job {
        PeriodicJob::Samples => TimeDelta::minutes(1),
        PeriodicJob::Sessions | PeriodicJob::Failures | PeriodicJob::DeliveryLog => TimeDelta::minutes(10),
        PeriodicJob::Partitions
        | PeriodicJob::Evaluations
        | PeriodicJob::Batches
        | PeriodicJob::Assignments => TimeDelta::hours(1),
    }
}

/// Does a job if it is due and nobody else is at it. Gives whether it was done.
pub async fn run(
    conn: &mut PgConnection,
    job: PeriodicJob,
    kept: Retention,
    now: DateTime<Utc>,
) -> Result<bool> {
    if !retention::claim(conn, job, now).await? {
        return Ok(false);
    }
    let more = match job {
        PeriodicJob::Partitions => partitions(conn, kept, now).await?,
        PeriodicJob::Evaluations => evaluations(conn, now - kept.evaluations).await?,
        PeriodicJob::Samples => {
            let before = now - SAMPLES_KEPT.min(kept.evaluations);
            full(retention::delete_samples(conn, before, (SAMPLES_OF_ENVIRONMENT, AT_ONCE)).await?)
        }
        PeriodicJob::Batches => batches(conn, kept, now).await?,
        PeriodicJob::Sessions => full(session::forget_expired(conn, now, AT_ONCE).await?),
        PeriodicJob::Failures => full(throttle::sweep(conn, now, AT_ONCE).await?),
        PeriodicJob::DeliveryLog => delivery_log(conn, kept, now).await?,
        PeriodicJob::Assignments => {
            full(assignment::delete_ended(conn, now - FORMER_SALTS_KEPT_FOR, AT_ONCE).await?)
        }
    };
    // Where there is more, it goes on with the next look.
    let next = if more { now } else { now + every(job) };
    retention::done(conn, job, (now, next)).await?;
    Ok(true)
}

/// Whether as much was deleted as may be at once: there may be more.
fn full(deleted: u64) -> bool {
    i64::try_from(deleted).unwrap_or(i64::MAX) >= AT_ONCE
}

async fn partitions(conn: &mut PgConnection, kept: Retention, now: DateTime<Utc>) -> Result<bool> {
    let today = now.date_naive();
    let ahead: Vec<NaiveDate> =
        today.iter_days().take(1 + usize::try_from(DAYS_AHEAD).unwrap_or(1)).collect();
    ingest::ensure_partitions(conn, &ahead).await?;
    // A whole day must be past: what is nearly too old is still taken in.
    let before = (now - kept.evaluations).date_naive();
    let dropped = retention::drop_partitions(conn, before).await?;
    if dropped > 0 {
        tracing::info!(dropped, %before, "dropped counts of evaluations that are kept no more");
    }
    Ok(false)
}

async fn evaluations(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<bool> {
    let deleted = [
        retention::delete_sketches(conn, before, AT_ONCE).await?,
        retention::delete_seen(conn, before, AT_ONCE).await?,
        retention::delete_gaps(conn, before, AT_ONCE).await?,
    ];
    Ok(deleted.into_iter().any(full))
}

async fn batches(conn: &mut PgConnection, kept: Retention, now: DateTime<Utc>) -> Result<bool> {
    let deleted = [
        retention::delete_batches(conn, now - BATCH_IDS_KEPT, AT_ONCE).await?,
        retention::delete_edges(conn, now - kept.evaluations.max(BATCH_IDS_KEPT), AT_ONCE).await?,
    ];
    Ok(deleted.into_iter().any(full))
}

/// Deletes what lies below `compacted`, and then moves it; what it moved past goes the next time. Moving takes the lock
/// that all writers share, so it comes last.
async fn delivery_log(conn: &mut PgConnection, kept: Retention, now: DateTime<Utc>) -> Result<bool> {
    let most = i32::try_from(AT_ONCE).unwrap_or(i32::MAX);
    let trimmed = retention::trim_delivery(conn, most).await?;
    let through = retention::revision_to_compact(conn, now - REVISIONS_KEPT_FOR, kept.revisions).await?;
    if let Some(through) = through {
        let compacted = retention::compact_delivery(conn, through).await?;
        tracing::info!(compacted, "revisions up to here count as gone from the log");
    }
    Ok(trimmed >= most)
}
