//! What was evaluated, how often, and how complete those figures are.

use chrono::{DateTime, Utc};

use crate::api::Api;
use crate::error::Error;
use crate::words::{EvaluationGroup, Resolution};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::{EvaluationGroup, EvaluationReason, Resolution};

    use get_evaluations::Completeness;
    use get_evaluations::Figures;
    use get_top::TopFeature;

    /// The features that are evaluated most.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct Top {
        pub from: chrono::DateTime<chrono::Utc>,
        pub until: chrono::DateTime<chrono::Utc>,
        pub features: Vec<TopFeature>,
        pub completeness: Completeness,
    }

    /// A team's, as `team { top }` answers it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct OneTop {
        pub top: Top,
    }

    /// About how many units a feature was evaluated for.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Units {
        pub from: chrono::DateTime<chrono::Utc>,
        pub until: chrono::DateTime<chrono::Utc>,
        pub units: i64,
        pub standard_error: f64,
        pub completeness: Completeness,
    }

    /// Figures by what they are grouped by.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Summary {
        pub by_environment: Figures,
        pub by_reason: Figures,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub by_client: Option<Figures>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub by_variant: Option<Figures>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub top: Option<Top>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub units: Option<Units>,
    }

    operation!(GetEvaluations, "graphql/analytics.graphql");
    operation!(GetTop, "graphql/analytics.graphql", "super::OneTop");
    operation!(GetSummary, "graphql/analytics.graphql", "super::Summary");
    operation!(GetFeatureSummary, "graphql/analytics.graphql", "super::Summary");
    operation!(WatchEvaluations, "graphql/analytics.graphql", "super::Figures");
}

pub use generated::get_evaluations::{Completeness, EvaluationFilterInput as Filter, Figures, Series};
pub use generated::get_top::TopFeature;
pub use generated::{GetEvaluations, GetFeatureSummary, GetSummary, GetTop, WatchEvaluations};
pub use generated::{Summary, Top, Units};
pub use generated::{get_evaluations, get_feature_summary, get_summary, get_top, watch_evaluations};

/// From when until when.
pub type Span = (DateTime<Utc>, DateTime<Utc>);

/// Returns when the minute began that a time is in.
pub fn whole_minutes(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp().div_euclid(60) * 60, 0).unwrap_or(at)
}

/// Returns series over time.
pub async fn series(
    api: &Api,
    team: &str,
    filter: Filter,
    (from, until): Span,
    (resolution, group_by): (Resolution, Vec<EvaluationGroup>),
) -> Result<Figures, Error> {
    let variables = get_evaluations::Variables {
        team: team.to_owned(),
        filter: Some(filter),
        from,
        until,
        resolution,
        group_by: Some(group_by),
    };
    Ok(api.run::<GetEvaluations>(variables).await?.team.figures)
}

/// Returns the features that are evaluated most, in an environment or in all.
pub async fn top(
    api: &Api,
    team: &str,
    environment: Option<&str>,
    (from, until): Span,
    first: i64,
) -> Result<Top, Error> {
    let environment = environment.map(str::to_owned);
    let variables =
        get_top::Variables { team: team.to_owned(), environment, from, until, first: Some(first) };
    Ok(api.run::<GetTop>(variables).await?.team.top)
}

/// Returns how often features were evaluated, by what matters; of all features, or of one with how many units asked for it.
pub async fn summary(
    api: &Api,
    team: &str,
    (feature, environment): (Option<&str>, Option<&str>),
    (from, until): Span,
    resolution: Resolution,
) -> Result<Summary, Error> {
    let (team, environment) = (team.to_owned(), environment.map(str::to_owned));
    let Some(feature) = feature.map(str::to_owned) else {
        let filter = get_summary::EvaluationFilterInput {
            environment: environment.clone(),
            ..get_summary::EvaluationFilterInput::default()
        };
        let filter = Some(filter);
        let variables = get_summary::Variables { team, environment, filter, from, until, resolution };
        return Ok(api.run::<GetSummary>(variables).await?.team);
    };
    let filter = get_feature_summary::EvaluationFilterInput {
        feature: Some(feature.clone()),
        environment: environment.clone(),
        ..get_feature_summary::EvaluationFilterInput::default()
    };
    let filter = Some(filter);
    let variables =
        get_feature_summary::Variables { team, feature, environment, filter, from, until, resolution };
    Ok(api.run::<GetFeatureSummary>(variables).await?.team)
}
