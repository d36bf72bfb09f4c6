//! Cursor connections: one page, and all pages of a list.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// How many things does one request for a list ask for?
const PAGE_SIZE: i64 = 100;

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The things on it.
    pub nodes: Vec<T>,
    /// Whether there is another, and where it begins.
    pub page_info: PageInfo,
    /// How many things all pages have.
    pub total_count: i64,
}

/// Where a page ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageInfo {
    /// Whether something follows.
    pub has_next_page: bool,
    /// What to ask for it with.
    pub end_cursor: Option<String>,
}

/// A team's list, as a query of `team { page: … }` answers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InTeam<T> {
    /// The list's page.
    pub page: Page<T>,
}

/// What is to be read of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct All<T> {
    /// The things, in the server's order.
    pub nodes: Vec<T>,
    /// How many there are on the server, which is more when only some were asked for.
    pub total: usize,
}

/// Reads a list page by page until it ends, or until there are `limit` things.
pub(crate) async fn all<T, F>(limit: Option<usize>, fetch: F) -> Result<All<T>, Error>
where
    F: AsyncFn(i64, Option<String>) -> Result<Page<T>, Error>,
{
    let mut nodes = Vec::new();
    let mut after = None;
    loop {
        let missing = limit
            .map_or(PAGE_SIZE, |limit| i64::try_from(limit.saturating_sub(nodes.len())).unwrap_or(PAGE_SIZE));
        let page = fetch(missing.clamp(1, PAGE_SIZE), after).await?;
        let total = usize::try_from(page.total_count).unwrap_or_default();
        let empty = page.nodes.is_empty();
        nodes.extend(page.nodes);
        if let Some(limit) = limit {
            nodes.truncate(limit);
        }
        let enough = limit.is_some_and(|limit| nodes.len() >= limit);
        after = page.page_info.end_cursor;
        // An empty page that promises another would go on for ever.
        if enough || empty || !page.page_info.has_next_page || after.is_none() {
            return Ok(All { nodes, total });
        }
    }
}
