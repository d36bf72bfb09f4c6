//! Kill switches as a screen shows them: what is killed, which edges have it, what was killed lately, and what one stops.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::analytics::{Figures, Span};
use crate::api::Api;
use crate::audit::AuditEntry;
use crate::edge::Edge;
use crate::error::Error;
use crate::feature::{Dependent, KilledStage, Somewhere};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::{ActorKind, EnvironmentType, EvaluationReason, Resolution};

    operation!(GetKillScreen, "graphql/kill_screen.graphql", "super::super::KillScreen");
    operation!(GetKilled, "graphql/kill_screen.graphql", "super::super::Killed");
}

pub use generated::{GetKillScreen, GetKilled, get_kill_screen, get_killed};

/// A part of a list, and how long it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part<T> {
    /// The first of them.
    pub nodes: Vec<T>,
    /// How many there are.
    pub total_count: i64,
}

/// What is killed, and what is to be known beside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KillScreen {
    /// The newest first.
    pub kills: Part<KilledStage>,
    /// By name.
    pub edges: Part<Edge>,
    /// The clients that edges are.
    pub clients: Part<EdgeClient>,
    /// What was killed lately, or got another end.
    pub killed: Part<AuditEntry>,
    /// What was restored lately.
    pub restored: Part<AuditEntry>,
}

/// A client that edges are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EdgeClient {
    /// As edges name it.
    pub name: String,
    /// The one that it sees; all when absent.
    pub environment: Option<Somewhere>,
}

/// A feature that is killed: what it served before, and what it serves now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Killed {
    /// What is live, and what needs it.
    pub feature: KilledFeature,
    /// Its evaluations by reason.
    pub figures: Figures,
}

/// What a feature serves where, and what needs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KilledFeature {
    /// In the pipeline's order.
    pub stages: Vec<KilledOn>,
    /// By environment.
    pub dependents: Vec<Dependent>,
}

/// What a stage serves when it is not killed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KilledOn {
    /// Where.
    pub environment: Somewhere,
    /// What; nothing where it never went.
    pub live: Option<KilledVersion>,
}

/// A version that is live.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KilledVersion {
    /// Its number.
    pub number: i64,
    /// The document.
    pub config: Value,
}

impl KillScreen {
    /// Returns what was killed or restored lately, the newest first.
    pub fn recent(&self) -> Vec<&AuditEntry> {
        let mut entries: Vec<&AuditEntry> = self.killed.nodes.iter().chain(&self.restored.nodes).collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.number));
        // Beyond these, some of the other kind may be missing.
        entries.truncate(20);
        entries
    }
}

/// Returns what is killed, with the edges and what was done lately.
pub async fn get(api: &Api, team: &str) -> Result<KillScreen, Error> {
    Ok(api.run::<GetKillScreen>(get_kill_screen::Variables { team: team.to_owned() }).await?.team)
}

/// Returns what one kill stops, with the evaluations from when until when.
pub async fn killed(
    api: &Api,
    team: &str,
    (feature, environment): (&str, &str),
    (from, until): Span,
) -> Result<Killed, Error> {
    let filter = get_killed::EvaluationFilterInput {
        feature: Some(feature.to_owned()),
        environment: Some(environment.to_owned()),
        ..get_killed::EvaluationFilterInput::default()
    };
    let filter = Some(filter);
    let (team, feature) = (team.to_owned(), feature.to_owned());
    Ok(api.run::<GetKilled>(get_killed::Variables { team, feature, filter, from, until }).await?.team)
}
