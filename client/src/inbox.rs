//! What waits for somebody's decision, and what was decided last, in one request.

use crate::api::Api;
use crate::error::Error;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::change::Change;
    use crate::operation::operation;
    use crate::page::Page;
    use crate::words::{ChangeKind, ChangeStatus, Decision, DiffKind, EnvironmentType, Role};

    /// A team's changes, without their documents: those that are open, the latest that are decided, and one by its number.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct Inbox {
        pub named: Option<Change>,
        pub open: Page<Change>,
        pub decided: Page<Change>,
    }

    operation!(GetInbox, "graphql/inbox.graphql", "super::Inbox");
}

pub use generated::{GetInbox, Inbox, get_inbox};

/// Returns a team's open changes and the latest that are decided, the newest first; and that of a number, however old.
pub async fn get(api: &Api, team: &str, number: Option<i64>) -> Result<Inbox, Error> {
    let (named, number) = (number.is_some(), number.unwrap_or_default());
    let variables = get_inbox::Variables { team: team.to_owned(), named, number };
    Ok(api.run::<GetInbox>(variables).await?.team)
}
