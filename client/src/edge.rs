//! Edges: what serves flags to applications.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;

    operation!(ListEdges, "graphql/edge.graphql", "crate::page::InTeam<Edge>");
}

pub use generated::list_edges::Edge;
pub use generated::{ListEdges, list_edges};

/// Returns the edges that serve a team's flags, or did.
pub async fn list(api: &Api, team: &str) -> Result<All<Edge>, Error> {
    page::all(None, async |first, after| {
        let variables = list_edges::Variables { team: team.to_owned(), first: Some(first), after };
        Ok(api.run::<ListEdges>(variables).await?.team.page)
    })
    .await
}
