//! Pipelines: the ways from environment to environment.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;

    use create_pipeline::Pipeline;

    operation!(CreatePipeline, "graphql/pipeline.graphql");
    operation!(ListPipelines, "graphql/pipeline.graphql", "crate::page::InTeam<super::Pipeline>");
}

pub use generated::create_pipeline::{CreatePipelineInput, Pipeline, PipelineStage, PipelineStageInput};
pub use generated::{CreatePipeline, ListPipelines, create_pipeline, list_pipelines};

/// Creates a pipeline.
pub async fn create(api: &Api, input: CreatePipelineInput) -> Result<Pipeline, Error> {
    let variables = create_pipeline::Variables { input };
    let data = api.run::<CreatePipeline>(variables).await?;
    Ok(data.pipeline)
}

/// Returns a team's pipelines.
pub async fn list(api: &Api, team: &str) -> Result<All<Pipeline>, Error> {
    page::all(None, async |first, after| {
        let variables = list_pipelines::Variables { team: team.to_owned(), first: Some(first), after };
        Ok(api.run::<ListPipelines>(variables).await?.team.page)
    })
    .await
}
