//! Environments, pipelines, context keys and policies: what takes no change.

use std::collections::HashSet;

use fluxgate_client::environment::{self, CreateEnvironmentInput};
use fluxgate_client::files::{
    self, AddPipelineStageInput, CreateContextKeyInput, EditContextKeyInput, EditEnvironmentInput,
    EditPipelineInput, EditPolicyInput, RemovePipelineStageInput, SetEnvironmentActiveInput,
};
use fluxgate_client::pipeline::{self, CreatePipelineInput, PipelineStageInput};
use fluxgate_client::policy::{self, CreatePolicyInput};
use fluxgate_client::{Api, ContextKeyType, EnvironmentType, PolicyScope, Role};
use fluxgate_engine::{ContextKeySpec, EnvironmentSpec, PipelineSpec, PipelineStage, PolicySpec, Spec};

use super::super::plan::{Item, Plan};
use crate::error::CliError;
use crate::exit::Exit;

/// Where a thing is made.
#[derive(Clone, Copy)]
struct Place<'a> {
    api: &'a Api,
    team: &'a str,
    key: &'a str,
}

/// Returns the place among its kind that a thing is to have.
pub(super) fn position(item: &Item) -> Option<i64> {
    match item.after.as_ref().map(|after| &after.spec) {
        Some(Spec::Environment(spec)) => spec.position,
        _ => None,
    }
}

/// Makes a thing as it is to be.
pub(super) async fn make(api: &Api, plan: &Plan, item: &Item) -> Result<(), CliError> {
    let at = Place { api, team: &plan.team, key: &item.reference.key };
    let before = item.before.as_ref().map(|before| &before.manifest.spec);
    match (item.after.as_ref().map(|after| &after.spec), before) {
        (Some(Spec::Environment(after)), before) => {
            let before = match before {
                Some(Spec::Environment(before)) => Some(before),
                _ => None,
            };
            make_environment(at, before, after).await
        }
        (Some(Spec::Pipeline(after)), Some(Spec::Pipeline(before))) => edit_pipeline(at, before, after).await,
        (Some(Spec::Pipeline(after)), _) => create_pipeline(at, after).await,
        (Some(Spec::ContextKey(after)), before) => make_context_key(at, before.is_some(), after).await,
        (Some(Spec::Policy(after)), before) => make_policy(at, before.is_some(), after).await,
        _ => Ok(()),
    }
}

async fn make_environment(
    at: Place<'_>,
    before: Option<&EnvironmentSpec>,
    after: &EnvironmentSpec,
) -> Result<(), CliError> {
    let (team, key) = (at.team.to_owned(), at.key.to_owned());
    let kind = EnvironmentType::from(&*after.kind);
    let now = match before {
        Some(before) => before.clone(),
        None => {
            let input = CreateEnvironmentInput {
                team: team.clone(),
                key: key.clone(),
                name: Some(after.name.clone()),
                type_: kind.clone(),
                colour: after.colour.clone(),
            };
            let made = environment::create(at.api, input).await?;
            EnvironmentSpec { position: Some(made.position), active: made.active, ..after.clone() }
        }
    };
    let position = after.position.or(now.position);
    if now != (EnvironmentSpec { active: now.active, position, ..after.clone() }) {
        let input = EditEnvironmentInput {
            team: team.clone(),
            key: key.clone(),
            name: Some(after.name.clone()),
            type_: Some(kind),
            colour: after.colour.clone(),
            position,
        };
        files::set_environment(at.api, input).await?;
    }
    if now.active != after.active {
        let input = SetEnvironmentActiveInput { team, key, active: after.active };
        files::activate_environment(at.api, input).await?;
    }
    Ok(())
}

async fn create_pipeline(at: Place<'_>, after: &PipelineSpec) -> Result<(), CliError> {
    let stage = |stage: &PipelineStage| PipelineStageInput {
        environment: stage.environment.clone(),
        after: stage.after.clone(),
    };
    let input = CreatePipelineInput {
        team: at.team.to_owned(),
        key: at.key.to_owned(),
        name: Some(after.name.clone()),
        stages: after.stages.iter().map(stage).collect(),
    };
    pipeline::create(at.api, input).await?;
    Ok(())
}

async fn edit_pipeline(at: Place<'_>, before: &PipelineSpec, after: &PipelineSpec) -> Result<(), CliError> {
    let (team, pipeline) = (at.team.to_owned(), at.key.to_owned());
    if before.name != after.name {
        let input =
            EditPipelineInput { team: team.clone(), key: pipeline.clone(), name: Some(after.name.clone()) };
        files::rename_pipeline(at.api, input).await?;
    }
    let kept: HashSet<&PipelineStage> =
        before.stages.iter().filter(|stage| after.stages.contains(stage)).collect();
    // What stands last follows something that stands before.
    for stage in before.stages.iter().rev().filter(|stage| !kept.contains(stage)) {
        let input = RemovePipelineStageInput {
            team: team.clone(),
            pipeline: pipeline.clone(),
            environment: stage.environment.clone(),
        };
        files::remove_stage(at.api, input).await?;
    }
    for stage in after.stages.iter().filter(|stage| !kept.contains(stage)) {
        let Some(before) = &stage.after else {
            let message =
                format!("{} cannot become the first stage of a pipeline that is there", stage.environment);
            return Err(CliError::new(Exit::Conflict, message).hint("make another pipeline"));
        };
        let input = AddPipelineStageInput {
            team: team.clone(),
            pipeline: pipeline.clone(),
            environment: stage.environment.clone(),
            after: before.clone(),
        };
        files::add_stage(at.api, input).await?;
    }
    Ok(())
}

async fn make_context_key(at: Place<'_>, is_there: bool, after: &ContextKeySpec) -> Result<(), CliError> {
    let (team, key) = (at.team.to_owned(), at.key.to_owned());
    let kind = ContextKeyType::from(&*after.kind);
    let description = Some(after.description.clone());
    let allowed_values = Some(after.allowed_values.clone());
    if is_there {
        let input = EditContextKeyInput { team, key, type_: Some(kind), description, allowed_values };
        files::set_context_key(at.api, input).await?;
    } else {
        let input = CreateContextKeyInput { team, key, type_: kind, description, allowed_values };
        files::make_context_key(at.api, input).await?;
    }
    Ok(())
}

async fn make_policy(at: Place<'_>, is_there: bool, after: &PolicySpec) -> Result<(), CliError> {
    let (team, name) = (at.team.to_owned(), at.key.to_owned());
    let roles: Vec<Role> = after.roles.iter().map(|role| Role::from(&**role)).collect();
    let environments = (after.scope == "LISTED").then(|| after.environments.clone());
    if !is_there {
        let input = CreatePolicyInput {
            team: team.clone(),
            name: name.clone(),
            scope: PolicyScope::from(&*after.scope),
            environments: environments.clone(),
            approvals: after.approvals,
            roles: Some(roles.clone()),
            auto_approve_hours: after.auto_approve_hours,
            auto_approve_production: Some(after.auto_approve_production),
            override_allowed: Some(after.override_allowed),
        };
        policy::create(at.api, input).await?;
    }
    if is_there || !after.enabled {
        let input = EditPolicyInput {
            team,
            name,
            scope: Some(PolicyScope::from(&*after.scope)),
            environments,
            approvals: Some(after.approvals),
            roles: Some(roles),
            auto_approve_hours: after.auto_approve_hours,
            auto_approve_production: Some(after.auto_approve_production),
            override_allowed: Some(after.override_allowed),
            enabled: Some(after.enabled),
        };
        files::set_policy(at.api, input).await?;
    }
    Ok(())
}
