//! Pipelines: the way of features through environments, a tree.

use serde::Serialize;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    environment::Environment,
    page::{Page, PageRequest},
};

/// A pipeline without its stages.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Pipeline {
    pub id: Uuid,
    pub key: String,
    pub name: String,
}

/// One environment of a pipeline, and where its documents come from.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct PipelineStage {
    #[sqlx(flatten)]
    pub environment: Environment,
    pub pipeline_id: Uuid,
    pub source_id: Option<Uuid>,
    pub stage_position: i32,
}

/// Finds a pipeline of a team by key.
pub async fn get(conn: &mut PgConnection, team: Uuid, key: &str) -> sqlx::Result<Option<Pipeline>> {
    query_as("SELECT id, key, name FROM pipeline WHERE team_id = $1 AND key = $2")
        .bind(team)
        .bind(key)
        .fetch_optional(conn)
        .await
}

/// Finds a pipeline and locks it: no feature is made meanwhile, and no stage comes or goes.
pub async fn lock(conn: &mut PgConnection, team: Uuid, key: &str) -> sqlx::Result<Option<Pipeline>> {
    query_as("SELECT id, key, name FROM pipeline WHERE team_id = $1 AND key = $2 FOR UPDATE")
        .bind(team)
        .bind(key)
        .fetch_optional(conn)
        .await
}

/// Finds a pipeline of a team by key, or all of them when none is named, and holds what is found as it is until the
/// transaction ends, beside others who do the same.
pub async fn hold(conn: &mut PgConnection, team: Uuid, key: Option<&str>) -> sqlx::Result<Vec<Pipeline>> {
    query_as(
        "SELECT id, key, name FROM pipeline WHERE team_id = $1 AND ($2::text IS NULL OR key = $2)
         ORDER BY id FOR KEY SHARE",
    )
    .bind(team)
    .bind(key)
    .fetch_all(conn)
    .await
}

/// All keys of a team, for "did you mean".
pub async fn keys(conn: &mut PgConnection, team: Uuid) -> sqlx::Result<Vec<String>> {
    query_scalar("SELECT key FROM pipeline WHERE team_id = $1 ORDER BY key LIMIT 1000")
        .bind(team)
        .fetch_all(conn)
        .await
}

/// A page of a team's pipelines by key.
pub async fn list(conn: &mut PgConnection, team: Uuid, page: &PageRequest) -> sqlx::Result<Page<Pipeline>> {
    let total = query_scalar("SELECT count(*) FROM pipeline WHERE team_id = $1")
        .bind(team)
        .fetch_one(&mut *conn)
        .await?;
    let rows = query_as(
        "SELECT id, key, name FROM pipeline WHERE team_id = $1 AND ($2::text IS NULL OR key > $2) ORDER BY key LIMIT $3",
    )
    .bind(team)
    .bind(&page.after)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |pipeline: &Pipeline| pipeline.key.clone()))
}

/// The stages of pipelines, in their order.
pub async fn stages(conn: &mut PgConnection, pipelines: &[Uuid]) -> sqlx::Result<Vec<PipelineStage>> {
    query_as(
        "SELECT e.id, e.team_id, e.key, e.name, e.type, e.colour, e.position, e.active,
                p.pipeline_id, p.source_id, p.position AS stage_position
         FROM pipeline_stage p JOIN environment e ON e.id = p.environment_id
         WHERE p.pipeline_id = ANY ($1) ORDER BY p.pipeline_id, p.position",
    )
    .bind(pipelines)
    .fetch_all(conn)
    .await
}

/// Adds a pipeline.
pub async fn insert(conn: &mut PgConnection, team: Uuid, key: &str, name: &str) -> sqlx::Result<Pipeline> {
    query_as("INSERT INTO pipeline (team_id, key, name) VALUES ($1, $2, $3) RETURNING id, key, name")
        .bind(team)
        .bind(key)
        .bind(name)
        .fetch_one(conn)
        .await
}

/// Adds a stage to a pipeline.
pub async fn insert_stage(
    conn: &mut PgConnection,
    pipeline: Uuid,
    environment: Uuid,
    position: i32,
    source: Option<Uuid>,
) -> sqlx::Result<()> {
    query("INSERT INTO pipeline_stage (pipeline_id, environment_id, position, source_id) VALUES ($1, $2, $3, $4)")
        .bind(pipeline)
        .bind(environment)
        .bind(position)
        .bind(source)
        .execute(conn)
        .await?;
    Ok(())
}

/// Gives a pipeline another name.
pub async fn rename(conn: &mut PgConnection, pipeline: Uuid, name: &str) -> sqlx::Result<()> {
    query("UPDATE pipeline SET name = $2 WHERE id = $1").bind(pipeline).bind(name).execute(conn).await?;
    Ok(())
}

/// Takes a stage out of a pipeline.
pub async fn delete_stage(conn: &mut PgConnection, pipeline: Uuid, environment: Uuid) -> sqlx::Result<()> {
    query("DELETE FROM pipeline_stage WHERE pipeline_id = $1 AND environment_id = $2")
        .bind(pipeline)
        .bind(environment)
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a pipeline away, with its stages.
pub async fn delete(conn: &mut PgConnection, pipeline: Uuid) -> sqlx::Result<()> {
    query("DELETE FROM pipeline_stage WHERE pipeline_id = $1").bind(pipeline).execute(&mut *conn).await?;
    query("DELETE FROM pipeline WHERE id = $1").bind(pipeline).execute(conn).await?;
    Ok(())
}
