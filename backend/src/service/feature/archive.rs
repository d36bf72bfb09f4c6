//! Archiving a feature that serves nothing and that nothing needs, and bringing it back.

use serde_json::json;
use sqlx::PgConnection;

use super::{find, lock};
use crate::{
    access::{self, Action},
    auth::Caller,
    error::{Error, Gate, Result},
    service::{
        audit,
        change::{closed, open},
        key, team,
    },
    store::{
        audit::NewEntry,
        change,
        feature::{self, Feature, Lifecycle},
        stage::LockedStage,
        team::Team,
    },
};

/// Archives a feature: it is remembered, and nothing may be done with it.
pub async fn archive(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, feature_key): (&str, &str),
    reason: Option<String>,
) -> Result<Feature> {
    let team = team::find(conn, caller, team_key, Action::Propose).await?;
    let reason = key::text("reason", reason)?;
    let (before, stages) = lock(conn, team.id, feature_key).await?;
    access::require_within(caller, &team, stages.iter().map(LockedStage::place))?;
    if before.lifecycle == Lifecycle::Archived {
        return Ok(before);
    }
    let gates = gates(conn, &before, &stages).await?;
    if gates.iter().any(|gate| !gate.passed) {
        return Err(Error::Blocked { message: format!("{} cannot be archived", before.key), gates });
    }
    feature::archive(conn, before.id).await?;
    finish(conn, caller, (&team, &before), ("feature.archive", reason.as_deref())).await
}

/// Brings a feature back, with the lifecycle that it had.
pub async fn unarchive(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, feature_key): (&str, &str),
    reason: Option<String>,
) -> Result<Feature> {
    let team = team::find(conn, caller, team_key, Action::Propose).await?;
    let reason = key::text("reason", reason)?;
    let (before, stages) = lock(conn, team.id, feature_key).await?;
    access::require_within(caller, &team, stages.iter().map(LockedStage::place))?;
    if before.lifecycle != Lifecycle::Archived {
        return Ok(before);
    }
    feature::unarchive(conn, before.id).await?;
    finish(conn, caller, (&team, &before), ("feature.unarchive", reason.as_deref())).await
}

async fn finish(
    conn: &mut PgConnection,
    caller: &Caller,
    (team, before): (&Team, &Feature),
    (action, reason): (&str, Option<&str>),
) -> Result<Feature> {
    let after = find(conn, team.id, &before.key).await?;
    let entry = NewEntry {
        team: Some(team.id),
        action,
        subject: after.key.clone(),
        feature: Some(after.id),
        reason,
        before: Some(json!({"lifecycle": before.lifecycle})),
        after: Some(json!({"lifecycle": after.lifecycle})),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    Ok(after)
}

/// Everything that keeps a feature from being archived, and what does not.
async fn gates(conn: &mut PgConnection, feature: &Feature, stages: &[LockedStage]) -> Result<Vec<Gate>> {
    let key = &feature.key;
    let mut gates = Vec::new();
    for stage in stages {
        let environment = &stage.environment_key;
        gates.push(match stage.live_version {
            Some(version) => closed(
                "stage",
                format!("{environment} serves v{version} of {key}"),
                Some(format!("fgctl feature withdraw {key} -e {environment}")),
            ),
            None => open("stage", format!("{environment} serves nothing of {key}")),
        });
    }
    let ids: Vec<_> = stages.iter().map(|stage| stage.id).collect();
    let mut waiting: Vec<_> =
        change::pending_on(conn, &ids).await?.into_iter().map(|(_, change)| change).collect();
    waiting.dedup();
    let mut changes = change::by_ids(conn, &waiting).await?;
    changes.sort_by_key(|change| change.number);
    for change in changes {
        let number = change.number;
        let state = change.status.to_string().to_lowercase();
        let hint = format!("fgctl change cancel {number}");
        gates.push(closed("change", format!("change #{number} is {state}"), Some(hint)));
    }
    if waiting.is_empty() {
        gates.push(open("change", format!("no change of {key} waits")));
    }
    let dependents = feature::dependents(conn, &[feature.id]).await?;
    for dependent in &dependents {
        let (other, environment) = (&dependent.feature, &dependent.environment);
        let hint = format!("fgctl dependency remove {other} {key} -e {environment}");
        gates.push(closed("dependent", format!("{other} depends on {key} in {environment}"), Some(hint)));
    }
    if dependents.is_empty() {
        gates.push(open("dependent", format!("nothing depends on {key}")));
    }
    Ok(gates)
}
