//! Applying: the version, the stage's pointer, the audit and the revision, all of it or nothing.

use fluxgate_engine::FlagConfig;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{decide, document, propose::word};
use crate::{
    error::{Error, Result},
    service::audit,
    store::{
        audit::{Actor, NewEntry},
        change::{self, Change, ChangeItem, ChangeKind, ChangeStatus},
        feature::{self, Feature},
        stage::{self, LockedStage},
        team::Team,
        version,
    },
};

/// Applies a change whose gates are open, or closes it as STALE or FAILED. The stages are locked by the caller.
///
/// The delivery head is taken by the last statement, so that nobody waits for it longer than a commit takes.
pub async fn apply(
    conn: &mut PgConnection,
    actor: Actor<'_>,
    team: &Team,
    change: &mut Change,
) -> Result<()> {
    let now = actor.at;
    let items = change::items(conn, &[change.id]).await?;
    let locked = stage::lock_of_features(conn, &features(&items)).await?;
    let features = feature::by_ids(conn, &features(&items)).await?;
    if let Some((status, why)) = obstacle(conn, &items, &locked, &features).await? {
        change::close(conn, change.id, status, Some(&why), now).await?;
        let what = What { team, change, items: &items, locked: &locked, features: &features };
        record(conn, actor, &what, ("change.fail", Some(&why))).await?;
        (change.status, change.failure, change.decided_at) = (status, Some(why), Some(now));
        return Ok(());
    }
    for item in &items {
        let number = match &item.config {
            Some(config) => {
                let number =
                    version::insert(conn, item.stage_id, config, (change.id, change.author_id), now).await?;
                change::set_item_version(conn, change.id, item.stage_id, number).await?;
                Some(number)
            }
            None => None,
        };
        let rolled_back = change.kind == ChangeKind::Rollback;
        stage::set_live(conn, item.stage_id, number, rolled_back, now).await?;
    }
    let stages: Vec<Uuid> = items.iter().map(|item| item.stage_id).collect();
    let what = What { team, change, items: &items, locked: &locked, features: &features };
    record(conn, actor, &what, ("change.apply", None)).await?;
    let overtaken = change::supersede(conn, change.id, &stages, now).await?;
    let why = format!("overtaken by #{}", change.number);
    for stale in change::by_ids(conn, &overtaken).await? {
        decide::record(conn, actor, (team, &stale), "change.stale", Some(&why)).await?;
    }
    let revision = change::publish_applied(conn, change.id, &stages, now).await?;
    (change.status, change.revision) = (ChangeStatus::Applied, Some(revision));
    (change.applied_at, change.decided_at) = (Some(now), Some(now));
    Ok(())
}

/// Why a change cannot be applied now, if something stands in its way.
async fn obstacle(
    conn: &mut PgConnection,
    items: &[ChangeItem],
    locked: &[LockedStage],
    features: &[Feature],
) -> Result<Option<(ChangeStatus, String)>> {
    for item in items {
        let Some(stage) = locked.iter().find(|stage| stage.id == item.stage_id) else { continue };
        if stage.live_version != item.base_version {
            let name = |version: Option<i32>| version.map_or("nothing".to_owned(), |v| format!("v{v}"));
            return Ok(Some((
                ChangeStatus::Stale,
                format!(
                    "{} serves {} meanwhile; this was based on {}",
                    stage.environment_key,
                    name(stage.live_version),
                    name(item.base_version)
                ),
            )));
        }
    }
    let checked = match documents(items, features) {
        Ok(documents) => {
            let documents: Vec<_> =
                documents.iter().map(|(place, key, config)| (*place, *key, config)).collect();
            document::check_cycles(conn, &documents).await
        }
        Err(invalid) => Err(invalid),
    };
    match checked {
        Ok(()) => Ok(None),
        Err(Error::Invalid { message, .. }) => Ok(Some((ChangeStatus::Failed, message))),
        Err(other) => Err(other),
    }
}

/// The documents of items, each with its environment and feature.
fn documents<'a>(items: &[ChangeItem], features: &'a [Feature]) -> Result<Vec<(Uuid, &'a str, FlagConfig)>> {
    let mut documents = Vec::new();
    for item in items {
        let Some(feature) = features.iter().find(|feature| feature.id == item.feature_id) else { continue };
        let Some(config) = &item.config else { continue };
        documents.push((item.environment_id, feature.key.as_str(), FlagConfig::from_value(config)?));
    }
    Ok(documents)
}

fn features(items: &[ChangeItem]) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = items.iter().map(|item| item.feature_id).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// What an entry in the audit tells of.
struct What<'a> {
    team: &'a Team,
    change: &'a Change,
    items: &'a [ChangeItem],
    locked: &'a [LockedStage],
    features: &'a [Feature],
}

async fn record(
    conn: &mut PgConnection,
    actor: Actor<'_>,
    what: &What<'_>,
    (action, why): (&str, Option<&str>),
) -> Result<()> {
    let change = what.change;
    for item in what.items {
        let feature = what.features.iter().find(|feature| feature.id == item.feature_id);
        let stage = what.locked.iter().find(|stage| stage.id == item.stage_id);
        let key = feature.map_or("", |feature| feature.key.as_str());
        let entry = NewEntry {
            team: Some(what.team.id),
            action,
            subject: format!("#{} {} {key}", change.number, word(change.kind)),
            feature: Some(item.feature_id),
            change: Some(change.id),
            environment: stage.map(|stage| stage.environment_key.as_str()),
            reason: why.or(change.reason.as_deref()),
            before: item
                .before
                .as_ref()
                .map(|config| json!({"version": item.base_version, "config": config})),
            after: item.config.as_ref().map(|config| json!({"change": change.number, "config": config})),
        };
        audit::record(conn, actor, &entry).await?;
    }
    Ok(())
}
