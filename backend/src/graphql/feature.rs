//! Features and their kill switches.

use async_graphql::{ComplexObject, Context, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    LOOK_UP_COST, app, caller,
    loader::{DependentsOf, EnvironmentById, LastChangeOf, SeenOf, StagesOf, budget, load, must},
    page::{Connection, cost, request, several},
    proposal::Proposal,
};
use crate::{
    error::Error,
    service::{
        self,
        change::ProposalOutcome,
        feature::{CreateFeature, EditFeature},
        kill::{End, Killed, Scope},
    },
    store::{
        self,
        change::{Change, list::ChangeFilter},
        environment::Environment,
        feature::{Feature, FeatureKind, Lifecycle, list::FeatureFilter},
        stage::Stage,
        version::Version,
    },
};

#[ComplexObject]
impl Feature {
    /// In the pipeline's order.
    async fn stages(&self, ctx: &Context<'_>) -> Result<Vec<Stage>> {
        Ok(load(ctx, StagesOf(self.id)).await?.unwrap_or_default())
    }

    /// The change that was applied last, on any stage.
    async fn last_change(&self, ctx: &Context<'_>) -> Result<Option<Change>> {
        load(ctx, LastChangeOf(self.id)).await
    }

    /// When it was evaluated last, anywhere, as far as edges have told; to the minute.
    async fn last_seen(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        let seen = load(ctx, SeenOf(self.id)).await?.unwrap_or_default();
        Ok(seen.iter().map(|seen| seen.last_at).max())
    }

    /// The newest first.
    #[graphql(complexity = "LOOK_UP_COST + cost(first, child_complexity)")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Change>> {
        let page = request(ctx, first, after)?;
        let filter = ChangeFilter { feature: Some(self.id), ..ChangeFilter::default() };
        let mut conn = app(ctx)?.read().await?;
        Ok(store::change::list::list(&mut conn, self.team_id, &filter, &page).await?.into())
    }

    /// What it served, in one environment or in all, the newest first.
    #[graphql(complexity = "LOOK_UP_COST + cost(first, child_complexity)")]
    async fn versions(
        &self,
        ctx: &Context<'_>,
        environment: Option<String>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Version>> {
        let page = request(ctx, first, after)?;
        let mut conn = app(ctx)?.read().await?;
        let environment = service::environment::find_if(&mut conn, self.team_id, environment).await?;
        let environment = environment.map(|environment| environment.id);
        Ok(store::version::list(&mut conn, self.id, environment, (&page, budget(ctx)?)).await?.into())
    }

    /// The features whose live documents depend on it, by environment.
    #[graphql(complexity = "several(child_complexity)")]
    async fn dependents(&self, ctx: &Context<'_>) -> Result<Vec<Dependent>> {
        let rows = load(ctx, DependentsOf(self.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Dependent).collect())
    }
}

/// A live document that depends on a feature.
pub struct Dependent(store::feature::Dependent);

#[Object]
impl Dependent {
    /// The key of the feature whose document it is.
    async fn feature(&self) -> &str {
        &self.0.feature
    }

    /// Where it is live.
    async fn environment(&self, ctx: &Context<'_>) -> Result<Environment> {
        must(ctx, EnvironmentById(self.0.environment_id)).await
    }
}

/// Which features are wanted: all of what is said must hold.
#[derive(InputObject, Default)]
pub struct FeatureFilterInput {
    /// In any of these; in all but ARCHIVED when absent.
    lifecycle: Option<Vec<Lifecycle>>,
    kind: Option<FeatureKind>,
    /// With all of these.
    tags: Option<Vec<String>>,
    owner: Option<String>,
    /// Past the removal date, or not.
    stale: Option<bool>,
    /// Where the feature has a stage, and where the following must hold; anywhere when absent.
    environment: Option<String>,
    /// With the kill switch on, or not.
    killed: Option<bool>,
    /// With a change that waits, or not.
    pending: Option<bool>,
    /// With a live version, or not.
    deployed: Option<bool>,
}

impl FeatureFilterInput {
    /// The filter as the store has it.
    pub async fn resolve(
        self,
        conn: &mut PgConnection,
        (team, now): (Uuid, DateTime<Utc>),
        search: Option<String>,
    ) -> Result<FeatureFilter, Error> {
        let (lifecycle, tags) = (self.lifecycle.unwrap_or_default(), self.tags.unwrap_or_default());
        service::key::check_many("lifecycle", &lifecycle)?;
        service::key::check_many("tags", &tags)?;
        let environment = service::environment::find_if(conn, team, self.environment).await?;
        Ok(FeatureFilter {
            search,
            lifecycle,
            kind: self.kind,
            tags,
            owner: self.owner,
            stale: self.stale.map(|stale| (stale, now)),
            environment: environment.map(|environment| environment.id),
            killed: self.killed,
            pending: self.pending,
            deployed: self.deployed,
        })
    }
}

#[derive(InputObject)]
pub struct CreateFeatureInput {
    team: String,
    key: String,
    name: Option<String>,
    description: Option<String>,
    kind: FeatureKind,
    /// May be absent where the team has one pipeline.
    pipeline: Option<String>,
    tags: Option<Vec<String>>,
    owner: Option<String>,
    /// The first document; on and off, and off, when absent.
    config: Option<serde_json::Value>,
    enabled: Option<bool>,
    reason: Option<String>,
    dry_run: Option<bool>,
}

#[derive(InputObject)]
pub struct EditFeatureInput {
    team: String,
    feature: String,
    name: Option<String>,
    description: Option<String>,
    /// Anything but ARCHIVED.
    lifecycle: Option<Lifecycle>,
    /// Null: nobody.
    owner: MaybeUndefined<String>,
    /// Null: it may stay.
    removal_date: MaybeUndefined<DateTime<Utc>>,
    /// All tags, in place of those that it has.
    tags: Option<Vec<String>>,
    add_tags: Option<Vec<String>>,
    remove_tags: Option<Vec<String>>,
}

#[derive(InputObject)]
pub struct ArchiveFeatureInput {
    team: String,
    feature: String,
    reason: Option<String>,
}

#[derive(InputObject)]
pub struct UnarchiveFeatureInput {
    team: String,
    feature: String,
    reason: Option<String>,
}

#[derive(InputObject)]
pub struct KillFeatureInput {
    team: String,
    feature: String,
    /// All when absent.
    environment: Option<String>,
    reason: String,
    /// When it goes off by itself. Where it is on already: null for by hand only, nothing for as it was; bringing it
    /// forward takes whoever may restore.
    restore_at: MaybeUndefined<DateTime<Utc>>,
}

#[derive(InputObject)]
pub struct RestoreFeatureInput {
    team: String,
    feature: String,
    /// All when absent.
    environment: Option<String>,
    reason: Option<String>,
}

/// What became of a kill or a restore.
#[derive(SimpleObject)]
pub struct KillResult {
    feature: Feature,
    /// The environments that changed.
    environments: Vec<String>,
    /// The environments where it was on already and now ends at another time.
    rescheduled: Vec<String>,
    /// The revision at which they did; none when there was nothing to do.
    revision: Option<i64>,
    /// When, by the server's clock.
    at: DateTime<Utc>,
}

impl From<Killed> for KillResult {
    fn from(killed: Killed) -> KillResult {
        KillResult {
            feature: killed.feature,
            environments: killed.environments,
            rescheduled: killed.rescheduled,
            revision: killed.revision,
            at: killed.at,
        }
    }
}

/// Features and their kill switches.
#[derive(Default)]
pub struct FeatureMutation;

#[Object]
impl FeatureMutation {
    /// Makes a feature and proposes its first document for the pipeline's first stage.
    async fn create_feature(&self, ctx: &Context<'_>, input: CreateFeatureInput) -> Result<Proposal> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let new = CreateFeature {
            team: input.team,
            key: input.key,
            name: input.name,
            description: input.description,
            kind: input.kind,
            pipeline: input.pipeline,
            tags: input.tags.unwrap_or_default(),
            owner: input.owner,
            config: input.config,
            enabled: input.enabled,
            reason: input.reason,
            dry_run: input.dry_run.unwrap_or(false),
        };
        let mut tx = app.begin().await?;
        match service::feature::create(&mut tx, caller, new).await {
            // Never committed: the feature itself was made only to be looked at.
            Ok(proposal) if proposal.outcome == ProposalOutcome::DryRun => Ok(Proposal(proposal)),
            result => Ok(Proposal(app.finish(tx, caller, result).await?)),
        }
    }

    /// Edits what is said of a feature; what is absent stays.
    async fn edit_feature(&self, ctx: &Context<'_>, input: EditFeatureInput) -> Result<Feature> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let wanted = EditFeature {
            team: input.team,
            feature: input.feature,
            name: input.name,
            description: input.description,
            lifecycle: input.lifecycle,
            owner: input.owner,
            removal_date: input.removal_date,
            tags: input.tags,
            add_tags: input.add_tags.unwrap_or_default(),
            remove_tags: input.remove_tags.unwrap_or_default(),
        };
        let mut tx = app.begin().await?;
        let result = service::feature::edit(&mut tx, caller, wanted).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Archives a feature that serves nothing, that no change waits for and that nothing depends on.
    async fn archive_feature(&self, ctx: &Context<'_>, input: ArchiveFeatureInput) -> Result<Feature> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let which = (input.team.as_str(), input.feature.as_str());
        let result = service::feature::archive(&mut tx, caller, which, input.reason).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Brings an archived feature back, with the lifecycle that it had.
    async fn unarchive_feature(&self, ctx: &Context<'_>, input: UnarchiveFeatureInput) -> Result<Feature> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let which = (input.team.as_str(), input.feature.as_str());
        let result = service::feature::unarchive(&mut tx, caller, which, input.reason).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Turns a feature's kill switch on, at once and without approval.
    async fn kill_feature(&self, ctx: &Context<'_>, input: KillFeatureInput) -> Result<KillResult> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let scope =
            Scope { team: &input.team, feature: &input.feature, environment: input.environment.as_deref() };
        let end = match input.restore_at {
            MaybeUndefined::Undefined => End::Unsaid,
            MaybeUndefined::Null => End::ByHand,
            MaybeUndefined::Value(at) => End::At(at),
        };
        let mut tx = app.begin().await?;
        let result = service::kill::kill(&mut tx, caller, scope, input.reason, end).await;
        Ok(app.finish(tx, caller, result).await?.into())
    }

    /// Turns it off again.
    async fn restore_feature(&self, ctx: &Context<'_>, input: RestoreFeatureInput) -> Result<KillResult> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let scope =
            Scope { team: &input.team, feature: &input.feature, environment: input.environment.as_deref() };
        let mut tx = app.begin().await?;
        let result = service::kill::restore(&mut tx, caller, scope, input.reason).await;
        Ok(app.finish(tx, caller, result).await?.into())
    }
}
