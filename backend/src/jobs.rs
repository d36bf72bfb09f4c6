//! What happens at a set time: kills that end, changes that are applied or approved, what is kept no more. Every replica
//! looks; what one is at, the others pass over.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    app::App,
    clock,
    error::{Error, Result},
    service,
    store::{self, retention::PeriodicJob},
};

/// How often is it looked for what is due?
const EVERY: Duration = Duration::from_millis(500);
/// How long is clearing away left alone after it failed?
const PAUSE: TimeDelta = TimeDelta::seconds(30);

/// How long is a change left alone after it could not be settled? It doubles with each further failure.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(1);
/// How long at most?
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(1);

/// Does what is due until the server stops.
pub async fn run(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> anyhow::Result<()> {
    let (mut failing, mut failed) = (false, Failed::default());
    let mut clear_from = DateTime::<Utc>::MIN_UTC;
    loop {
        tokio::select! {
            _ = stopped.changed() => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
        let done = do_due(&app, &mut failed).await;
        // Said once, and not every half second while the database is away.
        match &done {
            Err(error) if !failing => tracing::warn!(error = cause(error), "what is due cannot be done"),
            _ => {}
        }
        failing = done.is_err();
        let now = clock::now();
        // One thing that cannot be done is no reason to keep everything.
        if !matches!(done, Err(Error::Unavailable(_)))
            && now >= clear_from
            && let Err(error) = clear_away(&app, now).await
        {
            tracing::warn!(error = cause(&error), "what is kept no more cannot be cleared away");
            clear_from = now + PAUSE;
        }
    }
}

/// Does everything that is due, each in a transaction of its own. What cannot be done holds up nothing else.
async fn do_due(app: &App, failed: &mut Failed) -> Result<()> {
    let now = clock::now();
    let restored = restore_all(app, now).await;
    let due = store::change::due(&mut *app.read().await?, now, &failed.left_alone(now)).await?;
    failed.keep(now, &due);
    for (change, number) in due {
        match counted(app, "change", settle(app, change, now).await) {
            Ok(_) => failed.forget(change),
            Err(error) => {
                let pause = failed.add(change, now).num_seconds();
                let error = cause(&error);
                tracing::warn!(%change, number, error, pause, "a change cannot be settled");
            }
        }
    }
    restored
}

/// What is behind an error: a caller is told less than the log.
fn cause(error: &Error) -> String {
    match error {
        Error::Internal(cause) => format!("{cause:#}"),
        other => other.to_string(),
    }
}

/// Changes that could not be settled: how often in a row, and until when each is left alone.
#[derive(Default)]
struct Failed(HashMap<Uuid, (u32, DateTime<Utc>)>);

impl Failed {
    fn left_alone(&self, now: DateTime<Utc>) -> Vec<Uuid> {
        self.0.iter().filter(|(_, (_, until))| *until > now).map(|(change, _)| *change).collect()
    }

    /// Forgets those that are due no more.
    fn keep(&mut self, now: DateTime<Utc>, due: &[(Uuid, i32)]) {
        self.0.retain(|change, (_, until)| *until > now || due.iter().any(|(id, _)| id == change));
    }

    fn forget(&mut self, change: Uuid) {
        self.0.remove(&change);
    }

    /// Counts a failure, and gives how long the change is left alone.
    fn add(&mut self, change: Uuid, now: DateTime<Utc>) -> TimeDelta {
        let (times, until) = self.0.entry(change).or_insert((0, now));
        let pause =
            FIRST_PAUSE.checked_mul(1 << (*times).min(20)).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
        (*times, *until) = (*times + 1, now + pause);
        pause
    }
}

/// Clears away what is kept no more, each kind in a transaction of its own.
async fn clear_away(app: &App, now: DateTime<Utc>) -> Result<()> {
    let due = store::retention::due(&mut *app.read().await?, now).await?;
    let mut result = Ok(());
    for job in due {
        // One that fails keeps none of the others from being done.
        result = counted(app, "retention", clear(app, job, now).await).map(|_| ()).and(result);
    }
    result
}

async fn clear(app: &App, job: PeriodicJob, now: DateTime<Utc>) -> Result<bool> {
    let mut tx = app.begin().await?;
    let done = service::retention::run(&mut tx, job, app.retention, now).await?;
    tx.commit().await?;
    Ok(done)
}

async fn restore_all(app: &App, now: DateTime<Utc>) -> Result<()> {
    while counted(app, "restore", restore(app, now).await)? {}
    Ok(())
}

async fn restore(app: &App, now: DateTime<Utc>) -> Result<bool> {
    let mut tx = app.begin().await?;
    let found = service::kill::restore_due(&mut tx, now).await?;
    tx.commit().await?;
    Ok(found)
}

async fn settle(app: &App, change: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let mut tx = app.begin().await?;
    let done = service::change::settle_due(&mut tx, change, now).await?;
    tx.commit().await?;
    Ok(done)
}

/// Counts what was done, and what could not be.
fn counted(app: &App, kind: &str, done: Result<bool>) -> Result<bool> {
    match &done {
        Ok(true) => app.metrics.job(kind, "done"),
        Ok(false) => {}
        Err(_) => app.metrics.job(kind, "failed"),
    }
    done
}
