//! Features: flags, wherever they are served.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::word_enum;

pub mod list;

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
    /// When a change was last applied on any of its stages; when it was made, before that.
    pub changed_at: DateTime<Utc>,
    pub created_by: String,
    pub pipeline: String,
}

/// The columns of a feature's row, before what it is looked for by.
macro_rules! select_features {
    ($($condition:tt)+) => {
        concat!(
            "SELECT f.id, f.team_id, f.pipeline_id, f.key, f.name, f.description, f.kind, f.value_type, f.lifecycle,
                    f.tags, f.owner, f.removal_date, f.created_at, f.changed_at, u.username AS created_by,
                    p.key AS pipeline
             FROM feature f JOIN app_user u ON u.id = f.created_by JOIN pipeline p ON p.id = f.pipeline_id
             WHERE ",
            $($condition)+
        )
    };
}
use select_features;

/// Finds a feature of a team by key.
pub async fn get(conn: &mut PgConnection, team: Uuid, key: &str) -> sqlx::Result<Option<Feature>> {
    query_as(select_features!("f.team_id = $1 AND f.key = $2"))
        .bind(team)
        .bind(key)
        .fetch_optional(conn)
        .await
}

/// Features of a team by key.
pub async fn by_keys(conn: &mut PgConnection, team: Uuid, keys: &[&str]) -> sqlx::Result<Vec<Feature>> {
    query_as(select_features!("f.team_id = $1 AND f.key = ANY ($2)"))
        .bind(team)
        .bind(keys)
        .fetch_all(conn)
        .await
}

/// Features by id.
pub async fn by_ids(conn: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<Vec<Feature>> {
    query_as(select_features!("f.id = ANY ($1)")).bind(ids).fetch_all(conn).await
}

/// The keys of a pipeline's features, archived ones too.
pub async fn of_pipeline(conn: &mut PgConnection, pipeline: Uuid) -> sqlx::Result<Vec<String>> {
    query_scalar("SELECT key FROM feature WHERE pipeline_id = $1 ORDER BY key")
        .bind(pipeline)
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

/// A live document that depends on a feature.
#[derive(Clone, Debug, FromRow)]
pub struct Dependent {
    /// What it depends on.
    pub on: Uuid,
    /// Whose document it is.
    pub feature: String,
    /// Where it is live.
    pub environment_id: Uuid,
    pub environment: String,
}

/// The live documents that depend on features, by environment.
pub async fn dependents(conn: &mut PgConnection, features: &[Uuid]) -> sqlx::Result<Vec<Dependent>> {
    query_as(
        "SELECT wanted.id AS \"on\", f.key AS feature, e.id AS environment_id, e.key AS environment
         FROM feature wanted
         JOIN version v ON v.config ? 'dependsOn'
             AND v.config -> 'dependsOn' @> jsonb_build_array(jsonb_build_object('feature', wanted.key))
         JOIN stage s ON s.id = v.stage_id AND s.live_version = v.number
         JOIN feature f ON f.id = s.feature_id AND f.team_id = wanted.team_id
         JOIN environment e ON e.id = s.environment_id
         WHERE wanted.id = ANY ($1) ORDER BY wanted.id, e.position, f.key",
    )
    .bind(features)
    .fetch_all(conn)
    .await
}

/// Adds a feature, with a stage in every environment of its pipeline. The pipeline is held: a stage that came to it
/// meanwhile would be missed.
pub async fn insert(conn: &mut PgConnection, new: &Feature, created_by: Uuid) -> sqlx::Result<()> {
    query(
        "WITH made AS (
             INSERT INTO feature (id, team_id, pipeline_id, key, name, description, kind, value_type, lifecycle, tags,
                                  owner, created_by, created_at, changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id, pipeline_id)
         INSERT INTO stage (feature_id, environment_id)
         SELECT made.id, p.environment_id FROM made JOIN pipeline_stage p ON p.pipeline_id = made.pipeline_id",
    )
    .bind(new.id)
    .bind(new.team_id)
    .bind(new.pipeline_id)
    .bind(&new.key)
    .bind(&new.name)
    .bind(&new.description)
    .bind(new.kind)
    .bind(new.value_type)
    .bind(new.lifecycle)
    .bind(&new.tags)
    .bind(&new.owner)
    .bind(created_by)
    .bind(new.created_at)
    .bind(new.changed_at)
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what an edit may alter: name, description, lifecycle, tags, owner and removal date.
pub async fn update(conn: &mut PgConnection, edited: &Feature) -> sqlx::Result<()> {
    query(
        "UPDATE feature SET name = $2, description = $3, lifecycle = $4, tags = $5, owner = $6, removal_date = $7
         WHERE id = $1",
    )
    .bind(edited.id)
    .bind(&edited.name)
    .bind(&edited.description)
    .bind(edited.lifecycle)
    .bind(&edited.tags)
    .bind(&edited.owner)
    .bind(edited.removal_date)
    .execute(conn)
    .await?;
    Ok(())
}

/// Archives a feature; the lifecycle that it had is kept for its return.
pub async fn archive(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<()> {
    query(
        "UPDATE feature SET archived_from = lifecycle, lifecycle = 'ARCHIVED'
         WHERE id = $1 AND lifecycle <> 'ARCHIVED'",
    )
    .bind(id)
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives an archived feature the lifecycle that it had.
pub async fn unarchive(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<()> {
    query("UPDATE feature SET lifecycle = archived_from, archived_from = NULL WHERE id = $1 AND lifecycle = 'ARCHIVED'")
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}
