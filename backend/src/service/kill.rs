//! Kill switches: an overlay that acts at once and never touches a document.
//!
//! A kill may have an end, at which the scheduler restores. Everybody who may kill may also put that end off, as that
//! only keeps the feature off; bringing it forward is restoring.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    access::{self, Action},
    auth::Caller,
    error::{Error, Result},
    service::{audit, feature as features, key, team},
    store::{
        audit::{Actor, NewEntry},
        delivery::{self, DeliveryKind},
        feature::Feature,
        stage::{self, LockedStage},
        team::Team,
    },
};

/// How far ahead may a kill end?
const MAX_AHEAD: TimeDelta = TimeDelta::days(365);

/// What became of a kill or a restore.
pub struct Killed {
    /// The feature.
    pub feature: Feature,
    /// The keys of the environments that changed.
    pub environments: Vec<String>,
    /// The keys of the environments where it was killed already and now ends at another time.
    pub rescheduled: Vec<String>,
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

/// When a kill ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing is said: by hand, or as it was.
    Unsaid,
    /// By hand only.
    ByHand,
    /// Then.
    At(DateTime<Utc>),
}

/// Turns the kill switch on. It needs a reason and no approval. Where it is on already, only its end may change.
pub async fn kill(
    conn: &mut PgConnection,
    caller: &Caller,
    scope: Scope<'_>,
    reason: String,
    end: End,
) -> Result<Killed> {
    let (team, feature, stages) = lock(conn, caller, &scope, Action::Kill).await?;
    let Some(reason) = key::text("reason", Some(reason))? else {
        return Err(Error::invalid("reason", "is needed: whoever is on call next will want to know why"));
    };
    let now = caller.request.now;
    let restore_at = match end {
        End::At(at) if at <= now || at > now + MAX_AHEAD => {
            return Err(Error::invalid("restoreAt", "must be in the future, at most a year ahead"));
        }
        End::At(at) => Some(at),
        End::Unsaid | End::ByHand => None,
    };
    let rescheduled = match end {
        End::Unsaid => Vec::new(),
        _ => {
            let moved = to_move(caller, (&team, &scope), &stages, restore_at)?;
            stage::set_restore_at(conn, &moved, restore_at).await?;
            moved
        }
    };
    let ids: Vec<Uuid> = stages.iter().map(|stage| stage.id).collect();
    let changed = stage::kill(conn, &ids, (caller.by(), &reason), (now, restore_at)).await?;
    let place = Place { team: team.id, feature: feature.id, key: &feature.key };
    let until = restore_at.map(|at| serde_json::json!({"restoreAt": at}));
    let environments = on(&stages, &changed);
    record(conn, caller.into(), &place, ("feature.kill", Some(&reason)), (&environments, &until)).await?;
    let moved = on(&stages, &rescheduled);
    record(conn, caller.into(), &place, ("feature.kill_until", Some(&reason)), (&moved, &until)).await?;
    let revision = publish(conn, &changed).await?;
    Ok(Killed { environments, rescheduled: moved, revision, at: now, feature })
}

/// The stages where the kill switch is on and is to have another end. Whoever may not restore brings none forward: that is
/// refused in one environment; in all at once those that would end sooner stay as they are, so that the rest is killed.
fn to_move(
    caller: &Caller,
    (team, scope): (&Team, &Scope<'_>),
    stages: &[LockedStage],
    restore_at: Option<DateTime<Utc>>,
) -> Result<Vec<Uuid>> {
    let sooner = |stage: &&LockedStage| match (stage.kill_restore_at, restore_at) {
        (None, Some(_)) => true,
        (Some(before), Some(after)) => after < before,
        (_, None) => false,
    };
    let other = stages.iter().filter(|stage| stage.killed && stage.kill_restore_at != restore_at);
    let (sooner, mut later): (Vec<&LockedStage>, Vec<&LockedStage>) = other.partition(sooner);
    if !sooner.is_empty() {
        match access::require(caller, team, Action::Restore) {
            Ok(()) => later.extend(sooner),
            Err(refused) if scope.environment.is_some() => return Err(refused),
            Err(_) => {}
        }
    }
    Ok(later.into_iter().map(|stage| stage.id).collect())
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
    let place = Place { team: team.id, feature: feature.id, key: &feature.key };
    let environments = on(&stages, &changed);
    let action = ("feature.restore", reason.as_deref());
    record(conn, caller.into(), &place, action, (&environments, &None)).await?;
    let revision = publish(conn, &changed).await?;
    Ok(Killed { environments, rescheduled: Vec::new(), revision, at: caller.request.now, feature })
}

/// Ends the kill that is due for the longest time; tells whether there was one.
pub async fn restore_due(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<bool> {
    let Some(due) = stage::lock_due_restore(conn, now).await? else { return Ok(false) };
    stage::restore(conn, &[due.stage_id]).await?;
    let place = Place { team: due.team_id, feature: due.feature_id, key: &due.feature_key };
    let why = format!("its time is over; killed for: {}", due.reason);
    let action = ("feature.restore", Some(why.as_str()));
    record(conn, audit::scheduler(now), &place, action, (&[due.environment_key], &None)).await?;
    publish(conn, &[due.stage_id]).await?;
    Ok(true)
}

async fn lock(
    conn: &mut PgConnection,
    caller: &Caller,
    scope: &Scope<'_>,
    action: Action,
) -> Result<(Team, Feature, Vec<LockedStage>)> {
    let team = team::find(conn, caller, scope.team, action).await?;
    let (feature, mut stages) = features::lock(conn, team.id, scope.feature).await?;
    if action == Action::Kill {
        features::require_present(&feature)?;
    }
    if scope.environment.is_none() {
        access::require_everywhere(caller, &team, "kill or restore in all environments at once")?;
    }
    if let Some(environment) = scope.environment {
        let candidates = stages.iter().map(|stage| stage.environment_key.clone()).collect();
        stages.retain(|stage| stage.environment_key == environment);
        if stages.is_empty() {
            return Err(Error::not_found("environment", environment, candidates));
        }
    }
    access::require_within(caller, &team, stages.iter().map(LockedStage::place))?;
    Ok((team, feature, stages))
}

/// The keys of the environments of those stages that changed.
fn on(stages: &[LockedStage], changed: &[Uuid]) -> Vec<String> {
    let changed = stages.iter().filter(|stage| changed.contains(&stage.id));
    changed.map(|stage| stage.environment_key.clone()).collect()
}

/// Whose kill switch it is.
struct Place<'a> {
    team: Uuid,
    feature: Uuid,
    key: &'a str,
}

async fn record(
    conn: &mut PgConnection,
    actor: Actor<'_>,
    place: &Place<'_>,
    (action, reason): (&str, Option<&str>),
    (environments, after): (&[String], &Option<serde_json::Value>),
) -> Result<()> {
    let entry = |environment| NewEntry {
        team: Some(place.team),
        action,
        subject: place.key.to_owned(),
        feature: Some(place.feature),
        environment: Some(environment),
        reason,
        after: after.clone(),
        ..NewEntry::default()
    };
    let entries: Vec<_> = environments.iter().map(String::as_str).map(entry).collect();
    audit::record_all(conn, actor, &entries).await
}

async fn publish(conn: &mut PgConnection, stages: &[Uuid]) -> Result<Option<i64>> {
    let items: Vec<_> = stages.iter().map(|stage| (DeliveryKind::Kill, *stage)).collect();
    Ok(match items.as_slice() {
        [] => None,
        items => Some(delivery::publish(conn, items).await?),
    })
}
