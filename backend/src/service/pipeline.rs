//! Pipelines: a tree of environments.

use sqlx::PgConnection;

use crate::{
    access::Action,
    auth::Caller,
    error::{Error, Result},
    service::{audit, environment, key, team},
    store::{
        audit::NewEntry,
        pipeline::{self, Pipeline},
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
    check_tree(stages)?;
    let name = key::text("name", name)?.unwrap_or_else(|| pipeline_key.to_owned());
    let made = pipeline::insert(conn, team.id, pipeline_key, &name).await?;
    let mut placed = Vec::new();
    for (position, stage) in (0_i32..).zip(stages) {
        let found = environment::find(conn, team.id, &stage.environment).await?;
        let source = stage
            .after
            .as_ref()
            .and_then(|after| placed.iter().find(|(key, _)| key == after))
            .map(|(_, id)| *id);
        pipeline::insert_stage(conn, made.id, found.id, position, source).await?;
        placed.push((found.key, found.id));
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
