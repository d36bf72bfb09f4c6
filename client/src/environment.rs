//! Environments.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::EnvironmentType;

    use create_environment::Environment;

    operation!(CreateEnvironment, "graphql/environment.graphql");
    operation!(ListEnvironments, "graphql/environment.graphql", "crate::page::InTeam<super::Environment>");
}

pub use generated::create_environment::{CreateEnvironmentInput, Environment};
pub use generated::{CreateEnvironment, ListEnvironments, create_environment, list_environments};

/// Creates an environment.
pub async fn create(api: &Api, input: CreateEnvironmentInput) -> Result<Environment, Error> {
    let variables = create_environment::Variables { input };
    let data = api.run::<CreateEnvironment>(variables).await?;
    Ok(data.environment)
}

/// Returns a team's environments, in their order.
pub async fn list(api: &Api, team: &str) -> Result<All<Environment>, Error> {
    page::all(None, async |first, after| {
        let variables = list_environments::Variables { team: team.to_owned(), first: Some(first), after };
        Ok(api.run::<ListEnvironments>(variables).await?.team.page)
    })
    .await
}
