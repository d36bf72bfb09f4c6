//! What things of a team are called: for completion, in one request.

use crate::api::Api;
use crate::error::Error;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;

    operation!(ListNames, "graphql/names.graphql");
}

pub use generated::{ListNames, list_names};

/// The names, of each kind at most a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Keys of features.
    pub features: Vec<String>,
    /// How many features there are, which may be more.
    pub features_in_all: usize,
    /// Keys of environments.
    pub environments: Vec<String>,
    /// Numbers of changes that are open.
    pub changes: Vec<String>,
}

/// Returns what things of a team are called.
pub async fn list(api: &Api, team: &str) -> Result<Names, Error> {
    let variables = list_names::Variables { team: team.to_owned() };
    let team = api.run::<ListNames>(variables).await?.team;
    Ok(Names {
        features: team.features.nodes.into_iter().map(|feature| feature.key).collect(),
        features_in_all: usize::try_from(team.features.total_count).unwrap_or_default(),
        environments: team.environments.nodes.into_iter().map(|environment| environment.key).collect(),
        changes: team.changes.nodes.into_iter().map(|change| change.number.to_string()).collect(),
    })
}
