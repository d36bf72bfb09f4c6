//! Cursor connections: how every list is answered.

use async_graphql::{OutputType, SimpleObject};

use crate::store::{
    self,
    page::{DEFAULT_PAGE, Page},
};

/// Where a page ends.
#[derive(SimpleObject)]
pub struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

/// A part of a list.
#[derive(SimpleObject)]
#[graphql(
    concrete(name = "AuditConnection", params(store::audit::AuditEntry)),
    concrete(name = "ChangeConnection", params(store::change::Change)),
    concrete(name = "ClientConnection", params(store::client::Client)),
    concrete(name = "EdgeConnection", params(store::edge::Edge)),
    concrete(name = "EnvironmentConnection", params(store::environment::Environment)),
    concrete(name = "FeatureConnection", params(store::feature::Feature)),
    concrete(name = "MemberConnection", params(store::member::Member)),
    concrete(name = "PipelineConnection", params(store::pipeline::Pipeline)),
    concrete(name = "PolicyConnection", params(store::policy::Policy)),
    concrete(name = "TeamConnection", params(store::team::Team)),
    concrete(name = "UserConnection", params(store::user::User)),
    concrete(name = "VersionConnection", params(store::version::Version))
)]
pub struct Connection<T: OutputType> {
    nodes: Vec<T>,
    page_info: PageInfo,
    total_count: i64,
}

impl<T: OutputType> From<Page<T>> for Connection<T> {
    fn from(page: Page<T>) -> Connection<T> {
        let page_info = PageInfo { has_next_page: page.has_next, end_cursor: page.end };
        Connection { nodes: page.nodes, page_info, total_count: page.total }
    }
}

/// What a page costs: its size times what an entry costs. Far above any limit it stays, so that sums do not overflow.
pub fn cost(first: Option<i64>, entry: usize) -> usize {
    let size = usize::try_from(first.unwrap_or(DEFAULT_PAGE)).unwrap_or(0);
    size.saturating_mul(entry.max(1)).min(usize::MAX >> 16)
}
