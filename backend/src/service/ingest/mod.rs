//! Ingestion: a batch of events is counted once, in one transaction, and what it lacks is written down.
//!
//! Locks are taken in one order: the batch, its edge, counts, what was seen, sketches, each by their keys. Nothing that
//! is served is locked, and nobody is notified.

mod gap;
mod read;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_proto::{
    event::{self, MAX_AHEAD_MINUTES, MAX_SPOOLED_DAYS},
    sketch::Sketch,
    v1::{EventAck, EventBatch, EventOutcome, RefusedRows},
};
use sqlx::PgConnection;
use uuid::Uuid;

use self::read::{Rows, Window};
use crate::{
    delivery::state::EdgeClient,
    error::{Error, Result},
    store::{
        evaluation::{self, HourSketch, sample},
        ingest,
    },
};

/// What a batch is besides its rows.
#[derive(Clone, Copy, Debug)]
struct Frame {
    id: Uuid,
    edge: Uuid,
    sequence: i64,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// A batch that can be taken in.
pub struct Batch {
    frame: Frame,
    events: EventBatch,
    window: Window,
}

impl Batch {
    /// Checks a batch on its own; the error is why it is refused for good.
    pub fn new(
        events: EventBatch,
        (now, retention): (DateTime<Utc>, TimeDelta),
    ) -> std::result::Result<Batch, String> {
        event::check(&events).map_err(|why| why.to_string())?;
        let instant = |ms| DateTime::from_timestamp_millis(ms).ok_or("a time is out of range");
        let id = |bytes: &[u8]| Uuid::from_slice(bytes).map_err(|_| "an id is no UUID");
        let (sealed, from, until) =
            (instant(events.sealed_at_ms)?, instant(events.from_ms)?, instant(events.until_ms)?);
        let frame = Frame {
            id: id(&events.id)?,
            edge: id(&events.edge_id)?,
            sequence: i64::try_from(events.sequence).map_err(|_| "sequence: is out of range")?,
            from,
            until,
        };
        let ahead = now + TimeDelta::minutes(MAX_AHEAD_MINUTES);
        if sealed > ahead || frame.until > ahead {
            return Err(format!(
                "the edge's clock is ahead by more than {MAX_AHEAD_MINUTES} minutes: set it"
            ));
        }
        if sealed < now - TimeDelta::days(MAX_SPOOLED_DAYS) {
            return Err(format!(
                "sealed more than {MAX_SPOOLED_DAYS} days ago: it may have been counted then"
            ));
        }
        Ok(Batch { frame, events, window: Window { oldest: now - retention, newest: ahead } })
    }
}

/// Makes the partitions that a batch needs: before its transaction and in one of its own, as they are for everybody.
pub async fn make_room(conn: &mut PgConnection, batch: &Batch) -> Result<()> {
    let days = batch.window.days(&batch.events);
    if !days.is_empty() {
        ingest::ensure_partitions(conn, &days).await?;
    }
    Ok(())
}

/// Takes a batch in, unless it was before. Rows that the client may not write, or that nobody could read, are left out
/// and told.
pub async fn take_in(
    conn: &mut PgConnection,
    client: &EdgeClient,
    batch: &Batch,
    now: DateTime<Utc>,
) -> Result<EventAck> {
    let Batch { frame, events, window } = batch;
    let owner = (client.scope.team, frame.edge);
    if !ingest::insert(conn, owner, (frame.id, frame.sequence), now).await? {
        return Ok(ack(EventOutcome::Duplicate, String::new(), None));
    }
    let rows = read::read(conn, client.scope, events, *window).await?;
    gap::note(conn, (owner, client.scope.environment), frame, (events, rows.lost), now).await?;
    write(conn, &rows).await?;
    Ok(ack(EventOutcome::Accepted, String::new(), Some(rows.refused)))
}

/// What becomes of a batch that failed: refused when it can never be taken in, an error when it may be sent again.
pub fn failed(error: Error) -> Result<EventAck> {
    match &error {
        Error::Internal(cause) => {
            let database = cause.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
            let class = database.and_then(|error| error.code()).map(|code| code.into_owned());
            // Class 22: data that the database cannot keep, whenever it comes.
            if class.is_some_and(|code| code.starts_with("22")) {
                return Ok(refused("the database cannot keep what it says".to_owned()));
            }
            Err(error)
        }
        Error::Invalid { message, .. } => Ok(refused(message.clone())),
        _ => Err(error),
    }
}

/// The answer to a batch that is never to be sent again.
pub fn refused(why: String) -> EventAck {
    ack(EventOutcome::Refused, why, None)
}

fn ack(outcome: EventOutcome, why: String, refused: Option<RefusedRows>) -> EventAck {
    EventAck { outcome: outcome as i32, why, refused }
}

async fn write(conn: &mut PgConnection, rows: &Rows) -> Result<()> {
    if !rows.counts.is_empty() {
        evaluation::add(conn, &rows.counts).await?;
        evaluation::see(conn, &rows.counts).await?;
    }
    if !rows.sketches.is_empty() {
        merge(conn, &rows.sketches).await?;
    }
    if !rows.samples.is_empty() {
        sample::insert(conn, &rows.samples).await?;
    }
    Ok(())
}

/// Merges sketches into those that are there.
async fn merge(
    conn: &mut PgConnection,
    sketches: &BTreeMap<(Uuid, Uuid, DateTime<Utc>), Sketch>,
) -> Result<()> {
    let row = |(key, sketch): (&(Uuid, Uuid, DateTime<Utc>), &Sketch)| {
        let (environment_id, feature_id, hour) = *key;
        HourSketch { hour, environment_id, feature_id, sketch: sketch.encode() }
    };
    let new: Vec<_> = sketches.iter().map(row).collect();
    let mut changed = Vec::new();
    for mut stored in evaluation::insert_sketches(conn, &new).await? {
        let Some(mine) = sketches.get(&stored.key()) else { continue };
        let mut merged = Sketch::decode(&stored.sketch).unwrap_or_else(|error| {
            tracing::error!(%error, "a stored sketch cannot be read and begins anew");
            Sketch::default()
        });
        merged.merge(mine);
        let merged = merged.encode();
        if merged != stored.sketch {
            stored.sketch = merged;
            changed.push(stored);
        }
    }
    if !changed.is_empty() {
        evaluation::update_sketches(conn, &changed).await?;
    }
    Ok(())
}
