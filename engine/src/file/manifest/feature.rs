//! Reads a feature: what is said of it, and the flag configs of its stages.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::node::{Entry, Kind, Node};
use super::super::{Problem, read};
use super::section::{Section, joined, path_of};
use super::{FeatureSpec, kinds, no_key};
use crate::config::FlagConfig;
use crate::operator::kind;

const FEATURE_KINDS: [&str; 2] = ["SIMPLE", "CONTEXTUAL"];
const LIFECYCLES: [&str; 4] = ["BETA", "ACTIVE", "PERMANENT", "DEPRECATED"];
const VALUE_TYPES: [&str; 4] = ["BOOLEAN", "STRING", "NUMBER", "OBJECT"];

/// Returns the path of a place in the document of a stage.
pub(super) fn stage_path(environment: &str, within: &str) -> String {
    joined(&path_of("spec.stages", environment), within)
}

pub(super) fn feature(
    (metadata, spec): (&Section<'_>, &Section<'_>),
    key: Option<&str>,
    stages: &mut BTreeMap<String, Node>,
    problems: &mut Vec<Problem>,
) -> Option<FeatureSpec> {
    let known = [
        "name",
        "description",
        "kind",
        "valueType",
        "lifecycle",
        "owner",
        "removalDate",
        "pipeline",
        "variants",
        "stages",
    ];
    spec.allow(&known, problems);
    let kind = spec.required_word("kind", &FEATURE_KINDS, problems);
    let configs = configs(spec, kind.as_deref() == Some("SIMPLE"), stages, problems);
    let value_type = value_type(spec, kind.as_deref(), &configs, problems);
    if spec.text("lifecycle", &mut Vec::new()).as_deref() == Some("ARCHIVED") {
        spec.report("lifecycle", "files archive nothing: fgctl feature archive does", problems);
        return None;
    }
    Some(FeatureSpec {
        tags: metadata.texts("tags", |tag| no_key(tag).map(str::to_owned), problems),
        name: kinds::name(spec, key, problems),
        description: spec.filled("description", problems).unwrap_or_default(),
        lifecycle: spec.word("lifecycle", &LIFECYCLES, problems).unwrap_or_else(|| "BETA".to_owned()),
        owner: spec.filled("owner", problems),
        removal_date: removal_date(spec, problems),
        pipeline: spec.key("pipeline", problems),
        stages: configs,
        kind: kind?,
        value_type: value_type?,
    })
}

fn removal_date(spec: &Section<'_>, problems: &mut Vec<Problem>) -> Option<DateTime<Utc>> {
    let text = spec.text("removalDate", problems)?;
    let date = DateTime::parse_from_rfc3339(&text).ok();
    if date.is_none() {
        spec.report("removalDate", "must be an instant, like \"2027-01-31T00:00:00Z\"", problems);
    }
    date.map(|date| date.to_utc())
}

/// Reads the documents of the stages; the variants that they share stand once, beside them.
fn configs(
    spec: &Section<'_>,
    is_simple: bool,
    stages: &mut BTreeMap<String, Node>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, FlagConfig> {
    let mut configs = BTreeMap::new();
    let Some(entry) = spec.entry("stages") else { return configs };
    let shared = spec.entry("variants");
    let Kind::Map(entries) = &entry.node.kind else {
        let message = format!("must be an object of environments, not {}", kind(&entry.node.to_value()));
        spec.report("stages", message, problems);
        return configs;
    };
    for stage in entries {
        let path = stage_path(&stage.key, "");
        if let Some(message) = no_key(&stage.key) {
            problems.push(Problem::new(&path, message, stage.place));
            continue;
        }
        let Some(mut node) = whole(stage, shared, is_simple, problems) else { continue };
        match read(&mut node, Vec::new()) {
            Ok(config) => {
                if is_simple {
                    check_simple(&config, stage, problems);
                }
                configs.insert(stage.key.clone(), config);
                stages.insert(stage.key.clone(), node);
            }
            Err(found) => problems.extend(
                found
                    .into_iter()
                    .map(|problem| Problem { path: stage_path(&stage.key, &problem.path), ..problem }),
            ),
        }
    }
    configs
}

/// Returns a stage's document with what stands elsewhere for it.
fn whole(
    stage: &Entry,
    shared: Option<&Entry>,
    is_simple: bool,
    problems: &mut Vec<Problem>,
) -> Option<Node> {
    let mut node = stage.node.clone();
    let path = stage_path(&stage.key, "");
    let Kind::Map(fields) = &mut node.kind else {
        let message = format!(
            "must be a flag config, not {}; leave the stage out to leave it as it is",
            kind(&node.to_value())
        );
        problems.push(Problem::new(path, message, stage.shown_place()));
        return None;
    };
    let own = fields.iter().find(|field| field.key == "variants");
    match (own, shared) {
        (Some(own), Some(shared)) => {
            let line = shared.place.line;
            let message = format!("are there for all stages, in line {line}; say them once");
            problems.push(Problem::new(path_of(&path, "variants"), message, own.place));
            return None;
        }
        (None, Some(shared)) => fields.push(shared.clone()),
        _ => {}
    }
    if is_simple {
        let simple = FlagConfig::simple(true);
        for (name, value) in
            [("variants", json!(simple.variants)), ("default", json!("on")), ("off", json!("off"))]
        {
            if fields.iter().all(|field| field.key != name) {
                let node = Node { place: stage.place, kind: Kind::Whole(value) };
                fields.push(Entry { key: name.to_owned(), place: stage.place, node });
            }
        }
    }
    Some(node)
}

/// Refuses what only the documents of a CONTEXTUAL feature have.
fn check_simple(config: &FlagConfig, stage: &Entry, problems: &mut Vec<Problem>) {
    let simple = FlagConfig::simple(config.enabled);
    let mut report = |field: &str, message: &str| {
        let place = match &stage.node.kind {
            Kind::Map(fields) => fields.iter().find(|entry| entry.key == field).map(|entry| entry.place),
            _ => None,
        };
        let path = stage_path(&stage.key, field);
        problems.push(Problem::new(path, message, place.unwrap_or(stage.place)));
    };
    if config.variants != simple.variants {
        report("variants", "of a SIMPLE feature are on: true and off: false; leave them out");
    }
    if config.default != simple.default {
        report("default", "of a SIMPLE feature is \"on\"; leave it out");
    }
    if config.off != simple.off {
        report("off", "of a SIMPLE feature is \"off\"; leave it out");
    }
    if !config.criteria.is_empty() {
        report("criteria", "a SIMPLE feature has none; CONTEXTUAL ones have");
    }
}

/// Returns the one type of all values, which a feature without stages has to say.
fn value_type(
    spec: &Section<'_>,
    kind: Option<&str>,
    configs: &BTreeMap<String, FlagConfig>,
    problems: &mut Vec<Problem>,
) -> Option<String> {
    let said = spec.word("valueType", &VALUE_TYPES, problems);
    let mut known = said.or_else(|| (kind == Some("SIMPLE")).then(|| "BOOLEAN".to_owned()));
    for (environment, config) in configs {
        let found = type_of(config);
        match &known {
            Some(known) if known != found => {
                let message = format!("has {found} values, and the feature's are {known}");
                let place = spec.entry("stages").and_then(|stages| match &stages.node.kind {
                    Kind::Map(entries) => entries.iter().find(|entry| entry.key == *environment),
                    _ => None,
                });
                let place = place.map(|entry| entry.place);
                problems.extend(place.map(|at| Problem::new(stage_path(environment, ""), &*message, at)));
            }
            _ => known = Some(found.to_owned()),
        }
    }
    if known.is_none()
        && spec
            .entry("stages")
            .is_none_or(|stages| matches!(&stages.node.kind, Kind::Map(all) if all.is_empty()))
    {
        let message = format!("is required of a feature without stages: {}", VALUE_TYPES.join(", "));
        spec.report("valueType", message, problems);
    }
    known
}

/// Returns the type of a document's values, which are all of one.
pub(super) fn type_of(config: &FlagConfig) -> &'static str {
    let [boolean, string, number, object] = VALUE_TYPES;
    match config.variants.values().next() {
        Some(Value::Bool(_)) => boolean,
        Some(Value::String(_)) => string,
        Some(Value::Number(_)) => number,
        _ => object,
    }
}
