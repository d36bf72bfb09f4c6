//! Writes the canonical document of a manifest: fields in their order, what is the default left out.

use chrono::SecondsFormat;
use serde_json::Value;

use super::super::write::{Fields, Tree, flag, string, text, variants_tree, write_manifest};
use super::kinds::DEFAULT_ROLES;
use super::{
    API_VERSION, ContextKeySpec, EnvironmentSpec, FeatureSpec, Manifest, PipelineSpec, PipelineStage,
    PolicySpec, Spec,
};
use crate::config::FlagConfig;

pub(super) fn write(manifest: &Manifest) -> String {
    let Manifest { team, key, spec } = manifest;
    let identity = if matches!(spec, Spec::Policy(_)) { "name" } else { "key" };
    let metadata = Fields::default().with("team", text(team)).with(identity, string(key));
    let (metadata, fields) = match spec {
        Spec::Environment(spec) => (metadata, environment(spec, key)),
        Spec::Pipeline(spec) => (metadata, pipeline(spec, key)),
        Spec::ContextKey(spec) => (metadata, context_key(spec)),
        Spec::Feature(spec) => {
            (metadata.with_list("tags", &spec.tags, |tag| string(tag)), feature(spec, key))
        }
        Spec::Policy(spec) => (metadata, policy(spec)),
    };
    let document = Fields::default()
        .with("apiVersion", string(API_VERSION))
        .with("kind", string(spec.kind()))
        .with("metadata", metadata.into_tree())
        .with("spec", fields.into_tree());
    write_manifest(&document.into_tree())
}

fn environment(spec: &EnvironmentSpec, key: &str) -> Fields {
    let EnvironmentSpec { name, kind, colour, position, active } = spec;
    Fields::default()
        .with("name", other(name, key))
        .with("type", string(kind))
        .with("colour", text(colour))
        .with("position", position.map(number))
        .with("active", (!active).then_some(Tree::Scalar(Value::Bool(false))))
}

fn pipeline(spec: &PipelineSpec, key: &str) -> Fields {
    let stage = |stage: &PipelineStage| {
        Fields::default()
            .with("environment", string(&stage.environment))
            .with("after", text(&stage.after))
            .into_tree()
    };
    Fields::default().with("name", other(&spec.name, key)).with_list("stages", &spec.stages, stage)
}

fn context_key(spec: &ContextKeySpec) -> Fields {
    let ContextKeySpec { kind, description, allowed_values } = spec;
    Fields::default().with("type", string(kind)).with("description", other(description, "")).with_list(
        "allowedValues",
        allowed_values,
        |value| Tree::from(value),
    )
}

fn policy(spec: &PolicySpec) -> Fields {
    let roles = if spec.roles == DEFAULT_ROLES { &[] } else { spec.roles.as_slice() };
    Fields::default()
        .with("scope", string(&spec.scope))
        .with_list("environments", &spec.environments, |key| string(key))
        .with("approvals", number(spec.approvals))
        .with_list("roles", roles, |role| string(role))
        .with("autoApproveHours", spec.auto_approve_hours.map(number))
        .with("autoApproveProduction", flag(spec.auto_approve_production))
        .with("overrideAllowed", flag(spec.override_allowed))
        .with("enabled", (!spec.enabled).then_some(Tree::Scalar(Value::Bool(false))))
}

fn feature(spec: &FeatureSpec, key: &str) -> Fields {
    let is_simple = spec.kind == "SIMPLE";
    let mut all = spec.stages.values().map(|config| &config.variants);
    let shared = all.next().filter(|first| !is_simple && all.all(|other| other == *first));
    let date = spec.removal_date.map(|date| date.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    let stages = spec.stages.iter().map(|(environment, config)| {
        let config = config.clone().into_canonical();
        (environment.clone(), stage(&config, is_simple, shared.is_some()).into_tree())
    });
    let stages: Vec<_> = stages.collect();
    let shared = shared.and_then(|_| spec.stages.values().next());
    let shared = shared.map(|config| variants_tree(&config.clone().into_canonical().variants));
    let needs_type = spec.stages.is_empty() && !is_simple;
    Fields::default()
        .with("name", other(&spec.name, key))
        .with("description", other(&spec.description, ""))
        .with("kind", string(&spec.kind))
        .with("valueType", needs_type.then(|| string(&spec.value_type)))
        .with("lifecycle", string(&spec.lifecycle))
        .with("owner", text(&spec.owner))
        .with("removalDate", text(&date))
        .with("pipeline", text(&spec.pipeline))
        .with("variants", shared)
        .with("stages", (!stages.is_empty()).then_some(Tree::Map(stages)))
}

fn stage(config: &FlagConfig, is_simple: bool, is_shared: bool) -> Fields {
    let variant = |key: &Option<String>| text(key).unwrap_or(Tree::Scalar(Value::Null));
    let fields = Fields::default().with("enabled", Tree::Scalar(Value::Bool(config.enabled)));
    let fields = match (is_simple, is_shared) {
        (true, _) => fields,
        (_, true) => fields.with("default", variant(&config.default)).with("off", variant(&config.off)),
        (_, false) => fields
            .with("variants", variants_tree(&config.variants))
            .with("default", variant(&config.default))
            .with("off", variant(&config.off)),
    };
    fields.with_rest(config)
}

/// Returns a text unless it is what it would be without.
fn other(text: &str, otherwise: &str) -> Option<Tree> {
    (text != otherwise).then(|| string(text))
}

fn number(number: i64) -> Tree {
    Tree::Scalar(Value::from(number))
}
