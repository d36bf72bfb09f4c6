//! What happens at a set time: kills that end, changes that are applied or approved, what is kept no more. Every replica
//! looks; what one is at, the others pass over.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    app::App,
    clock,
    error::Result,
    service,
    store::{self, retention::PeriodicJob},
};

/// How often is it looked for what is due?
const EVERY: Duration = Duration::from_millis(500);
/// How long is clearing away left alone after it failed?
const PAUSE: TimeDelta = TimeDelta::seconds(30);

/// Does what is due until the server stops.
pub async fn run(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> anyhow::Result<()> {
    let mut failing = false;
    let mut clear_from = DateTime::<Utc>::MIN_UTC;
    loop {
        tokio::select! {
            _ = stopped.changed() => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
        let done = do_due(&app).await;
        // Said once, and not every half second while the database is away.
        match &done {
            Err(error) if !failing => tracing::warn!(%error, "what is due cannot be done"),
            _ => {}
        }
        failing = done.is_err();
        let now = clock::now();
        if !failing
            && now >= clear_from
            && let Err(error) = clear_away(&app, now).await
        {
            tracing::warn!(%error, "what is kept no more cannot be cleared away");
            clear_from = now + PAUSE;
        }
    }
}

/// Does everything that is due, each in a transaction of its own. A change that cannot be settled holds up no other.
async fn do_due(app: &App) -> Result<()> {
    let now = clock::now();
    while counted(app, "restore", restore(app, now).await)? {}
    let due = store::change::due(&mut *app.read().await?, now).await?;
    let mut done = Ok(());
    for change in due {
        done = counted(app, "change", settle(app, change, now).await).map(|_| ()).and(done);
    }
    done
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

async fn restore(app: &App, now: DateTime<Utc>) -> Result<bool> {
    let mut tx = app.begin().await?;
    let found = service::kill::restore_due(&mut tx, now).await?;
    tx.commit().await?;
    Ok(found)
}

async fn settle(app: &App, change: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let mut tx = app.begin().await?;
    service::change::settle_due(&mut tx, change, now).await?;
    tx.commit().await?;
    Ok(true)
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
