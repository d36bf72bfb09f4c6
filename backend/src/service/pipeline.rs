//! Pipelines: a tree of environments.

use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    access::Action,
    auth::Caller,
    error::{Error, Result},
    service::{audit, environment, key, team},
    store::{
        audit::NewEntry,
        feature, kill,
        pipeline::{self, Pipeline, PipelineStage},
        stage,
        team::Team,
    },
};

/// A stage of a pipeline to be made: an environment, and the one that it follows.
pub struct NewStage {
    /// The environment's key.
    pub environment: String,
    /// The key of the one before; only the first stage has none.
    pub after: Option<String>,
}

/// Makes a pipeline. Stages come in order: each follows one that stands before it, the first follows none.
pub async fn create(
    conn: &mut PgConnection,
    caller: &Caller,
    team_key: &str,
    (pipeline_key, name): (&str, Option<String>),
    stages: &[NewStage],
) -> Result<Pipeline> {
    let team = team::find(conn, caller, team_key, Action::Manage).await?;
    key::check("key", pipeline_key)?;
    key::check_many("stages", stages)?;
    check_tree(stages)?;
    let name = key::text("name", name)?.unwrap_or_else(|| pipeline_key.to_owned());
    let made = pipeline::insert(conn, team.id, pipeline_key, &name).await?;
    let keys: Vec<&str> = stages.iter().map(|stage| stage.environment.as_str()).collect();
    let places = environment::find_all(conn, team.id, &keys).await?;
    for ((position, stage), place) in (0_i32..).zip(stages).zip(&places) {
        let before = |after: &String| places.iter().find(|place| place.key == *after);
        let source = stage.after.as_ref().and_then(before).map(|place| place.id);
        pipeline::insert_stage(conn, made.id, place.id, position, source).await?;
    }
    let shown: Vec<_> =
        stages.iter().map(|s| serde_json::json!({"environment": s.environment, "after": s.after})).collect();
    let entry = NewEntry {
        team: Some(team.id),
        action: "pipeline.create",
        subject: format!("pipeline {}", made.key),
        after: Some(serde_json::json!({"name": made.name, "stages": shown})),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    Ok(made)
}

/// Finds a pipeline of a team by key.
pub async fn find(conn: &mut PgConnection, team: Uuid, pipeline_key: &str) -> Result<Pipeline> {
    match pipeline::get(conn, team, pipeline_key).await? {
        Some(found) => Ok(found),
        None => Err(Error::not_found("pipeline", pipeline_key, pipeline::keys(conn, team).await?)),
    }
}

/// Gives a pipeline another name; the key when it is empty.
pub async fn edit(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, pipeline_key): (&str, &str),
    name: Option<String>,
) -> Result<Pipeline> {
    let (team, before) = lock(conn, caller, (team_key, pipeline_key)).await?;
    let name = match name {
        Some(name) => key::text("name", Some(name))?.unwrap_or_else(|| before.key.clone()),
        None => before.name.clone(),
    };
    if name == before.name {
        return Ok(before);
    }
    pipeline::rename(conn, before.id, &name).await?;
    let (was, is) = (json!({"name": before.name}), json!({"name": name}));
    record(conn, caller, (&team, &before), ("pipeline.edit", Some(was), Some(is))).await?;
    Ok(Pipeline { name, ..before })
}

/// Adds a stage behind another; the pipeline's features are not deployed there.
pub async fn add_stage(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, pipeline_key): (&str, &str),
    (environment_key, after): (&str, &str),
) -> Result<Pipeline> {
    let (team, pipeline) = lock(conn, caller, (team_key, pipeline_key)).await?;
    let environment = environment::find(conn, team.id, environment_key).await?;
    let stages = pipeline::stages(conn, &[pipeline.id]).await?;
    let source = find_stage(&stages, after)?.environment.id;
    if let Ok(there) = find_stage(&stages, environment_key) {
        if there.source_id == Some(source) {
            return Ok(pipeline);
        }
        return Err(Error::Conflict(format!(
            "{environment_key} stands in {pipeline_key} already, elsewhere: remove it there first"
        )));
    }
    let position = stages.iter().map(|stage| stage.stage_position + 1).max().unwrap_or_default();
    pipeline::insert_stage(conn, pipeline.id, environment.id, position, Some(source)).await?;
    stage::insert_for_features(conn, pipeline.id, environment.id).await?;
    let is = json!({"environment": environment_key, "after": after});
    record(conn, caller, (&team, &pipeline), ("pipeline.add_stage", None, Some(is))).await?;
    Ok(pipeline)
}

/// Takes out a stage that nothing follows, while none of the pipeline's features is there, killed there or on its way
/// there. What was served there is remembered, in case the stage comes back.
pub async fn remove_stage(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, pipeline_key): (&str, &str),
    environment_key: &str,
) -> Result<Pipeline> {
    let (team, pipeline) = lock(conn, caller, (team_key, pipeline_key)).await?;
    let stages = pipeline::stages(conn, &[pipeline.id]).await?;
    let stage = find_stage(&stages, environment_key)?;
    let environment = &stage.environment;
    let what = format!("{environment_key} cannot leave {pipeline_key}");
    let next: Vec<_> = stages
        .iter()
        .filter(|other| other.source_id == Some(environment.id))
        .map(|other| other.environment.key.as_str())
        .collect();
    if !next.is_empty() {
        return Err(Error::Conflict(format!("{what}: remove what follows it first: {}", key::listed(&next))));
    }
    let Some(source) = stage.source_id else {
        return Err(Error::Conflict(format!("{what}: it is the only stage; delete the pipeline instead")));
    };
    stage::lock_in(conn, pipeline.id, environment.id).await?;
    environment::refuse_in_use(conn, &what, environment, Some(pipeline.id)).await?;
    // Nobody could restore it any more.
    let killed = kill::killed_in(conn, environment.id, pipeline.id).await?;
    if !killed.is_empty() {
        let names = key::listed(&killed);
        return Err(Error::Conflict(format!(
            "{what}: restore what is killed there first (fgctl feature restore): {names}"
        )));
    }
    pipeline::delete_stage(conn, pipeline.id, environment.id).await?;
    let after =
        stages.iter().find(|other| other.environment.id == source).map(|other| &other.environment.key);
    let was = json!({"environment": environment_key, "after": after});
    record(conn, caller, (&team, &pipeline), ("pipeline.remove_stage", Some(was), None)).await?;
    Ok(pipeline)
}

/// Takes a pipeline away that no feature uses.
pub async fn delete(
    conn: &mut PgConnection,
    caller: &Caller,
    team_key: &str,
    pipeline_key: &str,
) -> Result<Pipeline> {
    let (team, pipeline) = lock(conn, caller, (team_key, pipeline_key)).await?;
    let features = feature::of_pipeline(conn, pipeline.id).await?;
    if !features.is_empty() {
        return Err(Error::Conflict(format!(
            "{pipeline_key} cannot be deleted: it is the way of {}",
            key::listed(&features)
        )));
    }
    let stages = pipeline::stages(conn, &[pipeline.id]).await?;
    let stages: Vec<_> = stages.iter().map(|stage| stage.environment.key.as_str()).collect();
    let was = json!({"name": pipeline.name, "stages": stages});
    pipeline::delete(conn, pipeline.id).await?;
    record(conn, caller, (&team, &pipeline), ("pipeline.delete", Some(was), None)).await?;
    Ok(pipeline)
}

async fn lock(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, pipeline_key): (&str, &str),
) -> Result<(Team, Pipeline)> {
    let team = team::find(conn, caller, team_key, Action::Manage).await?;
    match pipeline::lock(conn, team.id, pipeline_key).await? {
        Some(found) => Ok((team, found)),
        None => Err(Error::not_found("pipeline", pipeline_key, pipeline::keys(conn, team.id).await?)),
    }
}

fn find_stage<'s>(stages: &'s [PipelineStage], environment: &str) -> Result<&'s PipelineStage> {
    stages.iter().find(|stage| stage.environment.key == environment).ok_or_else(|| {
        let candidates = stages.iter().map(|stage| stage.environment.key.clone()).collect();
        Error::not_found("stage", environment, candidates)
    })
}

async fn record(
    conn: &mut PgConnection,
    caller: &Caller,
    (team, pipeline): (&Team, &Pipeline),
    (action, before, after): (&str, Option<Value>, Option<Value>),
) -> Result<()> {
    let entry = NewEntry {
        team: Some(team.id),
        action,
        subject: format!("pipeline {}", pipeline.key),
        before,
        after,
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await
}

fn check_tree(stages: &[NewStage]) -> Result<()> {
    if stages.is_empty() {
        return Err(Error::invalid("stages", "must name at least one environment"));
    }
    for (index, stage) in stages.iter().enumerate() {
        let before = &stages[..index];
        let path = format!("stages[{index}]");
        if before.iter().any(|other| other.environment == stage.environment) {
            return Err(Error::invalid(
                &path,
                format!("{} stands in the pipeline already", stage.environment),
            ));
        }
        match &stage.after {
            None if index > 0 => {
                return Err(Error::invalid(
                    &format!("{path}.after"),
                    "is needed: only the first stage follows none",
                ));
            }
            Some(after) if !before.iter().any(|other| other.environment == *after) => {
                return Err(Error::invalid(
                    &format!("{path}.after"),
                    format!("{after} does not stand before it"),
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(of: &[(&str, Option<&str>)]) -> Vec<NewStage> {
        of.iter()
            .map(|(environment, after)| NewStage {
                environment: (*environment).to_owned(),
                after: after.map(str::to_owned),
            })
            .collect()
    }

    #[test]
    fn only_trees_are_pipelines() {
        assert!(check_tree(&stages(&[("qa", None), ("us", Some("qa")), ("eu", Some("qa"))])).is_ok());
        for bad in [
            &[][..],
            &[("qa", Some("eu"))],
            &[("qa", None), ("eu", None)],
            &[("qa", None), ("qa", Some("qa"))],
            &[("qa", None), ("eu", Some("us"))],
            &[("qa", None), ("eu", Some("eu"))],
        ] {
            assert!(check_tree(&stages(bad)).is_err(), "{bad:?}");
        }
    }
}
