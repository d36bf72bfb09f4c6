//! Features: what is live where, and the kill switch.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::{
        ChangeKind, ChangeStatus, EnvironmentType, FeatureKind, FeatureSort, Lifecycle, StageStatus,
        ValueType,
    };

    use kill_feature::{Feature, KillResult};

    /// A team's feature, as `team { feature }` answers it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct OneFeature {
        pub feature: Feature,
    }

    /// A feature, and what needs it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct Viewed {
        #[serde(flatten)]
        pub feature: Feature,
        pub dependents: Vec<Dependent>,
    }

    /// A feature whose live document needs another one.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct Dependent {
        pub feature: String,
        pub environment: Somewhere,
    }

    /// An environment by its key.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct Somewhere {
        pub key: String,
    }

    /// A team's feature, as `team { feature }` answers it with what needs it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct OneViewed {
        pub feature: Viewed,
    }

    operation!(GetFeature, "graphql/feature.graphql", "super::OneFeature");
    operation!(ViewFeature, "graphql/feature.graphql", "super::OneViewed");
    operation!(ListFeatures, "graphql/feature.graphql", "crate::page::InTeam<super::Feature>");
    operation!(ListKills, "graphql/feature.graphql", "crate::page::InTeam<KilledStage>");
    operation!(KillFeature, "graphql/feature.graphql");
    operation!(EditFeature, "graphql/feature.graphql", "super::Feature");
    operation!(RestoreFeature, "graphql/feature.graphql", "super::KillResult");
    operation!(ArchiveFeature, "graphql/feature.graphql", "super::Feature");
    operation!(UnarchiveFeature, "graphql/feature.graphql", "super::Feature");
}

pub use generated::archive_feature::ArchiveFeatureInput;
pub use generated::edit_feature::EditFeatureInput;
pub use generated::kill_feature::{
    Feature, Kill, KillFeatureInput, KillResult, LiveVersion, PendingChange, PendingPolicy, Place, Stage,
};
pub use generated::list_features::FeatureFilterInput;
pub use generated::list_kills::KilledStage;
pub use generated::restore_feature::RestoreFeatureInput;
pub use generated::unarchive_feature::UnarchiveFeatureInput;
pub use generated::{
    ArchiveFeature, Dependent, EditFeature, GetFeature, KillFeature, ListFeatures, ListKills, OneFeature,
    OneViewed, RestoreFeature, Somewhere, UnarchiveFeature, ViewFeature, Viewed,
};
pub use generated::{
    archive_feature, edit_feature, get_feature, kill_feature, list_features, list_kills, restore_feature,
    unarchive_feature, view_feature,
};

use crate::words::FeatureSort;

/// Which features are to be listed, and how.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those with this in key, name, tags or owner.
    pub search: Option<String>,
    /// Only those of which all of this holds.
    pub filter: Option<FeatureFilterInput>,
    /// In which order; by key when not said.
    pub sort: Option<FeatureSort>,
    /// At most so many, the first.
    pub limit: Option<usize>,
}

/// Returns a feature with its stages.
pub async fn get(api: &Api, team: &str, key: &str) -> Result<Feature, Error> {
    let variables = get_feature::Variables { team: team.to_owned(), key: key.to_owned() };
    Ok(api.run::<GetFeature>(variables).await?.team.feature)
}

/// Returns a feature with its stages and what needs it.
pub async fn view(api: &Api, team: &str, key: &str) -> Result<Viewed, Error> {
    let variables = view_feature::Variables { team: team.to_owned(), key: key.to_owned() };
    Ok(api.run::<ViewFeature>(variables).await?.team.feature)
}

/// Returns a team's features, or those that a search finds.
pub async fn list(
    api: &Api,
    team: &str,
    search: Option<&str>,
    limit: Option<usize>,
) -> Result<All<Feature>, Error> {
    let filter = Filter { search: search.map(str::to_owned), limit, ..Filter::default() };
    filtered(api, team, &filter).await
}

/// Returns those of a team's features that a filter lets through.
pub async fn filtered(api: &Api, team: &str, filter: &Filter) -> Result<All<Feature>, Error> {
    page::all(filter.limit, async |first, after| {
        let variables = list_features::Variables {
            team: team.to_owned(),
            search: filter.search.clone(),
            filter: filter.filter.clone(),
            sort: filter.sort.clone(),
            first: Some(first),
            after,
        };
        Ok(api.run::<ListFeatures>(variables).await?.team.page)
    })
    .await
}

/// Returns what is killed, in one environment or in all, the newest first.
pub async fn kills(api: &Api, team: &str, environment: Option<&str>) -> Result<All<KilledStage>, Error> {
    page::all(None, async |first, after| {
        let variables = list_kills::Variables {
            team: team.to_owned(),
            environment: environment.map(str::to_owned),
            first: Some(first),
            after,
        };
        Ok(api.run::<ListKills>(variables).await?.team.page)
    })
    .await
}

/// Turns a feature off at once, past all policies.
pub async fn kill(api: &Api, input: KillFeatureInput) -> Result<KillResult, Error> {
    let variables = kill_feature::Variables { input };
    Ok(api.run::<KillFeature>(variables).await?.result)
}

/// Turns a feature off at once, to stay off until somebody restores it, even where it was to end by itself.
pub async fn kill_until_restored(api: &Api, input: KillFeatureInput) -> Result<KillResult, Error> {
    let variables = kill_feature::Variables { input };
    Ok(api.run_removing::<KillFeature>(variables, &["restoreAt"]).await?.result)
}

/// Takes a kill back.
pub async fn restore(api: &Api, input: RestoreFeatureInput) -> Result<KillResult, Error> {
    let variables = restore_feature::Variables { input };
    Ok(api.run::<RestoreFeature>(variables).await?.result)
}

/// Edits what is said of a feature; what is absent stays, and the fields in `emptied` become nothing.
pub async fn edit(api: &Api, input: EditFeatureInput, emptied: &[&str]) -> Result<Feature, Error> {
    let variables = edit_feature::Variables { input };
    Ok(api.run_removing::<EditFeature>(variables, emptied).await?.feature)
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
