//! How a team is, how often its features were evaluated lately, and what was done last, in one request.

use chrono::{DateTime, TimeDelta, Utc};
use graphql_client::{GraphQLQuery, QueryBody};
use serde::Deserialize;

use crate::analytics::{Completeness, Span, Top, whole_minutes};
use crate::api::Api;
use crate::audit::AuditEntry;
use crate::error::Error;
use crate::status::{Status, StatusServer, TeamStatus};
use crate::words::EvaluationReason;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::{ActorKind, ChangeKind, ChangeStatus, EnvironmentType, EvaluationReason};

    // Beside the status, whose fragments it has.
    operation!(GetOverview, "graphql/status.graphql");
}

pub use generated::{GetOverview, get_overview};

/// For how long are evaluations told?
const LATELY: TimeDelta = TimeDelta::minutes(60);
/// How much longer are minutes told? Those at the end are not over, or not told by edges yet.
const LONGER: TimeDelta = TimeDelta::minutes(3);

/// What there is to see at one glance.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Answer")]
pub struct Overview {
    /// What needs attention, what waits, how the edges are.
    pub status: Status,
    /// Evaluations minute by minute.
    pub evaluations: Minutes,
    /// The features that were evaluated most.
    pub top: Top,
    /// What was done, the newest first; without what was before and after, which may be large.
    pub events: Vec<AuditEntry>,
}

/// Evaluations minute by minute, for an hour and some minutes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Minutes {
    /// The beginning of the first minute.
    pub from: DateTime<Utc>,
    /// The end of the last one, which may not be over.
    pub until: DateTime<Utc>,
    /// One series for each reason.
    pub series: Vec<ByReason>,
    /// How far they can be trusted.
    pub completeness: Completeness,
}

/// Evaluations that came to a value for the same reason.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ByReason {
    /// Why.
    pub reason: Option<EvaluationReason>,
    /// All of them.
    pub total: i64,
    /// One figure for each minute.
    pub points: Vec<i64>,
}

/// The answer as it comes.
#[derive(Deserialize)]
struct Answer {
    server: StatusServer,
    team: Team,
}

#[derive(Deserialize)]
struct Team {
    #[serde(flatten)]
    status: TeamStatus,
    evaluations: Minutes,
    top: Top,
    events: Events,
}

#[derive(Deserialize)]
struct Events {
    nodes: Vec<AuditEntry>,
}

impl From<Answer> for Overview {
    fn from(answer: Answer) -> Self {
        let Team { status, evaluations, top, events } = answer.team;
        let status = Status { server: answer.server, team: status };
        Self { status, evaluations, top, events: events.nodes }
    }
}

/// The operation, its answer read as what other operations have types for.
struct Ask;

impl GraphQLQuery for Ask {
    type Variables = get_overview::Variables;
    type ResponseData = Overview;

    fn build_query(variables: Self::Variables) -> QueryBody<Self::Variables> {
        GetOverview::build_query(variables)
    }
}

/// Returns what there is to see of a team; figures are of an environment, or of all.
pub async fn get(
    api: &Api,
    (team, environment): (&str, Option<&str>),
    since: DateTime<Utc>,
    stale_days: i64,
    now: DateTime<Utc>,
) -> Result<Overview, Error> {
    let environment = environment.map(str::to_owned);
    let filter = get_overview::EvaluationFilterInput {
        environment: environment.clone(),
        ..get_overview::EvaluationFilterInput::default()
    };
    let (from, whole) = lately(now);
    let variables = get_overview::Variables {
        team: team.to_owned(),
        environment,
        since,
        stale_days,
        before: from - LONGER,
        from,
        whole,
        until: now,
        filter: Some(filter),
    };
    api.run::<Ask>(variables).await
}

/// Returns from when until when evaluations are added up: whole minutes, all of them over.
fn lately(now: DateTime<Utc>) -> Span {
    let whole = whole_minutes(now);
    (whole - LATELY, whole)
}

#[cfg(test)]
mod tests {
    use super::lately;
    use crate::document::only;

    #[test]
    fn what_is_added_up_has_no_part_of_a_minute() {
        let at = |text: &str| text.parse().unwrap();
        let span = (at("2026-11-20T11:41:00Z"), at("2026-11-20T12:41:00Z"));
        assert_eq!(lately(at("2026-11-20T12:41:07.5Z")), span);
        assert_eq!(lately(at("2026-11-20T12:41:00Z")), span);
    }

    fn fragments(document: &str, operation: &str) -> Vec<String> {
        let text = only(document, operation);
        let cut = text.split("fragment ").skip(1).map(|text| text.split("\nquery ").next().unwrap_or(""));
        cut.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    /// What is read as a type of another operation is asked for as there.
    #[test]
    fn fragments_are_those_of_their_types() {
        let here = fragments(include_str!("../graphql/status.graphql"), "GetOverview");
        for wanted in fragments(include_str!("../graphql/analytics.graphql"), "GetTop") {
            assert!(here.contains(&wanted), "not as in {wanted}");
        }
        let entry = fragments(include_str!("../graphql/audit.graphql"), "ListAudit").concat();
        let event = entry.replace("AuditEntry on", "Event on").replace(" before after", "");
        assert!(here.contains(&event), "not as in {event}");
    }
}
