//! How a team is: what is killed, what waits, what is behind, in one request.

use chrono::{DateTime, Utc};

use crate::api::Api;
use crate::error::Error;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::{ChangeKind, ChangeStatus, EnvironmentType};

    operation!(GetStatus, "graphql/status.graphql");
}

pub use generated::get_status::{
    GetStatusServer as StatusServer, Killed, ResponseData as Status, StatusChange, StatusEdge, StatusItem,
    StatusKill, StatusPolicy, TeamStatus,
};
pub use generated::{GetStatus, get_status};

/// Returns a team's state; `since` is from when on changes that failed count, as of when they were proposed.
pub async fn get(api: &Api, team: &str, since: DateTime<Utc>, stale_days: i64) -> Result<Status, Error> {
    let variables = get_status::Variables { team: team.to_owned(), since, stale_days };
    api.run::<GetStatus>(variables).await
}
