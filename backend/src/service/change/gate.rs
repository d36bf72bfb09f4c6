//! What a promotion has to pass, all of it looked at, so that a refusal names every reason at once.

use std::collections::HashSet;

use fluxgate_engine::FlagConfig;
use sqlx::PgConnection;

use crate::{
    error::{Gate, Result},
    store::{
        feature::Feature,
        pipeline::PipelineStage,
        stage::{self, LockedStage},
    },
};

/// Looks at every gate between two stages. `arriving` are the features that the same change brings to the target.
pub async fn promotion(
    conn: &mut PgConnection,
    feature: &Feature,
    pipeline: &[PipelineStage],
    (source, target): (&LockedStage, &LockedStage),
    arriving: &HashSet<&str>,
) -> Result<Vec<Gate>> {
    let (key, from) = (&feature.key, &source.environment_key);
    let mut gates = vec![relationship(pipeline, source, target)];
    gates.push(match source.live_version {
        Some(version) => open("stage", format!("{from} serves v{version}")),
        None => {
            let before = parent(pipeline, source).map(|environment| &environment.environment.key);
            // Nothing is promoted to the first stage: there a change of its own is missing, or waits.
            let hint = match before {
                Some(before) => format!("fgctl promote {key} --from {before} --to {from}"),
                None => "fgctl change list".to_owned(),
            };
            closed("stage", format!("{key} is not deployed in {from}"), Some(hint))
        }
    });
    gates.push(if source.killed {
        closed(
            "kill",
            format!("{key} is killed in {from}"),
            Some(format!("fgctl feature restore {key} -e {from}")),
        )
    } else {
        open("kill", format!("{key} is not killed in {from}"))
    });
    if let Some(config) = source.config.as_ref().and_then(|config| FlagConfig::from_value(config).ok()) {
        gates.extend(dependencies(conn, &config, target, arriving).await?);
    }
    Ok(gates)
}

/// The stage that a stage's documents come from.
pub fn parent<'a>(pipeline: &'a [PipelineStage], stage: &LockedStage) -> Option<&'a PipelineStage> {
    let place = pipeline.iter().find(|p| p.environment.id == stage.environment_id)?;
    pipeline.iter().find(|p| Some(p.environment.id) == place.source_id)
}

fn relationship(pipeline: &[PipelineStage], source: &LockedStage, target: &LockedStage) -> Gate {
    let (from, to) = (&source.environment_key, &target.environment_key);
    let before = parent(pipeline, target);
    if before.is_some_and(|p| p.environment.id == source.environment_id) {
        return open("relationship", format!("the pipeline leads from {from} to {to}"));
    }
    match before {
        Some(before) => closed(
            "relationship",
            format!(
                "the pipeline does not lead from {from} to {to}: {to} follows {}",
                before.environment.key
            ),
            Some(format!("--from {} --to {to}", before.environment.key)),
        ),
        None => closed(
            "relationship",
            format!("{to} is the first stage of the pipeline: nothing is promoted to it"),
            None,
        ),
    }
}

async fn dependencies(
    conn: &mut PgConnection,
    config: &FlagConfig,
    target: &LockedStage,
    arriving: &HashSet<&str>,
) -> Result<Vec<Gate>> {
    if config.depends_on.is_empty() {
        return Ok(Vec::new());
    }
    let to = &target.environment_key;
    let live: HashSet<String> =
        stage::dependencies_in(conn, target.environment_id).await?.into_iter().map(|(key, _)| key).collect();
    let gate = |needed: &String| {
        if live.contains(needed) {
            open("dependency", format!("{needed} is deployed in {to}"))
        } else if arriving.contains(needed.as_str()) {
            open("dependency", format!("{needed} comes to {to} with the same change"))
        } else {
            let hint = format!("fgctl promote {needed} --to {to}");
            closed("dependency", format!("needs {needed}, which is not deployed in {to}"), Some(hint))
        }
    };
    Ok(config.depends_on.iter().map(|dependency| gate(&dependency.feature)).collect())
}

/// A gate that holds nothing up.
pub fn open(gate: &str, message: String) -> Gate {
    Gate { gate: gate.to_owned(), feature: None, passed: true, message, hint: None }
}

/// A gate that does, and what would open it.
pub fn closed(gate: &str, message: String, hint: Option<String>) -> Gate {
    Gate { gate: gate.to_owned(), feature: None, passed: false, message, hint }
}
