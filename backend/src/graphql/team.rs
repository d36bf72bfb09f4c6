//! A team, from which all that it owns is reached; access is checked where the team is found.

use async_graphql::{Context, Object, Result};

use super::{
    LOOK_UP_COST, app, caller,
    page::{Connection, cost},
};
use crate::{
    delivery::edges::SILENCE,
    error::Error,
    service::{self, evaluate::Evaluation},
    store::{
        self,
        audit::AuditEntry,
        change::{Change, ChangeFilter, ChangeStatus},
        client::Client,
        edge::Edge,
        environment::Environment,
        feature::Feature,
        member::Member,
        page::PageRequest,
        pipeline::Pipeline,
        policy::Policy,
        team::Team,
        version::Version,
    },
};

#[Object]
impl Team {
    async fn key(&self) -> &str {
        &self.key
    }

    async fn name(&self) -> &str {
        &self.name
    }

    async fn description(&self) -> &str {
        &self.description
    }

    /// By name.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Member>> {
        let page = PageRequest::new(first, after)?;
        let mut conn = app(ctx)?.read().await?;
        Ok(store::member::list(&mut conn, self.id, &page).await.map_err(Error::from)?.into())
    }

    /// In their order.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn environments(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Environment>> {
        let page = PageRequest::new(first, after)?;
        page.after_number()?;
        let mut conn = app(ctx)?.read().await?;
        Ok(store::environment::list(&mut conn, self.id, &page).await.map_err(Error::from)?.into())
    }

    /// By key.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn pipelines(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Pipeline>> {
        let page = PageRequest::new(first, after)?;
        let mut conn = app(ctx)?.read().await?;
        Ok(store::pipeline::list(&mut conn, self.id, &page).await.map_err(Error::from)?.into())
    }

    /// By name.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn policies(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Policy>> {
        let page = PageRequest::new(first, after)?;
        let mut conn = app(ctx)?.read().await?;
        Ok(store::policy::list(&mut conn, self.id, &page).await.map_err(Error::from)?.into())
    }

    /// By name.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn clients(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Client>> {
        let page = PageRequest::new(first, after)?;
        let mut conn = app(ctx)?.read().await?;
        Ok(store::client::list(&mut conn, self.id, &page).await.map_err(Error::from)?.into())
    }

    /// By key; `search` is looked for in key, name, tags and owner.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn features(
        &self,
        ctx: &Context<'_>,
        search: Option<String>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Feature>> {
        let page = PageRequest::new(first, after)?;
        let mut conn = app(ctx)?.read().await?;
        Ok(store::feature::list(&mut conn, self.id, search.as_deref(), &page)
            .await
            .map_err(Error::from)?
            .into())
    }

    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    async fn feature(&self, ctx: &Context<'_>, key: String) -> Result<Feature> {
        let mut conn = app(ctx)?.read().await?;
        Ok(service::feature::find(&mut conn, self.id, &key).await?)
    }

    /// What a feature served, in one environment or in all, the newest first.
    #[graphql(complexity = "cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn versions(
        &self,
        ctx: &Context<'_>,
        feature: String,
        environment: Option<String>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Version>> {
        let page = PageRequest::new(first, after)?;
        let mut conn = app(ctx)?.read().await?;
        let feature = service::feature::find(&mut conn, self.id, &feature).await?;
        let environment = match environment {
            Some(key) => Some(service::environment::find(&mut conn, self.id, &key).await?.id),
            None => None,
        };
        Ok(store::version::list(&mut conn, feature.id, environment, &page).await.map_err(Error::from)?.into())
    }

    /// The newest first. `waitingForMe` leaves out one's own, and those that one has voted on.
    #[graphql(complexity = "cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        status: Option<Vec<ChangeStatus>>,
        feature: Option<String>,
        waiting_for_me: Option<bool>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Change>> {
        let page = PageRequest::new(first, after)?;
        page.after_number()?;
        let me = caller(ctx)?.user.id;
        let mut conn = app(ctx)?.read().await?;
        let feature = match feature {
            Some(key) => Some(service::feature::find(&mut conn, self.id, &key).await?.id),
            None => None,
        };
        let waiting = waiting_for_me.unwrap_or(false);
        let filter = ChangeFilter {
            status: if waiting { vec![ChangeStatus::Pending] } else { status.unwrap_or_default() },
            feature,
            waiting_for: waiting.then_some(me),
        };
        Ok(store::change::list(&mut conn, self.id, &filter, &page).await.map_err(Error::from)?.into())
    }

    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    async fn change(&self, ctx: &Context<'_>, number: i32) -> Result<Change> {
        let mut conn = app(ctx)?.read().await?;
        let found = store::change::get(&mut conn, self.id, number).await.map_err(Error::from)?;
        Ok(found.ok_or_else(|| Error::not_found("change", format!("#{number}"), Vec::new()))?)
    }

    /// The newest first, of one feature or of all.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn audit(
        &self,
        ctx: &Context<'_>,
        feature: Option<String>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<AuditEntry>> {
        let page = PageRequest::new(first, after)?;
        page.after_number()?;
        let mut conn = app(ctx)?.read().await?;
        let feature = match feature {
            Some(key) => Some(service::feature::find(&mut conn, self.id, &key).await?.id),
            None => None,
        };
        Ok(store::audit::list(&mut conn, self.id, feature, &page).await.map_err(Error::from)?.into())
    }

    /// Connected, or seen within the last hour; by name.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn edges(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Edge>> {
        let page = PageRequest::new(first, after)?;
        let now = caller(ctx)?.request.now;
        let mut conn = app(ctx)?.read().await?;
        Ok(store::edge::list(&mut conn, self.id, now - SILENCE, &page).await.map_err(Error::from)?.into())
    }

    /// What features serve to a context, by what the database holds now.
    #[graphql(complexity = "LOOK_UP_COST * 5 + features.len() + child_complexity")]
    async fn evaluate(
        &self,
        ctx: &Context<'_>,
        environment: String,
        features: Vec<String>,
        context: serde_json::Value,
    ) -> Result<Vec<Evaluation>> {
        let mut conn = app(ctx)?.read().await?;
        let place = (self.key.as_str(), environment.as_str());
        Ok(service::evaluate::evaluate(&mut conn, caller(ctx)?, place, features, &context).await?)
    }
}
