//! What an explanation is made from: documents, and what is known of the stage.

use std::path::Path;

use fluxgate_client::Api;
use fluxgate_client::live::{self, ExplainedStage, WaitingChange};
use fluxgate_engine::FlagConfig;

use super::super::super::documents::{Documents, read};
use super::edges::Edges;
use crate::error::CliError;

/// What was read before anything is explained.
pub(super) struct Reading {
    pub(super) documents: Documents,
    /// Whether it was read from files, without a server.
    pub(super) is_offline: bool,
    pub(super) env: Option<String>,
    /// The environment, or the files.
    pub(super) place: String,
    /// Who turned the kill switch on, and why.
    pub(super) kill: Option<String>,
    /// Which edges have the live version.
    pub(super) edges: Option<Edges>,
    pub(super) waiting: Vec<Waiting>,
}

/// A change that waits for the stage.
pub(super) struct Waiting {
    pub(super) number: i64,
    /// What it makes of features in this environment; none: they serve nothing any more.
    pub(super) documents: Vec<(String, Option<FlagConfig>)>,
}

impl Reading {
    /// Reads files.
    pub(super) fn of_files(path: &Path, env: Option<String>, key: &str) -> Result<Self, CliError> {
        let documents = Documents::of_files(path, env.as_deref())?;
        if documents.config(key).is_none() {
            return Err(CliError::not_found("document of feature", key, &documents.keys()));
        }
        let place = env.clone().unwrap_or_else(|| path.display().to_string());
        Ok(Self { documents, is_offline: true, env, place, kill: None, edges: None, waiting: Vec::new() })
    }

    /// Reads the feature's stage in one request, and the whole environment only when it depends on other features.
    pub(super) async fn of_server(api: &Api, team: &str, (key, env): (&str, &str)) -> Result<Self, CliError> {
        let explained = live::explained(api, team, key).await?;
        let stages = &explained.feature.stages;
        let stage = stages.iter().find(|stage| stage.environment.key == env).ok_or_else(|| {
            let envs: Vec<String> = stages.iter().map(|stage| stage.environment.key.clone()).collect();
            CliError::not_found("environment", env, &envs).hint("fgctl env list")
        })?;
        let waiting = waiting(stage, env)?;
        let live = stage.live.as_ref().map(|live| (live.number, &live.config));
        let mut documents = Documents::default();
        documents.put(key, env, live, stage.kill.is_some());
        let needs = |config: &FlagConfig| !config.depends_on.is_empty();
        let after = waiting.iter().flat_map(|waiting| &waiting.documents);
        let mut after = after.filter(|(feature, _)| feature == key).filter_map(|(_, config)| config.as_ref());
        if documents.config(key).is_some_and(needs) || after.any(needs) {
            documents = Documents::of_environment(api, team, env).await?;
            documents.put(key, env, live, stage.kill.is_some());
        }
        let revision = stage.live.as_ref().and_then(|live| live.change.revision);
        // Kills travel ahead of versions, and nothing tells which edge has this one.
        let revision = revision.filter(|_| stage.kill.is_none());
        let kill = stage.kill.as_ref().map(|kill| format!("by {}: {}", kill.by, kill.reason));
        let edges = revision.map(|revision| Edges::new(&explained, env, revision));
        Ok(Self {
            documents,
            is_offline: false,
            env: Some(env.to_owned()),
            place: env.to_owned(),
            kill,
            edges,
            waiting,
        })
    }
}

/// Reads what waits for a stage, the oldest first.
fn waiting(stage: &ExplainedStage, env: &str) -> Result<Vec<Waiting>, CliError> {
    let of_change = |change: &WaitingChange| {
        let items = change.items.iter().filter(|item| item.environment.key == env);
        let documents = items.map(|item| {
            let key = &item.feature.key;
            let after = item.after.as_ref().map(|after| read(after, (key, env))).transpose()?;
            Ok((key.clone(), after))
        });
        Ok(Waiting { number: change.number, documents: documents.collect::<Result<_, CliError>>()? })
    };
    stage.pending.iter().map(of_change).collect()
}
