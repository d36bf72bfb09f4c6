//! Who answers: the backend, an edge, or the engine in this process.

use std::path::Path;

use fluxgate_client::evaluation::{self, Evaluation};
use fluxgate_client::{Api, ofrep};
use fluxgate_engine::Context;
use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::super::super::documents::Documents;
use super::answer::Answer;
use super::edge::{self, AtEdge};
use super::lines::Asked;
use crate::error::CliError;
use crate::exit::Exit;
use crate::shell::{InEnv, Shell};

/// How many requests are under way at once?
const AT_ONCE: usize = 16;

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Via {
    /// The backend, which also knows what sticky splits keep
    Backend,
    /// An edge, as applications ask it
    Edge,
    /// This fgctl, with the same engine
    Local,
}

impl Via {
    /// Returns who is to answer; files are read by nobody but this process.
    pub(crate) fn of(wanted: Option<Self>, file: Option<&Path>, default: Self) -> Result<Self, CliError> {
        match (wanted, file) {
            (None | Some(Self::Local), Some(_)) => Ok(Self::Local),
            (Some(_), Some(_)) => {
                Err(CliError::usage("files are evaluated by this fgctl: -f goes with --via local only"))
            }
            (wanted, None) => Ok(wanted.unwrap_or(default)),
        }
    }
}

/// Who answers, and what that takes.
pub(super) enum Source {
    Backend { api: Api, team: String, env: String },
    Edge { edge: ofrep::Edge, env: Option<String> },
    Server { documents: Documents, api: Api, team: String, env: String },
    Files { documents: Documents },
}

impl Source {
    pub(super) async fn open(
        shell: &Shell,
        via: Via,
        (env, file, at): (&InEnv, Option<&Path>, &AtEdge),
    ) -> Result<Self, CliError> {
        if let Some(path) = file {
            let env = shell.env_or_none(env)?;
            return Ok(Self::Files { documents: Documents::of_files(path, env.as_deref())? });
        }
        if via == Via::Edge {
            return Ok(Self::Edge { edge: at.connect(shell)?, env: shell.env_or_none(env)? });
        }
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(env)?);
        if via == Via::Backend {
            return Ok(Self::Backend { api, team, env });
        }
        let documents = Documents::of_environment(&api, &team, &env).await?;
        Ok(Self::Server { documents, api, team, env })
    }

    /// Evaluates the features for everybody, in their order.
    pub(super) async fn answer(
        &self,
        features: &[String],
        contexts: &[Asked],
    ) -> Result<Vec<Answer>, CliError> {
        if let Self::Server { documents, .. } | Self::Files { documents } = self {
            documents.check(features.iter().map(String::as_str))?;
        }
        // An edge is asked for one feature at a time, everybody else for all of them.
        let at_a_time = if matches!(self, Self::Edge { .. }) { 1 } else { features.len().max(1) };
        let asked =
            contexts.iter().flat_map(|asked| features.chunks(at_a_time).map(move |part| (part, asked)));
        let answers = stream::iter(asked)
            .map(|(part, asked)| self.evaluate(part, asked))
            .buffered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        Ok(answers.into_iter().flatten().collect())
    }

    async fn evaluate(&self, features: &[String], asked: &Asked) -> Result<Vec<Answer>, CliError> {
        let context = &asked.context;
        let evaluations: Vec<Evaluation> = match self {
            Self::Backend { api, team, env } => {
                evaluation::evaluate(api, (team, env), features.to_vec(), context.clone()).await?
            }
            Self::Edge { edge, env } => {
                let asked =
                    features.iter().map(|feature| edge::evaluate(edge, (feature, env.as_deref()), context));
                try_join_all(asked).await?
            }
            Self::Server { documents, .. } | Self::Files { documents } => {
                let context =
                    Context::from_value(context).map_err(|error| CliError::usage(error.to_string()))?;
                features.iter().map(|feature| documents.evaluate(feature, &context)).collect()
            }
        };
        let of_line = |field: &str| asked.line.and_then(|_| context.get(field)).cloned();
        let targeting_key: Option<Value> = of_line("targetingKey");
        let answer =
            |evaluation| Answer { line: asked.line, targeting_key: targeting_key.clone(), evaluation };
        Ok(evaluations.into_iter().map(answer).collect())
    }

    /// Returns whether a kept assignment might have decided any of these and was not looked at.
    pub(super) fn may_keep(&self, answers: &[Answer]) -> bool {
        let (Self::Server { documents, .. } | Self::Files { documents }) = self else {
            return false;
        };
        let by_split = |answer: &&Answer| answer.evaluation.reason.as_deref() == Some("SPLIT");
        let mut of_splits = answers.iter().filter(by_split).map(|answer| &answer.evaluation.feature);
        of_splits.any(|feature| documents.config(feature).is_some_and(|config| config.sticky))
    }

    /// Returns the error for features of which nobody here knows any.
    pub(super) async fn not_found(&self, unknown: &[String]) -> Result<CliError, CliError> {
        Ok(match self {
            Self::Backend { api, team, env } | Self::Server { api, team, env, .. } => {
                super::not_found(unknown, env, &super::all_keys(api, team).await?)
            }
            Self::Files { documents } => super::not_found(unknown, "these files", &documents.keys())
                .hint("`fgctl feature explain --help` says what files it reads"),
            Self::Edge { env, .. } => {
                let place = env.as_deref().map_or_else(String::new, |env| format!(" in {env}"));
                let message = format!("the edge serves no feature {}{place}", unknown.join(", "));
                CliError::new(Exit::NotFound, message).hint("fgctl feature list")
            }
        })
    }
}
