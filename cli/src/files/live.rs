//! A team as the server has it, in as few requests as its pages take.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use fluxgate_client::files::{self, FileFeature};
use fluxgate_client::{Api, Lifecycle};
use fluxgate_engine::{Manifest, PipelineStage, Spec};
use uuid::Uuid;

use super::manifest;
use super::plan::Plan;
use super::reference::{Noun, Reference};
use crate::error::CliError;

/// A live version of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveVersion {
    pub(crate) number: i64,
    pub(crate) by: String,
    pub(crate) at: DateTime<Utc>,
}

/// A thing as it is now.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) manifest: Manifest,
    /// Of a feature, by environment.
    pub(crate) versions: BTreeMap<String, LiveVersion>,
    /// The environments where a feature is killed.
    pub(crate) killed: Vec<String>,
}

/// A team as it is now.
#[derive(Debug)]
pub(crate) struct LiveTeam {
    pub(crate) key: String,
    pub(crate) things: BTreeMap<Reference, Live>,
    /// What says that it is this team, and not another one of the same key: the ids of its environments.
    pub(crate) identity: BTreeMap<String, Uuid>,
    /// Its environments, in their order.
    pub(crate) environments: Vec<String>,
    /// The keys of its archived features, which files leave alone.
    pub(crate) archived: BTreeSet<String>,
}

impl LiveTeam {
    /// Reads all of a team.
    pub(crate) async fn read(api: &Api, team: &str) -> Result<Self, CliError> {
        let (environments, pipelines, context_keys, policies, features) = tokio::try_join!(
            files::environments(api, team),
            files::pipelines(api, team),
            files::context_keys(api, team),
            files::policies(api, team),
            files::features(api, team),
        )?;
        let mut live = Self {
            key: team.to_owned(),
            things: BTreeMap::new(),
            identity: environments.iter().map(|one| (one.key.clone(), one.id)).collect(),
            environments: environments.iter().map(|one| one.key.clone()).collect(),
            archived: BTreeSet::new(),
        };
        live.extend(environments.iter().map(|one| manifest::environment(team, one)));
        live.extend(pipelines.iter().map(|one| manifest::pipeline(team, one)));
        live.extend(context_keys.iter().map(|one| manifest::context_key(team, one)));
        live.extend(policies.iter().map(|one| manifest::policy(team, one)));
        for feature in &features {
            if feature.lifecycle == Lifecycle::Archived {
                live.archived.insert(feature.key.clone());
            } else {
                live.things.insert(Reference::feature(&feature.key), Live::feature(team, feature)?);
            }
        }
        Ok(live)
    }

    fn extend(&mut self, manifests: impl Iterator<Item = Manifest>) {
        let thing = |manifest: Manifest| (Reference::of(&manifest), Live::of(manifest));
        self.things.extend(manifests.map(thing));
    }

    pub(crate) fn manifest(&self, reference: &Reference) -> Option<&Manifest> {
        self.things.get(reference).map(|live| &live.manifest)
    }

    /// Returns the stages of each pipeline.
    pub(crate) fn pipelines(&self) -> BTreeMap<String, Vec<PipelineStage>> {
        let stages = |live: &Live| match &live.manifest.spec {
            Spec::Pipeline(spec) => Some((live.manifest.key.clone(), spec.stages.clone())),
            _ => None,
        };
        self.things.values().filter_map(stages).collect()
    }

    /// Returns the type of an environment, as the plan has it or as it is.
    pub(crate) fn kind_of<'a>(&'a self, environment: &str, plan: &'a Plan) -> &'a str {
        let planned = plan.items_of(Noun::Environment).filter(|item| item.reference.key == environment);
        let planned = planned.filter_map(|item| item.after.as_ref());
        let there = Reference { noun: Noun::Environment, key: environment.to_owned() };
        let kind = planned.chain(self.manifest(&there)).find_map(|manifest| match &manifest.spec {
            Spec::Environment(spec) => Some(spec.kind.as_str()),
            _ => None,
        });
        kind.unwrap_or_default()
    }

    /// Returns the features that files may name.
    pub(crate) fn features(&self) -> impl Iterator<Item = &Live> {
        self.things.iter().filter(|(reference, _)| reference.is_feature()).map(|(_, live)| live)
    }
}

impl Live {
    fn of(manifest: Manifest) -> Self {
        Self { manifest, versions: BTreeMap::new(), killed: Vec::new() }
    }

    /// Makes it of what the server says of a feature.
    pub(crate) fn feature(team: &str, from: &FileFeature) -> Result<Self, CliError> {
        let versions = from.stages.iter().filter_map(|stage| {
            let live = stage.live.as_ref()?;
            let version =
                LiveVersion { number: live.number, by: live.created_by.clone(), at: live.created_at };
            Some((stage.environment.key.clone(), version))
        });
        let killed = from.stages.iter().filter(|stage| stage.kill.is_some());
        Ok(Self {
            manifest: manifest::feature(team, from)?,
            versions: versions.collect(),
            killed: killed.map(|stage| stage.environment.key.clone()).collect(),
        })
    }
}
