//! What has to happen so that a team is as its files say: nothing that they do not name.

use std::collections::{BTreeMap, BTreeSet};

use fluxgate_engine::{DiffEntry, FeatureSpec, FlagConfig, Manifest, PipelineStage, Spec, diff};

use super::difference;
use super::live::{Live, LiveTeam};
use super::policies::{self, Met};
use super::reference::{Noun, Reference};
use super::set::Set;
use crate::error::{CliError, nearest};
use crate::exit::Exit;

/// A thing that is to change.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) reference: Reference,
    /// How it is; none: it is not there.
    pub(crate) before: Option<Live>,
    /// How it is to be; none: archived.
    pub(crate) after: Option<Manifest>,
    pub(crate) differences: Vec<DiffEntry>,
}

/// Which features are archived although nobody wrote that they should be.
#[derive(Clone, Debug)]
pub(crate) struct Prune {
    /// Those with this tag that the files do not name.
    pub(crate) tag: String,
}

/// A document that a stage is to serve.
#[derive(Clone, Debug)]
pub(crate) struct Edit<'p> {
    pub(crate) feature: &'p str,
    pub(crate) environment: &'p str,
    pub(crate) config: &'p FlagConfig,
    /// The version that is live.
    pub(crate) base: Option<i64>,
}

/// All that is to change.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) team: String,
    pub(crate) items: Vec<Item>,
    pub(crate) unchanged: usize,
    /// Features that are named and killed, and where.
    pub(crate) killed: Vec<(String, Vec<String>)>,
    pub(crate) policies: Vec<Met>,
    /// The pipelines as they are to be.
    pub(crate) pipelines: BTreeMap<String, Vec<PipelineStage>>,
}

impl Plan {
    /// Compares files with the server.
    pub(crate) fn of_files(set: &Set, live: &LiveTeam, prune: Option<&Prune>) -> Result<Self, CliError> {
        let mut wanted: BTreeMap<Reference, Option<Manifest>> = set
            .documents
            .iter()
            .map(|(reference, document)| (reference.clone(), Some(document.written.manifest.clone())))
            .collect();
        if let Some(prune) = prune {
            for feature in live.features() {
                let reference = Reference::of(&feature.manifest);
                if is_tagged(&feature.manifest, &prune.tag) && !wanted.contains_key(&reference) {
                    wanted.insert(reference, None);
                }
            }
        }
        Self::new(wanted, live, |reference, path| set.place(reference, path))
    }

    /// Compares what is wanted with the server; `place` says where a thing is wanted.
    pub(crate) fn new(
        wanted: BTreeMap<Reference, Option<Manifest>>,
        live: &LiveTeam,
        place: impl Fn(&Reference, &str) -> Option<String>,
    ) -> Result<Self, CliError> {
        let mut pipelines = live.pipelines();
        for manifest in wanted.values().flatten() {
            if let Spec::Pipeline(spec) = &manifest.spec {
                pipelines.insert(manifest.key.clone(), spec.stages.clone());
            }
        }
        let named = |reference: &Reference| {
            let live = live.things.get(reference)?;
            (!live.killed.is_empty()).then(|| (reference.key.clone(), live.killed.clone()))
        };
        let mut plan = Self {
            team: live.key.clone(),
            items: Vec::new(),
            unchanged: 0,
            killed: wanted.keys().filter_map(named).collect(),
            policies: Vec::new(),
            pipelines,
        };
        let count = wanted.len();
        for (reference, manifest) in wanted {
            let before = live.things.get(&reference).cloned();
            if let Some(item) = item(reference, before, manifest, &plan) {
                plan.items.push(item);
            }
        }
        plan.unchanged = count - plan.items.len();
        plan.check(live, place)?;
        plan.policies = policies::met(&plan, live);
        Ok(plan)
    }

    pub(crate) fn items_of(&self, noun: Noun) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.reference.noun == noun)
    }

    /// Refuses what no request could bring about.
    fn check(
        &self,
        live: &LiveTeam,
        place: impl Fn(&Reference, &str) -> Option<String>,
    ) -> Result<(), CliError> {
        let mut refused = Vec::new();
        for item in &self.items {
            for (path, why) in self.refusals(item, live) {
                let place = place(&item.reference, path).map_or(String::new(), |place| format!("{place}  "));
                refused.push(format!("{place}{}: {why}", item.reference));
            }
        }
        let message = match refused.len() {
            0 => return Ok(()),
            1 => "1 thing cannot become what the files say".to_owned(),
            more => format!("{more} things cannot become what the files say"),
        };
        Err(CliError::new(Exit::Conflict, message).details(refused).hint("nothing was sent"))
    }

    fn refusals(&self, item: &Item, live: &LiveTeam) -> Vec<(&'static str, String)> {
        match item.after.as_ref().map(|after| &after.spec) {
            Some(Spec::Feature(after)) => self.feature_refusals(item, after, live),
            Some(Spec::Pipeline(pipeline)) => {
                let named = pipeline.stages.iter().map(|stage| stage.environment.as_str());
                self.unknown(named, live).map(|why| ("spec.stages", why)).collect()
            }
            Some(Spec::Policy(policy)) => {
                let named = policy.environments.iter().map(String::as_str);
                self.unknown(named, live).map(|why| ("spec.environments", why)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn feature_refusals(
        &self,
        item: &Item,
        after: &FeatureSpec,
        live: &LiveTeam,
    ) -> Vec<(&'static str, String)> {
        let key = &item.reference.key;
        let mut refused = Vec::new();
        if live.archived.contains(key) {
            let why = format!("is archived; bring it back first: fgctl feature unarchive {key}");
            refused.push(("metadata", why));
        }
        if let Some(before) = item.before.as_ref().and_then(|before| feature(&before.manifest)) {
            for (path, was, is) in [
                ("spec.kind", &before.kind, &after.kind),
                ("spec.valueType", &before.value_type, &after.value_type),
            ] {
                if was != is {
                    refused.push((path, format!("is {was} for good, and cannot become {is}")));
                }
            }
            if before.pipeline != after.pipeline {
                let was = before.pipeline.as_deref().unwrap_or_default();
                refused.push(("spec.pipeline", format!("goes through {was} for good")));
            }
        }
        let keys: Vec<String> = self.pipelines.keys().cloned().collect();
        match after.pipeline.as_ref().map(|pipeline| (pipeline, self.pipelines.get(pipeline))) {
            None => {
                refused.push(("spec", format!("needs a pipeline: one of {}", keys.join(", "))));
            }
            Some((pipeline, None)) => {
                refused.push(("spec.pipeline", format!("no pipeline {pipeline:?}{}", hint(pipeline, &keys))));
            }
            Some((pipeline, Some(stages))) => {
                let there: Vec<String> = stages.iter().map(|stage| stage.environment.clone()).collect();
                for stage in after.stages.keys().filter(|stage| !there.contains(stage)) {
                    let hint = hint(stage, &there);
                    refused
                        .push(("spec.stages", format!("pipeline {pipeline} does not go to {stage:?}{hint}")));
                }
            }
        }
        refused
    }

    /// Returns why environments that are named cannot be meant.
    fn unknown<'a>(
        &self,
        named: impl Iterator<Item = &'a str>,
        live: &LiveTeam,
    ) -> impl Iterator<Item = String> {
        let new = self.items_of(Noun::Environment).map(|item| item.reference.key.clone());
        let there: Vec<String> = live.environments.iter().cloned().chain(new).collect();
        let missing = named.filter(|key| there.iter().all(|there| there != key));
        let why: Vec<_> = missing.map(|key| format!("no environment {key:?}{}", hint(key, &there))).collect();
        why.into_iter()
    }
}

impl Item {
    /// Returns the documents that stages are to serve and do not yet.
    pub(crate) fn edits(&self) -> Vec<Edit<'_>> {
        let Some(after) = self.after.as_ref().and_then(feature) else {
            return Vec::new();
        };
        let before = self.before.as_ref().and_then(|before| feature(&before.manifest));
        let live = |environment: &String| before.and_then(|before| before.stages.get(environment));
        let differs = |(environment, config): &(&String, &FlagConfig)| {
            live(environment).is_none_or(|was| !diff(Some(was), config).is_empty())
        };
        let base = |environment: &String| {
            let version = self.before.as_ref()?.versions.get(environment)?;
            Some(version.number)
        };
        after
            .stages
            .iter()
            .filter(differs)
            .map(|(environment, config)| Edit {
                feature: &self.reference.key,
                environment,
                config,
                base: base(environment),
            })
            .collect()
    }
}

/// Returns what is to happen to a thing, unless it is so already.
fn item(reference: Reference, before: Option<Live>, after: Option<Manifest>, plan: &Plan) -> Option<Item> {
    let Some(mut after) = after else {
        return before.map(|before| Item {
            reference,
            before: Some(before),
            after: None,
            differences: Vec::new(),
        });
    };
    after.team = Some(plan.team.clone());
    if let Spec::Feature(feature) = &mut after.spec
        && feature.pipeline.is_none()
        && before.is_none()
        && let (1, Some(only)) = (plan.pipelines.len(), plan.pipelines.keys().next())
    {
        feature.pipeline = Some(only.clone());
    }
    if let Some(before) = &before {
        fill(&mut after.spec, &before.manifest.spec);
    }
    let was = before.as_ref().map(|before| &before.manifest);
    let differences = difference::between(was, &after);
    let same = was.is_some() && differences.is_empty();
    (!same).then_some(Item { reference, before, after: Some(after), differences })
}

/// Puts what is there into what nobody said.
fn fill(after: &mut Spec, before: &Spec) {
    match (after, before) {
        (Spec::Environment(after), Spec::Environment(before)) => {
            after.position = after.position.or(before.position);
        }
        (Spec::Feature(after), Spec::Feature(before)) => {
            after.pipeline = after.pipeline.take().or_else(|| before.pipeline.clone());
            for (environment, config) in &before.stages {
                after.stages.entry(environment.clone()).or_insert_with(|| config.clone());
            }
        }
        (Spec::Pipeline(after), Spec::Pipeline(before)) => {
            // The tree is meant, not the order in which it was written.
            let tree = |stages: &[PipelineStage]| stages.iter().cloned().collect::<BTreeSet<_>>();
            if tree(&after.stages) == tree(&before.stages) {
                after.stages.clone_from(&before.stages);
            }
        }
        _ => {}
    }
}

/// Returns what a manifest says of a feature.
pub(crate) fn feature(manifest: &Manifest) -> Option<&FeatureSpec> {
    match &manifest.spec {
        Spec::Feature(feature) => Some(feature),
        _ => None,
    }
}

fn is_tagged(manifest: &Manifest, tag: &str) -> bool {
    feature(manifest).is_some_and(|feature| feature.tags.iter().any(|other| other == tag))
}

fn hint(wanted: &str, known: &[String]) -> String {
    match nearest(wanted, known) {
        Some(meant) => format!("; did you mean {meant}?"),
        None if known.is_empty() => String::new(),
        None => format!("; there are {}", known.join(", ")),
    }
}
