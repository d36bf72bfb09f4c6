//! Reads environments, pipelines, context keys and policies.

use std::collections::HashSet;

use super::super::Problem;
use super::section::{Section, no_word};
use super::{ContextKeySpec, EnvironmentSpec, PipelineSpec, PipelineStage, PolicySpec, no_key};

const TYPES: [&str; 3] = ["DEVELOPMENT", "STAGING", "PRODUCTION"];
const CONTEXT_KEY_TYPES: [&str; 5] = ["STRING", "NUMBER", "BOOLEAN", "VERSION", "INSTANT"];
const SCOPES: [&str; 3] = ["ALL", "PRODUCTION", "LISTED"];
const ROLES: [&str; 3] = ["REQUESTER", "APPROVER", "TEAM_ADMIN"];

/// Whose approvals count unless a policy says so.
pub(super) const DEFAULT_ROLES: [&str; 2] = ["APPROVER", "TEAM_ADMIN"];

pub(super) fn environment(
    spec: &Section<'_>,
    key: Option<&str>,
    problems: &mut Vec<Problem>,
) -> Option<EnvironmentSpec> {
    spec.allow(&["name", "type", "colour", "position", "active"], problems);
    let colour = spec.text("colour", problems);
    let is_colour = |colour: &str| {
        colour.len() == 7 && colour.starts_with('#') && colour[1..].bytes().all(|b| b.is_ascii_hexdigit())
    };
    if colour.as_deref().is_some_and(|colour| !is_colour(colour)) {
        spec.report("colour", "must look like \"#3fb950\"", problems);
    }
    let kind = spec.required_word("type", &TYPES, problems);
    let position = spec.whole_number("position", problems);
    let active = spec.flag("active", true, problems);
    Some(EnvironmentSpec { name: name(spec, key, problems), kind: kind?, colour, position, active })
}

/// Returns what people call something: by its key unless it has a name.
pub(super) fn name(spec: &Section<'_>, key: Option<&str>, problems: &mut Vec<Problem>) -> String {
    spec.filled("name", problems).or_else(|| key.map(str::to_owned)).unwrap_or_default()
}

pub(super) fn pipeline(
    spec: &Section<'_>,
    key: Option<&str>,
    problems: &mut Vec<Problem>,
) -> Option<PipelineSpec> {
    spec.allow(&["name", "stages"], problems);
    let mut stages: Vec<PipelineStage> = Vec::new();
    let mut seen = HashSet::new();
    for (path, node) in spec.elements("stages", problems) {
        let Some(stage) = Section::open(node, node.place, path, problems) else { continue };
        stage.allow(&["environment", "after"], problems);
        stage.require("environment", "an environment's key", problems);
        let (Some(environment), after) = (stage.key("environment", problems), stage.key("after", problems))
        else {
            continue;
        };
        match &after {
            None if !stages.is_empty() => {
                stage.report("after", "is required: only the first stage follows none", problems);
            }
            Some(after) if !seen.contains(after) => {
                let message = format!("{after:?} does not stand before it in this list");
                stage.report("after", message, problems);
            }
            _ => {}
        }
        if !seen.insert(environment.clone()) {
            stage.report("environment", format!("{environment:?} is there twice"), problems);
        }
        stages.push(PipelineStage { environment, after });
    }
    if spec.entry("stages").is_none() || stages.is_empty() && problems.is_empty() {
        spec.report("stages", "is required: at least one stage", problems);
    }
    Some(PipelineSpec { name: name(spec, key, problems), stages })
}

pub(super) fn context_key(spec: &Section<'_>, problems: &mut Vec<Problem>) -> Option<ContextKeySpec> {
    spec.allow(&["type", "description", "allowedValues"], problems);
    let allowed = spec.elements("allowedValues", problems);
    let kind = spec.required_word("type", &CONTEXT_KEY_TYPES, problems);
    Some(ContextKeySpec {
        description: spec.filled("description", problems).unwrap_or_default(),
        kind: kind?,
        allowed_values: allowed.into_iter().map(|(_, node)| node.to_value()).collect(),
    })
}

pub(super) fn policy(spec: &Section<'_>, problems: &mut Vec<Problem>) -> Option<PolicySpec> {
    spec.allow(
        &[
            "scope",
            "environments",
            "approvals",
            "roles",
            "autoApproveHours",
            "autoApproveProduction",
            "overrideAllowed",
            "enabled",
        ],
        problems,
    );
    let scope = spec.required_word("scope", &SCOPES, problems);
    let environments = spec.texts("environments", |key| no_key(key).map(str::to_owned), problems);
    match scope.as_deref() {
        Some("LISTED") if environments.is_empty() => {
            spec.report("environments", "is required where the scope is LISTED", problems);
        }
        Some("ALL" | "PRODUCTION") if !environments.is_empty() => {
            spec.report("environments", "only a policy with the scope LISTED names some", problems);
        }
        _ => {}
    }
    spec.require("approvals", "how many must agree", problems);
    let is_role = |role: &str| (!ROLES.contains(&role)).then(|| no_word(role, &ROLES));
    let mut roles = spec.texts("roles", is_role, problems);
    if roles.is_empty() {
        roles = DEFAULT_ROLES.map(str::to_owned).to_vec();
    }
    let approvals = spec.whole_number("approvals", problems);
    let auto_approve_hours = spec.whole_number("autoApproveHours", problems);
    let auto_approve_production = spec.flag("autoApproveProduction", false, problems);
    let override_allowed = spec.flag("overrideAllowed", false, problems);
    Some(PolicySpec {
        environments,
        approvals: approvals?,
        roles,
        auto_approve_hours,
        auto_approve_production,
        override_allowed,
        enabled: spec.flag("enabled", true, problems),
        scope: scope?,
    })
}
