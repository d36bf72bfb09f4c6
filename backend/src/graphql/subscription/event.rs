//! Events: an entry of the feed with what it tells of, as that is when it is sent.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{OutputType, SimpleObject};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    feed::cursor,
    store::{
        audit::{self, AuditEntry},
        change::{self, Change},
        environment,
        feature::{self, Feature},
        feed::Told,
        stage::{self, Stage},
    },
};

/// What a subscription makes of entries.
pub trait Event: OutputType + Sized + 'static {
    /// Loads a batch: of a team, in the database of this epoch. One event for each entry, in their order.
    fn load(
        conn: &mut PgConnection,
        of: (Uuid, Uuid),
        told: &[Arc<Told>],
    ) -> impl Future<Output = Result<Vec<Self>>> + Send;
}

/// Something happened to a change.
#[derive(SimpleObject)]
pub struct ChangeEvent {
    /// Where a subscription goes on that was interrupted.
    cursor: String,
    at: DateTime<Utc>,
    /// As the audit names it: `change.propose`, `change.approve`.
    action: String,
    actor: String,
    change: Change,
}

/// Something happened to a feature.
#[derive(SimpleObject)]
pub struct FeatureEvent {
    /// Where a subscription goes on that was interrupted.
    cursor: String,
    at: DateTime<Utc>,
    /// As the audit names it: `change.apply`, `feature.kill`, `feature.archive`.
    action: String,
    actor: String,
    /// Where; everywhere when absent.
    environment: Option<String>,
    reason: Option<String>,
    feature: Feature,
}

/// A kill switch went on or off, or ends at another time.
#[derive(SimpleObject)]
pub struct KillEvent {
    /// Where a subscription goes on that was interrupted.
    cursor: String,
    at: DateTime<Utc>,
    /// `feature.kill`, `feature.restore`, or `feature.kill_until` for another end.
    action: String,
    actor: String,
    reason: Option<String>,
    feature: Feature,
    /// The stages whose kill switch it is, as they are now.
    stages: Vec<Stage>,
}

/// Something was done, or refused.
#[derive(SimpleObject)]
pub struct AuditEvent {
    /// Where a subscription goes on that was interrupted.
    cursor: String,
    entry: AuditEntry,
}

fn missing() -> Error {
    Error::Internal(anyhow::anyhow!("what an entry of the audit tells of is missing"))
}

fn ids(told: &[Arc<Told>], of: impl Fn(&Told) -> Option<Uuid>) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = told.iter().filter_map(|told| of(told)).collect();
    ids.sort();
    ids.dedup();
    ids
}

async fn features(conn: &mut PgConnection, told: &[Arc<Told>]) -> Result<HashMap<Uuid, Feature>> {
    let found = feature::by_ids(conn, &ids(told, |told| told.feature_id)).await?;
    Ok(found.into_iter().map(|feature| (feature.id, feature)).collect())
}

fn feature_of(told: &Told, features: &HashMap<Uuid, Feature>) -> Result<Feature> {
    told.feature_id.and_then(|id| features.get(&id)).cloned().ok_or_else(missing)
}

impl Event for ChangeEvent {
    async fn load(
        conn: &mut PgConnection,
        (_, epoch): (Uuid, Uuid),
        told: &[Arc<Told>],
    ) -> Result<Vec<ChangeEvent>> {
        let found = change::by_ids(conn, &ids(told, |told| told.change_id)).await?;
        let changes: HashMap<Uuid, Change> = found.into_iter().map(|change| (change.id, change)).collect();
        let event = |told: &Arc<Told>| {
            Ok(ChangeEvent {
                cursor: cursor::write(epoch, told.place()),
                at: told.at,
                action: told.action.clone(),
                actor: told.actor.clone(),
                change: told.change_id.and_then(|id| changes.get(&id)).cloned().ok_or_else(missing)?,
            })
        };
        told.iter().map(event).collect()
    }
}

impl Event for FeatureEvent {
    async fn load(
        conn: &mut PgConnection,
        (_, epoch): (Uuid, Uuid),
        told: &[Arc<Told>],
    ) -> Result<Vec<FeatureEvent>> {
        let features = features(conn, told).await?;
        let event = |told: &Arc<Told>| {
            Ok(FeatureEvent {
                cursor: cursor::write(epoch, told.place()),
                at: told.at,
                action: told.action.clone(),
                actor: told.actor.clone(),
                environment: told.environment.clone(),
                reason: told.reason.clone(),
                feature: feature_of(told, &features)?,
            })
        };
        told.iter().map(event).collect()
    }
}

impl Event for KillEvent {
    async fn load(
        conn: &mut PgConnection,
        (_, epoch): (Uuid, Uuid),
        told: &[Arc<Told>],
    ) -> Result<Vec<KillEvent>> {
        let features = features(conn, told).await?;
        let stages = stage::of_features(conn, &ids(told, |told| told.feature_id)).await?;
        let mut places: Vec<Uuid> = stages.iter().map(|stage| stage.environment_id).collect();
        places.sort();
        places.dedup();
        let places = environment::by_ids(conn, &places).await?;
        let keys: HashMap<Uuid, &str> = places.iter().map(|place| (place.id, place.key.as_str())).collect();
        let event = |told: &Arc<Told>| {
            let of = |stage: &&Stage| {
                Some(stage.feature_id) == told.feature_id
                    && told.environment.as_deref() == keys.get(&stage.environment_id).copied()
            };
            Ok(KillEvent {
                cursor: cursor::write(epoch, told.place()),
                at: told.at,
                action: told.action.clone(),
                actor: told.actor.clone(),
                reason: told.reason.clone(),
                feature: feature_of(told, &features)?,
                stages: stages.iter().filter(of).cloned().collect(),
            })
        };
        told.iter().map(event).collect()
    }
}

impl Event for AuditEvent {
    async fn load(
        conn: &mut PgConnection,
        (team, epoch): (Uuid, Uuid),
        told: &[Arc<Told>],
    ) -> Result<Vec<AuditEvent>> {
        let numbers: Vec<i64> = told.iter().map(|told| told.number).collect();
        let found = audit::by_numbers(conn, team, &numbers).await?;
        let entries: HashMap<i64, AuditEntry> =
            found.into_iter().map(|entry| (entry.number, entry)).collect();
        let event = |told: &Arc<Told>| {
            let entry = entries.get(&told.number).cloned().ok_or_else(missing)?;
            Ok(AuditEvent { cursor: cursor::write(epoch, told.place()), entry })
        };
        told.iter().map(event).collect()
    }
}
