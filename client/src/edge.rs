//! Edges: what serves flags to applications.

use std::cell::Cell;

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All, Page, PageInfo};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;

    use list_edges::Edge;

    operation!(ListEdges, "graphql/edge.graphql");
    operation!(WatchEdges, "graphql/edge.graphql", "super::Edge");
}

pub use generated::list_edges::Edge;
pub use generated::{ListEdges, WatchEdges, list_edges, watch_edges};

/// The edges, and what they should have.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The newest revision of what is served.
    pub revision: i64,
    /// By name.
    pub edges: Vec<Edge>,
}

/// Returns the edges that serve a team's flags, or did.
pub async fn list(api: &Api, team: &str) -> Result<All<Edge>, Error> {
    let known = known(api, team).await?;
    Ok(All { total: known.edges.len(), nodes: known.edges })
}

/// Returns the edges that serve a team's flags, or did, beside the newest revision.
pub async fn known(api: &Api, team: &str) -> Result<Known, Error> {
    let revision = Cell::new(0);
    let edges = page::all(None, async |first, after| {
        let variables = list_edges::Variables { team: team.to_owned(), first: Some(first), after };
        let data = api.run::<ListEdges>(variables).await?;
        revision.set(data.server.revision);
        let page = data.team.page;
        let page_info =
            PageInfo { has_next_page: page.page_info.has_next_page, end_cursor: page.page_info.end_cursor };
        Ok(Page { nodes: page.nodes, page_info, total_count: page.total_count })
    })
    .await?;
    Ok(Known { revision: revision.get(), edges: edges.nodes })
}
