//! Cursor connections: how every list is answered.

use async_graphql::{Context, OutputType, SimpleObject};

use super::{evaluation::StaleFeature, stage::KilledStage};
use crate::{
    error::Result,
    store::{
        self,
        page::{DEFAULT_PAGE, Page, PageRequest},
    },
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
    concrete(name = "ContextKeyConnection", params(store::context_key::ContextKey)),
    concrete(name = "EdgeConnection", params(store::edge::Edge)),
    concrete(name = "EnvironmentConnection", params(store::environment::Environment)),
    concrete(name = "EvaluationSampleConnection", params(store::evaluation::sample::Sample)),
    concrete(name = "FeatureConnection", params(store::feature::Feature)),
    concrete(name = "KillConnection", params(KilledStage)),
    concrete(name = "MemberConnection", params(store::member::Member)),
    concrete(name = "PipelineConnection", params(store::pipeline::Pipeline)),
    concrete(name = "PolicyConnection", params(store::policy::Policy)),
    concrete(name = "StaleFeatureConnection", params(StaleFeature)),
    concrete(name = "TeamConnection", params(store::team::Team)),
    concrete(name = "TokenConnection", params(store::token::Token)),
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

/// The page that a list is asked for. What is on all pages is counted only where the answer will tell.
pub fn request(ctx: &Context<'_>, first: Option<i64>, after: Option<String>) -> Result<PageRequest> {
    let counted = ctx.look_ahead().field("totalCount").exists();
    Ok(PageRequest { counted, ..PageRequest::new(first, after)? })
}

/// What a list without pages costs, which often has one entry, and may have many.
pub fn several(entry: usize) -> usize {
    entry.saturating_mul(2).saturating_add(1)
}

/// What a page costs: its size times what an entry costs. Far above any limit it stays, so that sums do not overflow.
pub fn cost(first: Option<i64>, entry: usize) -> usize {
    let size = usize::try_from(first.unwrap_or(DEFAULT_PAGE)).unwrap_or(0);
    size.saturating_mul(entry.max(1)).min(usize::MAX >> 16)
}
