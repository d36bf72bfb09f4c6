//! What documents say of each other: stages that no pipeline has, and dependencies that lead nowhere or in a circle.

use std::collections::{BTreeMap, BTreeSet};

use fluxgate_engine::{FeatureSpec, Spec, Written, dependency_cycle, nearest};

use super::reference::{Noun, Reference};
use super::set::{Document, Placed, Set};

/// Returns what is wrong with documents that are right each on its own.
pub(super) fn together(set: &Set) -> Vec<Placed> {
    let mut found = Vec::new();
    for (document, feature) in features(set) {
        let placed = |problem| Placed { source: document.source, problem };
        let stages = feature.pipeline.as_deref().and_then(|key| environments_of(set, key));
        if let (Some(stages), Some(pipeline)) = (stages, &feature.pipeline) {
            for stage in feature.stages.keys().filter(|stage| !stages.contains(&***stage)) {
                let hint = hint(stage, &stages);
                let message = format!("pipeline {pipeline} does not go to {stage:?}{hint}");
                found.push(placed(at_stage(&document.written, stage, message)));
            }
        }
    }
    found.extend(cycles(set));
    found
}

/// Returns what is allowed in documents but cannot work together.
pub(super) fn warnings(set: &Set) -> Vec<Placed> {
    let mut found = Vec::new();
    for (document, feature) in features(set) {
        for (environment, config) in &feature.stages {
            for (index, needed) in config.depends_on.iter().enumerate() {
                let other = set.manifest(&Reference::feature(&needed.feature)).map(|other| &other.spec);
                let Some(Spec::Feature(other)) = other else { continue };
                let there = other.stages.get(environment).map(|other| &other.variants);
                let missing =
                    needed.variants.iter().find(|v| there.is_some_and(|there| !there.contains_key(*v)));
                if let (Some(missing), Some(there)) = (missing, there) {
                    let hint = hint(missing, &there.keys().map(String::as_str).collect());
                    let message = format!(
                        "{} has no variant {missing:?} in {environment}{hint}: this will be off",
                        needed.feature
                    );
                    let path = format!("{}.dependsOn[{index}]", stage_path(environment));
                    let problem = document.written.problem(&path, message);
                    found.push(Placed { source: document.source, problem });
                }
            }
        }
    }
    found
}

/// Returns a circle of dependencies in each environment that has one.
fn cycles(set: &Set) -> Vec<Placed> {
    let mut graphs: BTreeMap<&str, BTreeMap<&str, Vec<String>>> = BTreeMap::new();
    for (document, feature) in features(set) {
        for (environment, config) in &feature.stages {
            let needed = config.depends_on.iter().map(|needed| needed.feature.clone()).collect();
            graphs.entry(environment).or_default().insert(&document.written.manifest.key, needed);
        }
    }
    let mut found = Vec::new();
    for (environment, graph) in &graphs {
        let needs = |key: &str| graph.get(key).cloned().unwrap_or_default();
        let depending = graph.iter().filter(|(_, needed)| !needed.is_empty()).map(|(key, _)| *key);
        let Some((key, cycle)) =
            depending.into_iter().find_map(|key| Some((key, dependency_cycle(needs, key)?)))
        else {
            continue;
        };
        if let Some(document) = set.documents.get(&Reference::feature(key)) {
            let path = format!("{}.dependsOn", stage_path(environment));
            let message = format!("{} would depend on itself", cycle.join(" -> "));
            let problem = document.written.problem(&path, message);
            found.push(Placed { source: document.source, problem });
        }
    }
    found
}

fn features(set: &Set) -> impl Iterator<Item = (&Document, &FeatureSpec)> {
    set.documents.values().filter_map(|document| match &document.written.manifest.spec {
        Spec::Feature(feature) => Some((document, &**feature)),
        _ => None,
    })
}

fn environments_of<'s>(set: &'s Set, pipeline: &str) -> Option<BTreeSet<&'s str>> {
    let reference = Reference { noun: Noun::Pipeline, key: pipeline.to_owned() };
    match &set.manifest(&reference)?.spec {
        Spec::Pipeline(pipeline) => {
            Some(pipeline.stages.iter().map(|stage| stage.environment.as_str()).collect())
        }
        _ => None,
    }
}

/// Returns the path of a stage's document.
pub(super) fn stage_path(environment: &str) -> String {
    let plain = environment.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if plain { format!("spec.stages.{environment}") } else { format!("spec.stages[{environment:?}]") }
}

fn at_stage(written: &Written, environment: &str, message: String) -> fluxgate_engine::Problem {
    written.problem(&stage_path(environment), message)
}

fn hint(wanted: &str, known: &BTreeSet<&str>) -> String {
    match nearest(wanted, known.iter().copied()) {
        Some(meant) => format!("; did you mean {meant:?}?"),
        None if known.is_empty() => String::new(),
        None => format!("; there are {}", known.iter().copied().collect::<Vec<_>>().join(", ")),
    }
}
