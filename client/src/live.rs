//! Live documents: what is served now, in one environment or in all, with as little else as there can be.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

/// How many edges, and how many clients, does an explanation look at?
const EDGES: i64 = 100;

/// Among how many former versions of a feature, of all its stages together, is that looked for which a later stage serves?
const FORMER_VERSIONS: i64 = 20;

/// How many features with their former versions does one request ask for? Each takes the server a statement.
const DRIFTING_PAGE: i64 = 50;

/// How many versions of a stage does one request ask for?
const VERSIONS_PAGE: i64 = 50;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::ChangeStatus;

    use live_features::LiveFeature;

    /// A team's feature, as `team { feature }` answers it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct OneFeature {
        pub feature: LiveFeature,
    }

    operation!(LiveFeatures, "graphql/live.graphql", "crate::page::InTeam<LiveFeature>");
    operation!(OneLiveFeature, "graphql/live.graphql", "super::OneFeature");
    operation!(ExplainFeature, "graphql/live.graphql");
    operation!(DriftingFeatures, "graphql/live.graphql", "crate::page::InTeam<DriftingFeature>");
    operation!(DocumentsOfStage, "graphql/live.graphql", "crate::page::InTeam<StageDocument>");
    operation!(DeclaredKeys, "graphql/live.graphql", "crate::page::InTeam<DeclaredKey>");
}

pub use generated::documents_of_stage::StageDocument;
pub use generated::drifting_features::{DriftingFeature, FormerDocument, LiveStage as DriftingStage};
pub use generated::explain_feature::{
    ExplainFeatureTeam as Explained, ExplainedFeature, ExplainedStage, ExplainingEdge, WaitingChange,
};
pub use generated::live_features::{LiveDocument, LiveFeature, LiveKill, LiveStage};
pub use generated::{
    DeclaredKeys, DocumentsOfStage, DriftingFeatures, ExplainFeature, LiveFeatures, OneLiveFeature,
};
pub use generated::{
    declared_keys, documents_of_stage, drifting_features, explain_feature, live_features, one_live_feature,
};

/// Returns the features that serve something, in one environment or anywhere.
pub async fn features(api: &Api, team: &str, environment: Option<&str>) -> Result<All<LiveFeature>, Error> {
    page::all(None, async |first, after| {
        let variables = live_features::Variables {
            team: team.to_owned(),
            environment: environment.map(str::to_owned),
            first: Some(first),
            after,
        };
        Ok(api.run::<LiveFeatures>(variables).await?.team.page)
    })
    .await
}

/// Returns one feature with what its stages serve.
pub async fn feature(api: &Api, team: &str, key: &str) -> Result<LiveFeature, Error> {
    let variables = one_live_feature::Variables { team: team.to_owned(), key: key.to_owned() };
    Ok(api.run::<OneLiveFeature>(variables).await?.team.feature)
}

/// Returns one feature with what its stages serve and what waits for them, and how far the edges are.
pub async fn explained(api: &Api, team: &str, key: &str) -> Result<Explained, Error> {
    let variables =
        explain_feature::Variables { team: team.to_owned(), key: key.to_owned(), first: Some(EDGES) };
    Ok(api.run::<ExplainFeature>(variables).await?.team)
}

/// Returns the features that serve something, with the latest of their former versions.
pub async fn drifting(api: &Api, team: &str) -> Result<All<DriftingFeature>, Error> {
    page::all(None, async |first, after| {
        let variables = drifting_features::Variables {
            team: team.to_owned(),
            first: Some(first.min(DRIFTING_PAGE)),
            after,
            versions: Some(FORMER_VERSIONS),
        };
        Ok(api.run::<DriftingFeatures>(variables).await?.team.page)
    })
    .await
}

/// Returns what a stage has served, the newest first, back to a version.
pub async fn documents(
    api: &Api,
    team: &str,
    (feature, environment): (&str, &str),
    back_to: i64,
) -> Result<Vec<StageDocument>, Error> {
    let mut documents: Vec<StageDocument> = Vec::new();
    let mut after = None;
    loop {
        let variables = documents_of_stage::Variables {
            team: team.to_owned(),
            feature: feature.to_owned(),
            environment: environment.to_owned(),
            first: Some(VERSIONS_PAGE),
            after,
        };
        let page = api.run::<DocumentsOfStage>(variables).await?.team.page;
        let is_last = page.nodes.is_empty() || !page.page_info.has_next_page;
        documents.extend(page.nodes);
        after = page.page_info.end_cursor;
        let oldest = documents.last().map(|document| document.number);
        if is_last || after.is_none() || oldest.is_some_and(|oldest| oldest <= back_to) {
            return Ok(documents);
        }
    }
}

/// Returns the attributes that a team has declared.
pub async fn context_keys(api: &Api, team: &str) -> Result<Vec<String>, Error> {
    let keys = page::all(None, async |first, after| {
        let variables = declared_keys::Variables { team: team.to_owned(), first: Some(first), after };
        Ok(api.run::<DeclaredKeys>(variables).await?.team.page)
    })
    .await?;
    Ok(keys.nodes.into_iter().map(|key| key.key).collect())
}
