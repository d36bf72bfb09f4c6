//! Features as a list shows them: a page at a time, and one by itself.

use crate::api::Api;
use crate::error::Error;
use crate::page::Page;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::feature::Stage;
    use crate::operation::operation;
    use crate::words::{ChangeKind, ChangeStatus, EnvironmentType, FeatureKind, Lifecycle, StageStatus};

    /// A feature, without what only its own screen shows.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct FeatureRow {
        pub key: String,
        pub name: String,
        pub kind: FeatureKind,
        pub lifecycle: Lifecycle,
        pub tags: Vec<String>,
        pub owner: Option<String>,
        pub changed_at: chrono::DateTime<chrono::Utc>,
        pub last_change: Option<LastChange>,
        pub stages: Vec<Stage>,
    }

    /// The change that was applied last.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct LastChange {
        pub number: i64,
        pub kind: ChangeKind,
        pub author: String,
        pub token: Option<String>,
        pub applied_at: Option<chrono::DateTime<chrono::Utc>>,
    }

    /// A team's feature, as `team { feature }` answers it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct OneRow {
        pub feature: FeatureRow,
    }

    operation!(GetFeatureRow, "graphql/feature_row.graphql", "super::OneRow");
    operation!(ListFeatureRows, "graphql/feature_row.graphql", "crate::page::InTeam<super::FeatureRow>");
}

pub use generated::{FeatureRow, GetFeatureRow, LastChange, ListFeatureRows, OneRow};
pub use generated::{get_feature_row, list_feature_rows};

/// Returns one page of a team's features, by key: how many, and behind which cursor.
pub async fn page_of(
    api: &Api,
    team: &str,
    (first, after): (i64, Option<String>),
) -> Result<Page<FeatureRow>, Error> {
    let variables = list_feature_rows::Variables { team: team.to_owned(), first: Some(first), after };
    Ok(api.run::<ListFeatureRows>(variables).await?.team.page)
}

/// Returns one feature.
pub async fn get(api: &Api, team: &str, key: &str) -> Result<FeatureRow, Error> {
    let variables = get_feature_row::Variables { team: team.to_owned(), key: key.to_owned() };
    Ok(api.run::<GetFeatureRow>(variables).await?.team.feature)
}
