//! The audit log: who did what.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::ActorKind;

    operation!(ListAudit, "graphql/audit.graphql", "crate::page::InTeam<AuditEntry>");
}

pub use generated::list_audit::AuditEntry;
pub use generated::{ListAudit, list_audit};

/// Returns a team's audit entries, or a feature's, the newest first.
pub async fn list(
    api: &Api,
    team: &str,
    feature: Option<&str>,
    limit: Option<usize>,
) -> Result<All<AuditEntry>, Error> {
    page::all(limit, async |first, after| {
        let variables = list_audit::Variables {
            team: team.to_owned(),
            feature: feature.map(str::to_owned),
            first: Some(first),
            after,
        };
        Ok(api.run::<ListAudit>(variables).await?.team.page)
    })
    .await
}
