//! What differs between a thing as it is and as it is to be, in words.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use fluxgate_engine::{DiffEntry, DiffKind, FeatureSpec, FlagConfig, Manifest, Spec, diff};
use serde_json::Value;

/// Returns what is to change.
pub(super) fn between(before: Option<&Manifest>, after: &Manifest) -> Vec<DiffEntry> {
    let old = before.map(|before| said(&before.spec)).unwrap_or_default();
    let new = said(&after.spec);
    let mut entries = Vec::new();
    for (field, text) in &new {
        match old.iter().find(|(other, _)| other == field) {
            None => entries.push(entry(DiffKind::Added, field, None, Some(text))),
            Some((_, was)) if was != text => {
                entries.push(entry(DiffKind::Changed, field, Some(was), Some(text)));
            }
            Some(_) => {}
        }
    }
    for (field, was) in old.iter().filter(|(field, _)| new.iter().all(|(other, _)| other != field)) {
        entries.push(entry(DiffKind::Removed, field, Some(was), None));
    }
    if let Spec::Feature(after) = &after.spec {
        let before = before.and_then(|before| match &before.spec {
            Spec::Feature(feature) => Some(&feature.stages),
            _ => None,
        });
        entries.extend(stages(before, &after.stages));
    }
    entries
}

fn stages(
    before: Option<&BTreeMap<String, FlagConfig>>,
    after: &BTreeMap<String, FlagConfig>,
) -> Vec<DiffEntry> {
    let mut entries = Vec::new();
    for (environment, config) in after {
        let stage = format!("stages.{environment}");
        let Some(was) = before.and_then(|before| before.get(environment)) else {
            entries.push(entry(DiffKind::Added, &stage, None, Some(&summary(config))));
            continue;
        };
        entries.extend(diff(Some(was), config).into_iter().map(|entry| {
            let point = if entry.path.starts_with('[') { "" } else { "." };
            DiffEntry { path: format!("{stage}{point}{}", entry.path), ..entry }
        }));
    }
    entries
}

/// Returns what a document does, in a few words.
fn summary(config: &FlagConfig) -> String {
    let mut words = vec![if config.enabled { "on" } else { "off" }.to_owned()];
    words.extend(config.default.as_ref().map(|default| format!("default {default}")));
    match config.criteria.len() {
        0 => {}
        1 => words.push("1 rule".to_owned()),
        more => words.push(format!("{more} rules")),
    }
    words.join(", ")
}

/// Returns what a new thing is like, in a line.
pub(super) fn introduction(manifest: &Manifest) -> String {
    let Spec::Feature(feature) = &manifest.spec else {
        let said = said(&manifest.spec).into_iter().filter(|(_, text)| *text != manifest.key);
        return said.map(|(field, text)| format!("{field} {text}")).collect::<Vec<_>>().join(", ");
    };
    let mut words = vec![feature.kind.to_lowercase()];
    words.extend(feature.pipeline.as_ref().map(|pipeline| format!("pipeline {pipeline}")));
    let on: Vec<&str> =
        feature.stages.iter().filter(|(_, config)| config.enabled).map(|(key, _)| key.as_str()).collect();
    words.push(match (on.as_slice(), feature.stages.len()) {
        (_, 0) => "deployed nowhere".to_owned(),
        ([], _) => "off everywhere".to_owned(),
        (on, all) if on.len() == all => format!("on in {}", on.join(", ")),
        (on, _) => format!("on in {}, off elsewhere", on.join(", ")),
    });
    words.join(", ")
}

fn entry(kind: DiffKind, path: &str, before: Option<&String>, after: Option<&String>) -> DiffEntry {
    let (before, after) = (before.cloned(), after.cloned());
    DiffEntry { kind, path: path.to_owned(), before, after, movement: None, reshuffles: false }
}

/// Returns what is said of a thing, field by field, leaving out what is the default.
pub(super) fn said(spec: &Spec) -> Vec<(String, String)> {
    let mut said = Said::default();
    match spec {
        Spec::Environment(spec) => {
            said.text("name", &spec.name);
            said.text("type", &spec.kind);
            said.text("colour", spec.colour.as_deref().unwrap_or_default());
            said.text("position", &spec.position.map(|at| at.to_string()).unwrap_or_default());
            said.flag("active", spec.active, true);
        }
        Spec::Pipeline(spec) => {
            said.text("name", &spec.name);
            for stage in &spec.stages {
                let place = stage.after.as_ref().map_or("first".to_owned(), |after| format!("after {after}"));
                said.text(&format!("stages.{}", stage.environment), &place);
            }
        }
        Spec::ContextKey(spec) => {
            said.text("type", &spec.kind);
            said.text("description", &spec.description);
            let values: Vec<String> = spec.allowed_values.iter().map(Value::to_string).collect();
            said.text("allowedValues", &values.join(", "));
        }
        Spec::Feature(spec) => feature(&mut said, spec),
        Spec::Policy(spec) => {
            said.text("scope", &spec.scope);
            said.text("environments", &spec.environments.join(", "));
            said.text("approvals", &spec.approvals.to_string());
            said.text("roles", &spec.roles.join(", "));
            let hours = spec.auto_approve_hours.map(|hours| hours.to_string());
            said.text("autoApproveHours", &hours.unwrap_or_default());
            said.flag("autoApproveProduction", spec.auto_approve_production, false);
            said.flag("overrideAllowed", spec.override_allowed, false);
            said.flag("enabled", spec.enabled, true);
        }
    }
    said.0
}

fn feature(said: &mut Said, spec: &FeatureSpec) {
    said.text("name", &spec.name);
    said.text("description", &spec.description);
    said.text("kind", &spec.kind);
    said.text("lifecycle", &spec.lifecycle);
    said.text("owner", spec.owner.as_deref().unwrap_or_default());
    let date = spec.removal_date.map(|date| date.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    said.text("removalDate", &date.unwrap_or_default());
    said.text("pipeline", spec.pipeline.as_deref().unwrap_or_default());
    said.text("tags", &spec.tags.join(", "));
}

#[derive(Default)]
struct Said(Vec<(String, String)>);

impl Said {
    fn text(&mut self, field: &str, text: &str) {
        if !text.is_empty() {
            self.0.push((field.to_owned(), text.to_owned()));
        }
    }

    fn flag(&mut self, field: &str, value: bool, otherwise: bool) {
        if value != otherwise {
            self.text(field, &value.to_string());
        }
    }
}
