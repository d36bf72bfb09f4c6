//! Pipelines: the ways from environment to environment.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;

    use create_pipeline::Pipeline;

    /// A team's pipeline, as `team { pipeline }` answers it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct OnePipeline {
        pub pipeline: Pipeline,
    }

    operation!(CreatePipeline, "graphql/pipeline.graphql");
    operation!(EditPipeline, "graphql/pipeline.graphql", "super::Pipeline");
    operation!(AddPipelineStage, "graphql/pipeline.graphql", "super::Pipeline");
    operation!(RemovePipelineStage, "graphql/pipeline.graphql", "super::Pipeline");
    operation!(DeletePipeline, "graphql/pipeline.graphql", "super::Pipeline");
    operation!(GetPipeline, "graphql/pipeline.graphql", "super::OnePipeline");
    operation!(ListPipelines, "graphql/pipeline.graphql", "crate::page::InTeam<super::Pipeline>");
}

pub use generated::add_pipeline_stage::AddPipelineStageInput;
pub use generated::create_pipeline::{
    CreatePipelineInput, Pipeline, PipelineStage, PipelineStageEnvironment, PipelineStageInput,
};
pub use generated::delete_pipeline::DeletePipelineInput;
pub use generated::edit_pipeline::EditPipelineInput;
pub use generated::remove_pipeline_stage::RemovePipelineStageInput;
pub use generated::{
    AddPipelineStage, CreatePipeline, DeletePipeline, EditPipeline, GetPipeline, ListPipelines,
    RemovePipelineStage,
};
pub use generated::{
    add_pipeline_stage, create_pipeline, delete_pipeline, edit_pipeline, get_pipeline, list_pipelines,
    remove_pipeline_stage,
};

/// Creates a pipeline.
pub async fn create(api: &Api, input: CreatePipelineInput) -> Result<Pipeline, Error> {
    let variables = create_pipeline::Variables { input };
    let data = api.run::<CreatePipeline>(variables).await?;
    Ok(data.pipeline)
}

/// Gives a pipeline another name.
pub async fn edit(api: &Api, input: EditPipelineInput) -> Result<Pipeline, Error> {
    let variables = edit_pipeline::Variables { input };
    Ok(api.run::<EditPipeline>(variables).await?.pipeline)
}

/// Adds a stage behind another.
pub async fn add_stage(api: &Api, input: AddPipelineStageInput) -> Result<Pipeline, Error> {
    let variables = add_pipeline_stage::Variables { input };
    Ok(api.run::<AddPipelineStage>(variables).await?.pipeline)
}

/// Takes out a stage that nothing follows and where no feature is.
pub async fn remove_stage(api: &Api, input: RemovePipelineStageInput) -> Result<Pipeline, Error> {
    let variables = remove_pipeline_stage::Variables { input };
    Ok(api.run::<RemovePipelineStage>(variables).await?.pipeline)
}

/// Takes away a pipeline that no feature uses. Returns what it was, without its stages.
pub async fn delete(api: &Api, input: DeletePipelineInput) -> Result<Pipeline, Error> {
    let variables = delete_pipeline::Variables { input };
    Ok(api.run::<DeletePipeline>(variables).await?.pipeline)
}

/// Returns a pipeline.
pub async fn get(api: &Api, team: &str, key: &str) -> Result<Pipeline, Error> {
    let variables = get_pipeline::Variables { team: team.to_owned(), key: key.to_owned() };
    Ok(api.run::<GetPipeline>(variables).await?.team.pipeline)
}

/// Returns a team's pipelines.
pub async fn list(api: &Api, team: &str) -> Result<All<Pipeline>, Error> {
    first(api, team, None).await
}

/// Returns as many of them as are wanted.
pub async fn first(api: &Api, team: &str, limit: Option<usize>) -> Result<All<Pipeline>, Error> {
    page::all(limit, async |first, after| {
        let variables = list_pipelines::Variables { team: team.to_owned(), first: Some(first), after };
        Ok(api.run::<ListPipelines>(variables).await?.team.page)
    })
    .await
}
