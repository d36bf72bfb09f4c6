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

#[derive(InputObject)]
pub struct EditPipelineInput {
    team: String,
    key: String,
    name: Option<String>,
}

#[derive(InputObject)]
pub struct AddPipelineStageInput {
    team: String,
    pipeline: String,
    environment: String,
    /// The environment before it.
    after: String,
}

#[derive(InputObject)]
pub struct RemovePipelineStageInput {
    team: String,
    pipeline: String,
    environment: String,
}

#[derive(InputObject)]
pub struct DeletePipelineInput {
    team: String,
    key: String,
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
    /// Gives a pipeline another name.
    async fn edit_pipeline(&self, ctx: &Context<'_>, input: EditPipelineInput) -> Result<Pipeline> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let which = (input.team.as_str(), input.key.as_str());
        let result = service::pipeline::edit(&mut tx, caller, which, input.name).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Adds a stage behind another; the pipeline's features are not deployed there.
    async fn add_pipeline_stage(&self, ctx: &Context<'_>, input: AddPipelineStageInput) -> Result<Pipeline> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let (which, stage) = ((&*input.team, &*input.pipeline), (&*input.environment, &*input.after));
        let result = service::pipeline::add_stage(&mut tx, caller, which, stage).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Takes out a stage that nothing follows, while no feature of the pipeline is there or on its way there.
    async fn remove_pipeline_stage(
        &self,
        ctx: &Context<'_>,
        input: RemovePipelineStageInput,
    ) -> Result<Pipeline> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let which = (input.team.as_str(), input.pipeline.as_str());
        let result = service::pipeline::remove_stage(&mut tx, caller, which, &input.environment).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Takes a pipeline away that no feature uses. Gives what it was, without its stages.
    async fn delete_pipeline(&self, ctx: &Context<'_>, input: DeletePipelineInput) -> Result<Pipeline> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let result = service::pipeline::delete(&mut tx, caller, &input.team, &input.key).await;
        Ok(app.finish(tx, caller, result).await?)
    }
}
