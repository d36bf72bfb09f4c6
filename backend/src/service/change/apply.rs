//! Applying: the version, the stage's pointer, the audit and the revision, all of it or nothing.

use std::{collections::HashMap, mem};

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

/// What a change moves and whose, read while its stages are locked.
pub(super) struct Contents<'a> {
    /// Where to.
    pub items: Vec<ChangeItem>,
    /// The stages, as they are now.
    pub locked: Vec<LockedStage>,
    /// Whose they are.
    pub features: Vec<Feature>,
    /// Whether other changes may be open on these stages.
    pub contested: bool,
    /// What the audit is still to hear before what becomes of the change.
    pub untold: Vec<NewEntry<'a>>,
}

impl Contents<'_> {
    /// Reads them.
    pub async fn read(conn: &mut PgConnection, change: Uuid) -> Result<Self> {
        let items = change::items(conn, &[change]).await?;
        let mut features: Vec<Uuid> = items.iter().map(|item| item.feature_id).collect();
        features.sort();
        features.dedup();
        let locked = stage::lock_of_features(conn, &features).await?;
        let features = feature::by_ids(conn, &features).await?;
        Ok(Contents { items, locked, features, contested: true, untold: Vec::new() })
    }
}

/// Applies a change whose gates are open, or closes it as STALE or FAILED. The stages are locked by the caller.
pub(super) async fn apply(
    conn: &mut PgConnection,
    actor: Actor<'_>,
    (team, change): (&Team, &mut Change),
    contents: &mut Contents<'_>,
) -> Result<()> {
    if let Some((status, why)) = obstacle(conn, contents).await? {
        change::close(conn, change.id, status, Some(&why), actor.at).await?;
        record(conn, actor, (team, change, contents), ("change.fail", Some(&why))).await?;
        (change.status, change.failure, change.decided_at) = (status, Some(why), Some(actor.at));
        return Ok(());
    }
    go_live(conn, actor, (team, change), contents).await
}

/// Applies a change that nothing stands in the way of.
///
/// The delivery head is taken by the last statement, so that nobody waits for it longer than a commit takes.
pub(super) async fn go_live(
    conn: &mut PgConnection,
    actor: Actor<'_>,
    (team, change): (&Team, &mut Change),
    contents: &mut Contents<'_>,
) -> Result<()> {
    let now = actor.at;
    let rolled_back = change.kind == ChangeKind::Rollback;
    let live = version::go_live(conn, (change.id, change.author_id), rolled_back, now).await?;
    let live: HashMap<Uuid, Option<i32>> = live.into_iter().collect();
    for item in &mut contents.items {
        item.version = live.get(&item.stage_id).copied().flatten();
    }
    record(conn, actor, (team, change, contents), ("change.apply", None)).await?;
    let stages: Vec<Uuid> = contents.items.iter().map(|item| item.stage_id).collect();
    if contents.contested {
        supersede(conn, actor, (team, change), &stages).await?;
    }
    let revision = change::publish_applied(conn, change.id, &stages, now).await?;
    (change.status, change.revision) = (ChangeStatus::Applied, Some(revision));
    (change.applied_at, change.decided_at) = (Some(now), Some(now));
    Ok(())
}

/// Ends the other open changes on these stages.
async fn supersede(
    conn: &mut PgConnection,
    actor: Actor<'_>,
    (team, change): (&Team, &Change),
    stages: &[Uuid],
) -> Result<()> {
    let overtaken = change::supersede(conn, change.id, stages, actor.at).await?;
    if overtaken.is_empty() {
        return Ok(());
    }
    let why = format!("overtaken by #{}", change.number);
    for stale in change::by_ids(conn, &overtaken).await? {
        decide::record(conn, actor, (team, &stale), "change.stale", Some(&why)).await?;
    }
    Ok(())
}

/// Why a change cannot be applied now, if something stands in its way.
async fn obstacle(
    conn: &mut PgConnection,
    Contents { items, locked, features, .. }: &Contents<'_>,
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

/// Tells the audit of each stage.
async fn record(
    conn: &mut PgConnection,
    actor: Actor<'_>,
    (team, change, contents): (&Team, &Change, &mut Contents<'_>),
    (action, why): (&str, Option<&str>),
) -> Result<()> {
    let untold = mem::take(&mut contents.untold);
    let contents = &*contents;
    let entry = |item: &ChangeItem| {
        let feature = contents.features.iter().find(|feature| feature.id == item.feature_id);
        let stage = contents.locked.iter().find(|stage| stage.id == item.stage_id);
        let key = feature.map_or("", |feature| feature.key.as_str());
        let before = item.before.as_ref();
        NewEntry {
            team: Some(team.id),
            action,
            subject: format!("#{} {} {key}", change.number, word(change.kind)),
            feature: Some(item.feature_id),
            change: Some(change.id),
            environment: stage.map(|stage| stage.environment_key.as_str()),
            reason: why.or(change.reason.as_deref()),
            before: before.map(|config| json!({"version": item.base_version, "config": config})),
            after: item.config.as_ref().map(|config| json!({"change": change.number, "config": config})),
        }
    };
    let told: Vec<_> = untold.into_iter().chain(contents.items.iter().map(entry)).collect();
    audit::record_all(conn, actor, &told).await
}
