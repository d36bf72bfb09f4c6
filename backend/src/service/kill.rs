//! Kill switches: an overlay that acts at once and never touches a document.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    access::Action,
    auth::Caller,
    error::{Error, Result},
    service::{audit, feature as features, key, team},
    store::{
        audit::NewEntry,
        delivery::{self, DeliveryKind},
        feature::Feature,
        stage::{self, LockedStage},
        team::Team,
    },
};

/// What became of a kill or a restore.
pub struct Killed {
    /// The feature.
    pub feature: Feature,
    /// The keys of the environments that changed.
    pub environments: Vec<String>,
    /// At which revision; absent when there was nothing to do.
    pub revision: Option<i64>,
    /// When, by the server's clock.
    pub at: DateTime<Utc>,
}

/// Which stages: of a feature, in one environment or in all.
pub struct Scope<'a> {
    /// The team's key.
    pub team: &'a str,
    /// The feature's key.
    pub feature: &'a str,
    /// The environment's key; all when absent.
    pub environment: Option<&'a str>,
}

/// Turns the kill switch on. It needs a reason and no approval.
pub async fn kill(
    conn: &mut PgConnection,
    caller: &Caller,
    scope: Scope<'_>,
    reason: String,
) -> Result<Killed> {
    let (team, feature, stages) = lock(conn, caller, &scope, Action::Kill).await?;
    let Some(reason) = key::text("reason", Some(reason))? else {
        return Err(Error::invalid("reason", "is needed: whoever is on call next will want to know why"));
    };
    let ids: Vec<Uuid> = stages.iter().map(|stage| stage.id).collect();
    let changed = stage::kill(conn, &ids, (caller.user.id, &reason), caller.request.now).await?;
    finish(conn, caller, ("feature.kill", Some(&reason)), (team, feature), &on(stages, &changed)).await
}

/// Turns the kill switch off: the stage serves again what it is on.
pub async fn restore(
    conn: &mut PgConnection,
    caller: &Caller,
    scope: Scope<'_>,
    reason: Option<String>,
) -> Result<Killed> {
    let (team, feature, stages) = lock(conn, caller, &scope, Action::Restore).await?;
    let reason = key::text("reason", reason)?;
    let ids: Vec<Uuid> = stages.iter().map(|stage| stage.id).collect();
    let changed = stage::restore(conn, &ids).await?;
    finish(conn, caller, ("feature.restore", reason.as_deref()), (team, feature), &on(stages, &changed)).await
}

async fn lock(
    conn: &mut PgConnection,
    caller: &Caller,
    scope: &Scope<'_>,
    action: Action,
) -> Result<(Team, Feature, Vec<LockedStage>)> {
    let team = team::find(conn, caller, scope.team, action).await?;
    let feature = features::find(conn, team.id, scope.feature).await?;
    let mut stages = stage::lock_of_feature(conn, feature.id).await?;
    if let Some(environment) = scope.environment {
        let candidates = stages.iter().map(|stage| stage.environment_key.clone()).collect();
        stages.retain(|stage| stage.environment_key == environment);
        if stages.is_empty() {
            return Err(Error::not_found("environment", environment, candidates));
        }
    }
    Ok((team, feature, stages))
}

fn on(stages: Vec<LockedStage>, changed: &[Uuid]) -> Vec<LockedStage> {
    stages.into_iter().filter(|stage| changed.contains(&stage.id)).collect()
}

async fn finish(
    conn: &mut PgConnection,
    caller: &Caller,
    (action, reason): (&str, Option<&str>),
    (team, feature): (Team, Feature),
    stages: &[LockedStage],
) -> Result<Killed> {
    for stage in stages {
        let entry = NewEntry {
            team: Some(team.id),
            action,
            subject: feature.key.clone(),
            feature: Some(feature.id),
            environment: Some(&stage.environment_key),
            reason,
            ..NewEntry::default()
        };
        audit::record(conn, caller, &entry).await?;
    }
    let items: Vec<_> = stages.iter().map(|stage| (DeliveryKind::Kill, stage.id)).collect();
    let revision = match items.as_slice() {
        [] => None,
        items => Some(delivery::publish(conn, items).await?),
    };
    let environments = stages.iter().map(|stage| stage.environment_key.clone()).collect();
    Ok(Killed { feature, environments, revision, at: caller.request.now })
}
