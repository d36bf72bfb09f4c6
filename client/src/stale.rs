//! Features that seem to be needed no more.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, Page, PageInfo};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::{Lifecycle, StaleReason};

    operation!(StaleFeatures, "graphql/stale.graphql");
}

use generated::stale_features::StaleFeaturesTeamStaleCompleteness;
pub use generated::stale_features::{StaleFeature, StaleFeatureFeature};
pub use generated::{StaleFeatures, stale_features};

use crate::words::StaleReason;

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// For how many days nothing has happened.
    pub days: i64,
    /// Only in this environment.
    pub environment: Option<String>,
    /// Only for one of these reasons.
    pub reasons: Option<Vec<StaleReason>>,
}

/// What was found, and how well that is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stale {
    /// The features, by key.
    pub features: Vec<StaleFeature>,
    /// Since when nothing has happened.
    pub since: DateTime<Utc>,
    /// Whether no figure is known to be missing.
    pub complete: bool,
    /// Until when every edge has told; none: none ever has.
    pub until: Option<DateTime<Utc>>,
}

/// Returns the features that seem to be needed no more.
pub async fn list(api: &Api, team: &str, filter: &Filter) -> Result<Stale, Error> {
    let known = std::cell::RefCell::new(None);
    let features = page::all(None, async |first, after| {
        let variables = stale_features::Variables {
            team: team.to_owned(),
            days: filter.days,
            environment: filter.environment.clone(),
            reasons: filter.reasons.clone(),
            first: Some(first),
            after,
        };
        let found = api.run::<StaleFeatures>(variables).await?.team.stale;
        known.replace(Some((found.since, found.completeness)));
        let (has_next_page, end_cursor) = (found.page_info.has_next_page, found.page_info.end_cursor);
        let page_info = PageInfo { has_next_page, end_cursor };
        Ok(Page { nodes: found.nodes, page_info, total_count: found.total_count })
    })
    .await?;
    let (since, completeness) = known.into_inner().unwrap_or_else(|| {
        (DateTime::default(), StaleFeaturesTeamStaleCompleteness { complete: false, until: None })
    });
    Ok(Stale { features: features.nodes, since, complete: completeness.complete, until: completeness.until })
}
