//! Features: flags, wherever they are served.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query_as, query_scalar};
use uuid::Uuid;

use super::{
    page::{Page, PageRequest},
    word_enum,
};

word_enum!(
    /// How much a feature may decide.
    FeatureKind {
        /// On or off.
        Simple,
        /// Variants and criteria.
        Contextual,
    }
);
word_enum!(
    /// The one type of all its variants' values.
    ValueType {
        /// true or false.
        Boolean,
        /// A text.
        String,
        /// A number.
        Number,
        /// Anything else that is JSON.
        Object,
    }
);
word_enum!(
    /// Where a feature stands in its life.
    Lifecycle {
        /// New.
        Beta,
        /// In use.
        Active,
        /// Meant to stay.
        Permanent,
        /// On its way out.
        Deprecated,
        /// Gone, but remembered.
        Archived,
    }
);

/// A flag.
#[derive(Clone, Debug, FromRow, SimpleObject, Serialize)]
#[graphql(complex)]
pub struct Feature {
    pub id: Uuid,
    #[graphql(skip)]
    pub team_id: Uuid,
    #[graphql(skip)]
    pub pipeline_id: Uuid,
    pub key: String,
    pub name: String,
    pub description: String,
    pub kind: FeatureKind,
    pub value_type: ValueType,
    pub lifecycle: Lifecycle,
    pub tags: Vec<String>,
    pub owner: Option<String>,
    pub removal_date: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub pipeline: String,
}

/// A feature to be made.
pub struct NewFeature {
    pub team_id: Uuid,
    pub pipeline_id: Uuid,
    pub key: String,
    pub name: String,
    pub description: String,
    pub kind: FeatureKind,
    pub value_type: ValueType,
    pub tags: Vec<String>,
    pub owner: Option<String>,
    pub created_by: Uuid,
    pub created_at: DateTime<Utc>,
}

/// Finds a feature of a team by key.
pub async fn get(conn: &mut PgConnection, team: Uuid, key: &str) -> sqlx::Result<Option<Feature>> {
    query_as(
        "SELECT f.*, u.username AS created_by, p.key AS pipeline
         FROM (SELECT id, team_id, pipeline_id, key, name, description, kind, value_type, lifecycle, tags, owner,
                      removal_date, created_at, created_by AS creator FROM feature) f
         JOIN app_user u ON u.id = f.creator JOIN pipeline p ON p.id = f.pipeline_id
         WHERE f.team_id = $1 AND f.key = $2",
    )
    .bind(team)
    .bind(key)
    .fetch_optional(conn)
    .await
}

/// Features by id.
pub async fn by_ids(conn: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<Vec<Feature>> {
    query_as(
        "SELECT f.*, u.username AS created_by, p.key AS pipeline
         FROM (SELECT id, team_id, pipeline_id, key, name, description, kind, value_type, lifecycle, tags, owner,
                      removal_date, created_at, created_by AS creator FROM feature) f
         JOIN app_user u ON u.id = f.creator JOIN pipeline p ON p.id = f.pipeline_id
         WHERE f.id = ANY ($1)",
    )
    .bind(ids)
    .fetch_all(conn)
    .await
}

/// All keys of a team, for "did you mean".
pub async fn keys(conn: &mut PgConnection, team: Uuid) -> sqlx::Result<Vec<String>> {
    query_scalar(
        "SELECT key FROM feature WHERE team_id = $1 AND lifecycle <> 'ARCHIVED' ORDER BY key LIMIT 1000",
    )
    .bind(team)
    .fetch_all(conn)
    .await
}

/// A page of a team's features by key; `search` is looked for in key, name, tags and owner.
pub async fn list(
    conn: &mut PgConnection,
    team: Uuid,
    search: Option<&str>,
    page: &PageRequest,
) -> sqlx::Result<Page<Feature>> {
    let total = query_scalar(
        "SELECT count(*) FROM feature WHERE team_id = $1 AND lifecycle <> 'ARCHIVED' AND ($2::text IS NULL
           OR position(lower($2) IN lower(concat_ws(' ', key, name, owner, array_to_string(tags, ' ')))) > 0)",
    )
    .bind(team)
    .bind(search)
    .fetch_one(&mut *conn)
    .await?;
    let rows = query_as(
        "SELECT f.*, u.username AS created_by, p.key AS pipeline
         FROM (SELECT id, team_id, pipeline_id, key, name, description, kind, value_type, lifecycle, tags, owner,
                      removal_date, created_at, created_by AS creator FROM feature) f
         JOIN app_user u ON u.id = f.creator JOIN pipeline p ON p.id = f.pipeline_id
         WHERE f.team_id = $1 AND f.lifecycle <> 'ARCHIVED' AND ($2::text IS NULL
           OR position(lower($2) IN lower(concat_ws(' ', f.key, f.name, f.owner, array_to_string(f.tags, ' ')))) > 0)
           AND ($3::text IS NULL OR f.key > $3) ORDER BY f.key LIMIT $4",
    )
    .bind(team)
    .bind(search)
    .bind(&page.after)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |feature: &Feature| feature.key.clone()))
}

/// Adds a feature, with a stage in every environment of its pipeline.
pub async fn insert(conn: &mut PgConnection, new: &NewFeature) -> sqlx::Result<Uuid> {
    query_scalar(
        "WITH made AS (
             INSERT INTO feature (team_id, pipeline_id, key, name, description, kind, value_type, tags, owner,
                                  created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id, pipeline_id),
         stages AS (
             INSERT INTO stage (feature_id, environment_id)
             SELECT made.id, p.environment_id FROM made JOIN pipeline_stage p ON p.pipeline_id = made.pipeline_id)
         SELECT id FROM made",
    )
    .bind(new.team_id)
    .bind(new.pipeline_id)
    .bind(&new.key)
    .bind(&new.name)
    .bind(&new.description)
    .bind(new.kind)
    .bind(new.value_type)
    .bind(&new.tags)
    .bind(&new.owner)
    .bind(new.created_by)
    .bind(new.created_at)
    .fetch_one(conn)
    .await
}
