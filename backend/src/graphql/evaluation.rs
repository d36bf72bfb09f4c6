//! What was evaluated, as edges counted it; every answer says how complete it is.

use async_graphql::{Context, Enum, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    loader::{ClientById, EnvironmentById, FeatureById, load, must},
    page::Connection,
};
use crate::{
    error::Error,
    service::{
        self,
        evaluation::{Figures, Resolution},
    },
    store::{
        client::Client,
        environment::Environment,
        evaluation::{
            EvaluationReason,
            sample::Sample,
            series::{CountFilter, Grouping, SeriesRow},
            stale::StaleReason,
        },
        feature::Feature,
        ingest::Completeness,
        team::Team,
    },
};

/// What has a series of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum EvaluationGroup {
    /// Each feature.
    Feature,
    /// Each environment.
    Environment,
    /// Each variant.
    Variant,
    /// Each reason.
    Reason,
    /// Each client that asked.
    Client,
}

/// The grouping as the store has it.
pub fn grouping(by: &[EvaluationGroup]) -> Grouping {
    let has = |group| by.contains(&group);
    Grouping {
        environment: has(EvaluationGroup::Environment),
        feature: has(EvaluationGroup::Feature),
        client: has(EvaluationGroup::Client),
        variant: has(EvaluationGroup::Variant),
        reason: has(EvaluationGroup::Reason),
    }
}

/// Which evaluations are wanted: all of what is said must hold.
#[derive(InputObject, Default)]
pub struct EvaluationFilterInput {
    feature: Option<String>,
    environment: Option<String>,
    /// By name.
    client: Option<String>,
    /// Null: the application's own default.
    variant: MaybeUndefined<String>,
    reason: Option<EvaluationReason>,
}

impl EvaluationFilterInput {
    /// The filter as the store has it.
    pub async fn resolve(
        self,
        conn: &mut PgConnection,
        (team, now): (&Team, DateTime<Utc>),
    ) -> Result<CountFilter, Error> {
        let client = match self.client {
            Some(name) => Some(service::client::find(conn, (team, &name), now).await?.id),
            None => None,
        };
        Ok(CountFilter {
            feature: service::feature::find_if(conn, team.id, self.feature).await?.map(|f| f.id),
            environment: service::environment::find_if(conn, team.id, self.environment).await?.map(|e| e.id),
            client,
            variant: super::emptied(self.variant),
            reason: self.reason,
        })
    }
}

/// Evaluations over time.
#[derive(SimpleObject)]
pub struct Evaluations {
    /// The beginning of the first step.
    pub from: DateTime<Utc>,
    /// The end of the last one.
    pub until: DateTime<Utc>,
    /// How long a step is.
    pub resolution: Resolution,
    /// The largest first, at most 100. Without a grouping there is one.
    pub series: Vec<EvaluationSeries>,
    pub completeness: Completeness,
}

impl Evaluations {
    /// What is found by the minute.
    pub fn of_minutes(figures: &Figures, grouping: Grouping) -> Evaluations {
        let rows = figures.series.rows.iter().cloned();
        Evaluations {
            from: figures.series.span.0,
            until: figures.series.span.1,
            resolution: Resolution::Minute,
            series: rows.map(|row| EvaluationSeries(row, grouping)).collect(),
            completeness: figures.completeness,
        }
    }
}

/// One series; what is not grouped by is absent.
pub struct EvaluationSeries(pub SeriesRow, pub Grouping);

#[Object]
impl EvaluationSeries {
    async fn feature(&self, ctx: &Context<'_>) -> Result<Option<Feature>> {
        match self.0.feature_id {
            Some(id) => Ok(Some(must(ctx, FeatureById(id)).await?)),
            None => Ok(None),
        }
    }

    async fn environment(&self, ctx: &Context<'_>) -> Result<Option<Environment>> {
        match self.0.environment_id {
            Some(id) => Ok(Some(must(ctx, EnvironmentById(id)).await?)),
            None => Ok(None),
        }
    }

    async fn client(&self, ctx: &Context<'_>) -> Result<Option<Client>> {
        match self.0.client_id {
            Some(id) => Ok(Some(must(ctx, ClientById(id)).await?)),
            None => Ok(None),
        }
    }

    /// Absent as well for the application's own default; `isDefault` tells.
    async fn variant(&self) -> Option<&str> {
        self.0.variant.as_deref().filter(|variant| !variant.is_empty())
    }

    /// Whether this is what was left to the application's own default, when grouped by variant.
    async fn is_default(&self) -> bool {
        self.1.variant && self.0.variant.as_deref() == Some("")
    }

    async fn reason(&self) -> Option<EvaluationReason> {
        self.0.reason
    }

    async fn total(&self) -> i64 {
        self.0.total
    }

    /// How many of them are known by the hour only: an edge was short of space. They stand in the hour's first minute.
    async fn hourly(&self) -> i64 {
        self.0.hourly
    }

    /// One for each step, zero where nothing was evaluated.
    async fn points(&self) -> &[i64] {
        &self.0.counts
    }
}

/// The features that are asked for most.
#[derive(SimpleObject)]
pub struct TopFeatures {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub features: Vec<TopFeature>,
    pub completeness: Completeness,
}

/// A feature, and how often it was asked for.
pub struct TopFeature(pub Uuid, pub i64);

#[Object]
impl TopFeature {
    async fn feature(&self, ctx: &Context<'_>) -> Result<Feature> {
        must(ctx, FeatureById(self.0)).await
    }

    async fn total(&self) -> i64 {
        self.1
    }
}

/// How many units asked for a feature.
#[derive(SimpleObject)]
pub struct UniqueUnits {
    /// The beginning of the first hour.
    pub from: DateTime<Utc>,
    /// The end of the last one.
    pub until: DateTime<Utc>,
    /// An estimate.
    pub units: u64,
    /// Of the estimate, relative to it: two thirds are nearer than that, nineteen of twenty nearer than twice that.
    pub standard_error: f64,
    pub completeness: Completeness,
}

/// Features that seem to be needed no more, by key.
#[derive(SimpleObject)]
pub struct StaleFeatures {
    /// Since when nothing has happened.
    pub since: DateTime<Utc>,
    pub completeness: Completeness,
    #[graphql(flatten)]
    pub page: Connection<StaleFeature>,
}

/// A feature that seems to be needed no more.
pub struct StaleFeature(pub crate::store::evaluation::stale::StaleFeature);

#[Object]
impl StaleFeature {
    async fn feature(&self, ctx: &Context<'_>) -> Result<Feature> {
        must(ctx, FeatureById(self.0.feature_id)).await
    }

    async fn reasons(&self) -> &[StaleReason] {
        &self.0.reasons
    }

    /// When it was evaluated last, where it was looked for.
    async fn last_seen(&self) -> Option<DateTime<Utc>> {
        self.0.last_at
    }
}

/// One evaluation out of many, without its context.
#[Object(name = "EvaluationSample")]
impl Sample {
    async fn at(&self) -> DateTime<Utc> {
        self.at
    }

    async fn feature(&self, ctx: &Context<'_>) -> Result<Feature> {
        must(ctx, FeatureById(self.feature_id)).await
    }

    async fn environment(&self, ctx: &Context<'_>) -> Result<Environment> {
        must(ctx, EnvironmentById(self.environment_id)).await
    }

    async fn client(&self, ctx: &Context<'_>) -> Result<Option<Client>> {
        load(ctx, ClientById(self.client_id)).await
    }

    /// Absent: the application's own default.
    async fn variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }

    async fn reason(&self) -> EvaluationReason {
        self.reason
    }

    /// A keyed hash of the targeting key: the same for the same one, and no more than that.
    async fn unit(&self) -> Option<String> {
        self.unit.as_ref().map(hex::encode)
    }
}
