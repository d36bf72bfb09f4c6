//! A team, from which all that it owns is reached; access is checked where the team is found.

use async_graphql::{Context, Object, Result};
use chrono::{DateTime, Utc};

use super::{
    LOOK_UP_COST, app, caller,
    evaluation::{
        EvaluationFilterInput, EvaluationGroup, EvaluationSeries, Evaluations, StaleFeature, StaleFeatures,
        TopFeature, TopFeatures, UniqueUnits, grouping,
    },
    feature::FeatureFilterInput,
    loader::budget,
    page::{Connection, cost, request},
    stage::KilledStage,
};
use crate::{
    delivery::edges::SILENCE,
    error::Error,
    feed::cursor,
    service::{self, evaluate::Evaluation, evaluation::Resolution, key},
    store::{
        self,
        audit::{AuditEntry, AuditFilter},
        change::{Change, ChangeKind, ChangeStatus, list::ChangeFilter},
        client::{Client, ClientFilter, ClientKind},
        context_key::ContextKey,
        edge::Edge,
        environment::Environment,
        evaluation::{
            sample::Sample,
            stale::{StaleFilter, StaleReason},
        },
        feature::{Feature, list::FeatureSort},
        member::Member,
        pipeline::Pipeline,
        policy::Policy,
        team::Team,
        token::Token,
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

    /// Since when it is archived, and takes no changes; null of a team in use.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.archived_at
    }

    /// By name; `search` is looked for in it and in the full name.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        search: Option<String>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Member>> {
        let page = request(ctx, first, after)?;
        let mut conn = app(ctx)?.read().await?;
        let members = store::member::list(&mut conn, self.id, search.as_deref(), &page).await;
        Ok(members.map_err(Error::from)?.into())
    }

    /// In their order.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn environments(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Environment>> {
        let page = request(ctx, first, after)?;
        page.after_number()?;
        let mut conn = app(ctx)?.read().await?;
        Ok(store::environment::list(&mut conn, self.id, &page).await.map_err(Error::from)?.into())
    }

    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    async fn environment(&self, ctx: &Context<'_>, key: String) -> Result<Environment> {
        let mut conn = app(ctx)?.read().await?;
        Ok(service::environment::find(&mut conn, self.id, &key).await?)
    }

    /// By key.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn pipelines(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Pipeline>> {
        let page = request(ctx, first, after)?;
        let mut conn = app(ctx)?.read().await?;
        Ok(store::pipeline::list(&mut conn, self.id, &page).await.map_err(Error::from)?.into())
    }

    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    async fn pipeline(&self, ctx: &Context<'_>, key: String) -> Result<Pipeline> {
        let mut conn = app(ctx)?.read().await?;
        Ok(service::pipeline::find(&mut conn, self.id, &key).await?)
    }

    /// By key.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn context_keys(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<ContextKey>> {
        let page = request(ctx, first, after)?;
        let mut conn = app(ctx)?.read().await?;
        Ok(store::context_key::list(&mut conn, self.id, &page).await.map_err(Error::from)?.into())
    }

    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    async fn context_key(&self, ctx: &Context<'_>, key: String) -> Result<ContextKey> {
        let mut conn = app(ctx)?.read().await?;
        Ok(service::context_key::find(&mut conn, self.id, &key).await?)
    }

    /// By name.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn policies(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Policy>> {
        let page = request(ctx, first, after)?;
        let mut conn = app(ctx)?.read().await?;
        Ok(store::policy::list(&mut conn, self.id, &page).await.map_err(Error::from)?.into())
    }

    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    async fn policy(&self, ctx: &Context<'_>, name: String) -> Result<Policy> {
        let mut conn = app(ctx)?.read().await?;
        Ok(service::policy::find(&mut conn, self.id, &name).await?)
    }

    /// By name.
    #[graphql(complexity = "cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn clients(
        &self,
        ctx: &Context<'_>,
        kind: Option<ClientKind>,
        enabled: Option<bool>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Client>> {
        let page = request(ctx, first, after)?;
        let mut conn = app(ctx)?.read().await?;
        let filter = ClientFilter { kind, enabled };
        let wanted = (&page, super::request(ctx)?.now);
        Ok(store::client::list(&mut conn, self.id, filter, wanted).await.map_err(Error::from)?.into())
    }

    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    async fn client(&self, ctx: &Context<'_>, name: String) -> Result<Client> {
        let mut conn = app(ctx)?.read().await?;
        Ok(service::client::find(&mut conn, (self, &name), super::request(ctx)?.now).await?)
    }

    /// Those that were not revoked, or only those that were; by name.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn tokens(
        &self,
        ctx: &Context<'_>,
        revoked: Option<bool>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Token>> {
        let page = request(ctx, first, after)?;
        let mut conn = app(ctx)?.read().await?;
        Ok(store::token::list(&mut conn, self.id, revoked.unwrap_or(false), &page).await?.into())
    }

    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    async fn token(&self, ctx: &Context<'_>, name: String) -> Result<Token> {
        let mut conn = app(ctx)?.read().await?;
        Ok(service::token::find(&mut conn, self, &name).await?)
    }

    /// `search` is looked for in key, name, tags and owner. By key when nobody says.
    #[graphql(complexity = "cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn features(
        &self,
        ctx: &Context<'_>,
        search: Option<String>,
        filter: Option<FeatureFilterInput>,
        sort: Option<FeatureSort>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Feature>> {
        let page = request(ctx, first, after)?;
        let now = caller(ctx)?.request.now;
        let mut conn = app(ctx)?.read().await?;
        let filter = filter.unwrap_or_default().resolve(&mut conn, (self.id, now), search).await?;
        let sort = sort.unwrap_or(FeatureSort::Key);
        Ok(store::feature::list::list(&mut conn, self.id, (&filter, sort), &page).await?.into())
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
        let page = request(ctx, first, after)?;
        let mut conn = app(ctx)?.read().await?;
        let feature = service::feature::find(&mut conn, self.id, &feature).await?;
        let environment = service::environment::find_if(&mut conn, self.id, environment).await?;
        let environment = environment.map(|environment| environment.id);
        Ok(store::version::list(&mut conn, feature.id, environment, (&page, budget(ctx)?)).await?.into())
    }

    /// Kill switches that are on, the newest first, in one environment or in all.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn kills(
        &self,
        ctx: &Context<'_>,
        environment: Option<String>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<KilledStage>> {
        let page = request(ctx, first, after)?;
        let mut conn = app(ctx)?.read().await?;
        let environment = service::environment::find_if(&mut conn, self.id, environment).await?;
        let environment = environment.map(|environment| environment.id);
        let stages = store::stage::killed(&mut conn, self.id, environment, &page).await?;
        Ok(stages.map(KilledStage).into())
    }

    /// The newest first; `since` and `until` are of when they were proposed. `waitingForMe` leaves out one's own,
    /// those that one has voted on, and those where no policy lists a role of one's own.
    #[graphql(complexity = "cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        status: Option<Vec<ChangeStatus>>,
        kind: Option<Vec<ChangeKind>>,
        author: Option<String>,
        feature: Option<String>,
        environment: Option<String>,
        waiting_for_me: Option<bool>,
        since: Option<DateTime<Utc>>,
        until: Option<DateTime<Utc>>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Change>> {
        let page = request(ctx, first, after)?;
        key::check_instant("since", since)?;
        key::check_instant("until", until)?;
        let caller = caller(ctx)?;
        let me = || (caller.user.id, caller.roles(self.id).unwrap_or_default().to_vec());
        let mut conn = app(ctx)?.read().await?;
        let feature = service::feature::find_if(&mut conn, self.id, feature).await?;
        let environment = service::environment::find_if(&mut conn, self.id, environment).await?;
        let waiting = waiting_for_me.unwrap_or(false);
        let (status, kind) = (status.unwrap_or_default(), kind.unwrap_or_default());
        key::check_many("status", &status)?;
        key::check_many("kind", &kind)?;
        let filter = ChangeFilter {
            status: if waiting { vec![ChangeStatus::Pending] } else { status },
            kind,
            author,
            feature: feature.map(|feature| feature.id),
            environment: environment.map(|environment| environment.id),
            waiting_for: waiting.then(me),
            since,
            until,
        };
        Ok(store::change::list::list(&mut conn, self.id, &filter, &page).await?.into())
    }

    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    async fn change(&self, ctx: &Context<'_>, number: i32) -> Result<Change> {
        let mut conn = app(ctx)?.read().await?;
        let found = store::change::get(&mut conn, self.id, number).await.map_err(Error::from)?;
        Ok(found.ok_or_else(|| Error::not_found("change", format!("#{number}"), Vec::new()))?)
    }

    /// The newest first; `action` is how it begins: `feature.kill`, or `feature.` for all that is done to features.
    #[graphql(complexity = "cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn audit(
        &self,
        ctx: &Context<'_>,
        feature: Option<String>,
        environment: Option<String>,
        actor: Option<String>,
        action: Option<String>,
        since: Option<DateTime<Utc>>,
        until: Option<DateTime<Utc>>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<AuditEntry>> {
        let page = request(ctx, first, after)?;
        key::check_instant("since", since)?;
        key::check_instant("until", until)?;
        let mut conn = app(ctx)?.read().await?;
        let feature = service::feature::find_if(&mut conn, self.id, feature).await?.map(|feature| feature.id);
        let environment = service::environment::find_if(&mut conn, self.id, environment).await?;
        let environment = environment.map(|environment| environment.key);
        let filter = AuditFilter { feature, environment, actor, action, since, until };
        Ok(store::audit::list(&mut conn, Some(self.id), &filter, &page).await?.into())
    }

    /// Connected, or seen within the last hour; by name.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn edges(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Edge>> {
        let page = request(ctx, first, after)?;
        let now = caller(ctx)?.request.now;
        let mut conn = app(ctx)?.read().await?;
        Ok(store::edge::list(&mut conn, self.id, now - SILENCE, &page).await.map_err(Error::from)?.into())
    }

    /// Where a subscription goes on (`after`) that is to tell what happens from now on. Ask for it before anything that the
    /// subscription is to keep up to date: then nothing falls between.
    #[graphql(complexity = "LOOK_UP_COST")]
    async fn cursor(&self, ctx: &Context<'_>) -> Result<String> {
        let app = app(ctx)?;
        let mut conn = app.read().await?;
        let here = store::feed::frontier(&mut conn).await.map_err(Error::from)?;
        Ok(cursor::write(app.delivery.epoch(), here))
    }

    /// What features serve to a context, by what the database holds now.
    #[graphql(complexity = "LOOK_UP_COST * 5 + features.len() * (LOOK_UP_COST + child_complexity)")]
    async fn evaluate(
        &self,
        ctx: &Context<'_>,
        environment: String,
        features: Vec<String>,
        context: serde_json::Value,
    ) -> Result<Vec<Evaluation>> {
        let place = (self.key.as_str(), environment.as_str());
        Ok(service::evaluate::evaluate(app(ctx)?, caller(ctx)?, place, features, context).await?)
    }

    /// How often features were evaluated, over time: at most 1,500 steps and 100 series.
    #[graphql(complexity = "LOOK_UP_COST * 5 + 100 * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn evaluations(
        &self,
        ctx: &Context<'_>,
        filter: Option<EvaluationFilterInput>,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        resolution: Resolution,
        group_by: Option<Vec<EvaluationGroup>>,
    ) -> Result<Evaluations> {
        let now = caller(ctx)?.request.now;
        let mut conn = app(ctx)?.read().await?;
        let filter = filter.unwrap_or_default().resolve(&mut conn, (self, now)).await?;
        let grouping = grouping(&group_by.unwrap_or_default());
        let what = (&filter, grouping);
        let when = ((from, until), resolution);
        let found = service::evaluation::series(&mut conn, self.id, what, when).await?;
        let place = (self.id, filter.environment);
        let completeness = service::evaluation::completeness(&mut conn, place, found.span, now).await?;
        let series = found.rows.into_iter().map(|row| EvaluationSeries(row, grouping)).collect();
        Ok(Evaluations { from: found.span.0, until: found.span.1, resolution, series, completeness })
    }

    /// The features that are evaluated most, ten when nobody says, at most 100; in one environment or in all.
    #[graphql(complexity = "LOOK_UP_COST * 3 + cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn top_features(
        &self,
        ctx: &Context<'_>,
        environment: Option<String>,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        first: Option<i64>,
    ) -> Result<TopFeatures> {
        let now = caller(ctx)?.request.now;
        let mut conn = app(ctx)?.read().await?;
        let environment = service::environment::find_if(&mut conn, self.id, environment).await?;
        let environment = environment.map(|environment| environment.id);
        let (span, top) =
            service::evaluation::top(&mut conn, self.id, environment, (from, until), first).await?;
        let place = (self.id, environment);
        let completeness = service::evaluation::completeness(&mut conn, place, span, now).await?;
        let features = top.into_iter().map(|(feature, total)| TopFeature(feature, total)).collect();
        Ok(TopFeatures { from: span.0, until: span.1, features, completeness })
    }

    /// About how many units a feature was evaluated for, in whole hours; in one environment or in all.
    #[graphql(complexity = "LOOK_UP_COST * 5 + child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn unique_units(
        &self,
        ctx: &Context<'_>,
        feature: String,
        environment: Option<String>,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<UniqueUnits> {
        let now = caller(ctx)?.request.now;
        let mut conn = app(ctx)?.read().await?;
        let feature = service::feature::find(&mut conn, self.id, &feature).await?.id;
        let environment = service::environment::find_if(&mut conn, self.id, environment).await?;
        let environment = environment.map(|environment| environment.id);
        let what = (feature, environment);
        let (span, units) = service::evaluation::units(&mut conn, self.id, what, (from, until)).await?;
        let place = (self.id, environment);
        let completeness = service::evaluation::completeness(&mut conn, place, span, now).await?;
        let standard_error = fluxgate_proto::sketch::STANDARD_ERROR;
        Ok(UniqueUnits { from: span.0, until: span.1, units, standard_error, completeness })
    }

    /// Features that seem to be needed no more, by key: deployed and not evaluated for so many days, always one variant
    /// for so long, or past the removal date. PERMANENT ones only past a date that somebody set.
    #[graphql(complexity = "LOOK_UP_COST + cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn stale_features(
        &self,
        ctx: &Context<'_>,
        days: i64,
        environment: Option<String>,
        reasons: Option<Vec<StaleReason>>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<StaleFeatures> {
        let page = request(ctx, first, after)?;
        let now = caller(ctx)?.request.now;
        let since = service::evaluation::stale_since(days, now)?;
        let mut conn = app(ctx)?.read().await?;
        let environment = service::environment::find_if(&mut conn, self.id, environment).await?;
        let environment = environment.map(|environment| environment.id);
        let filter = StaleFilter { now, since, environment, reasons: reasons.unwrap_or_default() };
        let found = store::evaluation::stale::list(&mut conn, self.id, &filter, &page).await;
        let page = found.map_err(Error::from)?.map(StaleFeature).into();
        let place = (self.id, environment);
        let completeness = service::evaluation::completeness(&mut conn, place, (since, now), now).await?;
        Ok(StaleFeatures { since, completeness, page })
    }

    /// A few evaluations as they were, without their contexts, the newest first.
    #[graphql(complexity = "cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn evaluation_samples(
        &self,
        ctx: &Context<'_>,
        environment: Option<String>,
        feature: Option<String>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Sample>> {
        let page = request(ctx, first, after)?;
        let mut conn = app(ctx)?.read().await?;
        let feature = service::feature::find_if(&mut conn, self.id, feature).await?.map(|feature| feature.id);
        let environment = service::environment::find_if(&mut conn, self.id, environment).await?;
        let place = (environment.map(|environment| environment.id), feature);
        Ok(store::evaluation::sample::list(&mut conn, self.id, place, &page).await?.into())
    }
}
