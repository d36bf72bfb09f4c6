//! All that is told of one feature at once: what is live where, what was, what is open, and what it gives people.

use chrono::{DateTime, Utc};

use crate::api::Api;
use crate::error::{Code, Error};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::analytics::Figures;
    use crate::audit::AuditEntry;
    use crate::change::Change;
    use crate::feature::{Somewhere, Viewed};
    use crate::operation::operation;
    use crate::version::Origin;
    use crate::words::{
        ActorKind, ChangeKind, ChangeStatus, Decision, DiffKind, EnvironmentType, EvaluationReason,
        FeatureKind, Lifecycle, Resolution, Role, StageStatus, ValueType,
    };

    /// What a list of things has.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct Nodes<T> {
        pub nodes: Vec<T>,
    }

    /// A feature, what needs it, and what it served.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct Told {
        #[serde(flatten)]
        pub viewed: Viewed,
        /// The newest first.
        pub versions: Nodes<Past>,
    }

    /// A version, without its document.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Past {
        pub number: i64,
        pub environment: Somewhere,
        pub created_at: chrono::DateTime<chrono::Utc>,
        pub created_by: String,
        pub change: Origin,
    }

    /// An edge, as far as it matters to whoever kills something.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct Connected {
        pub connected: bool,
    }

    /// A feature, and what is around it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct FeatureScreen {
        pub feature: Told,
        /// Changes that wait for votes or for their time.
        pub open: Nodes<Change>,
        /// Its kills, and what became of their ends; the newest first.
        pub killed: Nodes<AuditEntry>,
        /// What took kills back, the newest first.
        pub restored: Nodes<AuditEntry>,
        pub edges: Nodes<Connected>,
        /// By environment and variant; none where that is too much to count.
        pub by_variant: Option<Figures>,
        /// By environment and reason; none where that is too much to count.
        pub by_reason: Option<Figures>,
    }

    operation!(GetFeatureScreen, "graphql/feature_screen.graphql", "super::FeatureScreen");
}

pub use generated::{Connected, FeatureScreen, GetFeatureScreen, Nodes, Past, Told, get_feature_screen};

/// Returns what is told of a feature; figures are those since a moment.
pub async fn get(
    api: &Api,
    team: &str,
    key: &str,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<FeatureScreen, Error> {
    let ask = |figures| {
        let filter = get_feature_screen::EvaluationFilterInput {
            feature: Some(key.to_owned()),
            ..get_feature_screen::EvaluationFilterInput::default()
        };
        let variables = get_feature_screen::Variables {
            team: team.to_owned(),
            key: key.to_owned(),
            filter: Some(filter),
            from,
            until,
            figures,
        };
        api.run::<GetFeatureScreen>(variables)
    };
    match ask(true).await {
        // More series than the server counts at once; all else is told without them.
        Err(error) if error.code() == Some(Code::Invalid) => Ok(ask(false).await?.team),
        answer => Ok(answer?.team),
    }
}
