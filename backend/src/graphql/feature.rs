//! Features and their kill switches.

use async_graphql::{ComplexObject, Context, InputObject, Object, Result, SimpleObject};

use chrono::{DateTime, Utc};

use super::{
    app, caller,
    change::Proposal,
    loader::{StagesOf, load},
    page::{Connection, cost},
};
use crate::{
    error::Error,
    service::{
        self,
        change::ProposalOutcome,
        feature::CreateFeature,
        kill::{Killed, Scope},
    },
    store::{
        self,
        change::{Change, ChangeFilter},
        feature::{Feature, FeatureKind},
        page::PageRequest,
        stage::Stage,
    },
};

#[ComplexObject]
impl Feature {
    /// In the pipeline's order.
    async fn stages(&self, ctx: &Context<'_>) -> Result<Vec<Stage>> {
        Ok(load(ctx, StagesOf(self.id)).await?.unwrap_or_default())
    }

    /// The newest first.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Change>> {
        let page = PageRequest::new(first, after)?;
        page.after_number()?;
        let filter = ChangeFilter { feature: Some(self.id), ..ChangeFilter::default() };
        let mut conn = app(ctx)?.read().await?;
        Ok(store::change::list(&mut conn, self.team_id, &filter, &page).await.map_err(Error::from)?.into())
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
pub struct KillFeatureInput {
    team: String,
    feature: String,
    /// All when absent.
    environment: Option<String>,
    reason: String,
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

    /// Turns a feature's kill switch on, at once and without approval.
    async fn kill_feature(&self, ctx: &Context<'_>, input: KillFeatureInput) -> Result<KillResult> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let scope =
            Scope { team: &input.team, feature: &input.feature, environment: input.environment.as_deref() };
        let mut tx = app.begin().await?;
        let result = service::kill::kill(&mut tx, caller, scope, input.reason).await;
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
