//! The audit log: who did what.

use chrono::{DateTime, Utc};

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All, Page};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::ActorKind;

    use list_audit::AuditEntry;

    /// An entry with its place in the feed.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct AuditEvent {
        /// Where a subscription goes on that was interrupted.
        pub cursor: String,
        pub entry: AuditEntry,
    }

    operation!(ListAudit, "graphql/audit.graphql", "crate::page::InTeam<AuditEntry>");
    operation!(ListSystemAudit, "graphql/audit.graphql", "crate::page::Page<super::AuditEntry>");
    operation!(WatchAudit, "graphql/audit.graphql", "super::AuditEvent");
}

pub use generated::list_audit::AuditEntry;
pub use generated::{AuditEvent, ListAudit, ListSystemAudit, WatchAudit};
pub use generated::{list_audit, list_system_audit, watch_audit};

/// Which entries are wanted: all of what is said must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// What was done to this feature.
    pub feature: Option<String>,
    /// What was done in this environment.
    pub environment: Option<String>,
    /// By this person, token or client.
    pub actor: Option<String>,
    /// Beginning like this: `feature.kill`, or `feature.`.
    pub action: Option<String>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Not after.
    pub until: Option<DateTime<Utc>>,
}

/// Returns a team's audit entries, the newest first.
pub async fn list(
    api: &Api,
    team: &str,
    filter: &Filter,
    limit: Option<usize>,
) -> Result<All<AuditEntry>, Error> {
    page::all(limit, async |first, after| page_of(api, team, filter, (first, after)).await).await
}

/// Returns one page of a team's audit entries: how many, and behind which cursor.
pub async fn page_of(
    api: &Api,
    team: &str,
    filter: &Filter,
    (first, after): (i64, Option<String>),
) -> Result<Page<AuditEntry>, Error> {
    let filter = filter.clone();
    let variables = list_audit::Variables {
        team: team.to_owned(),
        feature: filter.feature,
        environment: filter.environment,
        actor: filter.actor,
        action: filter.action,
        since: filter.since,
        until: filter.until,
        first: Some(first),
        after,
    };
    Ok(api.run::<ListAudit>(variables).await?.team.page)
}

/// Returns one page of what was done outside of all teams; for system administrators.
pub async fn page_of_system(
    api: &Api,
    filter: &Filter,
    (first, after): (i64, Option<String>),
) -> Result<Page<AuditEntry>, Error> {
    let filter = filter.clone();
    let variables = list_system_audit::Variables {
        actor: filter.actor,
        action: filter.action,
        since: filter.since,
        until: filter.until,
        first: Some(first),
        after,
    };
    Ok(api.run::<ListSystemAudit>(variables).await?.page)
}

/// Returns what was done outside of all teams, the newest first; for system administrators.
pub async fn list_system(api: &Api, filter: &Filter, limit: Option<usize>) -> Result<All<AuditEntry>, Error> {
    page::all(limit, async |first, after| page_of_system(api, filter, (first, after)).await).await
}
