//! Versions: what has been live in a stage.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::{ChangeKind, Decision, DiffKind};

    operation!(ListVersions, "graphql/version.graphql", "crate::page::InTeam<Version>");
}

pub use generated::list_versions::{Origin, Version};
pub use generated::{ListVersions, list_versions};

/// Returns a feature's versions, in one environment or in all, the newest first.
pub async fn list(
    api: &Api,
    team: &str,
    (feature, environment): (&str, Option<&str>),
    limit: Option<usize>,
) -> Result<All<Version>, Error> {
    page::all(limit, async |first, after| {
        let variables = list_versions::Variables {
            team: team.to_owned(),
            feature: feature.to_owned(),
            environment: environment.map(str::to_owned),
            first: Some(first),
            after,
        };
        Ok(api.run::<ListVersions>(variables).await?.team.page)
    })
    .await
}
