//! Features: what is live where, and the kill switch.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::{ChangeKind, EnvironmentType, FeatureKind, Lifecycle, StageStatus, ValueType};

    use kill_feature::{Feature, KillResult};

    /// A team's feature, as `team { feature }` answers it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct OneFeature {
        pub feature: Feature,
    }

    operation!(GetFeature, "graphql/feature.graphql", "super::OneFeature");
    operation!(ListFeatures, "graphql/feature.graphql", "crate::page::InTeam<super::Feature>");
    operation!(KillFeature, "graphql/feature.graphql");
    operation!(RestoreFeature, "graphql/feature.graphql", "super::KillResult");
    operation!(ArchiveFeature, "graphql/feature.graphql", "super::Feature");
    operation!(UnarchiveFeature, "graphql/feature.graphql", "super::Feature");
}

pub use generated::archive_feature::ArchiveFeatureInput;
pub use generated::kill_feature::{
    Feature, Kill, KillFeatureInput, KillResult, LiveVersion, PendingChange, PendingPolicy, Place, Stage,
};
pub use generated::restore_feature::RestoreFeatureInput;
pub use generated::unarchive_feature::UnarchiveFeatureInput;
pub use generated::{
    ArchiveFeature, GetFeature, KillFeature, ListFeatures, RestoreFeature, UnarchiveFeature,
};
pub use generated::{
    archive_feature, get_feature, kill_feature, list_features, restore_feature, unarchive_feature,
};

/// Returns a feature with its stages.
pub async fn get(api: &Api, team: &str, key: &str) -> Result<Feature, Error> {
    let variables = get_feature::Variables { team: team.to_owned(), key: key.to_owned() };
    Ok(api.run::<GetFeature>(variables).await?.team.feature)
}

/// Returns a team's features, or those that a search finds.
pub async fn list(
    api: &Api,
    team: &str,
    search: Option<&str>,
    limit: Option<usize>,
) -> Result<All<Feature>, Error> {
    page::all(limit, async |first, after| {
        let variables = list_features::Variables {
            team: team.to_owned(),
            search: search.map(str::to_owned),
            first: Some(first),
            after,
        };
        Ok(api.run::<ListFeatures>(variables).await?.team.page)
    })
    .await
}

/// Turns a feature off at once, past all policies.
pub async fn kill(api: &Api, input: KillFeatureInput) -> Result<KillResult, Error> {
    let variables = kill_feature::Variables { input };
    Ok(api.run::<KillFeature>(variables).await?.result)
}

/// Takes a kill back.
pub async fn restore(api: &Api, input: RestoreFeatureInput) -> Result<KillResult, Error> {
    let variables = restore_feature::Variables { input };
    Ok(api.run::<RestoreFeature>(variables).await?.result)
}

/// Archives a feature that serves nothing and that nothing needs.
pub async fn archive(api: &Api, input: ArchiveFeatureInput) -> Result<Feature, Error> {
    let variables = archive_feature::Variables { input };
    Ok(api.run::<ArchiveFeature>(variables).await?.feature)
}

/// Brings an archived feature back.
pub async fn unarchive(api: &Api, input: UnarchiveFeatureInput) -> Result<Feature, Error> {
    let variables = unarchive_feature::Variables { input };
    Ok(api.run::<UnarchiveFeature>(variables).await?.feature)
}

impl Feature {
    /// Returns the feature's stage in an environment, when its pipeline goes there.
    pub fn stage(&self, environment: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.environment.key == environment)
    }
}
