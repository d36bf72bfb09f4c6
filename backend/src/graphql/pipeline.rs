//! Pipelines and their stages.

use async_graphql::{Context, InputObject, Object, Result};

use super::{
    app, caller,
    loader::{EnvironmentById, PlacesOf, load, must},
};
use crate::{
    service::{self, pipeline::NewStage},
    store::{
        environment::Environment,
        pipeline::{Pipeline, PipelineStage},
    },
};

#[Object]
impl Pipeline {
    async fn key(&self) -> &str {
        &self.key
    }

    async fn name(&self) -> &str {
        &self.name
    }

    /// In their order.
    async fn stages(&self, ctx: &Context<'_>) -> Result<Vec<PipelineStage>> {
        Ok(load(ctx, PlacesOf(self.id)).await?.unwrap_or_default())
    }
}

#[Object]
impl PipelineStage {
    async fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The key of the environment that documents come from; none for the first.
    async fn after(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        match self.source_id {
            Some(id) => Ok(Some(must(ctx, EnvironmentById(id)).await?.key)),
            None => Ok(None),
        }
    }

    async fn position(&self) -> i32 {
        self.stage_position
    }
}

#[derive(InputObject)]
pub struct PipelineStageInput {
    environment: String,
    /// The environment before it; only the first stage has none.
    after: Option<String>,
}

#[derive(InputObject)]
pub struct CreatePipelineInput {
    team: String,
    key: String,
    name: Option<String>,
    stages: Vec<PipelineStageInput>,
}

/// Pipelines.
#[derive(Default)]
pub struct PipelineMutation;

#[Object]
impl PipelineMutation {
    /// Makes a pipeline: a tree of environments.
    async fn create_pipeline(&self, ctx: &Context<'_>, input: CreatePipelineInput) -> Result<Pipeline> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let stages: Vec<_> = input
            .stages
            .into_iter()
            .map(|s| NewStage { environment: s.environment, after: s.after })
            .collect();
        let mut tx = app.begin().await?;
        let result =
            service::pipeline::create(&mut tx, caller, &input.team, (&input.key, input.name), &stages).await;
        Ok(app.finish(tx, caller, result).await?)
    }
}
