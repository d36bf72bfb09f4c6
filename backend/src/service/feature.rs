//! Features. What they serve is changed by `change` alone, their first document too.

mod archive;
mod edit;

use fluxgate_engine::FlagConfig;
use sqlx::PgConnection;
use uuid::Uuid;

use super::change::{self, Draft, Proposal, Target};
use crate::{
    access::Action,
    auth::Caller,
    clock,
    error::{Error, Result},
    service::{audit, key, team},
    store::{
        audit::NewEntry,
        change::ChangeKind,
        feature::{self, Feature, FeatureKind, Lifecycle},
        pipeline::{self, Pipeline},
        stage::{self, LockedStage},
    },
};

pub use archive::{archive, unarchive};
pub use edit::{EditFeature, edit};

/// How many tags may a feature have?
const MAX_TAGS: usize = 20;

/// Finds a feature of a team by key.
pub async fn find(conn: &mut PgConnection, team: Uuid, feature_key: &str) -> Result<Feature> {
    match feature::get(conn, team, feature_key).await? {
        Some(found) => Ok(found),
        None => Err(Error::not_found("feature", feature_key, feature::keys(conn, team).await?)),
    }
}

/// Finds the feature that a filter names, if it names one.
pub async fn find_if(
    conn: &mut PgConnection,
    team: Uuid,
    feature_key: Option<String>,
) -> Result<Option<Feature>> {
    match feature_key {
        Some(key) => Ok(Some(find(conn, team, &key).await?)),
        None => Ok(None),
    }
}

/// Finds a feature and locks its stages. It is read only then: it may have been archived meanwhile.
pub async fn lock(
    conn: &mut PgConnection,
    team: Uuid,
    feature_key: &str,
) -> Result<(Feature, Vec<LockedStage>)> {
    let stages = stage::lock_of_keys(conn, team, &[feature_key]).await?;
    Ok((find(conn, team, feature_key).await?, stages))
}

/// Refuses what an archived feature is not open to.
pub fn require_present(feature: &Feature) -> Result<()> {
    if feature.lifecycle != Lifecycle::Archived {
        return Ok(());
    }
    let key = &feature.key;
    Err(Error::Conflict(format!("{key} is archived; bring it back first: fgctl feature unarchive {key}")))
}

fn check_tags(tags: &[String]) -> Result<()> {
    for tag in tags {
        key::check("tags", tag)?;
    }
    if tags.len() > MAX_TAGS {
        return Err(Error::invalid("tags", format!("are more than {MAX_TAGS}")));
    }
    Ok(())
}

/// A feature to be made, with its first document.
pub struct CreateFeature {
    /// The team's key.
    pub team: String,
    /// Its key.
    pub key: String,
    /// Its name; the key when absent.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// How much it may decide.
    pub kind: FeatureKind,
    /// The pipeline's key; may be absent where the team has one.
    pub pipeline: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// The first document; on/off, and off, when absent.
    pub config: Option<serde_json::Value>,
    /// Whether the first document is on; as it says itself when absent.
    pub enabled: Option<bool>,
    /// Kept with the change.
    pub reason: Option<String>,
    /// Check everything; the caller rolls back.
    pub dry_run: bool,
}

/// Makes a feature and proposes its first document for the pipeline's first stage.
pub async fn create(conn: &mut PgConnection, caller: &Caller, new: CreateFeature) -> Result<Proposal> {
    let team = team::find(conn, caller, &new.team, Action::Propose).await?;
    key::check("key", &new.key)?;
    check_tags(&new.tags)?;
    let mut config = match change::parse([new.config.as_ref()].into_iter()).await.pop().flatten() {
        Some(written) => written?,
        None => FlagConfig::simple(false),
    };
    config.enabled = new.enabled.unwrap_or(config.enabled);
    let pipeline = hold_pipeline(conn, team.id, new.pipeline.as_deref()).await?;
    let made = Feature {
        id: clock::new_id(),
        team_id: team.id,
        pipeline_id: pipeline.id,
        name: key::text("name", new.name)?.unwrap_or_else(|| new.key.clone()),
        description: key::text("description", new.description)?.unwrap_or_default(),
        kind: new.kind,
        value_type: change::value_type(&config),
        lifecycle: Lifecycle::Beta,
        tags: new.tags,
        owner: key::text("owner", new.owner)?,
        removal_date: None,
        created_at: caller.request.now,
        changed_at: caller.request.now,
        created_by: caller.user.username.clone(),
        pipeline: pipeline.key,
        key: new.key,
    };
    feature::insert(conn, &made, caller.user.id).await?;
    let entry = NewEntry {
        team: Some(team.id),
        action: "feature.create",
        subject: made.key.clone(),
        feature: Some(made.id),
        reason: new.reason.as_deref(),
        after: Some(
            serde_json::json!({"kind": made.kind, "valueType": made.value_type, "pipeline": made.pipeline}),
        ),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    let config = change::fitting(&made, config)?;
    let stages = stage::of_new_feature(conn, made.id).await?;
    let first = stages
        .iter()
        .find(|stage| stage.follows.is_none())
        .ok_or_else(|| Error::Conflict(format!("the pipeline {} has no stages", made.pipeline)))?;
    change::check_cycles(conn, &[(first.environment_id, &made.key, &config)]).await?;
    let target = Target {
        feature: &made,
        stage: first,
        source: None,
        config: Some(config.to_value()),
        parsed: Some(config),
        path: String::new(),
    };
    let draft = Draft {
        team: &team,
        kind: ChangeKind::Edit,
        reason: new.reason,
        apply_at: None,
        dry_run: new.dry_run,
        targets: vec![target],
        gates: Vec::new(),
    };
    change::propose(conn, caller, draft).await
}

/// The pipeline that is named, or the only one; no stage comes to it or leaves it until the transaction ends.
async fn hold_pipeline(conn: &mut PgConnection, team: Uuid, wanted: Option<&str>) -> Result<Pipeline> {
    let mut found = pipeline::hold(conn, team, wanted).await?;
    match (found.len(), wanted) {
        (1, _) => Ok(found.remove(0)),
        (_, Some(wanted)) => Err(Error::not_found("pipeline", wanted, pipeline::keys(conn, team).await?)),
        (0, None) => Err(Error::invalid("pipeline", "is needed, and the team has none yet: create one")),
        (_, None) => {
            let mut keys: Vec<_> = found.into_iter().map(|pipeline| pipeline.key).collect();
            keys.sort();
            Err(Error::invalid("pipeline", format!("is needed: one of {}", keys.join(", "))))
        }
    }
}
