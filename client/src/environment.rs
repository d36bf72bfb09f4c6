//! Environments.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::EnvironmentType;

    use create_environment::Environment;

    /// A team's environment, as `team { environment }` answers it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct OneEnvironment {
        pub environment: Environment,
    }

    operation!(CreateEnvironment, "graphql/environment.graphql");
    operation!(EditEnvironment, "graphql/environment.graphql", "super::Environment");
    operation!(SetEnvironmentActive, "graphql/environment.graphql", "super::Environment");
    operation!(GetEnvironment, "graphql/environment.graphql", "super::OneEnvironment");
    operation!(ListEnvironments, "graphql/environment.graphql", "crate::page::InTeam<super::Environment>");
}

pub use generated::create_environment::{CreateEnvironmentInput, Environment};
pub use generated::edit_environment::EditEnvironmentInput;
pub use generated::set_environment_active::SetEnvironmentActiveInput;
pub use generated::{
    CreateEnvironment, EditEnvironment, GetEnvironment, ListEnvironments, SetEnvironmentActive,
};
pub use generated::{
    create_environment, edit_environment, get_environment, list_environments, set_environment_active,
};

/// Creates an environment.
pub async fn create(api: &Api, input: CreateEnvironmentInput) -> Result<Environment, Error> {
    let variables = create_environment::Variables { input };
    let data = api.run::<CreateEnvironment>(variables).await?;
    Ok(data.environment)
}

/// Changes an environment, and takes its colour away where that is wanted.
pub async fn edit(api: &Api, input: EditEnvironmentInput, remove_colour: bool) -> Result<Environment, Error> {
    let removed: &[&str] = if remove_colour { &["colour"] } else { &[] };
    let variables = edit_environment::Variables { input };
    Ok(api.run_removing::<EditEnvironment>(variables, removed).await?.environment)
}

/// Lets an environment take changes, or no longer.
pub async fn set_active(api: &Api, input: SetEnvironmentActiveInput) -> Result<Environment, Error> {
    let variables = set_environment_active::Variables { input };
    Ok(api.run::<SetEnvironmentActive>(variables).await?.environment)
}

/// Returns an environment.
pub async fn get(api: &Api, team: &str, key: &str) -> Result<Environment, Error> {
    let variables = get_environment::Variables { team: team.to_owned(), key: key.to_owned() };
    Ok(api.run::<GetEnvironment>(variables).await?.team.environment)
}

/// Returns a team's environments, in their order.
pub async fn list(api: &Api, team: &str) -> Result<All<Environment>, Error> {
    first(api, team, None).await
}

/// Returns as many of them as are wanted.
pub async fn first(api: &Api, team: &str, limit: Option<usize>) -> Result<All<Environment>, Error> {
    page::all(limit, async |first, after| {
        let variables = list_environments::Variables { team: team.to_owned(), first: Some(first), after };
        Ok(api.run::<ListEnvironments>(variables).await?.team.page)
    })
    .await
}
