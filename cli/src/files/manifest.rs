//! Makes manifests of what the server says.

use fluxgate_client::files::{FileContextKey, FileEnvironment, FileFeature, FilePipeline, FilePolicy};
use fluxgate_engine::{
    ContextKeySpec, EnvironmentSpec, FeatureSpec, FlagConfig, Manifest, PipelineSpec, PipelineStage,
    PolicySpec, Spec,
};

use crate::error::CliError;
use crate::exit::Exit;

fn of(team: &str, key: &str, spec: Spec) -> Manifest {
    Manifest { team: Some(team.to_owned()), key: key.to_owned(), spec }
}

pub(super) fn environment(team: &str, from: &FileEnvironment) -> Manifest {
    let spec = EnvironmentSpec {
        name: from.name.clone(),
        kind: from.type_.to_string(),
        colour: from.colour.clone(),
        position: Some(from.position),
        active: from.active,
    };
    of(team, &from.key, Spec::Environment(spec))
}

pub(super) fn pipeline(team: &str, from: &FilePipeline) -> Manifest {
    let stages = from.stages.iter().map(|stage| PipelineStage {
        environment: stage.environment.key.clone(),
        after: stage.after.clone(),
    });
    of(team, &from.key, Spec::Pipeline(PipelineSpec { name: from.name.clone(), stages: stages.collect() }))
}

pub(super) fn context_key(team: &str, from: &FileContextKey) -> Manifest {
    let spec = ContextKeySpec {
        kind: from.type_.to_string(),
        description: from.description.clone(),
        allowed_values: from.allowed_values.clone(),
    };
    of(team, &from.key, Spec::ContextKey(spec))
}

pub(super) fn policy(team: &str, from: &FilePolicy) -> Manifest {
    let mut roles: Vec<String> = from.roles.iter().map(ToString::to_string).collect();
    roles.sort();
    let mut environments = from.environments.clone();
    environments.sort();
    let spec = PolicySpec {
        scope: from.scope.to_string(),
        environments,
        approvals: from.approvals,
        roles,
        auto_approve_hours: from.auto_approve_hours,
        auto_approve_production: from.auto_approve_production,
        override_allowed: from.override_allowed,
        enabled: from.enabled,
    };
    of(team, &from.name, Spec::Policy(spec))
}

pub(super) fn feature(team: &str, from: &FileFeature) -> Result<Manifest, CliError> {
    let mut stages = std::collections::BTreeMap::new();
    for stage in &from.stages {
        let Some(live) = &stage.live else { continue };
        let config = serde_json::from_value::<FlagConfig>(live.config.clone()).map_err(|error| {
            let environment = &stage.environment.key;
            let message = format!("this fgctl does not understand {} in {environment}: {error}", from.key);
            CliError::new(Exit::Failed, message).hint("is it older than the backend?")
        })?;
        stages.insert(stage.environment.key.clone(), config);
    }
    let mut tags = from.tags.clone();
    tags.sort();
    let spec = FeatureSpec {
        tags,
        name: from.name.clone(),
        description: from.description.clone(),
        kind: from.kind.to_string(),
        value_type: from.value_type.to_string(),
        lifecycle: from.lifecycle.to_string(),
        owner: from.owner.clone(),
        removal_date: from.removal_date,
        pipeline: Some(from.pipeline.clone()),
        stages,
    };
    Ok(of(team, &from.key, Spec::Feature(Box::new(spec))))
}
