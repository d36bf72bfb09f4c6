//! Where a change's document comes from: its author, another stage, an earlier version, or nowhere.

use serde_json::Value;
use sqlx::PgConnection;

use super::{
    Intent, document, gate,
    propose::{Draft, Proposal, Target, propose},
};
use crate::{
    access::Action,
    auth::Caller,
    error::{Error, Gate, Result},
    service::{feature as features, team},
    store::{
        change::ChangeKind,
        feature::Feature,
        pipeline::{self, PipelineStage},
        stage::LockedStage,
        team::Team,
        version,
    },
};

/// A feature with all its stages locked, so that what is looked at is what is changed.
pub(super) struct Locked {
    pub team: Team,
    pub feature: Feature,
    pub stages: Vec<LockedStage>,
}

impl Locked {
    pub async fn find(conn: &mut PgConnection, caller: &Caller, intent: &Intent) -> Result<Locked> {
        let team = team::find(conn, caller, &intent.team, Action::Propose).await?;
        let (feature, stages) = features::lock(conn, team.id, &intent.feature).await?;
        features::require_present(&feature)?;
        Ok(Locked { team, feature, stages })
    }

    pub fn stage(&self, environment: &str) -> Result<&LockedStage> {
        self.stages.iter().find(|stage| stage.environment_key == environment).ok_or_else(|| {
            let candidates = self.stages.iter().map(|stage| stage.environment_key.clone()).collect();
            Error::not_found("environment", environment, candidates)
        })
    }

    pub fn draft<'a>(
        &'a self,
        intent: Intent,
        kind: ChangeKind,
        target: Target<'a>,
        gates: Vec<Gate>,
    ) -> Draft<'a> {
        Draft {
            team: &self.team,
            feature: &self.feature,
            kind,
            reason: intent.reason,
            apply_at: intent.apply_at,
            dry_run: intent.dry_run,
            target,
            gates,
        }
    }
}

/// Proposes a document of the author's own. `base` is the version that it was made from, to notice others' changes.
pub async fn edit(
    conn: &mut PgConnection,
    caller: &Caller,
    intent: Intent,
    environment: &str,
    (config, base): (&Value, Option<i32>),
) -> Result<Proposal> {
    let locked = Locked::find(conn, caller, &intent).await?;
    let stage = locked.stage(environment)?;
    if base.is_some() && base != stage.live_version {
        let live =
            stage.live_version.map_or("is not deployed any more".to_owned(), |v| format!("moved to v{v}"));
        let based = base.map_or(String::new(), |v| format!(" from v{v}"));
        return Err(Error::Conflict(format!(
            "{} in {environment} {live}{based} meanwhile; look at it and try again",
            locked.feature.key
        )));
    }
    let config = document::read(&locked.feature, config)?;
    document::check_cycle(conn, stage.environment_id, &locked.feature.key, &config).await?;
    let target = Target { stage, source: None, config: Some(config.to_value()) };
    propose(conn, caller, locked.draft(intent, ChangeKind::Edit, target, Vec::new())).await
}

/// Proposes the source stage's live document for the next stage.
pub async fn promote(
    conn: &mut PgConnection,
    caller: &Caller,
    intent: Intent,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<Proposal> {
    let locked = Locked::find(conn, caller, &intent).await?;
    let pipeline = pipeline::stages(conn, &[locked.feature.pipeline_id]).await?;
    let (source, target) = ends(&locked, &pipeline, from, to)?;
    let gates = gate::promotion(conn, &locked.feature, &pipeline, source, target).await?;
    if gates.iter().any(|gate| !gate.passed) {
        let message = format!("{} cannot go to {}", locked.feature.key, target.environment_key);
        return Err(Error::Blocked { message, gates });
    }
    if let Some(config) = &source.config {
        let config = document::read(&locked.feature, config)?;
        document::check_cycle(conn, target.environment_id, &locked.feature.key, &config).await?;
    }
    let target = Target { stage: target, source: Some(source), config: source.config.clone() };
    propose(conn, caller, locked.draft(intent, ChangeKind::Promote, target, gates)).await
}

/// Proposes an earlier version of the stage, the one before the live one unless named.
pub async fn rollback(
    conn: &mut PgConnection,
    caller: &Caller,
    intent: Intent,
    environment: &str,
    number: Option<i32>,
) -> Result<Proposal> {
    let locked = Locked::find(conn, caller, &intent).await?;
    let stage = locked.stage(environment)?;
    let key = &locked.feature.key;
    let number = match (number, stage.live_version) {
        (Some(number), _) => number,
        (None, Some(live)) if live > 1 => live - 1,
        (None, Some(_)) => {
            return Err(Error::Conflict(format!("{key} has no version before v1 in {environment}")));
        }
        (None, None) => return Err(Error::Conflict(format!("{key} is not deployed in {environment}"))),
    };
    let Some(config) = version::config(conn, stage.id, number).await? else {
        return Err(Error::not_found("version", format!("v{number}"), Vec::new()));
    };
    let checked = document::read(&locked.feature, &config)?;
    document::check_cycle(conn, stage.environment_id, key, &checked).await?;
    let target = Target { stage, source: None, config: Some(config) };
    propose(conn, caller, locked.draft(intent, ChangeKind::Rollback, target, Vec::new())).await
}

/// Proposes that a stage serves nothing any more.
pub async fn withdraw(
    conn: &mut PgConnection,
    caller: &Caller,
    intent: Intent,
    environment: &str,
) -> Result<Proposal> {
    let locked = Locked::find(conn, caller, &intent).await?;
    let target = Target { stage: locked.stage(environment)?, source: None, config: None };
    propose(conn, caller, locked.draft(intent, ChangeKind::Withdraw, target, Vec::new())).await
}

/// The two ends of a promotion; either may be left out where the pipeline leaves no choice.
fn ends<'a>(
    locked: &'a Locked,
    pipeline: &[PipelineStage],
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(&'a LockedStage, &'a LockedStage)> {
    let by_id = |id| locked.stages.iter().find(|stage| Some(stage.environment_id) == id);
    let first = |key: &str| {
        Error::invalid("to", format!("{key} is the first stage of the pipeline: nothing is promoted to it"))
    };
    match (from, to) {
        (Some(from), Some(to)) => Ok((locked.stage(from)?, locked.stage(to)?)),
        (None, Some(to)) => {
            let target = locked.stage(to)?;
            let before = gate::parent(pipeline, target).map(|place| place.environment.id);
            Ok((by_id(before).ok_or_else(|| first(to))?, target))
        }
        (Some(from), None) => {
            let source = locked.stage(from)?;
            let next: Vec<_> =
                pipeline.iter().filter(|p| p.source_id == Some(source.environment_id)).collect();
            match next.as_slice() {
                [only] => Ok((source, by_id(Some(only.environment.id)).ok_or_else(|| first(from))?)),
                [] => Err(Error::invalid("from", format!("{from} is the last stage of the pipeline"))),
                several => {
                    let names: Vec<_> = several.iter().map(|p| p.environment.key.as_str()).collect();
                    Err(Error::invalid("to", format!("is needed: {from} leads to {}", names.join(" and "))))
                }
            }
        }
        (None, None) => Err(Error::invalid("to", "is needed: name the environment to promote to")),
    }
}
